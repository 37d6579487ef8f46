//! Programs started cheaply: no copy of the daemon's page tables.
//!
//! [`Program::start`] makes the new process with `clone(2)` and
//! `CLONE_VM | CLONE_VFORK`: it borrows the daemon's memory, and the daemon stands
//! still until the program is loaded. What happens in between are system calls
//! on memory prepared before, in the order given in `process`.

mod process;
#[cfg(test)]
mod tests;

use std::ffi::{CString, OsStr, OsString, c_char};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use self::process::{SHELL, Start, clone_and_wait};
use super::ordinary;

/// Variables of the environment that change how a script or its programs run.
const NOT_INHERITED: [&str; 3] = ["IFS", "LD_LIBRARY_PATH", "LD_PRELOAD"];

/// Who a program runs as.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Credentials {
    /// Real, effective and saved user.
    pub uid: u32,
    /// Real, effective and saved group.
    pub gid: u32,
    /// Supplementary groups; without any the program has none.
    pub groups: Vec<u32>,
}

/// A program that can be started any number of times.
#[derive(Clone, Debug)]
pub struct Program {
    path: CString,
    /// The arguments, the program's own name first.
    args: Vec<CString>,
    environment: Vec<CString>,
    credentials: Option<Credentials>,
}

impl Program {
    /// A program by its path, with the arguments behind its name, in the
    /// environment of this process without [`NOT_INHERITED`]. Without
    /// credentials it runs as this process does.
    ///
    /// # Errors
    /// `InvalidInput` if something holds an octet 0.
    pub fn new<A: AsRef<OsStr>>(
        path: &Path,
        args: impl IntoIterator<Item = A>,
        credentials: Option<Credentials>,
    ) -> io::Result<Self> {
        let path = text(path.as_os_str())?;
        let mut all = vec![path.clone()];
        for arg in args {
            all.push(text(arg.as_ref())?);
        }
        let inherited = std::env::vars_os().filter(|(name, _)| {
            let same = |other: &&str| OsStr::new(other) == name;
            !NOT_INHERITED.iter().any(same)
        });
        let environment = inherited.map(|(name, value)| variable(&name, &value));
        Ok(Self {
            path,
            args: all,
            environment: environment.collect::<io::Result<_>>()?,
            credentials,
        })
    }

    /// Have it called by another name than its path (`argv[0]`): a program that is
    /// several in one goes by that.
    ///
    /// # Errors
    /// `InvalidInput` if the name holds an octet 0.
    pub fn called(mut self, name: &OsStr) -> io::Result<Self> {
        let name = text(name)?;
        if let Some(first) = self.args.first_mut() {
            *first = name;
        }
        Ok(self)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        Path::new(OsStr::from_bytes(self.path.to_bytes()))
    }

    /// Have a variable in the environment; one of this name is replaced.
    ///
    /// # Errors
    /// `InvalidInput` if something holds an octet 0.
    pub fn set_variable(&mut self, name: &str, value: &str) -> io::Result<()> {
        let made = variable(OsStr::new(name), OsStr::new(value))?;
        let prefix = format!("{name}=");
        self.environment
            .retain(|other| !other.as_bytes().starts_with(prefix.as_bytes()));
        self.environment.push(made);
        Ok(())
    }

    /// Start it with `more` arguments behind its own: in a process group of its
    /// own, with standard descriptors on `/dev/null` and no others, no signal
    /// blocked, and SIGTERM for it if this process ends. Somebody has to wait for
    /// the process.
    ///
    /// # Errors
    /// What cloning the process or loading the program says; there is no process
    /// to wait for then.
    pub fn start(&self, more: &[&str]) -> io::Result<Pid> {
        let more = more.iter().map(|arg| text(OsStr::new(arg)));
        let more = more.collect::<io::Result<Vec<CString>>>()?;
        let args = self.args.iter().chain(&more);
        let mut argv: Vec<*const c_char> = args.map(|arg| arg.as_ptr()).collect();
        argv.push(ptr::null());
        let mut shell_argv = vec![SHELL.as_ptr(), self.path.as_ptr()];
        shell_argv.extend(argv.iter().skip(1));
        let mut envp: Vec<*const c_char> = self.environment.iter().map(|v| v.as_ptr()).collect();
        envp.push(ptr::null());
        let start = Start {
            path: self.path.as_ptr(),
            argv: &argv,
            shell_argv: &shell_argv,
            envp: &envp,
            credentials: self.credentials.as_ref(),
            ordinary: ordinary::remembered(),
            parent: nix::unistd::getpid().as_raw(),
            failure: AtomicI32::new(0),
        };
        let pid = clone_and_wait(&start)?;
        match start.failure.load(Ordering::Acquire) {
            0 => Ok(pid),
            errno => {
                let _ = waitpid(pid, None);
                Err(io::Error::from_raw_os_error(errno))
            }
        }
    }

    /// Start it and wait for its end: only before the loop starts. The result
    /// says whether it exited with status 0.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn run(&self) -> io::Result<bool> {
        let pid = self.start(&[])?;
        loop {
            match waitpid(pid, None) {
                Ok(status) => return Ok(status == WaitStatus::Exited(pid, 0)),
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

fn text(text: &OsStr) -> io::Result<CString> {
    CString::new(text.as_bytes()).map_err(|_| io::ErrorKind::InvalidInput.into())
}

fn variable(name: &OsStr, value: &OsStr) -> io::Result<CString> {
    let mut whole = OsString::from(name);
    whole.push("=");
    whole.push(value);
    CString::new(whole.into_vec()).map_err(|_| io::ErrorKind::InvalidInput.into())
}
