//! Addresses of virtual interfaces that are no virtual addresses: what adverts come from.

use std::io;
use std::net::{IpAddr, Ipv6Addr};

use nix::net::if_::if_nametoindex;

use crate::model::{Family, IfIndex, IpNet};
use crate::netlink::addr::Lifetime;
use crate::netlink::mirror::Link;
use crate::vrrp::config::{InstanceConfig, LinkUse, VirtualLinkKind};
use crate::vrrp::process::VrrpProcess;
use crate::vrrp::virtual_link::link_local_of;

/// Longest prefix of a link-local address that tells hosts apart (RFC 4291 section 2.5.6).
const LINK_LOCAL_PREFIX: u8 = 64;
impl VrrpProcess {
    /// IPv6 adverts need a link-local source on their interface; an ipvlan has
    /// the address it was given.
    pub(in crate::vrrp::process) fn address_virtual_link(
        &mut self,
        instance: &InstanceConfig,
        wanted: LinkUse<'_>,
        parent: &Link,
    ) -> io::Result<()> {
        // Adverts name their source; nothing else shall choose the one of a VMAC.
        let (net, preferred) = match (wanted.link.kind, wanted.family) {
            (VirtualLinkKind::Ipvlan { address, .. }, _) => (address, Lifetime::FOREVER),
            (VirtualLinkKind::Macvlan(_), Family::V4) => return Ok(()),
            (VirtualLinkKind::Macvlan(_), Family::V6) => {
                let addr = self.link_local(instance, wanted, parent).into();
                let prefix = LINK_LOCAL_PREFIX;
                (Some(IpNet { addr, prefix }), 0)
            }
        };
        let Some(net) = net else { return Ok(()) };
        let index = if_nametoindex(wanted.link.name.as_str())?;
        let links = &mut self.virtual_links;
        links.add_address(IfIndex(index), net, preferred)
    }

    /// The source that is configured, that of the interface below, or the one it
    /// would give itself.
    fn link_local(
        &self,
        instance: &InstanceConfig,
        wanted: LinkUse<'_>,
        parent: &Link,
    ) -> Ipv6Addr {
        let source = instance.source.as_ref().filter(|_| wanted.is_own);
        if let Some(IpAddr::V6(source)) = source.map(|source| source.value) {
            return source;
        }
        let mirror = &self.kernel.mirror;
        match mirror.source_address(parent.index, Family::V6, |_| false) {
            Some(IpAddr::V6(address)) => address,
            Some(IpAddr::V4(_)) | None => link_local_of(parent.mac.unwrap_or_default()),
        }
    }
}
