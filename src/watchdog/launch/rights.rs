//! What a process may ask the kernel for (`capabilities(7)`).

use std::fs;

use super::role::Role;

/// Where the kernel tells the rights of this process.
const STATUS: &str = "/proc/self/status";

/// A capability: its number in the mask and its name.
pub type Right = (u32, &'static str);

/// Addresses, routes, rules, virtual interfaces, the table of IPVS.
pub const ADMIN: Right = (12, "CAP_NET_ADMIN");
/// Raw and packet sockets.
pub const RAW: Right = (13, "CAP_NET_RAW");

/// The names of the capabilities that this process lacks for its work, `None` if it has all.
#[must_use]
pub fn missing(role: Role) -> Option<String> {
    lacks(&fs::read_to_string(STATUS).ok()?, role)
}

/// Advice on it.
pub const ADVICE: &str = "run keepalived as root, or grant this (systemd: AmbientCapabilities=, \
                          CapabilityBoundingSet=)";

fn lacks(status: &str, role: Role) -> Option<String> {
    let digits = status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))?;
    let mask = u64::from_str_radix(digits.trim(), 16).ok()?;
    let names: Vec<&str> = role
        .spec()
        .rights
        .iter()
        .filter(|(number, _)| mask >> number & 1 == 0)
        .map(|(_, name)| *name)
        .collect();
    (!names.is_empty()).then(|| names.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(mask: &str, role: Role) -> Option<String> {
        lacks(&format!("Name:\tkeepalived\nCapEff:\t{mask}\n"), role)
    }

    #[test]
    fn what_is_missing_is_named() {
        let both = "CAP_NET_ADMIN and CAP_NET_RAW";
        assert_eq!(with("0000000000000000", Role::Vrrp).as_deref(), Some(both));
        let raw = with("0000000000001000", Role::Vrrp);
        assert_eq!(raw.as_deref(), Some("CAP_NET_RAW"));
        let admin = with("0000000000002000", Role::Check);
        assert_eq!(admin.as_deref(), Some("CAP_NET_ADMIN"));
    }

    #[test]
    fn nothing_is_said_of_what_is_there_or_not_known() {
        assert_eq!(with("0000000000003000", Role::Vrrp), None);
        assert_eq!(with("0000000000000000", Role::Bfd), None);
        assert_eq!(with("x", Role::Vrrp), None);
        assert_eq!(lacks("", Role::Vrrp), None);
    }
}
