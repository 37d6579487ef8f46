//! Configuration files that include each other, with conditions, definitions and
//! sequences, and what a child takes over of them: it is the same, and octets that
//! somebody has damaged do no harm.
#![no_main]

use std::path::Path;

use keepalived::control_plane::diag::Diags;
use keepalived::control_plane::files::Memory;
use keepalived::control_plane::reader::{Reader, ReaderOptions};
use keepalived::control_plane::{AnyMachine, LoadOptions, compiled, load};
use keepalived_fuzz::Choices;
use libfuzzer_sys::fuzz_target;

const FOLDER: &str = "/etc/keepalived";
/// What separates the files of an input: no text has it.
const SEPARATOR: u8 = 0xff;
const NAMES: [&str; 5] = [
    "keepalived.conf",
    "a.conf",
    "b.conf",
    "c/d.conf",
    "c/e.conf",
];

fuzz_target!(|octets: &[u8]| {
    let mut files = Memory::default();
    let mut texts = octets.split(|octet| *octet == SEPARATOR);
    for (name, text) in NAMES.iter().zip(&mut texts) {
        files = files.and(&format!("{FOLDER}/{name}"), text);
    }
    let main = format!("{FOLDER}/keepalived.conf");
    let main = Path::new(&main);
    let options = LoadOptions {
        reader: ReaderOptions {
            config_id: "router1".into(),
            environment: [("HOME".to_owned(), "/root".to_owned())].into(),
            ..ReaderOptions::default()
        },
    };
    items(&files, main, &options.reader);
    let loaded = load(&files, main, &options, &AnyMachine::default());
    let Some(config) = loaded.config else {
        return;
    };
    let mut octets = Vec::new();
    compiled::write(&config, &mut octets).expect("a vector takes all");
    assert_eq!(compiled::read(&octets, None).as_ref(), Some(&*config));
    if let Some(damage) = texts.next() {
        let mut choices = Choices::new(damage);
        for _ in 0..choices.below(5) {
            let at = usize::from(choices.short()) % octets.len().max(1);
            if let Some(octet) = octets.get_mut(at) {
                *octet = choices.octet();
            }
        }
        octets.truncate(octets.len() - choices.below(64).min(octets.len()));
        let _ = compiled::read(&octets, None);
    }
});

/// What the reader hands out is bounded by what it is given.
fn items(files: &Memory, main: &Path, options: &ReaderOptions) {
    let mut diags = Diags::default();
    let Some(mut reader) = Reader::open(files, main, options.clone(), &mut diags) else {
        return;
    };
    while reader.next(&mut diags).is_some() {}
}
