//! The files of dumps: the children hand over their texts, the parent has its own.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::process;

use super::WatchDog;
use crate::dump::Text;
use crate::dump::global::definitions;
use crate::watchdog::dump_files::{self, DumpPaths};
use crate::watchdog::ipc::DumpKind;
use crate::watchdog::launch::role::Role;

impl WatchDog {
    /// Put a text that a child has rendered under its name.
    pub(super) fn write_dump(&self, kind: DumpKind, process: Option<Role>, mut text: File) {
        let path = self.dump_paths().of(kind, process);
        let done = dump_files::replace(&path, |file| {
            text.rewind()?;
            io::copy(&mut text, file).map(drop)
        });
        if let Err(error) = done {
            log::error!("Cannot write {}: {error}", path.display());
        }
    }

    pub(super) fn write_own_dump(&self) {
        log::info!(
            "Printing parent data for process({}) on signal",
            process::id()
        );
        let path = self.dump_paths().of(DumpKind::Data, None);
        let mut text = Text::default();
        definitions(&self.ground.config.global, &mut text);
        let text = text.finish();
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
