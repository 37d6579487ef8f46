//! Programs started cheaply: no copy of the daemon's page tables.
//!
//! [`Program::start`] makes the new process with `clone(2)` and
//! `CLONE_VM | CLONE_VFORK`: it borrows the daemon's memory, and the daemon stands
//! still until the program is loaded. What happens in between are system calls
//! on memory prepared before, in the order given at [`enter`].

use std::ffi::{CStr, CString, OsStr, OsString, c_char, c_int, c_void};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use super::check;
use super::ordinary::{self, Ordinary};

/// Octets of the stack that the new process has until it is loaded. It calls
/// nothing but the kernel.
const STACK: usize = 32 * 1024;
/// What runs a file that is neither a binary nor begins with `#!`.
const SHELL: &CStr = c"/bin/sh";
/// Where standard input, output and error go.
const NULL: &CStr = c"/dev/null";
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

/// What the new process reads, in the memory both share.
struct Start<'a> {
    path: *const c_char,
    /// The name, the arguments, null.
    argv: &'a [*const c_char],
    /// The shell's name, the path, the arguments, null.
    shell_argv: &'a [*const c_char],
    envp: &'a [*const c_char],
    credentials: Option<&'a Credentials>,
    ordinary: Option<&'a Ordinary>,
    parent: libc::pid_t,
    /// Why the program could not be loaded.
    failure: AtomicI32,
}

/// Make the process, and return when it has loaded its program or ended.
fn clone_and_wait(start: &Start<'_>) -> io::Result<Pid> {
    // 16-octet aligned, and used from its end downwards.
    let mut stack: Vec<u128> = Vec::with_capacity(STACK / size_of::<u128>());
    let top = stack.spare_capacity_mut().as_mut_ptr_range().end;
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    let argument = ptr::from_ref(start).cast_mut().cast::<c_void>();
    // SAFETY: CLONE_VFORK keeps this thread, and with it `stack` and `start`, as
    // they are until the child has left this memory; `run` makes nothing but
    // system calls on memory prepared before, so STACK suffices.
    let pid = unsafe { libc::clone(run, top.cast::<c_void>(), flags, argument) };
    check(pid).map(Pid::from_raw)
}

/// The new process.
extern "C" fn run(start: *mut c_void) -> c_int {
    // SAFETY: the pointer that `clone_and_wait` made of a reference which lives
    // until this process has left its memory.
    let start = unsafe { &*start.cast::<Start<'_>>() };
    let errno = enter(start).unwrap_or_else(|errno| errno);
    start.failure.store(errno, Ordering::Release);
    // SAFETY: ends this process without running anything of the shared memory.
    unsafe { libc::_exit(127) }
}

type Step = Result<(), c_int>;

/// Process group, descriptors, scheduling and limits, groups and user, parent's
/// death, signals, program.
/// The user comes after what may need its rights, and the parent's death after
/// the user, whose change takes it back. Returns the reason why it failed.
fn enter(start: &Start<'_>) -> Result<c_int, c_int> {
    // SAFETY: three integers.
    call(i64::from(unsafe { libc::setpgid(0, 0) }))?;
    no_descriptors()?;
    if let Some(ordinary) = start.ordinary {
        ordinary.become_it();
    }
    if let Some(credentials) = start.credentials {
        become_user(credentials)?;
    }
    let (option, signal) = (libc::PR_SET_PDEATHSIG, libc::SIGTERM);
    // SAFETY: integers.
    call(i64::from(unsafe { libc::prctl(option, signal, 0, 0, 0) }))?;
    // SAFETY: no argument. The parent may have ended before the line above.
    if unsafe { libc::getppid() } != start.parent {
        return Err(libc::ESRCH);
    }
    plain_signals()?;
    Ok(load(start))
}

fn call(result: i64) -> Step {
    if result < 0 {
        // That of this thread, which both processes share and only this one runs.
        Err(Errno::last_raw())
    } else {
        Ok(())
    }
}

fn no_descriptors() -> Step {
    // SAFETY: a text that ends with NUL.
    let null = unsafe { libc::open(NULL.as_ptr(), libc::O_RDWR) };
    call(i64::from(null))?;
    for standard in 0..3 {
        // SAFETY: integers; the table of descriptors is this process's own.
        call(i64::from(unsafe { libc::dup2(null, standard) }))?;
    }
    // SAFETY: integers. Older kernels lack the call; then descriptors close when
    // the program is loaded, since all of the daemon's are so marked.
    let _ = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) };
    Ok(())
}

/// By the bare system calls: those of the C library would change the threads of
/// the process whose memory this is.
fn become_user(credentials: &Credentials) -> Step {
    let (groups, count) = (credentials.groups.as_ptr(), credentials.groups.len());
    // SAFETY: `count` numbers at `groups`.
    call(unsafe { libc::syscall(libc::SYS_setgroups, count, groups) })?;
    let gid = credentials.gid;
    // SAFETY: integers.
    call(unsafe { libc::syscall(libc::SYS_setresgid, gid, gid, gid) })?;
    let uid = credentials.uid;
    // SAFETY: integers.
    call(unsafe { libc::syscall(libc::SYS_setresuid, uid, uid, uid) })
}

/// No signal blocked; SIGPIPE, which the runtime ignores, as usual.
fn plain_signals() -> Step {
    // SAFETY: no pointer is kept; handlers are this process's own (no CLONE_SIGHAND).
    let _ = unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    let none = [0_u64; 1];
    let (how, size) = (libc::SIG_SETMASK, size_of_val(&none));
    let (set, old) = (none.as_ptr(), ptr::null_mut::<u64>());
    // SAFETY: a set of 64 signals, of the size the kernel has it.
    call(unsafe { libc::syscall(libc::SYS_rt_sigprocmask, how, set, old, size) })
}

/// Returns only if the program cannot be loaded.
fn load(start: &Start<'_>) -> c_int {
    let envp = start.envp.as_ptr();
    // SAFETY: lists that end with null of texts that end with NUL.
    let _ = unsafe { libc::execve(start.path, start.argv.as_ptr(), envp) };
    let Err(errno) = call(-1) else {
        return libc::EINVAL;
    };
    if errno != libc::ENOEXEC {
        return errno;
    }
    // SAFETY: as above.
    let _ = unsafe { libc::execve(SHELL.as_ptr(), start.shell_argv.as_ptr(), envp) };
    call(-1).err().unwrap_or(errno)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::signal::Signal;
    use nix::sys::wait::WaitStatus;
    use std::os::unix::fs::PermissionsExt as _;

    fn sh(script: &str) -> Program {
        Program::new(Path::new("/bin/sh"), ["-c", script], None).unwrap()
    }

    fn status(program: &Program, more: &[&str]) -> WaitStatus {
        let pid = program.start(more).unwrap();
        waitpid(pid, None).unwrap()
    }

    fn exit_code(script: &str, more: &[&str]) -> i32 {
        let ended = status(&sh(script), more);
        let WaitStatus::Exited(_, code) = ended else {
            panic!("{ended:?}");
        };
        code
    }

    #[test]
    fn arguments_and_status() {
        assert_eq!(exit_code("exit 7", &[]), 7);
        assert_eq!(
            exit_code("test \"$0/$1\" = 'a b/c' && exit 3", &["a b", "c"]),
            3
        );
    }

    #[test]
    fn a_group_of_its_own_and_no_descriptors() {
        let script = "test \"$(cut -d' ' -f5 /proc/$$/stat)\" = $$ || exit 1
            for fd in 0 1 2; do test $(readlink /proc/$$/fd/$fd) = /dev/null || exit 2; done
            test $(ls /proc/$$/fd | wc -l) -le 4 || exit 3";
        let kept = std::fs::File::open("/dev/zero").unwrap();
        nix::fcntl::fcntl(
            &kept,
            nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::empty()),
        )
        .unwrap();
        assert_eq!(exit_code(script, &[]), 0);
    }

    #[test]
    fn signals_are_plain() {
        let script = "while read name value; do
                case $name$value in
                    SigBlk:*[1-9a-f]*) exit 1;;
                esac
            done < /proc/self/status
            kill -PIPE $$; exit 2";
        let ended = status(&sh(script), &[]);
        assert!(
            matches!(ended, WaitStatus::Signaled(_, Signal::SIGPIPE, _)),
            "{ended:?}"
        );
    }

    #[test]
    fn a_program_that_is_not_there() {
        let program = Program::new(Path::new("/nowhere/x"), [""; 0], None).unwrap();
        let error = program.start(&[]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_text_without_interpreter_is_the_shells() {
        let path = std::env::temp_dir().join(format!("exec-{}", std::process::id()));
        std::fs::write(&path, "exit $1\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let program = Program::new(&path, ["5"], None).unwrap();
        let ended = status(&program, &[]);
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(ended, WaitStatus::Exited(_, 5)), "{ended:?}");
    }

    #[test]
    fn a_name_of_its_own() {
        let script = "test \"$(tr '\\0' ' ' < /proc/$$/cmdline | cut -d' ' -f1)\" = other";
        let program = sh(script).called(OsStr::new("other")).unwrap();
        assert!(matches!(status(&program, &[]), WaitStatus::Exited(_, 0)));
    }

    #[test]
    fn variables() {
        let mut program = sh("test \"$CAUSE/$IFS_\" = new/ || exit 1");
        program.set_variable("CAUSE", "old").unwrap();
        program.set_variable("CAUSE", "new").unwrap();
        assert!(matches!(status(&program, &[]), WaitStatus::Exited(_, 0)));
        assert!(program.set_variable("A", "b\0").is_err());
    }

    #[test]
    fn another_user() {
        if !nix::unistd::geteuid().is_root() {
            return;
        }
        let credentials = Credentials {
            uid: 12345,
            gid: 23456,
            groups: vec![34567],
        };
        let script = "test \"$(id -u) $(id -g) $(id -G)\" = '12345 23456 23456 34567'";
        let program = Program::new(Path::new("/bin/sh"), ["-c", script], Some(credentials));
        let ended = status(&program.unwrap(), &[]);
        assert!(matches!(ended, WaitStatus::Exited(_, 0)), "{ended:?}");
    }
}
