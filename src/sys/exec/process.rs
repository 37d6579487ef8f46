//! The new process, from its making to the loading of its program: nothing but
//! system calls on memory prepared before, in the order given at [`enter`].

use std::ffi::{CStr, c_char, c_int, c_void};
use std::io;
use std::ptr;
use std::sync::atomic::{AtomicI32, Ordering};

use nix::errno::Errno;
use nix::unistd::Pid;

use super::Credentials;
use crate::sys::check;
use crate::sys::ordinary::Ordinary;

/// Octets of the stack that the new process has until it is loaded. It calls
/// nothing but the kernel.
const STACK: usize = 32 * 1024;
/// What runs a file that is neither a binary nor begins with `#!`.
pub(super) const SHELL: &CStr = c"/bin/sh";
/// Where standard input, output and error go.
const NULL: &CStr = c"/dev/null";

/// What the new process reads, in the memory both share.
pub(super) struct Start<'a> {
    pub(super) path: *const c_char,
    /// The name, the arguments, null.
    pub(super) argv: &'a [*const c_char],
    /// The shell's name, the path, the arguments, null.
    pub(super) shell_argv: &'a [*const c_char],
    pub(super) envp: &'a [*const c_char],
    pub(super) credentials: Option<&'a Credentials>,
    pub(super) ordinary: Option<&'a Ordinary>,
    pub(super) parent: libc::pid_t,
    /// Why the program could not be loaded.
    pub(super) failure: AtomicI32,
}

/// Make the process, and return when it has loaded its program or ended.
pub(super) fn clone_and_wait(start: &Start<'_>) -> io::Result<Pid> {
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
