//! How connections are spread over the real servers, and how packets get there.

use super::{Row, Rows};
use crate::check::config::draft::{SCHEDULERS, ServiceDraft};
use crate::check::config::method;
use crate::control_plane::arg::{choice, flag, nowhere, some_words, to_keyword, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::schema::{Call, Lens, at, gone};
use crate::ipvs::{Forwarding, Name, ServiceFlags};

fn is(service: &ServiceDraft, scheduler: &str) -> bool {
    service.scheduler.as_ref().map(Name::as_str) == Some(scheduler)
}

/// A flag of one scheduler, which has to be named before.
fn needs(scheduler: &str, call: &Call<'_>, diags: &mut Diags) {
    let text = format!(
        "`{}` needs `lvs_sched {scheduler}` before it",
        call.keyword.text
    );
    diags.error(Code::General, call.keyword.span, text);
}

/// A flag of the service, printed as itself unless the scheduler has a word for it.
macro_rules! bit {
    ($flag:ident) => {
        Lens {
            get: |service: &ServiceDraft| {
                let named = ServiceFlags::$flag != ServiceFlags::ONE_PACKET
                    && ServiceFlags::$flag != ServiceFlags::SCHEDULER_3
                    && (is(service, "sh") || is(service, "mh"));
                Some(service.flags.has(ServiceFlags::$flag) && !named)
            },
            set: |service, _, _| service.flags = service.flags.with(ServiceFlags::$flag),
        }
    };
}

/// The word that a scheduler has for a flag.
macro_rules! word {
    ($name:literal, $scheduler:literal, $flag:ident, $doc:literal) => {
        Row::new(
            $name,
            words(
                "",
                0,
                0,
                |service: &mut ServiceDraft, call, diags| {
                    if is(service, $scheduler) {
                        service.flags = service.flags.with(ServiceFlags::$flag);
                    } else {
                        needs($scheduler, call, diags);
                    }
                },
                |service, name, out| {
                    if is(service, $scheduler) && service.flags.has(ServiceFlags::$flag) {
                        out.line(name, &[]);
                    }
                },
            ),
            $doc,
        )
    };
}

/// The older word sets the same field, which is printed once.
const OLD_SCHEDULER: Lens<ServiceDraft, &str> = Lens {
    get: |_| None,
    set: |service, name, _| service.scheduler = Name::new(name),
};

pub(super) const SCHEDULING: Rows = &[
    Row::new(
        "ip_family",
        choice(&["inet", "inet6"], at!(family)),
        "The address family of a service by firewall mark.",
    )
    .default("that of its servers, else inet"),
    Row::new(
        "lvs_sched",
        choice(SCHEDULERS, at!(scheduler)),
        "How connections are spread over the real servers.",
    )
    .default("wlc"),
    Row::new(
        "lb_algo",
        choice(SCHEDULERS, OLD_SCHEDULER),
        "Another word for lvs_sched.",
    ),
    Row::new(
        "lvs_method",
        to_keyword(words(
            method::USAGE,
            1,
            usize::MAX,
            set_method,
            |service, name, out| {
                method::show(service.forwarding, name, out);
            },
        )),
        "How packets get to real servers that stand behind this line and say nothing else: address \
         translation, direct routing, or a tunnel.",
    )
    .default("NAT"),
    Row::new(
        "lb_kind",
        to_keyword(words(
            method::USAGE,
            1,
            usize::MAX,
            set_method,
            |_, _, _| (),
        )),
        "Another word for lvs_method.",
    ),
    Row::new(
        "hashed",
        flag(nowhere()),
        "Without effect: which services are hashed is the kernel's affair.",
    )
    .old(|call| Some(gone(call, "has no effect", false))),
    Row::new(
        "nat_mask",
        some_words("MASK", 1, 1),
        "Without effect: a mask for address translation in Linux 2.2.",
    )
    .old(|call| Some(gone(call, "has had no effect since Linux 2.4", true))),
    Row::new(
        "ops",
        flag(bit!(ONE_PACKET)),
        "Each datagram is scheduled by itself (UDP and marks).",
    ),
    Row::new(
        "flag-1",
        flag(bit!(SCHEDULER_1)),
        "The first flag of the scheduler, whatever it means there.",
    ),
    Row::new(
        "flag-2",
        flag(bit!(SCHEDULER_2)),
        "The second flag of the scheduler, whatever it means there.",
    ),
    Row::new(
        "flag-3",
        flag(bit!(SCHEDULER_3)),
        "The third flag of the scheduler, whatever it means there.",
    ),
    word!(
        "sh-port",
        "sh",
        SCHEDULER_2,
        "The scheduler sh looks at ports, too."
    ),
    word!(
        "sh-fallback",
        "sh",
        SCHEDULER_1,
        "The scheduler sh takes another server where the one chosen has weight 0."
    ),
    word!(
        "mh-port",
        "mh",
        SCHEDULER_2,
        "The scheduler mh looks at ports, too."
    ),
    word!(
        "mh-fallback",
        "mh",
        SCHEDULER_1,
        "The scheduler mh takes another server where the one chosen has weight 0."
    ),
];

fn set_method(service: &mut ServiceDraft, call: &Call<'_>, diags: &mut Diags) {
    let Some(forwarding) = method::read(call, diags) else {
        return;
    };
    service.forwarding = Some(forwarding);
    let other = |method: Option<Forwarding>| method != Some(forwarding);
    if service
        .servers
        .iter()
        .any(|server| other(server.forwarding))
    {
        let text = format!(
            "`{}` has no effect on the real servers before it",
            call.keyword.text
        );
        diags.warn(Code::Warning, call.keyword.span, text);
    }
}
