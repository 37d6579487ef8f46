//! Virtual servers, their real servers and their checks: recognised and
//! checked line by line, without effect so far.

mod checkers;
pub mod group;
pub mod service;

pub use group::{GroupEntry, ServiceGroup};
pub use service::{
    CheckConfig, Inherited, ServerConfig, ServiceAddress, ServiceConfig, SorryServer, TlsKeys,
    Transitions,
};

use std::time::Duration;

use crate::control_plane::arg::{
    block, boolean, choice, flag, int, lines, nowhere, short_text, some_words, text, time, words,
};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::{Arg, Block, Call, Inner, Row, at, no_head};
use crate::control_plane::source::Span;
use crate::control_plane::value::Field;
use crate::control_plane::words::{Line, Word};
use crate::global::top::Draft;

const ANY: usize = usize::MAX;
const NUMBER_MAX: i64 = u32::MAX as i64;
const MICROSECOND: Duration = Duration::from_micros(1);
const LONGEST: Duration = Duration::from_micros(u32::MAX as u64);
const AGES: Duration = Duration::from_secs(u32::MAX as u64);

type Argument = Arg<Draft>;

const FLAG: Argument = flag(nowhere());
const BOOL: Argument = boolean(nowhere());
const NAME: Argument = text("NAME", nowhere());
const DELAY: Argument = time(Duration::ZERO, LONGEST, MICROSECOND, nowhere());
const TIMEOUT: Argument = time(MICROSECOND, LONGEST, MICROSECOND, nowhere());
const INTERVAL: Argument = time(MICROSECOND, AGES, MICROSECOND, nowhere());
const SCRIPT: Argument = some_words("SCRIPT [USER [[:]GROUP]]", 1, ANY);
const METHOD: Argument = words(
    "NAT|DR|TUN [OPTION ...]",
    1,
    ANY,
    check_method,
    |_, _, _| (),
);
const SERVICE_METHOD: Argument = words("NAT|DR|TUN [OPTION ...]", 1, ANY, set_method, |_, _, _| ());
const SCHEDULER: Argument = choice(
    &[
        "rr", "wrr", "lc", "wlc", "lblc", "sh", "mh", "dh", "fo", "ovf", "lblcr", "sed", "nq",
        "twos",
    ],
    at!(service.scheduler),
);

/// The keywords at the top level.
pub const ROWS: &[Row<Draft>] = &[
    Row::later("SSL", block(&SSL), "Keys of TLS checks."),
    Row::later(
        "virtual_server_group",
        block(&GROUP),
        "Addresses that share a virtual server.",
    ),
    Row::later(
        "virtual_server",
        block(&VIRTUAL_SERVER),
        "A service that the kernel spreads over real servers.",
    ),
];

static SSL: Inner<Draft, Draft> = Inner::same(
    &Block {
        rows: &[&[
            Row::later("password", NAME, "The passphrase of the key."),
            Row::later("ca", NAME, "The file of authorities."),
            Row::later("certificate", NAME, "The file of the certificate."),
            Row::later("key", NAME, "The file of the key."),
        ]],
        finish: None,
    },
    "",
    no_head,
);

/// A list with a name: entries are lines, so its block has no keywords.
static GROUP: NamedList = NamedList;

/// `virtual_server_group NAME { entries }`
#[derive(Debug)]
struct NamedList;

impl crate::control_plane::schema::SubBlock<Draft> for NamedList {
    fn parse(
        &self,
        parent: &mut Draft,
        call: &Call<'_>,
        parser: &mut crate::control_plane::parse::Parser<'_>,
    ) {
        if call.args.len() != 1 {
            let text = "`virtual_server_group` needs one name";
            parser
                .diags
                .error(Code::MissingParameter, call.keyword.span, text);
            return parser.skip_block();
        }
        let Arg::Lines(entries) = &ENTRIES else {
            return;
        };
        let head = Call { args: &[], ..*call };
        parser.list(
            &Block {
                rows: &[],
                finish: None,
            },
            entries,
            parent,
            &head,
        );
    }

    fn show(&self, _: &Draft, _: &str, _: &mut dyn crate::control_plane::show::Sink) {}

    fn describe(&self, _: &mut dyn crate::control_plane::schema::Describe) {}

    fn usage(&self) -> &'static str {
        "NAME"
    }
}

static ENTRIES: Argument = lines(
    "ADDRESS[-END][/LENGTH] [PORT] | fwmark N [inet|inet6]",
    check_group_entry,
    |_, _| (),
    |_| (),
);

fn check_group_entry(_: &mut Draft, line: &Line, diags: &mut Diags) {
    match line.words.as_slice() {
        [mark, number, ..] if mark.text == "fwmark" => {
            number_within(number, 0, NUMBER_MAX, diags);
        }
        [range, rest @ ..] => {
            let start = range.text.split('-').next().unwrap_or_default();
            if read::network(start).is_err() {
                let text = format!("`{}` is no range of addresses", range.text);
                refuse(diags, range.span, Refusal::general(text));
            }
            if let Some(port) = rest.first() {
                number_within(port, 1, 65535, diags);
            }
        }
        [] => (),
    }
}

fn number_within(word: &Word, min: i64, max: i64, diags: &mut Diags) -> bool {
    match read::integer(&word.text, min, max, "") {
        Ok(_) => true,
        Err(refusal) => {
            refuse(diags, word.span, refusal);
            false
        }
    }
}

/// What a virtual server has said so far, for the checks at its end.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Service {
    /// The words behind its keyword name an address.
    by_address: bool,
    /// And a port.
    has_port: bool,
    /// `lvs_sched`
    scheduler: Option<&'static str>,
    /// `lvs_method`
    method: bool,
    /// `protocol`
    protocol: bool,
    /// `persistence_timeout`
    persistent: bool,
    /// Real servers with an address.
    real_servers: usize,
    /// Pages of the check that is being read.
    urls: usize,
    /// Whether that check has its script.
    script: bool,
}

impl Field<Self> for &'static str {
    fn read(&self) -> Option<Self> {
        Some(self)
    }

    fn make(value: Self, _: Span) -> Self {
        value
    }
}

static VIRTUAL_SERVER: Inner<Draft, Draft> = Inner::same(
    &Block {
        rows: &[SERVICE, TIMES, SERVICE_TIMES, SERVERS],
        finish: Some(finish_service),
    },
    "ADDRESS [PORT] | fwmark N | group NAME",
    |draft, call, diags| {
        let by_address = call
            .args
            .first()
            .is_some_and(|word| word.text != "fwmark" && word.text != "group");
        draft.service = Service {
            by_address,
            has_port: call.args.get(1).is_some_and(|port| port.text != "0"),
            ..Service::default()
        };
        draft.virtual_servers += 1;
        service_head(call, diags)
    },
);

fn finish_service(draft: &mut Draft, span: Span, diags: &mut Diags) {
    let service = &draft.service;
    let mistakes = [
        (service.real_servers == 0, "real_server"),
        (service.scheduler.is_none(), "lvs_sched"),
        (!service.method, "lvs_method"),
        (service.by_address && !service.protocol, "protocol"),
    ];
    for (_, word) in mistakes.into_iter().filter(|(missing, _)| *missing) {
        diags.error(
            Code::General,
            span,
            format!("the virtual server has no {word}"),
        );
    }
    if service.by_address && !service.has_port && !service.persistent {
        let text = "a virtual server without port has to be persistent";
        diags.error(Code::General, span, text);
    }
}

fn service_head(call: &Call<'_>, diags: &mut Diags) -> bool {
    match call.args {
        [] => {
            let text = "`virtual_server` needs an address, `fwmark` or `group`";
            diags.error(Code::MissingParameter, call.keyword.span, text);
            false
        }
        [kind] if ["fwmark", "group"].contains(&kind.text.as_str()) => {
            let text = format!("`{}` needs a value", kind.text);
            diags.error(Code::MissingParameter, kind.span, text);
            false
        }
        [kind, mark, ..] if kind.text == "fwmark" => number_within(mark, 1, NUMBER_MAX, diags),
        [kind, _, ..] if kind.text == "group" => true,
        [address, rest @ ..] => endpoint(address, rest.first(), diags),
    }
}

/// `ADDRESS [PORT]`
fn endpoint(address: &Word, port: Option<&Word>, diags: &mut Diags) -> bool {
    if let Err(refusal) = read::address(&address.text) {
        refuse(diags, address.span, refusal);
        return false;
    }
    port.is_none_or(|port| number_within(port, 0, 65535, diags))
}

const SERVICE: &[Row<Draft>] = &[
    Row::later(
        "ip_family",
        choice(&["inet", "inet6"], nowhere()),
        "The family of a service by mark.",
    ),
    Row::later("lvs_sched", SCHEDULER, "How connections are spread."),
    Row::later("lb_algo", SCHEDULER, "As lvs_sched."),
    Row::later(
        "lvs_method",
        SERVICE_METHOD,
        "How packets get to the real servers.",
    ),
    Row::later("lb_kind", SERVICE_METHOD, "As lvs_method."),
    Row::later("hashed", FLAG, "Without effect."),
    Row::later("ops", FLAG, "Each packet for itself."),
    Row::later("flag-1", FLAG, "A flag of the scheduler."),
    Row::later("flag-2", FLAG, "A flag of the scheduler."),
    Row::later("flag-3", FLAG, "A flag of the scheduler."),
    Row::later(
        "sh-port",
        words("", 0, 0, needs_sh, |_, _, _| ()),
        "The scheduler sh looks at ports.",
    ),
    Row::later(
        "sh-fallback",
        words("", 0, 0, needs_sh, |_, _, _| ()),
        "The scheduler sh tries another server.",
    ),
    Row::later(
        "mh-port",
        words("", 0, 0, needs_mh, |_, _, _| ()),
        "The scheduler mh looks at ports.",
    ),
    Row::later(
        "mh-fallback",
        words("", 0, 0, needs_mh, |_, _, _| ()),
        "The scheduler mh tries another server.",
    ),
    Row::later(
        "persistence_engine",
        short_text("NAME", 15, nowhere()),
        "What tells clients apart.",
    ),
    Row::later(
        "persistence_timeout",
        words("[SECONDS]", 0, 1, check_persistence, |_, _, _| ()),
        "A client stays with its server that long.",
    ),
    Row::later(
        "persistence_granularity",
        words("NETMASK|LENGTH", 1, 1, check_granularity, |_, _, _| ()),
        "Which clients count as one.",
    ),
    Row::later(
        "protocol",
        words("TCP|UDP|SCTP", 1, 1, check_protocol, |_, _, _| ()),
        "The protocol.",
    ),
    Row::later("ha_suspend", FLAG, "Check only while the address is here."),
    Row::later("snmp_name", NAME, "The name in SNMP."),
    Row::later("virtualhost", NAME, "The host that HTTP checks ask for."),
    Row::later("smtp_alert", BOOL, "Send mails."),
];

fn needs_sh(draft: &mut Draft, call: &Call<'_>, diags: &mut Diags) {
    needs("sh", draft, call, diags);
}

fn needs_mh(draft: &mut Draft, call: &Call<'_>, diags: &mut Diags) {
    needs("mh", draft, call, diags);
}

/// A flag of one scheduler, which has to be named before.
fn needs(scheduler: &str, draft: &Draft, call: &Call<'_>, diags: &mut Diags) {
    if draft.service.scheduler != Some(scheduler) {
        let text = format!(
            "`{}` needs `lvs_sched {scheduler}` before it",
            call.keyword.text
        );
        diags.error(Code::General, call.keyword.span, text);
    }
}

fn check_persistence(draft: &mut Draft, call: &Call<'_>, diags: &mut Diags) {
    if let Some(time) = call.args.first() {
        number_within(time, 1, 2_678_400, diags);
    }
    draft.service.persistent = true;
}

fn check_granularity(draft: &mut Draft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    draft.service.persistent = true;
    if read::address(&word.text).is_err() {
        number_within(word, 1, 128, diags);
    }
}

fn check_protocol(draft: &mut Draft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    draft.service.protocol = true;
    if !["TCP", "UDP", "SCTP"].contains(&word.text.to_ascii_uppercase().as_str()) {
        let text = format!("`{}` is none of TCP, UDP, SCTP", word.text);
        refuse(diags, word.span, Refusal::general(text));
    }
}

fn set_method(draft: &mut Draft, call: &Call<'_>, diags: &mut Diags) {
    draft.service.method = true;
    check_method(draft, call, diags);
}

/// `NAT|DR|TUN [type ipip|gue|gre] [port N] [nocsum|csum|remcsum]`
fn check_method(_: &mut Draft, call: &Call<'_>, diags: &mut Diags) {
    let Some((method, mut options)) = call.args.split_first() else {
        return;
    };
    if let Err(refusal) = read::choice(&method.text, &["NAT", "DR", "TUN"]) {
        return refuse(diags, method.span, refusal);
    }
    while let Some((word, rest)) = options.split_first() {
        options = rest;
        let value = rest.first();
        match (word.text.as_str(), value) {
            ("type", Some(kind)) => {
                options = rest.get(1..).unwrap_or_default();
                if let Err(refusal) = read::choice(&kind.text, &["ipip", "gue", "gre"]) {
                    refuse(diags, kind.span, refusal);
                }
            }
            ("port", Some(port)) => {
                options = rest.get(1..).unwrap_or_default();
                number_within(port, 1, 65535, diags);
            }
            ("nocsum" | "csum" | "remcsum", _) => (),
            (other, _) => {
                let text = format!("unknown option `{other}`");
                refuse(diags, word.span, Refusal::general(text));
            }
        }
    }
}

/// What services, servers and checks inherit from each other.
const TIMES: &[Row<Draft>] = &[
    Row::later(
        "delay_before_retry",
        DELAY,
        "How long to wait before another attempt.",
    ),
    Row::later("warmup", DELAY, "The first check comes within that time."),
    Row::later("delay_loop", INTERVAL, "How often to check."),
];

const SERVICE_TIMES: &[Row<Draft>] = &[
    Row::later(
        "retry",
        int(1, NUMBER_MAX, "", nowhere()),
        "More attempts before a server is down.",
    ),
    Row::later("connect_timeout", TIMEOUT, "How long a check may take."),
];

const SERVERS: &[Row<Draft>] = &[
    Row::later(
        "inhibit_on_failure",
        BOOL,
        "A server that is down stays with weight 0.",
    ),
    Row::later("alpha", BOOL, "Servers are down until their first check."),
    Row::later("omega", FLAG, "Notify of servers and quorum at stop."),
    Row::later("quorum_up", SCRIPT, "Run when there are enough servers."),
    Row::later("quorum_down", SCRIPT, "Run when there are not."),
    Row::later(
        "quorum",
        int(1, NUMBER_MAX, "", nowhere()),
        "The weight that is enough.",
    ),
    Row::later(
        "hysteresis",
        int(0, NUMBER_MAX, "", nowhere()),
        "How much more or less it takes to change.",
    ),
    Row::later(
        "weight",
        int(1, i32::MAX as i64, "", nowhere()),
        "The weight of servers that have none.",
    ),
    Row::later(
        "sorry_server",
        words("ADDRESS [PORT]", 1, 2, check_endpoint, |_, _, _| ()),
        "Takes over when no other is there.",
    ),
    Row::later("sorry_server_inhibit", FLAG, "It stays with weight 0."),
    Row::later("sorry_server_lvs_method", METHOD, "How packets get there."),
    Row::later(
        "real_server",
        block(&REAL_SERVER),
        "A server behind the service.",
    ),
];

fn check_endpoint(_: &mut Draft, call: &Call<'_>, diags: &mut Diags) {
    if let Some((address, rest)) = call.args.split_first() {
        endpoint(address, rest.first(), diags);
    }
}

static REAL_SERVER: Inner<Draft, Draft> = Inner::same(
    &Block {
        rows: &[SERVER, TIMES, SERVICE_TIMES, checkers::ROWS],
        finish: None,
    },
    "ADDRESS [PORT]",
    |draft, call, diags| {
        let Some((address, rest)) = call.args.split_first() else {
            let text = "`real_server` needs an address";
            diags.error(Code::MissingParameter, call.keyword.span, text);
            return false;
        };
        let good = endpoint(address, rest.first(), diags);
        draft.service.real_servers += usize::from(good);
        good
    },
);

const SERVER: &[Row<Draft>] = &[
    Row::later(
        "weight",
        int(0, i32::MAX as i64, "", nowhere()),
        "Its share.",
    ),
    Row::later("lvs_method", METHOD, "How packets get there."),
    Row::later(
        "uthreshold",
        int(0, NUMBER_MAX, "connections", nowhere()),
        "The most it takes.",
    ),
    Row::later(
        "lthreshold",
        int(0, NUMBER_MAX, "connections", nowhere()),
        "When it takes more again.",
    ),
    Row::later("inhibit_on_failure", BOOL, "Down means weight 0."),
    Row::later("notify_up", SCRIPT, "Run when it comes up."),
    Row::later("notify_down", SCRIPT, "Run when it goes down."),
    Row::later("alpha", BOOL, "It is down until its first check."),
    Row::later("smtp_alert", BOOL, "Send mails."),
    Row::later("virtualhost", NAME, "The host that HTTP checks ask for."),
    Row::later("snmp_name", NAME, "The name in SNMP."),
];
