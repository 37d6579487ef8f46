//! What a virtual router is: its network, its numbers, its protocol and its password.

use std::time::Duration;

use super::{MICROSECOND, Row};
use crate::control_plane::arg::{block, boolean, choice, flag, int, interface, time, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::schema::{Block, Call, Inner, Lens, at, no_head};
use crate::control_plane::source::Span;
use crate::control_plane::value::{Field, Spanned};
use crate::vrrp::authentication::Password;
use crate::vrrp::config::{AuthType, InitialState, InstanceConfig};
use crate::wire::vrrp::Version;

pub(super) const IDENTITY: &[Row] = &[
    Row::new(
        "state",
        choice(&["MASTER", "BACKUP"], STATE),
        "The state wished for at start. Every router that is not the owner of the addresses \
         first listens.",
    )
    .default("MASTER with priority 255, else BACKUP"),
    Row::new(
        "interface",
        interface(at!(interface)),
        "The interface adverts go through. Only unicast instances with a source address may lack \
         it.",
    ),
    Row::new(
        "virtual_router_id",
        int(1, 255, "", at!(given.vrid)),
        "Identifies the virtual router on its network, by family and multicast group. Obligatory.",
    ),
    Row::new(
        "priority",
        int(1, 255, "", at!(given.priority)),
        "The router with the highest one becomes master; with equal ones the higher address \
         decides. 255 is for the owner of the addresses, which is master whenever it runs.",
    )
    .default("100; 255 with state MASTER"),
    Row::new(
        "advert_int",
        time(
            Duration::from_millis(10),
            Duration::from_secs(255),
            MICROSECOND,
            at!(given.advert_int),
        ),
        "Time between two adverts, the same on all routers of the instance. Another router takes \
         over after three of them and a part of one. Version 2: whole seconds; version 3: steps \
         of 0.01 up to 40.95 seconds.",
    )
    .default("1"),
    Row::new(
        "version",
        int(2, 3, "", VERSION),
        "The version of VRRP, the same on all routers of the instance. IPv6 is always 3.",
    )
    .default("vrrp_version, 3 for IPv6"),
    Row::new(
        "native_ipv6",
        flag(at!(given.native_ipv6)),
        "Run over IPv6, also when the first address is not an IPv6 one or there is none. \
         Otherwise the first address says.",
    ),
    Row::new(
        "strict_mode",
        boolean(at!(given.strict)),
        "Hold to the RFC: no authentication, no unicast, addresses are obligatory, and packets \
         to them are dropped without accept.",
    )
    .default("vrrp_strict"),
    Row::new(
        "authentication",
        block(&AUTHENTICATION),
        "Authentication of version 2.",
    ),
    Row::new(
        "auth_hmac",
        block(&crate::vrrp::config::hmac::HMAC),
        "Authentication with a shared key and protection against replay, in every version.",
    ),
    Row::new(
        "debug",
        int(0, 4, "", at!(debug)),
        "Accepted, without effect.",
    )
    .default("0"),
];

/// MASTER counts, whatever is said behind it, as in the C daemon.
const STATE: Lens<InstanceConfig, &'static str> = Lens {
    get: |instance| instance.given.state.read(),
    set: |instance, word, span| {
        let state: Spanned<InitialState> = Field::make(word, span);
        let first = instance.given.state.get_or_insert(state);
        if first.value == InitialState::Master && *first != state {
            instance.given.other_state = Some(state);
        } else {
            *first = state;
        }
    },
};

/// The first one counts, as in the C daemon.
const VERSION: Lens<InstanceConfig, i64> = Lens {
    get: |instance| instance.given.version.read(),
    set: |instance, number, span| {
        let version: Spanned<Version> = Field::make(number, span);
        let first = instance.given.version.get_or_insert(version);
        if *first != version {
            instance.given.other_version = Some(version);
        }
    },
};

static AUTHENTICATION: Inner<InstanceConfig, InstanceConfig> = Inner::same(
    &Block {
        rows: &[&[
            Row::new(
                "auth_type",
                choice(&["PASS", "AH"], at!(given.auth_type)),
                "PASS: a password in clear text; AH: an authentication header, IPv4 only.",
            )
            .default("none"),
            Row::new(
                "auth_pass",
                words("PASSWORD", 1, 1, set_password, |instance, name, out| {
                    if let Some(password) = &instance.given.auth_pass {
                        let end = password.value.0.iter().rposition(|octet| *octet != 0);
                        let octets = password.value.0.get(..=end.unwrap_or_default());
                        out.secret(name, &String::from_utf8_lossy(octets.unwrap_or_default()));
                    }
                }),
                "The password; 8 octets count.",
            ),
        ]],
        finish: None,
    },
    "",
    no_head,
);

/// OpenShift writes long passwords, of which 8 octets have always counted.
fn set_password(instance: &mut InstanceConfig, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    if word.text.is_empty() {
        let text = "auth_pass: an empty word is no password";
        return diags.error(Code::General, word.span, text);
    }
    if word.text.len() > 8 {
        let text = "auth_pass: only the first 8 octets count";
        diags.warn(Code::General, word.span, text);
        diags.lint("auth-pass-long");
    }
    let password = Password::new(word.text.as_bytes());
    instance.given.auth_pass = Some(Spanned::new(password, word.span));
}

impl Field<&'static str> for InitialState {
    fn read(&self) -> Option<&'static str> {
        Some(match self {
            Self::Master => "MASTER",
            Self::Backup => "BACKUP",
        })
    }

    fn make(word: &'static str, _: Span) -> Self {
        if word == "MASTER" {
            Self::Master
        } else {
            Self::Backup
        }
    }
}

impl Field<&'static str> for AuthType {
    fn read(&self) -> Option<&'static str> {
        Some(match self {
            Self::Pass => "PASS",
            Self::Ah => "AH",
        })
    }

    fn make(word: &'static str, _: Span) -> Self {
        if word == "AH" { Self::Ah } else { Self::Pass }
    }
}

impl Field<i64> for Version {
    fn read(&self) -> Option<i64> {
        Some(i64::from(self.number()))
    }

    fn make(value: i64, _: Span) -> Self {
        if value == 2 { Self::V2 } else { Self::V3 }
    }
}
