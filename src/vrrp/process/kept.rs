//! What has to be undone, on a file beside the pid file: settings of the kernel
//! with their old values, and interfaces made here. A run that was killed leaves
//! it, and the next one goes by it.
//!
//! The file is of this boot and this network namespace, or it says nothing. Lines
//! are added before what they tell of is done:
//!
//! ```text
//! BOOT-ID net:[4026531840]
//! sysctl net/ipv4/conf/all/rp_filter 1
//! link vrrp.51
//! ```
//!
//! A stop that leaves things on purpose (`--dont-release-vrrp`) adds the line `stays`: the
//! settings before it have been given back, and the interfaces before it go only with
//! an instance that uses them again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::VrrpProcess;
use super::virtual_links::VirtualLinks;
use crate::leftovers::file::world;
use crate::model::IfName;
use crate::netlink::{Mirror, Monitor};
use crate::sys::sysctl;
use crate::watchdog::launch::Plumbing;
use crate::watchdog::launch::paths::{PidPaths, RUN_DIR};
use crate::watchdog::launch::role::Role;

/// What the file's name ends with.
const EXTENSION: &str = "kept";
const SYSCTL: &str = "sysctl";
const LINK: &str = "link";
const STAYS: &str = "stays";
/// Receive buffer in octets for a look at the interfaces.
const BUFFER: usize = 1 << 20;

/// The file.
#[derive(Debug)]
pub(super) struct Kept {
    path: PathBuf,
    file: Option<File>,
}

/// What a killed run has left.
#[derive(Debug, Default, Eq, PartialEq)]
struct Left {
    settings: Vec<(String, String)>,
    links: Vec<IfName>,
    /// Interfaces that were left on purpose.
    staying: Vec<IfName>,
}

impl Kept {
    /// That of this daemon.
    pub(super) fn new(plumbing: &Plumbing, own_dir: bool) -> Self {
        let given = plumbing.settings.pid_files.clone();
        let run = Path::new(RUN_DIR);
        Self::beside(&PidPaths::new(run, given, &plumbing.names, own_dir))
    }

    fn beside(paths: &PidPaths) -> Self {
        Self {
            path: paths.of(Role::Vrrp).with_extension(EXTENSION),
            file: None,
        }
    }

    /// What the run before has left, if it was killed.
    fn left(&self) -> Left {
        let text = fs::read_to_string(&self.path).unwrap_or_default();
        match world() {
            Ok(world) => parse(&text, &world),
            Err(_) => Left::default(),
        }
    }

    fn add(&mut self, kind: &str, words: &[&str]) {
        let line = [&[kind], words].concat().join(" ") + "\n";
        let written = self
            .open()
            .and_then(|mut file| file.write_all(line.as_bytes()));
        if let Err(error) = written {
            log::debug!("{}: {error}", self.path.display());
        }
    }

    fn open(&mut self) -> io::Result<&File> {
        match &mut self.file {
            Some(file) => Ok(file),
            none => {
                let world = world()?;
                let text = fs::read_to_string(&self.path).unwrap_or_default();
                let is_ours = text.lines().next() == Some(world.as_str());
                let mut options = OpenOptions::new();
                options
                    .create(true)
                    .append(is_ours)
                    .write(true)
                    .truncate(!is_ours);
                let mut file = options.open(&self.path)?;
                if !is_ours {
                    writeln!(file, "{world}")?;
                }
                Ok(none.insert(file))
            }
        }
    }

    /// An orderly stop that leaves the interfaces.
    pub(super) fn leave(&mut self) {
        if self.file.is_some() || self.path.exists() {
            self.add(STAYS, &[]);
        }
    }

    /// All is undone.
    pub(super) fn forget(&mut self) {
        self.file = None;
        // There is none where nothing had to be undone.
        let _ = fs::remove_file(&self.path);
    }
}

fn parse(text: &str, world: &str) -> Left {
    let mut left = Left::default();
    let mut lines = text.lines();
    if lines.next() != Some(world) {
        return left;
    }
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            [SYSCTL, name, value] if name.starts_with("net/") && value.parse::<i64>().is_ok() => {
                left.settings
                    .push(((*name).to_owned(), (*value).to_owned()));
            }
            [LINK, name] => left.links.extend(IfName::new(name)),
            [STAYS] => {
                left.settings.clear();
                left.staying.append(&mut left.links);
            }
            // The last line may be cut off.
            _ => {}
        }
    }
    left
}

/// Undo what a killed VRRP process has noted, as no other one is started.
pub(super) fn undo(paths: &PidPaths) {
    let mut kept = Kept::beside(paths);
    let left = kept.left();
    if left == Left::default() {
        return;
    }
    let mut mirror = Mirror::new();
    if let Err(error) = Monitor::open(BUFFER).and_then(|mut m| m.load(&mut mirror)) {
        log::error!("Cannot read the interfaces: {error}");
        return;
    }
    let mut links = VirtualLinks::default();
    for name in left
        .links
        .into_iter()
        .filter(|name| is_virtual(&mirror, name))
    {
        links.recall(name, false);
    }
    let settings = left.settings.len();
    for (name, value) in left.settings {
        if let Err(error) = sysctl::write(&name, &value) {
            log::debug!("cannot restore {name}: {error}");
        }
    }
    if settings > 0 {
        log::info!(
            "Gave back {settings} settings of the kernel that a run that was killed had changed"
        );
    }
    kept.forget();
}

/// Whether it is an interface of the kinds that are made here.
fn is_virtual(mirror: &Mirror, name: &IfName) -> bool {
    let link = mirror.link_named(name);
    let kind = link.and_then(|link| link.kind.as_deref());
    matches!(kind, Some("macvlan" | "ipvlan"))
}

impl VrrpProcess {
    /// Take over what a killed run has left: settings are given back at the end,
    /// and interfaces nobody wants any more go.
    pub(super) fn recall(&mut self) {
        let left = self.kept.left();
        for (name, value) in left.settings {
            self.announcements.sysctls.adopt(name, value);
        }
        let config = std::rc::Rc::clone(&self.config);
        let instances = &config.vrrp.instances;
        let is_wanted = |name: &IfName| {
            let mut links = instances.iter().flat_map(|instance| instance.links());
            links.any(|wanted| wanted.link.name == *name)
        };
        let mut staying = left.staying;
        staying.retain(|name| is_wanted(name));
        for name in left.links.into_iter().chain(staying) {
            if is_virtual(&self.kernel.mirror, &name) {
                let is_wanted = is_wanted(&name);
                self.virtual_links.recall(name, is_wanted);
            }
        }
    }

    /// Change a setting of the kernel until the end.
    pub(super) fn set_sysctl(&mut self, name: &str, value: &str) {
        let sysctls = &mut self.announcements.sysctls;
        if !sysctls.knows(name)
            && let Ok(old) = sysctl::read(name)
            && old != value
        {
            self.kept.add(SYSCTL, &[name, &old]);
        }
        if let Err(error) = sysctls.set(name, value) {
            log::error!("cannot set {name} to {value}: {error}");
        }
    }

    /// An interface is about to be made.
    pub(super) fn keep_link(&mut self, name: &IfName) {
        self.kept.add(LINK, &[name.as_str()]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_of_this_world_and_well_formed() {
        let text = "boot net:[1]\nsysctl net/ipv4/conf/all/rp_filter 1\nlink vrrp.51\n\
                    sysctl kernel/pid_max 1\nsysctl net/x y\nlink a-name-that-is-too-long\nlin";
        let left = parse(text, "boot net:[1]");
        let settings = [("net/ipv4/conf/all/rp_filter".to_owned(), "1".to_owned())];
        assert_eq!(left.settings, settings);
        assert_eq!(left.links, [IfName::new("vrrp.51").expect("a name")]);
        let stays = parse(
            "boot net:[1]\nsysctl net/x 1\nlink vrrp.51\nstays\nlink vrrp.52\n",
            "boot net:[1]",
        );
        assert_eq!(stays.staying, left.links);
        assert_eq!(stays.links, [IfName::new("vrrp.52").expect("a name")]);
        assert!(stays.settings.is_empty());
        assert_eq!(parse(text, "boot net:[2]"), Left::default());
        assert_eq!(parse("", "boot net:[2]"), Left::default());
    }
}
