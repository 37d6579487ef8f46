//! Tasks about the words of a configuration: `--explain` and `--upgrade-config`.

use std::io::{self, Write as _};
use std::path::Path;

use crate::control_plane::explain;
use crate::control_plane::files::Disk;
use crate::control_plane::suggest::suggest;
use crate::control_plane::upgrade::upgrade;
use crate::control_plane::{LoadOptions, load, render};
use crate::global::HISTORY;
use crate::global::top::TOP;
use crate::lint;
use crate::watchdog::machine::Anything;

use super::{FATAL, complain, print, tell};

/// Print what the manual says of a keyword or a warning.
pub(super) fn explain_word(word: &str) -> u8 {
    let found = explain::explain(&TOP, HISTORY, word);
    let mut text = found.text;
    if let Some(lint) = lint::by_name(word) {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&lint::manual::explain(lint));
    }
    if !text.is_empty() {
        print(&text);
        return 0;
    }
    let lints = lint::LINTS.iter().map(|lint| lint.name);
    let near = suggest(word, found.names.into_iter().chain(lints));
    complain(&match near {
        Some(near) => {
            format!("There is no keyword or warning `{word}`: did you mean `{near}`?")
        }
        None => format!("There is no keyword or warning `{word}`"),
    })
}

/// Print a file in today's words.
pub(super) fn upgrade_config(path: &str, options: &LoadOptions) -> u8 {
    let loaded = load(&Disk, Path::new(path), options, &Anything);
    let Some(upgraded) = upgrade(&loaded, lint::is_old) else {
        for diag in &loaded.diags.list {
            tell(&render::full(diag, &loaded.map));
        }
        return FATAL;
    };
    for number in &upgraded.left {
        if let Some(diag) = loaded.diags.list.get(*number) {
            tell(&render::full(diag, &loaded.map));
        }
    }
    let mut out = io::stdout();
    let written = out.write_all(&upgraded.text).and_then(|()| out.flush());
    match written {
        Ok(()) if upgraded.left.is_empty() => 0,
        Ok(()) => complain("What is shown above has to be changed by hand"),
        Err(error) => complain(&format!("Cannot write: {error}")),
    }
}
