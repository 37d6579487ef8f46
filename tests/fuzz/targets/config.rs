//! A configuration file with any text in it, through reader, tables, resolution and
//! lints, as `-t` does: every message can be shown, what is printed means the same when
//! it is read again, and what `--upgrade-config` writes means the same as before.
#![no_main]

use std::path::Path;
use std::rc::Rc;

use keepalived::control_plane::diag::Severity;
use keepalived::control_plane::files::Memory;
use keepalived::control_plane::upgrade::upgrade;
use keepalived::control_plane::{AnyMachine, Config, LoadOptions, Loaded, load, render};
use keepalived::lint::{self, LintOptions, OLD_WORD};
use libfuzzer_sys::fuzz_target;

const MAIN: &str = "/etc/keepalived/keepalived.conf";

fuzz_target!(|text: &[u8]| {
    let mut loaded = read(text);
    tell(&loaded);
    let is_sound = loaded
        .diags
        .list
        .iter()
        .all(|diag| diag.severity != Severity::Error);
    upgraded(&loaded, is_sound);
    if let Some(config) = loaded.config.clone() {
        if is_sound {
            printed(&config);
        }
        let _ = config.dump();
    }
    lint::judge(&mut loaded, &lint::host::Unknown, &LintOptions::default());
    tell(&loaded);
});

fn read(text: impl AsRef<[u8]>) -> Loaded {
    let files = Memory::with(MAIN, text);
    let machine = AnyMachine::default();
    load(&files, Path::new(MAIN), &LoadOptions::default(), &machine)
}

fn tell(loaded: &Loaded) {
    for diag in &loaded.diags.list {
        let full = render::full(diag, &loaded.map);
        assert!(!full.is_empty());
        let line = render::log_line(diag, &loaded.map);
        assert!(!line.contains('\n'), "{line:?}");
    }
}

fn printed(config: &Rc<Config>) {
    let text = config.print(true);
    let again = read(&text);
    let again = again.config.expect("what was printed can be read");
    assert_eq!(again.print(true), text);
}

/// A text with mistakes in it has no meaning that could be kept.
fn upgraded(loaded: &Loaded, is_sound: bool) {
    let is_old = |diag: &keepalived::control_plane::diag::Diag| diag.lint == Some(OLD_WORD);
    let Some(upgraded) = upgrade(loaded, is_old) else {
        return;
    };
    if upgraded.changed == 0 {
        let (_, file) = loaded.map.file_texts().next().expect("a main file");
        assert_eq!(
            loaded.map.bytes(file),
            upgraded.text,
            "nothing was to change"
        );
        return;
    }
    let again = read(&upgraded.text);
    if !is_sound {
        return;
    }
    let text = |config: &Rc<Config>| config.print(true);
    assert_eq!(
        loaded.config.as_ref().map(text),
        again.config.as_ref().map(text),
        "{}",
        String::from_utf8_lossy(&upgraded.text)
    );
}
