//! From the configuration of an instance to what its machines go by.

use std::net::{IpAddr, Ipv4Addr};

use crate::model::Family;
use crate::vrrp::accept::{self, PeerBounds, ReceiveAuth, ReceiveMode, ReceivePolicy};
use crate::vrrp::address_list::AddressList;
use crate::vrrp::config::{HmacConfig, InstanceConfig, OldUnicastChecksum};
use crate::vrrp::fsm::{AnnouncePolicy, InterfaceKey, Policy, Track, TrackSource};
use crate::vrrp::hmac::{Mode, Sign, Verify};
use crate::vrrp::transmit::{Audience, HOP_LIMIT, TransmitPolicy};
use crate::wire::vrrp_hmac::HmacSha256;

/// The IPv4 group of VRRP (RFC 9568 section 5.1.1.2).
const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 18);

/// What the state machine goes by. `key` numbers the interfaces by name.
pub(super) fn machine(
    config: &InstanceConfig,
    key: &mut dyn FnMut(&crate::model::IfName) -> InterfaceKey,
) -> Policy {
    let addresses = config.vips.len() + config.excluded_vips.len();
    Policy {
        name: config.name.value.as_str().into(),
        vrid: config.vrid,
        family: config.family,
        version: config.version,
        priority: config.priority,
        advert_interval: config.advert_interval,
        down_timer_adverts: config.down_timer_adverts,
        nopreempt: config.nopreempt,
        preempt_delay: config.preempt_delay,
        lower_prio_no_advert: config.lower_prio_no_advert,
        higher_prio_send_advert: config.higher_prio_send_advert,
        timer_expired_backup: config.timer_expired_backup,
        announce: announcements(config),
        addresses: u32::try_from(addresses).unwrap_or(u32::MAX),
        grouped: config.sync_group.is_some(),
        tracks: tracks(config, key),
    }
}

/// When its addresses are announced.
pub(super) const fn announcements(config: &InstanceConfig) -> AnnouncePolicy {
    let garp = &config.garp;
    AnnouncePolicy {
        repeat: garp.repeat,
        delay: garp.delay,
        refresh: garp.refresh,
        refresh_repeat: garp.refresh_repeat,
        lower_prio_repeat: garp.lower_prio_repeat,
        lower_prio_delay: garp.lower_prio_delay,
        extra: garp.extra.every,
    }
}

/// What an instance depends on. Interfaces it cannot do without are a fault while they
/// are down, whatever weight `track_interface` gives them.
fn tracks(
    config: &InstanceConfig,
    key: &mut dyn FnMut(&crate::model::IfName) -> InterfaceKey,
) -> Vec<Track> {
    let implied = implied(config, key);
    let mut tracks: Vec<Track> = Vec::new();
    for tracked in &config.track_interfaces {
        let interface = key(&tracked.name.value);
        if tracked.weight != 0 && implied.contains(&interface) {
            continue;
        }
        tracks.push(Track {
            source: TrackSource::Interface(interface),
            weight: tracked.weight,
            reverse: tracked.reverse,
        });
    }
    for interface in implied {
        let source = TrackSource::Interface(interface);
        if !tracks.iter().any(|track| track.source == source) {
            tracks.push(Track::interface(interface));
        }
    }
    tracks.extend(config.trackers.iter().map(super::trackers::track));
    tracks
}

/// The interfaces that an instance cannot do without: its own, and those of its tracked
/// addresses, routes and rules, and of static ones of its track groups (protocols.md
/// section 11). A route with several next hops gets along without one of them.
fn implied(
    config: &InstanceConfig,
    key: &mut dyn FnMut(&crate::model::IfName) -> InterfaceKey,
) -> Vec<InterfaceKey> {
    let own = config.interface.as_ref().map(|name| key(&name.value));
    let mut implied = Vec::new();
    if !config.dont_track_primary {
        implied.extend(own);
        implied.extend(config.virtual_link.as_ref().map(|link| key(&link.name)));
    }
    for address in config.vips.iter().chain(&config.excluded_vips) {
        if let (true, Some(dev)) = (address.track, &address.dev) {
            implied.push(key(&dev.value));
        }
        if let (true, Some(_), Some(own)) = (
            address.track,
            config.wants_link(address),
            config.interface_of(address),
        ) {
            implied.push(key(own));
        }
    }
    for route in config.routes.iter().filter(|route| route.track) {
        implied.extend(route.hop.dev.as_ref().map(|name| key(&name.value)));
    }
    for rule in config.rules.iter().filter(|rule| rule.track) {
        implied.extend(rule.interfaces().map(|name| key(&name.value)));
    }
    implied.extend(config.static_interfaces.iter().map(&mut *key));
    implied.retain(|interface| !config.dont_track_primary || own != Some(*interface));
    implied
}

/// What decides about received packets.
pub(super) fn receive(config: &InstanceConfig) -> ReceivePolicy {
    ReceivePolicy {
        family: config.family,
        version: config.version,
        vrid: config.vrid,
        mode: receive_mode(config),
        auth: ReceiveAuth::from(&config.authentication),
        hmac: config.auth_hmac.as_ref().map(verify),
        addresses: advertised(config),
        interval: config.advert_interval,
        v3_checksum_as_v2: config.v3_checksum_as_v2,
        old_unicast_checksum: match config.old_unicast_checksum {
            OldUnicastChecksum::Detect => accept::OldUnicastChecksum::Auto,
            OldUnicastChecksum::Always => accept::OldUnicastChecksum::Always,
            OldUnicastChecksum::Never => accept::OldUnicastChecksum::Never,
        },
        group: group_v4(config),
        skip_check_adv_addr: config.skip_check_adv_addr,
        owner_ignore_adverts: config.owner_ignore_adverts,
    }
}

fn receive_mode(config: &InstanceConfig) -> ReceiveMode {
    if config.unicast_peers.is_empty() {
        return ReceiveMode::Multicast;
    }
    let bounds = config.unicast_peers.iter().map(|peer| PeerBounds {
        address: peer.address.value,
        min_ttl: peer.min_ttl,
        max_ttl: peer.max_ttl,
    });
    ReceiveMode::Unicast {
        peers: bounds.collect(),
        check_source: config.check_unicast_src,
    }
}

/// What makes up the adverts, once the source address is known.
pub(super) fn transmit(
    config: &InstanceConfig,
    source: IpAddr,
    old_checksum: bool,
) -> TransmitPolicy {
    TransmitPolicy {
        family: config.family,
        version: config.version,
        vrid: config.vrid,
        interval: config.advert_interval,
        addresses: advertised(config),
        auth: config.authentication,
        hmac: config.auth_hmac.as_ref().and_then(sign),
        source,
        audience: audience(config),
        v3_checksum_as_v2: config.v3_checksum_as_v2,
        old_unicast_checksum: old_checksum.then(|| group_v4(config)),
    }
}

fn verify(config: &HmacConfig) -> Verify {
    let keys = config.keys.iter();
    Verify {
        keys: keys
            .map(|(id, secret)| (*id, HmacSha256::new(secret.expose())))
            .collect(),
        mode: config.mode,
        anti_replay: config.anti_replay,
        window: config.window,
    }
}

/// How adverts are signed, if they are.
fn sign(config: &HmacConfig) -> Option<Sign> {
    let key = config
        .active()
        .filter(|_| config.mode != Mode::ReceiveOnly)?;
    Some(Sign {
        key_id: config.active_key,
        key: HmacSha256::new(key.expose()),
        anti_replay: config.anti_replay,
        window: config.window,
    })
}

fn audience(config: &InstanceConfig) -> Audience {
    if config.unicast_peers.is_empty() {
        return Audience::Multicast(config.multicast_group);
    }
    Audience::Unicast {
        peers: config
            .unicast_peers
            .iter()
            .map(|peer| peer.address.value)
            .collect(),
        ttl: config.unicast_ttl.unwrap_or(HOP_LIMIT),
    }
}

/// The addresses in adverts. Resolution has moved those that do not fit to the
/// excluded list and refused those of the other family.
fn advertised(config: &InstanceConfig) -> AddressList {
    let addresses: Vec<IpAddr> = config.vips.iter().map(|vip| vip.net.value.addr).collect();
    AddressList::new(config.family, &addresses)
        .or_else(|_| AddressList::new(config.family, &[]))
        .expect("an empty list fits every family")
}

fn group_v4(config: &InstanceConfig) -> Ipv4Addr {
    match (config.family, config.multicast_group) {
        (Family::V4, IpAddr::V4(group)) => group,
        (Family::V4 | Family::V6, _) => GROUP_V4,
    }
}
