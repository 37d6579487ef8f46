//! A load written down, to be repeated by another process.
//!
//! The parent reads a new configuration through a [`Recorder`], which notes every
//! answer of the disk and of the machine. A child that loads through the [`Player`]
//! of these notes comes to the same configuration, without a look at a disk, a
//! resolver or a list of users.
//!
//! A load asks the same questions in the same order as long as the answers are the
//! same, so the notes are a list of answers, each with its question to be sure.

mod note;

use std::cell::{Cell, RefCell};
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::files::{Files, ReadError};
use super::load::Machine;
use crate::model::iproute::NameKind;
use crate::model::{Account, CommandFound, CommandRequest, KeyFile, MacAddr, ScriptRules};
use note::Note;

/// Asks the real ones, and takes notes.
#[derive(Debug)]
pub struct Recorder<'a> {
    files: &'a dyn Files,
    machine: &'a dyn MachineDebug,
    notes: RefCell<Vec<u8>>,
}

/// A machine that can be shown.
pub trait MachineDebug: Machine + std::fmt::Debug {}

impl<T: Machine + std::fmt::Debug> MachineDebug for T {}

impl<'a> Recorder<'a> {
    /// Take notes of what these say.
    #[must_use]
    pub fn new(files: &'a dyn Files, machine: &'a dyn MachineDebug) -> Self {
        Self {
            files,
            machine,
            notes: RefCell::default(),
        }
    }

    /// The notes.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.notes.into_inner()
    }

    fn noted<T: Note>(&self, question: &str, answer: T) -> T {
        let mut notes = self.notes.borrow_mut();
        question.to_owned().put(&mut notes);
        answer.put(&mut notes);
        answer
    }
}

/// Answers from notes.
#[derive(Debug)]
pub struct Player<'a> {
    rest: Cell<&'a [u8]>,
    failed: Cell<bool>,
}

impl<'a> Player<'a> {
    /// Answer from the notes of a [`Recorder`].
    #[must_use]
    pub const fn new(notes: &'a [u8]) -> Self {
        Self {
            rest: Cell::new(notes),
            failed: Cell::new(false),
        }
    }

    /// Whether all questions were those that the notes answer. Otherwise the
    /// outcome of the load is worth nothing.
    #[must_use]
    pub fn is_faithful(&self) -> bool {
        !self.failed.get()
    }

    fn answer<T: Note>(&self, question: &str) -> Option<T> {
        let mut rest = self.rest.get();
        let noted = String::take(&mut rest).filter(|noted| noted == question);
        let answer = noted.and_then(|_| T::take(&mut rest));
        self.rest.set(rest);
        if answer.is_none() {
            self.failed.set(true);
        }
        answer
    }
}

fn of_path(word: &str, path: &Path) -> String {
    format!("{word} {}", path.display())
}

fn of_account(user: &str, group: Option<&str>) -> String {
    format!("account {user} {group:?}")
}

fn of_script(request: &CommandRequest) -> String {
    format!("script {:?}", request.words)
}

fn of_vmac(name: &str, parent: &str, mac: MacAddr) -> String {
    format!("vmac {name} {parent} {mac}")
}

const NO_NOTE: &str = "the notes of the load do not say";

impl Files for Recorder<'_> {
    fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        self.noted(&of_path("read", path), self.files.read(path))
    }

    fn list(&self, directory: &Path) -> Vec<String> {
        self.noted(&of_path("list", directory), self.files.list(directory))
    }

    fn exists(&self, path: &Path) -> bool {
        self.noted(&of_path("exists", path), self.files.exists(path))
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        self.noted(&of_path("resolve", path), self.files.resolve(path))
    }
}

impl Files for Player<'_> {
    fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        let answer = self.answer(&of_path("read", path));
        answer.unwrap_or(Err(ReadError::Missing))
    }

    fn list(&self, directory: &Path) -> Vec<String> {
        self.answer(&of_path("list", directory)).unwrap_or_default()
    }

    fn exists(&self, path: &Path) -> bool {
        self.answer(&of_path("exists", path)).unwrap_or_default()
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        let answer = self.answer(&of_path("resolve", path));
        answer.unwrap_or_else(|| path.to_owned())
    }
}

impl Machine for Recorder<'_> {
    fn interface_exists(&self, name: &str) -> bool {
        let answer = self.machine.interface_exists(name);
        self.noted(&format!("interface {name}"), answer)
    }

    fn interface_mtu(&self, name: &str) -> Option<u32> {
        self.noted(&format!("mtu {name}"), self.machine.interface_mtu(name))
    }

    fn interface_is_loopback(&self, name: &str) -> bool {
        let answer = self.machine.interface_is_loopback(name);
        self.noted(&format!("loopback {name}"), answer)
    }

    fn find_script(&self, request: &CommandRequest, rules: &ScriptRules) -> CommandFound {
        let answer = self.machine.find_script(request, rules);
        self.noted(&of_script(request), answer)
    }

    fn account(&self, user: &str, group: Option<&str>) -> Result<Account, String> {
        let answer = self.machine.account(user, group);
        self.noted(&of_account(user, group), answer)
    }

    fn vmac_fits(&self, name: &str, parent: &str, mac: MacAddr) -> bool {
        let answer = self.machine.vmac_fits(name, parent, mac);
        self.noted(&of_vmac(name, parent, mac), answer)
    }

    fn number_names(&self, kind: NameKind, folders: [&Path; 2]) -> Vec<String> {
        let answer = self.machine.number_names(kind, folders);
        self.noted(&format!("names {kind:?} {folders:?}"), answer)
    }

    fn key_file(&self, path: &Path) -> io::Result<KeyFile> {
        self.noted(&of_path("key", path), self.machine.key_file(path))
    }

    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        self.noted(&format!("host {host}"), self.machine.addresses(host))
    }
}

impl Machine for Player<'_> {
    fn interface_exists(&self, name: &str) -> bool {
        self.answer(&format!("interface {name}"))
            .unwrap_or_default()
    }

    fn interface_mtu(&self, name: &str) -> Option<u32> {
        self.answer(&format!("mtu {name}")).unwrap_or_default()
    }

    fn interface_is_loopback(&self, name: &str) -> bool {
        self.answer(&format!("loopback {name}")).unwrap_or_default()
    }

    fn find_script(&self, request: &CommandRequest, _: &ScriptRules) -> CommandFound {
        self.answer(&of_script(request)).unwrap_or_default()
    }

    fn account(&self, user: &str, group: Option<&str>) -> Result<Account, String> {
        let answer = self.answer(&of_account(user, group));
        answer.unwrap_or_else(|| Err(NO_NOTE.to_owned()))
    }

    fn vmac_fits(&self, name: &str, parent: &str, mac: MacAddr) -> bool {
        self.answer(&of_vmac(name, parent, mac)).unwrap_or_default()
    }

    fn number_names(&self, kind: NameKind, folders: [&Path; 2]) -> Vec<String> {
        let answer = self.answer(&format!("names {kind:?} {folders:?}"));
        answer.unwrap_or_default()
    }

    fn key_file(&self, path: &Path) -> io::Result<KeyFile> {
        let answer = self.answer(&of_path("key", path));
        answer.unwrap_or_else(|| Err(io::Error::other(NO_NOTE)))
    }

    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        let answer = self.answer(&format!("host {host}"));
        answer.unwrap_or_else(|| Err(NO_NOTE.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::files::Memory;
    use crate::control_plane::{AnyMachine, LoadOptions, load};

    const ROOT: &str = "/etc/keepalived/keepalived.conf";

    fn disk() -> Memory {
        let main = "include parts/*.conf\ninclude none\nvrrp_instance A {\n interface eth0\n \
                    virtual_router_id 5\n virtual_ipaddress {\n 10.0.0.1 dev eth1\n }\n}\n";
        let global = "global_defs {\n router_id R\n}\n";
        Memory::with(ROOT, main).and("/etc/keepalived/parts/a.conf", global)
    }

    fn recorded() -> (Vec<u8>, Option<crate::control_plane::Config>) {
        let (disk, machine) = (disk(), AnyMachine::default());
        let recorder = Recorder::new(&disk, &machine);
        let options = LoadOptions::default();
        let loaded = load(&recorder, Path::new(ROOT), &options, &recorder);
        let config = loaded.config.map(|config| (*config).clone());
        (recorder.finish(), config)
    }

    #[test]
    fn a_load_from_notes_comes_to_the_same() {
        let (notes, config) = recorded();
        let player = Player::new(&notes);
        let again = load(&player, Path::new(ROOT), &LoadOptions::default(), &player);
        assert!(player.is_faithful());
        assert_eq!(again.config.as_deref(), config.as_ref());
        let config = config.expect("nothing is wrong with it");
        assert_eq!(config.global.router_id.as_deref(), Some("R"));
    }

    #[test]
    fn notes_of_another_load_are_noticed() {
        let (notes, _) = recorded();
        let cut = notes.get(..notes.len() - 3).expect("more than that");
        for (notes, root) in [(&notes[..], "/etc/other.conf"), (cut, ROOT), (&[], ROOT)] {
            let player = Player::new(notes);
            load(&player, Path::new(root), &LoadOptions::default(), &player);
            assert!(!player.is_faithful());
        }
    }
}
