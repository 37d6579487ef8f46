//! Which release brought a word.

use keepalived::control_plane::history::Since;
use keepalived::global::HISTORY;

use crate::{Found, rows};

/// Keywords and their other names, with the path to the block.
fn words(all: &[Found]) -> impl Iterator<Item = (&[&'static str], &'static str)> {
    all.iter().flat_map(|row| {
        let names = std::iter::once(row.name).chain(row.aliases.iter().copied());
        names.map(|name| (row.path.as_slice(), name))
    })
}

#[test]
fn the_history_tells_once_which_release_brought_a_word() {
    let entries: Vec<_> = HISTORY.entries().collect();
    let all = rows();
    let wrong: Vec<_> = words(&all)
        .map(|(path, word)| {
            let told = entries.iter().filter(|entry| entry.is_of(path, word));
            (path, word, told.count())
        })
        .filter(|(.., told)| *told != 1)
        .collect();
    assert!(wrong.is_empty(), "told not at all or twice: {wrong:#?}");
}

#[test]
fn the_history_tells_only_of_words_that_are_there() {
    for line in HISTORY.lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        assert_eq!(columns.len(), 3, "{line}");
        assert!(Since::parse(columns[0]).is_some(), "{line}");
    }
    let all = rows();
    for entry in HISTORY.entries() {
        let is_there = words(&all).any(|(path, word)| entry.is_of(path, word));
        assert!(is_there, "{entry:?}");
    }
}
