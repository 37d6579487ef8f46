//! `vrrp_instance`: one virtual router.

use std::fmt::Write as _;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::address::AddressConfig;
use super::garp::GarpSettings;
use super::given::Given;
use super::hmac::HmacConfig;
use super::interface::TrackedInterface;
use super::notify::NotifyConfig;
use super::routes::{RouteConfig, RuleConfig};
use super::tracker::TrackerUse;
use super::vmac::{AddressLink, LinkUse, VirtualLink, VirtualLinkKind};
use crate::control_plane::arg::seconds_text;
use crate::control_plane::show::on_off;
use crate::control_plane::value::{Field, Spanned};
use crate::model::{Family, IfName, Priority, Vrid};
use crate::vrrp::authentication::Authentication;
use crate::wire::vrrp::{GROUP_V4, Version};

/// A virtual router with every default filled in.
///
/// [`super::resolve`] computes the fields that depend on others or on global
/// settings from what the text says, which stays in [`given`](Self::given).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct InstanceConfig {
    /// Its name, unique.
    pub name: Spanned<String>,
    /// Of the first virtual address, else `native_ipv6`.
    pub family: Family,
    /// The version spoken.
    pub version: Version,
    /// `virtual_router_id`.
    pub vrid: Vrid,
    /// Base priority, before trackers.
    pub priority: Priority,
    /// `advert_int`: version 2 whole seconds, version 3 steps of 10 ms up to 40.95 s.
    pub advert_interval: Duration,
    /// `down_timer_adverts`: missed adverts until the master counts as dead.
    pub down_timer_adverts: u8,
    /// The state wished for at start. An owner is master at once, everyone
    /// else waits the master down interval also with MASTER.
    pub initial_state: InitialState,
    /// `nopreempt`: stay backup although the own priority is higher.
    pub nopreempt: bool,
    /// `preempt_delay`: zero means at once.
    pub preempt_delay: Duration,
    /// `timer_expired_backup`: a master that woke up late yields if a router of
    /// this priority may have taken over.
    pub timer_expired_backup: Option<Priority>,
    /// `interface`; only unicast instances with a source address may lack it.
    pub interface: Option<Spanned<IfName>>,
    /// `use_vmac` or `use_ipvlan`: an interface of its own above [`Self::interface`].
    pub virtual_link: Option<VirtualLink>,
    /// Interfaces of their own for addresses that are elsewhere, or of the other family.
    pub address_links: Vec<AddressLink>,
    /// `vrf`: of a unicast instance without interface.
    pub vrf: Option<Spanned<IfName>>,
    /// `mcast_src_ip` or `unicast_src_ip`; `None` for the interface's first address.
    pub source: Option<Spanned<IpAddr>>,
    /// `track_src_ip`: FAULT while the source address is absent.
    pub track_source: bool,
    /// Where adverts go in multicast mode.
    pub multicast_group: IpAddr,
    /// `unicast_peer`; not empty means unicast.
    pub unicast_peers: Vec<UnicastPeer>,
    /// `unicast_fault_no_peer` is set and there is no peer: stay in FAULT.
    pub fault_without_peer: bool,
    /// `unicast_ttl`: TTL or hop limit of unicast adverts; `None`: 255, IPv6 the kernel's.
    pub unicast_ttl: Option<u8>,
    /// `check_unicast_src`: drop adverts from others than the peers.
    pub check_unicast_src: bool,
    /// `old_unicast_checksum`.
    pub old_unicast_checksum: OldUnicastChecksum,
    /// `v3_checksum_as_v2`: version 3 checksum without pseudo header.
    pub v3_checksum_as_v2: bool,
    /// `skip_check_adv_addr`: do not compare the list of a known master.
    pub skip_check_adv_addr: bool,
    /// `owner_ignore_adverts`: an owner does not listen.
    pub owner_ignore_adverts: bool,
    /// `lower_prio_no_advert`: no advert in answer to a lower priority.
    pub lower_prio_no_advert: bool,
    /// `higher_prio_send_advert`: a last advert before yielding.
    pub higher_prio_send_advert: bool,
    /// `accept`: whether others may reach the addresses of a router that is not their owner.
    pub accept: bool,
    /// `strict_mode`.
    pub strict: bool,
    /// `authentication`, version 2 only.
    pub authentication: Authentication,
    /// `auth_hmac`, in every version.
    pub auth_hmac: Option<HmacConfig>,
    /// `virtual_ipaddress`: in adverts, all of the instance's family.
    pub vips: Vec<AddressConfig>,
    /// `virtual_ipaddress_excluded`, and those that found no room in adverts.
    pub excluded_vips: Vec<AddressConfig>,
    /// `promote_secondaries`: set the kernel's flag of the interface.
    pub promote_secondaries: bool,
    /// `track_interface`, without the own one.
    pub track_interfaces: Vec<TrackedInterface>,
    /// The interfaces of tracked static addresses, routes and rules whose `track_group` it
    /// is in, each once.
    pub static_interfaces: Vec<IfName>,
    /// What else it depends on, that of its sync group included.
    pub trackers: Vec<TrackerUse>,
    /// The name of its sync group.
    pub sync_group: Option<String>,
    /// `dont_track_primary`: the own interface may be down.
    pub dont_track_primary: bool,
    /// Gratuitous ARP and neighbour adverts.
    pub garp: GarpSettings,
    /// Scripts, mails and lines in pipes.
    pub notify: NotifyConfig,
    /// `kernel_rx_buf_size` in octets; `None`: by the global policy.
    pub kernel_rx_buf_size: Option<u32>,
    /// `debug`: without effect.
    pub debug: u8,
    /// `virtual_routes`: only while master.
    pub routes: Vec<RouteConfig>,
    /// `virtual_rules`: only while master.
    pub rules: Vec<RuleConfig>,
    /// What the text says of all that has a default elsewhere.
    pub given: Given,
}

impl InstanceConfig {
    /// An instance of which nothing is said yet.
    #[must_use]
    pub fn new(name: Spanned<String>) -> Self {
        Self {
            name,
            family: Family::V4,
            version: Version::V2,
            vrid: Vrid(0),
            priority: Priority::DEFAULT,
            advert_interval: Duration::from_secs(1),
            down_timer_adverts: 3,
            initial_state: InitialState::Backup,
            nopreempt: false,
            preempt_delay: Duration::ZERO,
            timer_expired_backup: None,
            interface: None,
            virtual_link: None,
            address_links: Vec::new(),
            vrf: None,
            source: None,
            track_source: false,
            multicast_group: IpAddr::V4(GROUP_V4),
            unicast_peers: Vec::new(),
            fault_without_peer: false,
            unicast_ttl: None,
            check_unicast_src: false,
            old_unicast_checksum: OldUnicastChecksum::Detect,
            v3_checksum_as_v2: false,
            skip_check_adv_addr: false,
            owner_ignore_adverts: false,
            lower_prio_no_advert: false,
            higher_prio_send_advert: false,
            accept: true,
            strict: false,
            authentication: Authentication::None,
            auth_hmac: None,
            vips: Vec::new(),
            excluded_vips: Vec::new(),
            promote_secondaries: false,
            track_interfaces: Vec::new(),
            static_interfaces: Vec::new(),
            trackers: Vec::new(),
            sync_group: None,
            dont_track_primary: false,
            garp: GarpSettings::default(),
            notify: NotifyConfig::default(),
            kernel_rx_buf_size: None,
            debug: 0,
            routes: Vec::new(),
            rules: Vec::new(),
            given: Given::default(),
        }
    }

    /// The values in force, a line each, for the log.
    #[must_use]
    pub fn summary(&self) -> String {
        let mut out = format!("vrrp_instance {}:\n", self.name.value);
        let mut line = |name: &str, value: &dyn std::fmt::Display| {
            let _ = writeln!(out, "    {name} = {value}");
        };
        line("virtual_router_id", &self.vrid);
        line("version", &self.version.number());
        line("priority", &self.priority);
        line("state", &self.initial_state.read().unwrap_or_default());
        line("advert_int", &seconds_text(self.advert_interval));
        line("down_timer_adverts", &self.down_timer_adverts);
        if let Some(interface) = &self.interface {
            line("interface", &interface.value);
        }
        match self.unicast_peers.as_slice() {
            [] => line("multicast group", &self.multicast_group),
            peers => line("unicast peers", &peers.len()),
        }
        line("authentication", &self.authentication.number());
        line("preempt", &on_off(!self.nopreempt));
        line("preempt_delay", &seconds_text(self.preempt_delay));
        line("addresses in adverts", &self.vips.len());
        line("addresses besides", &self.excluded_vips.len());
        line("garp_master_delay", &seconds_text(self.garp.delay));
        line("garp_master_repeat", &self.garp.repeat);
        line("garp_master_refresh", &seconds_text(self.garp.refresh));
        line("lower_prio_no_advert", &on_off(self.lower_prio_no_advert));
        line(
            "higher_prio_send_advert",
            &on_off(self.higher_prio_send_advert),
        );
        out
    }

    /// Where the addresses go that name no interface.
    #[must_use]
    pub fn address_interface(&self) -> Option<&IfName> {
        let own = self.virtual_link.as_ref().map(|link| &link.name);
        own.or_else(|| self.interface.as_ref().map(|name| &name.value))
    }

    /// Its virtual interfaces: its own one, then those of some addresses.
    pub fn links(&self) -> impl Iterator<Item = LinkUse<'_>> {
        let own = self.virtual_link.as_ref().zip(self.interface.as_ref());
        let own = own.map(|(link, below)| LinkUse {
            link,
            below: &below.value,
            family: self.family,
            is_own: true,
        });
        let others = self.address_links.iter().map(|other| LinkUse {
            link: &other.link,
            below: &other.below,
            family: other.family,
            is_own: false,
        });
        own.into_iter().chain(others)
    }

    /// The interface and family of the virtual interface that an address is to
    /// have, if not that of the instance.
    #[must_use]
    pub fn wants_link<'a>(&'a self, address: &'a AddressConfig) -> Option<(&'a IfName, Family)> {
        let own = self.interface.as_ref();
        let below = address.dev.as_ref().or(own)?;
        let family = address.net.family();
        let is_elsewhere = own.is_none_or(|own| own.value != below.value) || family != self.family;
        let is_wanted = address.use_vmac || (self.given.use_vmac_addr && is_elsewhere);
        let has_own = self.virtual_link.is_some() && !is_elsewhere;
        (is_wanted && !has_own).then_some((&below.value, family))
    }

    /// Where an address goes: the interface below its own one stands for that.
    #[must_use]
    pub fn interface_of<'a>(&'a self, address: &'a AddressConfig) -> Option<&'a IfName> {
        if let Some((below, family)) = self.wants_link(address) {
            let mut links = self.address_links.iter();
            let link = links.find(|link| link.below == *below && link.family == family);
            if let Some(link) = link {
                return Some(&link.link.name);
            }
        }
        let below = self.interface.as_ref().map(|name| &name.value);
        let named = address.dev.as_ref().map(|name| &name.value);
        named
            .filter(|named| below != Some(*named))
            .or_else(|| self.address_interface())
    }

    /// Where adverts go and come.
    #[must_use]
    pub fn advert_interface(&self) -> Option<&IfName> {
        match &self.virtual_link {
            Some(link) if !link.xmit_base => Some(&link.name),
            Some(_) | None => {
                let below = self.interface.as_ref().or(self.vrf.as_ref());
                below.map(|name| &name.value)
            }
        }
    }

    /// Whose address adverts are sent from. A macvlan has none for IPv4 and
    /// borrows that of the interface below (RFC 9568 section 7.2).
    #[must_use]
    pub fn source_interface(&self) -> Option<&IfName> {
        let below = self.interface.as_ref().map(|name| &name.value);
        match &self.virtual_link {
            Some(link) if !link.xmit_base => match (link.kind, self.family) {
                (VirtualLinkKind::Macvlan(_), Family::V4) => below,
                (VirtualLinkKind::Macvlan(_) | VirtualLinkKind::Ipvlan { .. }, _) => {
                    Some(&link.name)
                }
            },
            Some(_) | None => below,
        }
    }

    /// Whether adverts go to peers instead of a multicast group.
    #[must_use]
    pub fn is_unicast(&self) -> bool {
        !self.unicast_peers.is_empty()
    }
}

/// One line of `unicast_peer`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct UnicastPeer {
    /// Its address.
    pub address: Spanned<IpAddr>,
    /// `min_ttl`: adverts with less are dropped; 0 without the word.
    pub min_ttl: u8,
    /// `max_ttl`: adverts with more are dropped; 255 without the word.
    pub max_ttl: u8,
}

/// `state`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum InitialState {
    /// `MASTER`
    Master,
    /// `BACKUP`
    #[default]
    Backup,
}

/// `old_unicast_checksum`: which form of version 3 unicast checksum is spoken.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum OldUnicastChecksum {
    /// The right one, until the first advert shows that the peer uses the old one.
    #[default]
    Detect,
    /// The old one from the start.
    Always,
    /// Only the right one (`never`).
    Never,
}
