//! Whether somebody else than root may change what root runs: the file, and
//! every folder on the way to it.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fmt;
use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

/// As many symbolic links as the kernel follows.
const LINKS_MAX: usize = 40;
const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;
/// Of a folder: only who owns an entry may rename or remove it.
const STICKY: u32 = 0o1000;

/// A component of the path that others may change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Weakness {
    /// The component, with the path to it.
    pub path: PathBuf,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its permission bits.
    pub mode: u32,
}

impl Weakness {
    fn of(path: &Path, facts: &Metadata) -> Self {
        Self {
            path: path.to_owned(),
            uid: facts.uid(),
            gid: facts.gid(),
            mode: facts.mode() & 0o7777,
        }
    }

    fn group_writes(&self) -> bool {
        self.gid != 0 && self.mode & GROUP_WRITES != 0
    }

    fn others_write(&self) -> bool {
        self.group_writes() || self.mode & OTHERS_WRITE != 0
    }

    /// The command that puts it right.
    #[must_use]
    pub fn fix(&self) -> String {
        let path = self.path.display();
        let owner = (self.uid != 0).then(|| format!("chown root {path}"));
        let bits = match (self.group_writes(), self.mode & OTHERS_WRITE != 0) {
            (false, false) => None,
            (true, false) => Some(format!("chmod g-w {path}")),
            (false, true) => Some(format!("chmod o-w {path}")),
            (true, true) => Some(format!("chmod go-w {path}")),
        };
        let both: Vec<String> = owner.into_iter().chain(bits).collect();
        both.join(" && ")
    }
}

impl fmt::Display for Weakness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            path,
            uid,
            gid,
            mode,
        } = self;
        let path = path.display();
        write!(
            f,
            "others than root may change {path} (owner {uid}:{gid}, mode {mode:04o})"
        )
    }
}

/// The first component, from the root downwards and through symbolic links, that
/// others may change.
#[must_use]
pub fn check(path: &Path) -> Option<Weakness> {
    let mut rest: VecDeque<OsString> = components(path);
    let mut at = PathBuf::from("/");
    let mut links = 0;
    // A sticky folder protects what root owns in it.
    let mut sticky = false;
    while let Some(name) = rest.pop_front() {
        if name == ".." {
            at.pop();
            continue;
        }
        at.push(name);
        // What has gone meanwhile cannot be run.
        let facts = fs::symlink_metadata(&at).ok()?;
        if facts.is_symlink() {
            links += 1;
            if links > LINKS_MAX || (sticky && facts.uid() != 0) {
                return Some(Weakness::of(&at, &facts));
            }
            let target = fs::read_link(&at).ok()?;
            at.pop();
            if target.is_absolute() {
                at = PathBuf::from("/");
            }
            for name in components(&target).into_iter().rev() {
                rest.push_front(name);
            }
            continue;
        }
        sticky = facts.is_dir() && facts.mode() & STICKY != 0;
        let weakness = Weakness::of(&at, &facts);
        if weakness.uid != 0 || (weakness.others_write() && !sticky) {
            return Some(weakness);
        }
    }
    None
}

fn components(path: &Path) -> VecDeque<OsString> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}
