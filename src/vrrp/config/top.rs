//! The keywords of the VRRP process at the top level.

use std::time::Duration;

use super::address_rows::{self, Kind};
use super::{
    GarpGroup, InstanceConfig, UpDownDelay, instance_rows, routes, sync_rows, tracker_rows,
};
use crate::control_plane::arg::{block, lines, several, time, words};
use crate::control_plane::decimal;
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::at;
use crate::control_plane::schema::{Block, Call, Child, Row, no_head, old_name};
use crate::control_plane::value::{Shared, Spanned};
use crate::control_plane::words::Line;
use crate::global::draft::Draft;
use crate::model::IfName;

const MICROSECOND: Duration = Duration::from_micros(1);
const LONGEST: Duration = Duration::from_micros(u32::MAX as u64);

/// Keywords that have an effect.
pub const ROWS: &[Row<Draft>] = &[
    // Before the static entries, which must name one that is there: rows are printed in
    // this order.
    Row::new(
        "track_group",
        block(&tracker_rows::TRACK_GROUP),
        "Instances that leave MASTER for a moment when a static entry is deleted by somebody else.",
    ),
    Row::new(
        "static_ipaddress",
        several(
            lines(
                address_rows::USAGE,
                |draft, line, diags| {
                    let address = address_rows::read_line(Kind::Static, line, diags);
                    draft.vrrp.static_addresses.extend(address);
                },
                |draft, out| {
                    for address in &draft.vrrp.static_addresses {
                        address_rows::show(Kind::Static, address, out);
                    }
                },
                address_rows::describe_static,
            ),
            address_rows::next_static,
        ),
        "Addresses that stay for the life of the daemon, whatever the instances do.",
    ),
    Row::new(
        "static_routes",
        lines(
            routes::ROUTE_USAGE,
            |draft, line, _| draft.static_routes.push(line.clone()),
            |draft, out| {
                for route in &draft.vrrp.static_routes {
                    routes::show_route(route, out);
                }
            },
            routes::describe_static_routes,
        ),
        "Routes that stay for the life of the daemon.",
    ),
    Row::new(
        "static_rules",
        lines(
            routes::RULE_USAGE,
            |draft, line, _| draft.static_rules.push(line.clone()),
            |draft, out| {
                for rule in &draft.vrrp.static_rules {
                    routes::show_rule(rule, out);
                }
            },
            routes::describe_static_rules,
        ),
        "Routing rules that stay for the life of the daemon.",
    ),
    Row::new(
        "garp_group",
        block(&GARP_GROUP),
        "Interfaces that share the pace of gratuitous ARP and neighbour adverts.",
    ),
    Row::new(
        "interface_up_down_delays",
        lines(
            "INTERFACE DOWN_SECONDS [UP_SECONDS]",
            add_delay,
            |draft, out| {
                for delay in &draft.vrrp.up_down_delays {
                    let [down, up] =
                        [delay.down, delay.up].map(crate::control_plane::arg::seconds_text);
                    out.line(delay.name.as_str(), &[&down, &up]);
                }
            },
            |_| (),
        ),
        "How long an interface must be down or up before that counts.",
    ),
    Row::new(
        "vrrp_script",
        block(&tracker_rows::SCRIPT),
        "A script that instances and groups may track.",
    ),
    Row::new(
        "vrrp_track_process",
        block(&tracker_rows::PROCESS),
        "Processes that instances and groups may track.",
    ),
    Row::new(
        "track_file",
        block(&tracker_rows::FILE),
        "A file that instances, groups and checkers may track.",
    )
    .aliases(&[old_name("vrrp_track_file")]),
    Row::new(
        "vrrp_sync_group",
        block(&sync_rows::SYNC_GROUP),
        "Instances that change state together.",
    ),
    Row::new("vrrp_instance", block(&INSTANCE), "A virtual router."),
];

static INSTANCE: Child<Draft, InstanceConfig> = Child {
    block: &instance_rows::BLOCK,
    usage: "NAME",
    open: |draft, call, diags| {
        let name = one_name(call, diags)?;
        if !draft.instance_names.insert(name.value.clone()) {
            let text = format!("vrrp_instance `{}` is defined twice", name.value);
            refuse(diags, name.span, Refusal::general(text));
            return None;
        }
        Some(InstanceConfig::new(name))
    },
    close: |draft, instance| draft.vrrp.instances.push(Shared::new(instance)),
    each: |draft, show| {
        for instance in &draft.vrrp.instances {
            show(&[&instance.name], instance);
        }
    },
};

/// Exactly one name behind a keyword.
pub(super) fn one_name(call: &Call<'_>, diags: &mut Diags) -> Option<Spanned<String>> {
    match call.args {
        [name] => Some(Spanned::new(name.text.clone(), name.span)),
        [] => {
            let text = format!("`{}` needs a name", call.keyword.text);
            diags.error(Code::General, call.keyword.span, text);
            None
        }
        [_, more, ..] => {
            let text = format!("`{}` takes one name", call.keyword.text);
            diags.error(Code::General, more.span, text);
            None
        }
    }
}

/// The first name behind a keyword; others are told, and ignored as by the C daemon.
pub(crate) fn first_name(call: &Call<'_>, diags: &mut Diags) -> Option<Spanned<String>> {
    let [name, more @ ..] = call.args else {
        let text = format!("`{}` needs a name", call.keyword.text);
        diags.error(Code::MissingParameter, call.keyword.span, text);
        return None;
    };
    if let Some(word) = more.first() {
        let keyword = &call.keyword.text;
        let text = format!("`{keyword}` takes one name: `{}` is ignored", word.text);
        diags.warn(Code::General, word.span, text);
        diags.lint("surplus-words");
    }
    Some(Spanned::new(name.text.clone(), name.span))
}

static GARP_GROUP: Child<Draft, GarpGroup> = Child {
    block: &Block {
        rows: &[&[
            Row::<GarpGroup>::new(
                "garp_interval",
                time(Duration::ZERO, LONGEST, MICROSECOND, at!(garp_interval)),
                "Least time between two gratuitous ARP messages.",
            )
            .default("0"),
            Row::<GarpGroup>::new(
                "gna_interval",
                time(Duration::ZERO, LONGEST, MICROSECOND, at!(gna_interval)),
                "Least time between two unsolicited neighbour adverts.",
            )
            .default("0"),
            Row::new(
                "interface",
                words(
                    "INTERFACE",
                    1,
                    1,
                    |group, call, diags| add_names(group, call.args, diags),
                    |_, _, _| (),
                ),
                "An interface of the group; interfaces takes several.",
            ),
            Row::new(
                "interfaces",
                lines(
                    "INTERFACE ...",
                    |group, line, diags| add_names(group, &line.words, diags),
                    |group, out| {
                        for name in &group.interfaces {
                            out.line(name.as_str(), &[]);
                        }
                    },
                    |_| (),
                ),
                "The interfaces of the group.",
            ),
        ]],
        finish: None,
    },
    usage: "",
    open: |draft, call, diags| {
        no_head(draft, call, diags);
        Some(GarpGroup {
            place: Spanned::new((), call.keyword.span),
            ..GarpGroup::default()
        })
    },
    close: |draft, group| draft.vrrp.garp_groups.push(group),
    each: |draft, show| {
        for group in &draft.vrrp.garp_groups {
            show(&[], group);
        }
    },
};

fn add_names(
    group: &mut GarpGroup,
    words: &[crate::control_plane::words::Word],
    diags: &mut Diags,
) {
    for word in words {
        match read::interface(&word.text) {
            Ok(name) => group.interfaces.push(Spanned::new(name, word.span)),
            Err(refusal) => refuse(diags, word.span, refusal),
        }
    }
}

fn add_delay(draft: &mut Draft, line: &Line, diags: &mut Diags) {
    let [name, down, rest @ ..] = line.words.as_slice() else {
        let text = "an interface and its down delay are needed";
        return diags.error(Code::General, line.span, text);
    };
    let mut delay = |word: &crate::control_plane::words::Word| {
        let most = Duration::from_secs(255);
        match decimal::time(&word.text, Duration::ZERO, most, MICROSECOND) {
            Ok(time) => {
                if let Some(text) = time.rounded() {
                    diags.warn(Code::InvalidNumber, word.span, text);
                }
                Some(time.value)
            }
            Err(refusal) => {
                refuse(diags, word.span, refusal);
                None
            }
        }
    };
    let Some(down) = delay(down) else { return };
    let up = match rest.first() {
        Some(up) => delay(up),
        None => Some(Duration::ZERO),
    };
    let Some(up) = up else { return };
    if let Some(more) = rest.get(1) {
        let text = format!("surplus word `{}` is ignored", more.text);
        diags.warn(Code::General, more.span, text);
    }
    match IfName::new(&name.text) {
        Some(known) => draft.vrrp.up_down_delays.push(UpDownDelay {
            name: Spanned::new(known, name.span),
            down,
            up,
        }),
        None => {
            let text = format!("`{}` is no name of an interface", name.text);
            refuse(diags, name.span, Refusal::general(text));
        }
    }
}
