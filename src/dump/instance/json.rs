//! An instance as JSON: the order of its members, and those of a form of their own.

use super::InstanceView;
use super::facts::{
    ACCEPT, ADVERT_INTERVAL, AUTH_DATA, AUTH_TYPE, DONT_TRACK, EFFECTIVE, FOREIGN, GARP_DELAY,
    GARP_LOWER_DELAY, GARP_LOWER_REPEAT, GARP_REFRESH, GARP_REFRESH_REPEAT, GARP_REPEAT,
    HIGHER_SENDS, INTERFACE, LAST_TRANSITION, LOWER_SENDS, MASTER_INTERVAL, MASTER_PRIORITY_KEY,
    NAME, NOTIFY_DELETED, PREEMPT, PREEMPT_DELAY, PRIORITY, PROMOTE, Row, SKIP_CHECK, SMTP, STATE,
    STRICT, VERSION, VIPS_SET, VMAC_INTERFACE, VRID, WANTED, state,
};
use crate::dump::address::{self, Device};
use crate::dump::fact::Value;
use crate::dump::json::Json;
use crate::dump::{command, stats, tracker};
use crate::vrrp::config::AddressConfig;
use crate::vrrp::config::routes::{route_text, rule_text};

/// A part of the JSON of an instance.
#[derive(Clone, Copy)]
enum Member {
    /// A key with the value of a fact.
    Key(Row),
    /// What has a form of its own.
    Other(fn(&InstanceView<'_>, &mut Json)),
}

/// The order of `data` in JSON. What the C daemon does not have is last.
const JSON: &[Member] = &[
    Member::Key(NAME),
    Member::Key(DONT_TRACK),
    Member::Key(SKIP_CHECK),
    Member::Key(STRICT),
    Member::Key(VMAC_INTERFACE),
    Member::Key(INTERFACE),
    Member::Key(MASTER_PRIORITY_KEY),
    Member::Key(LAST_TRANSITION),
    Member::Key(GARP_DELAY),
    Member::Key(GARP_REFRESH),
    Member::Key(GARP_REPEAT),
    Member::Key(GARP_REFRESH_REPEAT),
    Member::Key(GARP_LOWER_DELAY),
    Member::Key(GARP_LOWER_REPEAT),
    Member::Key(LOWER_SENDS),
    Member::Key(HIGHER_SENDS),
    Member::Key(VRID),
    Member::Key(PRIORITY),
    Member::Key(EFFECTIVE),
    Member::Key(VIPS_SET),
    Member::Key(PROMOTE),
    Member::Key(ADVERT_INTERVAL),
    Member::Key(MASTER_INTERVAL),
    Member::Key(ACCEPT),
    Member::Key(PREEMPT),
    Member::Key(PREEMPT_DELAY),
    Member::Key(STATE),
    Member::Key(WANTED),
    Member::Key(VERSION),
    Member::Key(SMTP),
    Member::Key(NOTIFY_DELETED),
    Member::Other(script_strings),
    Member::Other(address_strings),
    Member::Other(route_strings),
    Member::Other(tracked_interface_strings),
    Member::Other(|view, out| tracker::strings(view.vrrp, &view.config.trackers, out)),
    Member::Key(AUTH_TYPE),
    Member::Key(AUTH_DATA),
    Member::Other(history_objects),
    Member::Key(FOREIGN),
];

/// The object of an instance: `data` and `stats`.
pub fn json(view: &InstanceView<'_>, out: &mut Json) {
    out.object(|out| {
        out.key("data");
        out.object(|out| {
            for member in JSON {
                match member {
                    Member::Key(fact) => out.member(fact.key, (fact.get)(view)),
                    Member::Other(render) => render(view, out),
                }
            }
        });
        out.key("stats");
        out.object(|out| stats::json(view.stats, out));
    });
}

fn script_strings(view: &InstanceView<'_>, out: &mut Json) {
    for (_, key, get) in &command::SCRIPTS {
        if let Some(script) = &get(&view.config.notify).command {
            out.member(key, Value::Text(command::quoted(script).into()));
        }
    }
}

fn address_strings(view: &InstanceView<'_>, out: &mut Json) {
    string_array("vips", view.vips(), view.device(), out);
    string_array("evips", view.excluded_vips(), view.device(), out);
}

fn string_array<'a>(
    key: &str,
    addresses: impl Iterator<Item = (&'a AddressConfig, bool)>,
    default: Option<Device<'a>>,
    out: &mut Json,
) {
    let mut addresses = addresses.peekable();
    if addresses.peek().is_none() {
        return;
    }
    out.key(key);
    out.array(|out| {
        let mut line = String::new();
        for (address, is_set) in addresses {
            line.clear();
            address::push(&mut line, address, default, is_set);
            out.string(&line);
        }
    });
}

fn route_strings(view: &InstanceView<'_>, out: &mut Json) {
    let config = view.config;
    strings("vroutes", config.routes.iter().map(route_text), out);
    strings("vrules", config.rules.iter().map(rule_text), out);
}

fn strings(key: &str, list: impl ExactSizeIterator<Item = String>, out: &mut Json) {
    if list.len() == 0 {
        return;
    }
    out.key(key);
    out.array(|out| {
        for line in list {
            out.string(&line);
        }
    });
}

fn tracked_interface_strings(view: &InstanceView<'_>, out: &mut Json) {
    let tracked = &view.config.track_interfaces;
    if tracked.is_empty() {
        return;
    }
    out.key("track_ifp");
    out.array(|out| {
        for interface in tracked {
            out.string(interface.name.value.as_str());
        }
    });
}

fn history_objects(view: &InstanceView<'_>, out: &mut Json) {
    out.key("transitions");
    out.array(|out| {
        for transition in view.history.iter() {
            out.object(|out| {
                out.member("time", Value::Moment(Some(transition.at)));
                out.member("from", state(transition.from));
                out.member("to", state(transition.to));
                out.member("cause", Value::Word(&transition.cause));
            });
        }
    });
}
