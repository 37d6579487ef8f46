//! Paths of objects: `ROOT/Vrrp` and `ROOT/Instance/INTERFACE/VRID/FAMILY`.

use super::Identity;
use crate::model::Family;

const BASE: &str = "/org/keepalived/Vrrp1";

/// How this daemon's objects are called.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Paths {
    root: String,
    no_interface: String,
}

impl Paths {
    /// With namespace and instance of the daemon, which become elements of each path,
    /// and `dbus_no_interface_name`.
    #[must_use]
    pub fn new(namespace: Option<&str>, instance: Option<&str>, no_interface: &str) -> Self {
        let mut root = BASE.to_owned();
        for part in [namespace, instance].into_iter().flatten() {
            root.push('/');
            root.push_str(&element(part));
        }
        let no_interface = element(no_interface);
        Self { root, no_interface }
    }

    /// Where all others are below.
    #[must_use]
    pub fn root(&self) -> &str {
        &self.root
    }

    /// The daemon.
    #[must_use]
    pub fn daemon(&self) -> String {
        format!("{}/Vrrp", self.root)
    }

    /// An instance.
    #[must_use]
    pub fn instance(&self, identity: &Identity) -> String {
        let named = identity.interface.as_deref().map(element);
        let interface = named.as_deref().unwrap_or(&self.no_interface);
        let family = match identity.family {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        };
        let (root, vrid) = (&self.root, identity.vrid);
        format!("{root}/Instance/{interface}/{vrid}/{family}")
    }
}

/// Only letters, digits and `_` may be in an element, and it is not empty.
fn element(name: &str) -> String {
    let allowed = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    match name {
        "" => "_".to_owned(),
        name => name.chars().map(allowed).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Vrid;

    fn identity(interface: Option<&str>, family: Family) -> Identity {
        Identity {
            name: "VI_1".to_owned(),
            interface: interface.map(str::to_owned),
            vrid: Vrid(51),
            family,
        }
    }

    #[test]
    fn paths_are_those_of_the_c_daemon() {
        let paths = Paths::new(None, None, "none");
        assert_eq!(paths.daemon(), "/org/keepalived/Vrrp1/Vrrp");
        assert_eq!(
            paths.instance(&identity(Some("eth0.5"), Family::V4)),
            "/org/keepalived/Vrrp1/Instance/eth0_5/51/IPv4"
        );
        assert_eq!(
            paths.instance(&identity(None, Family::V6)),
            "/org/keepalived/Vrrp1/Instance/none/51/IPv6"
        );
    }

    #[test]
    fn namespace_and_instance_come_first_and_are_made_to_fit() {
        let paths = Paths::new(Some("red"), Some("my-own"), "no if");
        assert_eq!(paths.root(), "/org/keepalived/Vrrp1/red/my_own");
        assert_eq!(
            paths.instance(&identity(None, Family::V4)),
            "/org/keepalived/Vrrp1/red/my_own/Instance/no_if/51/IPv4"
        );
    }
}
