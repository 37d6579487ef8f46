//! What `bfd_instance` says, and what it comes out as.

mod rows;
#[cfg(test)]
mod tests;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::source::Span;
use crate::control_plane::value::Spanned;
use crate::model::{Family, IfName};
use crate::vrrp::config::tracker::Weight;

pub use rows::ROWS;

/// `max_hops` that means: whatever the number of hops.
const ANY_HOPS: [i16; 2] = [-1, 255];

/// `bfd_instance`: a session with a neighbour.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SessionConfig {
    /// Its name, unique, at most 31 octets.
    pub name: Spanned<String>,
    /// `neighbor_ip`; unspecified until it is given, and never after the resolution.
    pub neighbour: Spanned<IpAddr>,
    /// The interface of a neighbour with a link-local address, behind a `%`.
    pub interface: Option<IfName>,
    /// `source_ip`; of the neighbour's family.
    pub source: Option<Spanned<IpAddr>>,
    /// `min_rx`: we can receive so often.
    pub min_rx: Duration,
    /// `min_tx`: we would like to send so often while the session is up.
    pub min_tx: Duration,
    /// `idle_tx`: the same while it is not up; at least a second (RFC 5880 6.8.3).
    pub idle_tx: Duration,
    /// `multiplier`: the neighbour may miss one packet less.
    pub multiplier: u8,
    /// `passive`: send nothing before the neighbour has.
    pub passive: bool,
    /// `ttl` or `hoplimit`, if given.
    pub ttl: Option<u8>,
    /// `max_hops`, -1 to 255; see [`Self::least_ttl`].
    pub max_hops: Spanned<i16>,
    /// `multihop`: use the port of RFC 5883.
    pub multihop: bool,
    /// `weight`: of those that track it and say nothing else.
    pub weight: Weight,
    /// `vrrp`: see [`Self::tells_vrrp`].
    pub vrrp: bool,
    /// `checker`: see [`Self::tells_checker`].
    pub checker: bool,
}

impl SessionConfig {
    /// One of which nothing is said yet.
    #[must_use]
    pub const fn new(name: Spanned<String>) -> Self {
        Self {
            name,
            neighbour: Spanned::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), Span { lo: 0, hi: 0 }),
            interface: None,
            source: None,
            min_rx: Duration::from_millis(10),
            min_tx: Duration::from_millis(10),
            idle_tx: Duration::from_secs(1),
            multiplier: 5,
            passive: false,
            ttl: None,
            max_hops: Spanned::new(0, Span { lo: 0, hi: 0 }),
            multihop: false,
            weight: Weight {
                value: 0,
                reverse: false,
            },
            vrrp: false,
            checker: false,
        }
    }

    /// The family of both addresses.
    #[must_use]
    pub fn family(&self) -> Family {
        Family::of(&self.neighbour)
    }

    /// The TTL or hop limit of what is sent. The default for IPv6 is the manual's,
    /// although RFC 5881 section 5 wants 255.
    #[must_use]
    pub fn ttl(&self) -> u8 {
        self.ttl.unwrap_or_else(|| match self.family() {
            Family::V4 => 255,
            Family::V6 => 64,
        })
    }

    /// The least TTL or hop limit that is accepted; 0 if any is.
    #[must_use]
    pub fn least_ttl(&self) -> u8 {
        if ANY_HOPS.contains(&self.max_hops) {
            return 0;
        }
        let hops = u8::try_from(self.max_hops.value).unwrap_or(u8::MAX);
        self.ttl().saturating_sub(hops)
    }

    /// Whether the VRRP process is told of it: unless only the checker is named.
    #[must_use]
    pub const fn tells_vrrp(&self) -> bool {
        self.vrrp || !self.checker
    }

    /// Whether the checker process is told of it: unless only VRRP is named.
    #[must_use]
    pub const fn tells_checker(&self) -> bool {
        self.checker || !self.vrrp
    }

    /// What tells sessions apart when the neighbour does not know our number yet.
    fn ends(&self) -> (IpAddr, Option<&IfName>, Option<IpAddr>, bool) {
        let source = self.source.as_ref().map(|source| source.value);
        let interface = self.interface.as_ref();
        (self.neighbour.value, interface, source, self.multihop)
    }
}

/// Those sessions that can be; the others are reported.
#[must_use]
pub fn resolve(sessions: Vec<SessionConfig>, diags: &mut Diags) -> Vec<SessionConfig> {
    let mut good: Vec<SessionConfig> = Vec::with_capacity(sessions.len());
    for mut session in sessions {
        if let Some((span, text)) = mistake(&session, &good) {
            diags.error(Code::General, span, text);
            continue;
        }
        let hops = session.max_hops;
        if !ANY_HOPS.contains(&hops) && hops.value > i16::from(session.ttl()) {
            let ttl = session.ttl();
            let text = format!(
                "max_hops {} is more than the ttl: {ttl} is used",
                hops.value
            );
            diags.error(Code::General, hops.span, text);
            session.max_hops.value = i16::from(ttl);
        }
        if is_link_local(session.neighbour.value) && session.interface.is_none() {
            let address = session.neighbour.value;
            let text = format!(
                "{address} can be reached only with its interface: `{address}%eth0`, for instance"
            );
            diags.warn(Code::General, session.neighbour.span, text);
        }
        good.push(session);
    }
    good
}

/// Whether an address is one of IPv6 that needs an interface beside it.
const fn is_link_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

/// Why a session cannot be, if so.
fn mistake(session: &SessionConfig, others: &[SessionConfig]) -> Option<(Span, String)> {
    let name = &session.name.value;
    if session.neighbour.is_unspecified() {
        let text = format!("bfd_instance `{name}` has no neighbor_ip");
        return Some((session.name.span, text));
    }
    let source = session.source.as_ref();
    if let Some(source) = source.filter(|source| Family::of(source) != session.family()) {
        let text = format!("source_ip of bfd_instance `{name}` is not of the neighbour's family");
        return Some((source.span, text));
    }
    let twin = others.iter().find(|other| other.ends() == session.ends())?;
    let text = format!(
        "bfd_instance `{name}` has the addresses of bfd_instance `{}`",
        twin.name.value
    );
    Some((session.name.span, text))
}
