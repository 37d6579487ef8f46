//! The files of dumps: the children hand over their texts, the parent has its own.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::process;

use super::WatchDog;
use crate::dump::global::definitions;
use crate::dump::{self, Text};
use crate::memory::account::{self, Tag};
use crate::watchdog::dump_files::{self, DumpPaths};
use crate::watchdog::ipc::DumpKind;
use crate::watchdog::launch::role::Role;
use crate::watchdog::reload_files;

/// What `config_save_dir` calls the moment of a copy.
const fn saved(kind: DumpKind) -> Option<&'static str> {
    match kind {
        DumpKind::Before => Some("pre"),
        DumpKind::After => Some("post"),
        DumpKind::Data | DumpKind::Stats | DumpKind::Json => None,
    }
}

impl WatchDog {
    fn save_name(&self, role: Role, when: &str) -> String {
        let process = match role {
            Role::Vrrp => "vrrp",
            Role::Check => "check",
            Role::Bfd => "bfd",
            Role::Dbus => "dbus",
        };
        let (pid, number) = (process::id(), self.reload.count);
        format!("keepalived_{process}.{pid}.{number}.{when}")
    }

    /// Put a text that a child has rendered under its name.
    pub(super) fn write_dump(&self, kind: DumpKind, process: Option<Role>, mut text: File) {
        let mut fill = |file: &mut File| {
            text.rewind()?;
            io::copy(&mut text, file).map(drop)
        };
        if let (Some(when), Some(role)) = (saved(kind), process) {
            let name = self.save_name(role, when);
            return reload_files::save(&self.ground.config.global.reload, &name, fill);
        }
        let path = self.dump_paths().of(kind, process);
        let done = dump_files::replace(&path, &mut fill);
        if let Err(error) = done {
            log::error!("Cannot write {}: {error}", path.display());
        }
    }

    pub(super) fn write_own_dump(&self) {
        log::info!(
            "Printing parent data for process({}) on signal",
            process::id()
        );
        let _dump = account::enter(Tag::Dump);
        let path = self.dump_paths().of(DumpKind::Data, None);
        let mut text = Text::default();
        definitions(&self.ground.config.global, &mut text);
        let mut text = text.finish();
        text.extend(dump::memory::accounts(&account::table()));
        let done = dump_files::replace(&path, |file| file.write_all(text.as_bytes()));
        if let Err(error) = done {
            log::error!("Cannot write {}: {error}", path.display());
        }
    }

    fn dump_paths(&self) -> DumpPaths {
        let ground = &self.ground;
        let dir = ground.settings.temporary_dir.clone();
        DumpPaths::new(dir, &ground.config.global.dump_files, &ground.names)
    }
}
