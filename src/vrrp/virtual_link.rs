//! What has to be done so that an instance has its own interface: a decision
//! from what is wanted and what the kernel has.

use crate::model::{IfIndex, MacAddr};

/// Hardware type of Ethernet (`ARPHRD_ETHER`), which virtual addresses need.
pub const ETHERNET: u16 = 1;

/// The macvlan that is wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WantedMacvlan {
    /// The interface below.
    pub parent: IfIndex,
    /// Its address.
    pub mac: MacAddr,
    /// Its mode.
    pub mode: u32,
}

/// An interface that has the wanted name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Existing<'a> {
    /// Its driver.
    pub kind: Option<&'a str>,
    /// The interface below it.
    pub parent: Option<IfIndex>,
    /// Its address.
    pub mac: Option<MacAddr>,
    /// Its mode, if it is a macvlan.
    pub mode: Option<u32>,
}

/// What to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Plan {
    /// There is none: make it.
    Create,
    /// It is there, left over or made by the administrator: use it.
    Use,
    /// It is there with another address or mode: change that.
    Adjust,
    /// It is a macvlan on another interface: make it anew.
    Replace,
    /// Something else has the name, and stays.
    Refuse,
}

/// Decide about a macvlan.
#[must_use]
pub fn plan_macvlan(wanted: &WantedMacvlan, existing: Option<&Existing<'_>>) -> Plan {
    let Some(existing) = existing else {
        return Plan::Create;
    };
    if existing.kind != Some("macvlan") {
        return Plan::Refuse;
    }
    if existing.parent != Some(wanted.parent) {
        return Plan::Replace;
    }
    if existing.mac == Some(wanted.mac) && existing.mode == Some(wanted.mode) {
        Plan::Use
    } else {
        Plan::Adjust
    }
}

/// Decide about an ipvlan on an interface. One that this process has made
/// (`is_ours`) is as it should be. Another one is made anew: mode and flags belong
/// to all on one interface, so there is nothing to compare.
#[must_use]
pub fn plan_ipvlan(parent: IfIndex, existing: Option<&Existing<'_>>, is_ours: bool) -> Plan {
    let Some(existing) = existing else {
        return Plan::Create;
    };
    match existing.kind {
        Some("ipvlan") if is_ours && existing.parent == Some(parent) => Plan::Use,
        Some("ipvlan") => Plan::Replace,
        _ => Plan::Refuse,
    }
}

/// The link-local address that an interface would give itself from its Ethernet
/// address (RFC 4291 appendix A).
#[must_use]
pub const fn link_local_of(mac: MacAddr) -> std::net::Ipv6Addr {
    let [a, b, c, d, e, f] = mac.0;
    let words = [
        u16::from_be_bytes([a ^ 2, b]),
        u16::from_be_bytes([c, 0xff]),
        u16::from_be_bytes([0xfe, d]),
        u16::from_be_bytes([e, f]),
    ];
    std::net::Ipv6Addr::new(0xfe80, 0, 0, 0, words[0], words[1], words[2], words[3])
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddr = MacAddr([0, 0, 0x5e, 0, 1, 7]);

    fn plan(kind: &str, parent: u32, mac: MacAddr, mode: u32) -> Plan {
        let wanted = WantedMacvlan {
            parent: IfIndex(2),
            mac: MAC,
            mode: 1,
        };
        let existing = Existing {
            kind: Some(kind),
            parent: Some(IfIndex(parent)),
            mac: Some(mac),
            mode: Some(mode),
        };
        plan_macvlan(&wanted, Some(&existing))
    }

    #[test]
    fn what_is_there_decides() {
        let other = MacAddr([2, 0, 0, 0, 0, 1]);
        assert_eq!(plan("macvlan", 2, MAC, 1), Plan::Use);
        assert_eq!(plan("macvlan", 2, other, 1), Plan::Adjust);
        assert_eq!(plan("macvlan", 2, MAC, 4), Plan::Adjust);
        assert_eq!(plan("macvlan", 3, MAC, 1), Plan::Replace);
        assert_eq!(plan("dummy", 2, MAC, 1), Plan::Refuse);
    }

    #[test]
    fn an_ipvlan_of_this_process_stays() {
        let parent = IfIndex(2);
        let existing = Existing {
            kind: Some("ipvlan"),
            parent: Some(parent),
            mac: Some(MAC),
            mode: None,
        };
        assert_eq!(plan_ipvlan(parent, None, false), Plan::Create);
        assert_eq!(plan_ipvlan(parent, Some(&existing), true), Plan::Use);
        assert_eq!(plan_ipvlan(parent, Some(&existing), false), Plan::Replace);
        let elsewhere = plan_ipvlan(IfIndex(3), Some(&existing), true);
        assert_eq!(elsewhere, Plan::Replace);
    }

    #[test]
    fn link_local_address_from_the_hardware() {
        let mac = MacAddr([2, 0x42, 0xac, 0x11, 0, 2]);
        assert_eq!(link_local_of(mac).to_string(), "fe80::42:acff:fe11:2");
    }
}
