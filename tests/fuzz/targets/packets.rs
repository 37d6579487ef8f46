//! Headers and packets of the wire: what is read and written is the same when it is
//! read again.
#![no_main]

use keepalived::model::Family;
use keepalived::net::address_tap;
use keepalived::wire::ah::AuthHeader;
use keepalived::wire::arp::Arp;
use keepalived::wire::bfd::Control;
use keepalived::wire::checksum::{self, Checksum};
use keepalived::wire::dns::Answer;
use keepalived::wire::ether::EtherHeader;
use keepalived::wire::ipv4::Ipv4Header;
use keepalived::wire::ipv6::Ipv6Header;
use keepalived::wire::ndisc::NeighbourAdvertisement;
use keepalived::wire::vrrp::{AUTH_DATA_LEN, Advert, AdvertRepr, Version};
use keepalived::wire::vrrp_hmac::{Trailer, emit_front};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    headers(octets);
    for family in [Family::V4, Family::V6] {
        advert(octets, family);
        let _ = address_tap::claim(family, octets);
    }
    if let Some((header, rest)) = AuthHeader::parse(octets) {
        let front = keepalived::wire::ah::emit_front(header.spi(), header.sequence());
        // The next header and the length are what ours are.
        assert_eq!(front[4..], header.front()[4..]);
        assert!(rest.len() < octets.len());
    }
    if let Some(trailer) = Trailer::parse(octets)
        && trailer.is_well_formed()
    {
        assert_eq!(
            emit_front(trailer.key_id(), trailer.sequence()),
            *trailer.front()
        );
    }
    if let Ok(control) = Control::parse(octets) {
        assert_eq!(Control::parse(&control.emit()), Ok(control));
    }
    let _ = Answer::parse(octets);
    sums(octets);
});

fn headers(octets: &[u8]) {
    if let Some((header, rest)) = Ipv4Header::parse(octets) {
        assert_eq!(header.octets().len() + rest.len(), octets.len());
        let _ = (
            header.src(),
            header.dst(),
            header.ttl(),
            header.identification(),
        );
    }
    if let Some((header, _)) = Ipv6Header::parse(octets) {
        let again = header.emit();
        assert_eq!(
            Ipv6Header::parse(&again).map(|(header, _)| header),
            Some(header)
        );
    }
    if let Some((header, rest)) = EtherHeader::parse(octets) {
        assert_eq!([&header.emit(), rest].concat(), octets);
    }
    if let Some(arp) = Arp::parse(octets) {
        assert_eq!(Arp::parse(&arp.emit()), Some(arp));
    }
    let _ = NeighbourAdvertisement::parse(octets);
}

fn advert(octets: &[u8], family: Family) {
    let Some(advert) = Advert::parse(octets, family) else {
        return;
    };
    assert_eq!(advert.addresses().count(), usize::from(advert.count()));
    assert_eq!([advert.octets(), advert.trailer()].concat(), octets);
    let version = match advert.version() {
        2 => Version::V2,
        3 => Version::V3,
        _ => return,
    };
    let mut again = Vec::new();
    let repr = AdvertRepr {
        version,
        family,
        vrid: advert.vrid(),
        priority: advert.priority(),
        interval: advert.interval(),
        addresses: advert.address_octets(),
        auth_type: advert.auth_type(),
        auth_data: advert.auth_data().copied().unwrap_or([0; AUTH_DATA_LEN]),
    };
    repr.emit(Checksum::new(), &mut again);
    let again = Advert::parse(&again, family).expect("an advert");
    assert_eq!(again.address_octets(), advert.address_octets());
    assert_eq!(again.auth_data(), advert.auth_data());
    assert!(again.checksum_fits());
    if !advert.interval().is_zero() {
        assert_eq!(again.interval(), advert.interval());
    }
}

/// Changing a part of a packet changes its sum as summing anew does.
fn sums(octets: &[u8]) {
    let [at, high, low, packet @ ..] = octets else {
        return;
    };
    let words = packet.len() / 2;
    if words == 0 {
        return;
    }
    let at = usize::from(*at) % words * 2;
    let mut changed = packet.to_vec();
    changed[at..at + 2].copy_from_slice(&[*high, *low]);
    let new = checksum::update_octets(checksum::of(packet), &packet[at..at + 2], &[*high, *low]);
    let sum = checksum::of(&changed);
    // Zero has two forms in the arithmetic of ones' complement.
    assert!(new == sum || (new ^ sum) == 0xffff && (new == 0 || sum == 0));
}
