//! Settings of the kernel that virtual interfaces need, on themselves and below.

use std::io;
use std::rc::Rc;

use crate::model::{Family, IfName};
use crate::netlink::mirror::Link;
use crate::sys::sysctl;
use crate::vrrp::config::{InstanceConfig, LinkUse, VirtualLinkKind};
use crate::vrrp::process::VrrpProcess;

/// Settings of the interface below: it answers and asks for its own addresses
/// only. Without `arp_announce` its requests would carry a virtual address with
/// its own MAC, and neighbours would learn that.
const PARENT_SETTINGS: [(&str, &str); 3] = [
    ("arp_ignore", "1"),
    ("arp_filter", "1"),
    ("arp_announce", "2"),
];

/// Settings of an interface that carries IPv4 adverts.
const OWN_SETTINGS: [(&str, &str); 3] = [
    ("accept_local", "1"),
    ("promote_secondaries", "1"),
    ("rp_filter", "0"),
];

impl VrrpProcess {
    /// What neighbours must not see: the address of the interface below for the
    /// virtual addresses (RFC 9568 section 8.1.2), and packets that come in on
    /// one of the two must be taken on it.
    pub(super) fn settle_sysctls(
        &mut self,
        instance: &InstanceConfig,
        wanted: LinkUse<'_>,
        parent: &Link,
    ) {
        let name = &wanted.link.name;
        let v4 = wanted.family == Family::V4;
        let all = instance.vips.iter().chain(&instance.excluded_vips);
        let has_v6 = all
            .filter(|address| instance.interface_of(address) == Some(name))
            .any(|address| address.net.family() == Family::V6);
        write(&format!("net/ipv4/conf/{name}/arp_ignore"), "1");
        if v4 {
            for (setting, value) in OWN_SETTINGS {
                write(&format!("net/ipv4/conf/{name}/{setting}"), value);
            }
        }
        if matches!(wanted.link.kind, VirtualLinkKind::Macvlan(_)) {
            // No address of its own making: it would show the virtual router's MAC.
            write(&format!("net/ipv6/conf/{name}/addr_gen_mode"), "1");
        }
        let off = if v4 && !has_v6 { "1" } else { "0" };
        write(&format!("net/ipv6/conf/{name}/disable_ipv6"), off);
        if v4 {
            for (setting, value) in PARENT_SETTINGS {
                self.set_sysctl(&format!("net/ipv4/conf/{}/{setting}", parent.name), value);
            }
        }
    }

    /// The strictest of `all` and the interface's own filter counts, so `all`
    /// would filter on virtual interfaces: its value moves to the others.
    pub(super) fn release_reverse_path_filter(&mut self) {
        const ALL: &str = "net/ipv4/conf/all/rp_filter";
        let Ok(all) = sysctl::read_number(ALL) else {
            return;
        };
        if all == 0 {
            return;
        }
        let config = Rc::clone(&self.config);
        let instances = config.vrrp.instances.iter();
        let own: Vec<&IfName> = instances
            .flat_map(|instance| instance.links())
            .map(|wanted| &wanted.link.name)
            .collect();
        let others = self.kernel.mirror.links().into_iter();
        let others: Vec<String> = others
            .filter(|link| !own.contains(&&link.name))
            .map(|link| link.name.as_str().to_owned())
            .chain(["default".to_owned()])
            .collect();
        for name in others {
            let setting = format!("net/ipv4/conf/{name}/rp_filter");
            if sysctl::read_number(&setting).is_ok_and(|value| value < all) {
                self.set_sysctl(&setting, &all.to_string());
            }
        }
        self.set_sysctl(ALL, "0");
    }
}

/// Settings of an interface of our own go with it. Without IPv6 in the kernel
/// there are none of that.
fn write(name: &str, value: &str) {
    match sysctl::write(name, value) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => log::error!("cannot set {name} to {value}: {error}"),
    }
}
