//! What must hold for every row of every table of the configuration language.

#![expect(clippy::panic, reason = "a helper of tests may fail one")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use keepalived::control_plane::diag::{Code, Severity};
use keepalived::control_plane::files::Memory;
use keepalived::control_plane::history::Since;
use keepalived::control_plane::manual::describe;
use keepalived::control_plane::schema::{Describe, RowFacts, Samples};
use keepalived::control_plane::{AnyMachine, LoadOptions, Loaded, load};
use keepalived::global::HISTORY;
use keepalived::global::top::TOP;
use keepalived::wire::vrrp::Version;

/// A row with the keywords of the blocks around it.
struct Found {
    path: Vec<&'static str>,
    name: &'static str,
    aliases: Vec<&'static str>,
    usage: String,
    doc: &'static str,
    samples: Samples,
    replaced: bool,
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

/// Words behind the keyword of a block, by what the manual calls them.
fn head(row: &Found) -> &'static str {
    match row.usage.trim_end_matches("{ ... }").trim() {
        "" => "",
        "NAME" => "name",
        "ADDRESS [PORT]" => "10.9.9.9 80",
        "ADDRESS [PORT] | fwmark N | group NAME" => "10.9.9.8 80",
        other => panic!("no words for the head of {} {other}", row.name),
    }
}

/// The text that has one line in the block of a row.
fn around(all: &[Found], row: &Found, line: &str) -> String {
    let mut text = String::new();
    for depth in 0..row.path.len() {
        let block = all
            .iter()
            .find(|other| other.path == row.path[..depth] && other.name == row.path[depth])
            .expect("the row of a block");
        text.push_str(&format!("{} {} {{\n", block.name, head(block)));
    }
    text.push_str(line);
    text.push('\n');
    text.push_str(&"}\n".repeat(row.path.len()));
    text
}

/// Whether the rows of a path are keywords rather than option words of list lines.
fn is_keyword(all: &[Found], row: &Found) -> bool {
    let lists = |usage: &str| usage.starts_with('{') && usage != "{ ... }";
    (0..row.path.len()).all(|depth| {
        all.iter().any(|other| {
            other.path == row.path[..depth]
                && other.name == row.path[depth]
                && other.braces
                && !lists(&other.usage)
        })
    })
}

#[test]
fn bounds_are_accepted_and_what_is_beyond_is_refused_at_the_word() {
    let all = rows();
    let mut checked = 0;
    for row in all.iter().filter(|row| is_keyword(&all, row)) {
        for good in &row.samples.good {
            let text = around(&all, row, &format!("{} {good}", row.name));
            let loaded = read(&text);
            let bad = loaded.diags.list.iter().find(|diag| {
                matches!(
                    diag.code,
                    Code::InvalidNumber | Code::UnknownKeyword | Code::MissingParameter
                )
            });
            assert!(bad.is_none(), "{text}{bad:?}");
            checked += 1;
        }
        for bad in &row.samples.bad {
            let quoted = if bad.is_empty() { "\"\"" } else { bad };
            let text = around(&all, row, &format!("{} {quoted}", row.name));
            let loaded = read(&text);
            let found = loaded.diags.list.iter().any(|diag| {
                let words = diag.span.map(|span| loaded.map.text(span));
                diag.code != Code::Ok && words.as_deref() == Some(quoted)
            });
            assert!(found, "{text}{:?}", loaded.diags.list);
            assert!(loaded.diags.exit_status() != 0, "{text}");
            checked += 1;
        }
    }
    assert!(checked > 1000, "only {checked} values");
}

#[test]
fn a_missing_argument_is_told_at_the_keyword() {
    let all = rows();
    for row in all
        .iter()
        .filter(|row| is_keyword(&all, row) && !row.samples.bad.is_empty())
    {
        if row.usage.starts_with('[') {
            continue;
        }
        let text = around(&all, row, row.name);
        let loaded = read(&text);
        assert_eq!(
            loaded.diags.exit_status(),
            2,
            "{text}{:?}",
            loaded.diags.list
        );
    }
}

#[test]
fn a_misspelt_keyword_is_an_error_with_advice() {
    let all = rows();
    for row in all
        .iter()
        .filter(|row| is_keyword(&all, row) && row.name.len() > 5)
    {
        let (start, end) = row.name.split_at(row.name.len() - 2);
        let slip = format!("{start}q{end}");
        let text = around(&all, row, &slip);
        let loaded = read(&text);
        let found = loaded
            .diags
            .list
            .iter()
            .find(|diag| diag.code == Code::UnknownKeyword)
            .unwrap_or_else(|| panic!("{text}"));
        let help = found.help.as_deref().unwrap_or_default();
        assert!(help.starts_with("did you mean `"), "{text}{found:?}");
    }
}

/// The contexts of the reference's list as paths of our tables.
fn path_of(context: &str) -> Vec<&str> {
    let path = context.strip_suffix("/entry").unwrap_or(context);
    let mut words: Vec<&str> = match path {
        "(top)" => Vec::new(),
        path => path.split('/').filter(|part| *part != "entry").collect(),
    };
    if words.first() == Some(&"vrrp_track_file") {
        words[0] = "track_file";
    }
    let inside = [
        "virtual_ipaddress",
        "virtual_ipaddress_excluded",
        "virtual_routes",
        "virtual_rules",
    ];
    if words.first().is_some_and(|first| inside.contains(first)) {
        words.insert(0, "vrrp_instance");
    }
    words
}

#[test]
fn every_keyword_of_the_reference_is_recognised() {
    let mut known: BTreeMap<Vec<&str>, BTreeSet<&str>> = BTreeMap::new();
    let all = rows();
    for row in &all {
        let names = known.entry(row.path.clone()).or_default();
        names.insert(row.name);
        names.extend(&row.aliases);
    }
    let table = include_str!("data/keywords.tsv");
    let mut missing = Vec::new();
    for line in table.lines().skip(1) {
        let mut columns = line.split('\t');
        let (Some(context), Some(keyword)) = (columns.next(), columns.next()) else {
            continue;
        };
        let placeholder = keyword.chars().all(char::is_uppercase) && context.ends_with("/entry");
        let path = path_of(context);
        let told = known
            .get(&path)
            .is_some_and(|names| names.contains(keyword));
        if !(told || placeholder || context == "(anywhere)" || by_line(context, keyword)) {
            missing.push(format!("{context} {keyword}"));
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// Words that their keyword checks by itself: recognised if a line with them is.
fn by_line(context: &str, keyword: &str) -> bool {
    let line = match context {
        "global_defs/lvs_timeouts" => format!("lvs_timeouts {keyword} 5"),
        "global_defs/lvs_sync_daemon" if keyword == "group" => {
            "lvs_sync_daemon eth0 group 224.0.0.81".to_owned()
        }
        "global_defs/lvs_sync_daemon" => format!("lvs_sync_daemon eth0 {keyword} 5"),
        "global_defs/include_check" => format!("include_check +{keyword}"),
        "static_routes/entry" | "virtual_routes/entry" => {
            // Reported as not supported, which is more than unknown.
            return keyword == "as";
        }
        context if context.ends_with("routes/entry/nexthop") && keyword == "encap" => {
            let route =
                "10.80.0.0/24 nexthop encap ip id 1 dst 10.77.0.9 dev eth0 nexthop via 10.77.0.3";
            let text = format!("static_routes {{\n{route}\n}}\n");
            return read(&text).diags.exit_status() == 0;
        }
        context if context.ends_with("routes/entry/nexthop") => return keyword == "as",
        "virtual_server_group/entry" => {
            let text = format!("virtual_server_group G {{\n{keyword} 5\n}}\n");
            return read(&text).diags.exit_status() == 0;
        }
        _ => return false,
    };
    let loaded = read(&format!("global_defs {{\n{line}\n}}\n"));
    let list = &loaded.diags.list;
    list.iter().all(|diag| diag.severity < Severity::Error)
}

#[test]
fn an_option_word_with_effect_says_nothing() {
    let loaded = read(
        "vrrp_instance V {\n interface eth0\n virtual_router_id 1\n \
         virtual_ipaddress {\n 10.0.0.9/24 dev eth1 use_vmac\n }\n}\n",
    );
    assert!(loaded.diags.list.is_empty(), "{:?}", loaded.diags.list);
}

const FULL: &str = "\
net_namespace blue
child_wait_time 7
global_defs {
    router_id \"rack 4 left\"
    process_names
    umask 077
    dynamic_interfaces allow_if_changes
    vrrp_mcast_group4 239.1.1.1
    vrrp_garp_master_delay 3
    vrrp_garp_interval 0.001
    vrrp_version 3
    vrrp_cpu_affinity 0 1
    vrrp_rx_bufs_policy MTU
    vrrp_startup_delay 1.5
    enable_script_security
    startup_script \"/bin/up 'two words'\" root
    shutdown_script_timeout 3
    notify_fifo /run/a.fifo root wheel
    notify_fifo_script /bin/reader
    smtp_server 192.0.2.1 2525
    smtp_alert on
    no_email_faults
    notification_email {
        \"Ops <ops@example.net>\"
        a@example.net
    }
}
static_ipaddress {
    10.1.0.1/24 dev eth1 scope link label eth1:1
    2001:db8::1/64 dev eth1 preferred_lft 30 -nodad
}
garp_group {
    garp_interval 0.5
    interfaces { eth0 eth1 }
}
interface_up_down_delays {
    eth0 0.5 1
}
vrrp_instance A {
    state BACKUP
    interface eth0
    virtual_router_id 7
    priority 150
    advert_int 0.25
    nopreempt
    unicast_src_ip 10.0.0.1
    unicast_peer {
        10.0.0.2 min_ttl 250
        10.0.0.3
    }
    virtual_ipaddress {
        10.2.0.1/24 brd + no_track
        10.2.0.2/32 dev eth1 peer 10.2.0.9
    }
    virtual_ipaddress_excluded {
        2001:db8::2/128
    }
    track_interface {
        eth2 weight -20 reverse
    }
    garp_lower_prio_repeat 0
    notify_master \"/bin/notify 'a b' c\"
    notify /bin/notify root :wheel
    notify_deleted
    smtp_alert off
    notify_priority_changes
}
vrrp_instance B {
    version 2
    interface eth0
    virtual_router_id 8
    priority 255
    virtual_ipaddress {
        10.2.0.3
    }
    authentication {
        auth_type PASS
        auth_pass secret
    }
}
";

#[test]
fn what_is_printed_reads_the_same_again() {
    for text in ["net_namespace blue\n", FULL] {
        let first = read(text).config.expect("a configuration");
        let printed = first.print(true);
        let again = read(&printed);
        assert_eq!(
            again.diags.exit_status(),
            0,
            "{printed}{:?}",
            again.diags.list
        );
        assert_eq!(again.config.as_ref(), Some(&first), "{printed}");
        assert_eq!(again.config.expect("a configuration").print(true), printed);
    }
}

#[test]
fn a_dump_has_no_secrets_and_shows_what_came_out() {
    let config = read(FULL).config.expect("a configuration");
    let dump = config.dump();
    assert!(
        !dump.contains("secret") && dump.contains("auth_pass ********"),
        "{dump}"
    );
    assert!(
        dump.contains("vrrp_instance B:\n    virtual_router_id = 8\n    version = 2\n"),
        "{dump}"
    );
    assert_eq!(config.vrrp.instances[1].version, Version::V2);
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
