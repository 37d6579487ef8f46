//! One address line of `virtual_ipaddress`, `virtual_ipaddress_excluded` and
//! `static_ipaddress`.

use std::net::{IpAddr, Ipv4Addr};

use serde::{Deserialize, Serialize};

use crate::control_plane::source::Span;
use crate::control_plane::value::Spanned;
use crate::model::{Family, IfName, IpNet};

/// An address that is put on an interface, with the options of its line.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct AddressConfig {
    /// The address with its prefix length; without one in the text 32 or 128.
    pub net: Spanned<IpNet>,
    /// `dev`: the interface. Without it the one of the instance; for static
    /// addresses the default interface has been filled in.
    pub dev: Option<Spanned<IfName>>,
    /// `scope`: the kernel's number (0 global, 200 site, 253 link, 254 host, 255 nowhere). IPv4 only.
    pub scope: u8,
    /// `brd`: the broadcast address, with `+` and `-` already worked out.
    pub broadcast: Option<Ipv4Addr>,
    /// `label`: at most 15 octets, IPv4 only.
    pub label: Option<String>,
    /// `peer`: the other end of a point-to-point link.
    pub peer: Option<IpNet>,
    /// `home`: IPv6 mobile home address.
    pub home: bool,
    /// Whether duplicate address detection is skipped: true for IPv6 unless `-nodad`.
    pub nodad: bool,
    /// `mngtmpaddr`: the kernel manages temporary addresses made from this one.
    pub mngtmpaddr: bool,
    /// `noprefixroute`: no route for the prefix.
    pub noprefixroute: bool,
    /// `autojoin`: join multicast groups.
    pub autojoin: bool,
    /// Whether deletion by somebody else is acted on; false with `no_track`.
    pub track: bool,
    /// `preferred_lft` in seconds, `u32::MAX` for ever; `None` for IPv4. A host
    /// address of IPv6 without the word is deprecated at once (0).
    pub preferred_lft: Option<u32>,
    /// `use_vmac`: on an own interface with a virtual MAC address.
    pub use_vmac: bool,
    /// `track_group` of a static address.
    pub track_group: Option<Spanned<String>>,
    /// Whether a mistake in its line leaves open where it belongs; none that is kept.
    pub(super) is_void: bool,
}

impl AddressConfig {
    /// An address without options.
    #[must_use]
    pub fn new(net: IpNet, span: Span) -> Self {
        let v6 = net.family() == Family::V6;
        let deprecated = v6 && net.prefix == Family::V6.host_prefix();
        Self {
            net: Spanned::new(net, span),
            dev: None,
            scope: 0,
            broadcast: None,
            label: None,
            peer: None,
            home: false,
            nodad: v6,
            mngtmpaddr: false,
            noprefixroute: false,
            autojoin: false,
            track: true,
            preferred_lft: v6.then_some(if deprecated { 0 } else { u32::MAX }),
            use_vmac: false,
            track_group: None,
            is_void: false,
        }
    }

    /// The address without its prefix length.
    #[must_use]
    pub fn addr(&self) -> IpAddr {
        self.net.addr
    }
}
