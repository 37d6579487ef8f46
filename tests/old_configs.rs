//! Files as guides and books print them for keepalived 1.2 and 1.3: `tests/old-configs`.
//!
//! Each `NAME.conf` loads and does what was meant. Beside it are `NAME.told`, what a user is
//! told, and `NAME.upgraded`, what `--upgrade-config` prints: the same configuration without an
//! old word. `GOLDEN_UPDATE=1` writes both anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use keepalived::control_plane::diag::{Diag, Severity};
use keepalived::control_plane::files::Disk;
use keepalived::control_plane::upgrade::upgrade;
use keepalived::control_plane::{AnyMachine, Config, LoadOptions, Loaded, load, render};
use keepalived::lint::host::Unknown;
use keepalived::lint::{LintOptions, is_old, judge};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/old-configs")
}

fn files() -> Vec<PathBuf> {
    let entries = fs::read_dir(folder()).expect("tests/old-configs");
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "conf"))
        .collect();
    found.sort();
    found
}

fn read(path: &Path) -> Loaded {
    let mut loaded = load(&Disk, path, &LoadOptions::default(), &AnyMachine::default());
    judge(&mut loaded, &Unknown, &LintOptions::default());
    loaded
}

fn config(loaded: &Loaded) -> Rc<Config> {
    loaded.config.clone().expect("a usable configuration")
}

/// `STATUS`, then the messages, without the folder.
fn told(loaded: &Loaded) -> String {
    let list = loaded.diags.list.iter();
    let lines = list
        .filter(|diag| diag.severity > Severity::Note)
        .map(|diag| {
            let line = render::headline(diag, &loaded.map);
            let help = diag.help.as_deref();
            let help = help.map_or_else(String::new, |help| format!("    {help}\n"));
            format!("{line}\n{help}")
        });
    let text: String = lines.collect();
    let folder = format!("{}/", folder().display());
    format!(
        "exit status {}\n{}",
        loaded.diags.exit_status(),
        text.replace(&folder, "")
    )
}

/// Compare with a file, or write it.
fn golden(path: &Path, found: &[u8]) {
    if std::env::var_os("GOLDEN_UPDATE").is_some() {
        fs::write(path, found).expect("a writable folder");
    }
    let expected = fs::read(path).unwrap_or_default();
    assert!(
        expected == found,
        "{} is otherwise now:\n{}",
        path.display(),
        String::from_utf8_lossy(found)
    );
}

#[test]
fn there_are_eleven_and_each_has_an_old_word_and_no_mistake() {
    assert_eq!(files().len(), 11);
    for path in files() {
        let loaded = read(&path);
        let list = &loaded.diags.list;
        assert!(list.iter().any(is_old), "{}", path.display());
        let mistakes: Vec<&Diag> = list
            .iter()
            .filter(|diag| diag.severity == Severity::Error)
            .collect();
        assert!(mistakes.is_empty(), "{}: {mistakes:?}", path.display());
        assert!(config(&loaded).presence.vrrp || config(&loaded).presence.checkers);
    }
}

#[test]
fn what_a_user_is_told() {
    for path in files() {
        golden(&path.with_extension("told"), told(&read(&path)).as_bytes());
    }
}

#[test]
fn the_upgraded_file_means_the_same_in_todays_words() {
    for path in files() {
        let loaded = read(&path);
        let upgraded = upgrade(&loaded, is_old).expect("a main file");
        assert_eq!(upgraded.left, Vec::<usize>::new(), "{}", path.display());
        let beside = path.with_extension("upgraded");
        golden(&beside, &upgraded.text);
        let again = read(&beside);
        let old: Vec<&Diag> = again
            .diags
            .list
            .iter()
            .filter(|diag| is_old(diag))
            .collect();
        assert!(old.is_empty(), "{}: {old:?}", path.display());
        assert_eq!(
            config(&loaded).print(true),
            config(&again).print(true),
            "{}",
            path.display()
        );
    }
}

#[test]
fn what_stands_between_the_words_stays() {
    for path in files() {
        let before = fs::read_to_string(&path).expect("UTF-8");
        let upgraded = upgrade(&read(&path), is_old).expect("a main file");
        let after = String::from_utf8(upgraded.text).expect("UTF-8");
        let comments = |text: &str| -> Vec<String> {
            let lines = text.lines();
            let found = lines.filter_map(|line| line.find("# ").and_then(|at| line.get(at..)));
            found.map(str::to_owned).collect()
        };
        for comment in comments(&before) {
            assert!(after.contains(&comment), "{}: {comment}", path.display());
        }
        assert_eq!(before.contains("\r\n"), after.contains("\r\n"));
    }
}
