//! Namespaces of the network and of mounts.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};

/// Where `ip netns` keeps the names of network namespaces.
pub const NETNS_DIR: &str = "/run/netns";

/// The file that stands for the network namespace `name`; nothing if the name
/// could lead out of the directory.
#[must_use]
pub fn netns_path(name: &str) -> Option<PathBuf> {
    let bad = name.is_empty() || name.contains('/') || name == "." || name == "..";
    (!bad).then(|| Path::new(NETNS_DIR).join(name))
}

/// Move this process into the named network namespace.
///
/// # Errors
/// No such namespace, or no permission.
pub fn enter_network(name: &str) -> io::Result<()> {
    let path = netns_path(name).ok_or(io::ErrorKind::InvalidInput)?;
    let file = File::open(path)?;
    Ok(setns(&file, CloneFlags::CLONE_NEWNET)?)
}

/// Do something in the network namespace that a file stands for, such as opening
/// a socket that stays in it, and return.
///
/// # Errors
/// No such namespace, or no permission; nothing was done then, unless the way
/// back failed.
pub fn within_network<T>(path: &Path, work: impl FnOnce() -> T) -> io::Result<T> {
    // The namespaces of `/proc/self` are those of the first thread.
    let home = File::open("/proc/thread-self/ns/net")?;
    setns(&File::open(path)?, CloneFlags::CLONE_NEWNET)?;
    let result = work();
    setns(&home, CloneFlags::CLONE_NEWNET)?;
    Ok(result)
}

/// Do something in the network namespace of another process, and come back.
///
/// # Errors
/// No such process, no permission, or what `work` says. This process stays in its
/// own namespace in any case: it ends if it cannot come back.
pub fn in_network_of<T>(process: u32, work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let there = File::open(format!("/proc/{process}/ns/net"))?;
    let here = File::open("/proc/self/ns/net")?;
    setns(&there, CloneFlags::CLONE_NEWNET)?;
    let outcome = work();
    if setns(&here, CloneFlags::CLONE_NEWNET).is_err() {
        std::process::abort();
    }
    outcome
}

/// Give this process mounts of its own and show the directory `source` at `target`
/// in them. No other process sees it.
///
/// # Errors
/// A directory does not exist, or the permission is missing.
pub fn bind_privately(source: &Path, target: &Path) -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    let none: Option<&str> = None;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_SLAVE, none)?;
    mount(Some(source), target, none, MsFlags::MS_BIND, none)?;
    Ok(())
}

/// Show at `target` again what is there for others.
///
/// # Errors
/// Nothing else is shown there, or the permission is missing.
pub fn unbind(target: &Path) -> io::Result<()> {
    umount2(target, MntFlags::MNT_DETACH)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_below_the_directory() {
        assert_eq!(netns_path("red"), Some(PathBuf::from("/run/netns/red")));
        for bad in ["", ".", "..", "../../proc/1/ns/net"] {
            assert_eq!(netns_path(bad), None, "{bad}");
        }
    }
}
