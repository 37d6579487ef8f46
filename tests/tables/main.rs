//! What must hold for every row of every table of the configuration language.

#![expect(clippy::panic, reason = "a helper of tests may fail one")]

mod history;
mod printing;
mod reference;
mod values;

use std::collections::BTreeSet;
use std::path::Path;

use keepalived::control_plane::diag::Code;
use keepalived::control_plane::files::Memory;
use keepalived::control_plane::manual::describe;
use keepalived::control_plane::schema::{Describe, RowFacts, Samples};
use keepalived::control_plane::{AnyMachine, LoadOptions, Loaded, load};
use keepalived::global::top::TOP;

/// A row with the keywords of the blocks around it.
struct Found {
    path: Vec<&'static str>,
    name: &'static str,
    aliases: Vec<&'static str>,
    usage: String,
    doc: &'static str,
    samples: Samples,
    replaced: bool,
    skipped_bare: bool,
    braces: bool,
}

#[derive(Default)]
struct Walk {
    path: Vec<&'static str>,
    last: &'static str,
    rows: Vec<Found>,
}

impl Describe for Walk {
    fn row(&mut self, row: &RowFacts<'_>) {
        self.last = row.name;
        self.rows.push(Found {
            path: self.path.clone(),
            name: row.name,
            aliases: row.aliases.iter().map(|alias| alias.name).collect(),
            usage: row.usage.to_owned(),
            doc: row.doc,
            samples: row.samples.clone(),
            replaced: row.meta.replaced_by.is_some(),
            skipped_bare: row.meta.skipped_bare,
            braces: row.braces,
        });
    }

    fn open(&mut self) {
        self.path.push(self.last);
    }

    fn close(&mut self) {
        self.last = self.path.pop().expect("open before close");
    }
}

fn rows() -> Vec<Found> {
    let mut walk = Walk::default();
    describe(&TOP, &mut walk);
    walk.rows
}

fn read(text: &str) -> Loaded {
    let files = Memory::with("/etc/test.conf", text);
    let options = LoadOptions::default();
    load(
        &files,
        Path::new("/etc/test.conf"),
        &options,
        &AnyMachine::default(),
    )
}

#[test]
fn names_are_unique_in_their_block() {
    let mut seen = BTreeSet::new();
    for row in rows() {
        for name in std::iter::once(row.name).chain(row.aliases) {
            assert!(
                seen.insert((row.path.clone(), name)),
                "{:?} {name}",
                row.path
            );
        }
    }
    assert!(seen.len() > 700, "only {} rows", seen.len());
}

#[test]
fn every_row_is_documented() {
    for row in rows() {
        assert!(
            row.doc.ends_with('.'),
            "{:?} {}: {:?}",
            row.path,
            row.name,
            row.doc
        );
        assert!(row.doc.len() > 3 && !row.doc.contains("  "), "{}", row.name);
    }
}

#[test]
fn an_old_word_names_the_newer_one() {
    let text = "vrrp_instance A {\n linkbeat_use_polling\n}\n";
    let loaded = read(text);
    let warning = loaded
        .diags
        .list
        .iter()
        .find(|diag| diag.code == Code::Deprecated);
    assert!(
        warning
            .expect("a warning")
            .text
            .contains("linkbeat_interfaces")
    );
    for row in rows().iter().filter(|row| row.replaced) {
        assert!(!row.doc.is_empty());
    }
}

#[test]
fn an_option_word_with_effect_says_nothing() {
    let loaded = read(
        "vrrp_instance V {\n interface eth0\n virtual_router_id 1\n \
         virtual_ipaddress {\n 10.0.0.9/24 dev eth1 use_vmac\n }\n}\n",
    );
    assert!(loaded.diags.list.is_empty(), "{:?}", loaded.diags.list);
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_without_panic(words in proptest::collection::vec(0_usize..1000, 0..60)) {
        let names: Vec<&str> = rows().iter().map(|row| row.name).collect();
        let more = ["{\n", "}\n", "\n", "5", "-1", "eth0", "10.0.0.1/24", "fe80::1", "\"", "on", "255"];
        let mut text = String::new();
        for word in words {
            let word = if word < 500 { more[word % more.len()] } else { names[word * 7 % names.len()] };
            text.push_str(word);
            text.push(' ');
        }
        let loaded = read(&text);
        let _ = loaded.config.map(|config| config.dump());
    }
}
