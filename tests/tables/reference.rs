//! The list of keywords of the C daemon, against the tables.

use std::collections::{BTreeMap, BTreeSet};

use keepalived::control_plane::diag::Severity;

use crate::{read, rows};

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
    let table = include_str!("../data/keywords.tsv");
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
