//! The trailer of `auth_hmac`, with adverts captured from keepalived.

use super::*;
use crate::vrrp::hmac::{AntiReplay, Mode};
use crate::wire::vrrp_hmac::HmacSha256;

const SIGNED: &str = "45c0003c00010000ff700000c0000264e0000012 310796010064d396c0000208
     010900006b0241e85a860000a5c6b4abb72f5093ecf24bb4b44956ad";
const UNSIGNED: &str = "45c0002000010000ff700000c0000264e0000012 310796010064d396c0000208";
const V6_SIGNED: &str = "310996010064206cfe800000000000000000000100020004
     010900006b0241e853c50000e842e7aff6faf0dc155730ab4c95d046";
/// The second they were sent in.
const SENT: u64 = 0x6b02_41e8;
/// Where the trailer of [`SIGNED`] begins.
const TRAILER_AT: usize = 32;

fn signed(mode: Mode) -> ReceivePolicy {
    let key: Vec<u8> = (0..32).collect();
    ReceivePolicy {
        hmac: Some(Verify {
            keys: [(9, HmacSha256::new(&key))].into(),
            mode,
            anti_replay: AntiReplay::Time,
            window: Duration::from_secs(5),
        }),
        ..policy(Version::V3, 7, 1000, &["192.0.2.8"])
    }
}

fn at(seconds: u64) -> ReceiveView {
    ReceiveView {
        wall: UnixTime(Duration::from_secs(seconds)),
        ..view()
    }
}

fn answer(
    policy: &ReceivePolicy,
    view: &ReceiveView,
    octets: &[u8],
) -> Result<Accepted, Rejection> {
    accept(policy, view, &v4_packet(octets))
}

fn changed(octet: usize, bits: u8) -> Vec<u8> {
    let mut octets = hex(SIGNED);
    octets[octet] ^= bits;
    octets
}

#[test]
fn captured_adverts_are_taken() {
    let expected = Some(Sequence(0x6b02_41e8_5a86_0000));
    for mode in [Mode::Enforce, Mode::Permissive, Mode::ReceiveOnly] {
        let accepted = answer(&signed(mode), &at(SENT), &hex(SIGNED)).unwrap();
        assert_eq!(accepted.signature, expected);
        assert!(!accepted.address_list_differs);
    }
    let v6 = ReceivePolicy {
        hmac: signed(Mode::Enforce).hmac,
        ..policy(Version::V3, 9, 1000, &["fe80::1:2:4"])
    };
    let packet = Received {
        family: Family::V6,
        bytes: &hex(V6_SIGNED),
        src: "fe80::ff:fe00:1".parse().unwrap(),
        dst: GROUP_V6.into(),
        hop_limit: Some(255),
    };
    let sequence = accept(&v6, &at(SENT), &packet).map(|advert| advert.signature.is_some());
    assert_eq!(sequence, Ok(true));
}

#[test]
fn only_enforce_drops_what_is_not_signed() {
    let unsigned = hex(UNSIGNED);
    let enforced = answer(&signed(Mode::Enforce), &at(SENT), &unsigned);
    assert_eq!(enforced, Err(Rejection::SignatureMissing));
    for mode in [Mode::Permissive, Mode::ReceiveOnly] {
        let accepted = answer(&signed(mode), &at(SENT), &unsigned).unwrap();
        assert_eq!(accepted.signature, None);
    }
}

#[test]
fn a_bad_trailer_is_dropped_in_every_mode() {
    let cases = [
        (TRAILER_AT, 2, Rejection::SignatureMalformed),
        (TRAILER_AT + 3, 1, Rejection::SignatureMalformed),
        (TRAILER_AT + 1, 1, Rejection::SignatureKey(8)),
        (TRAILER_AT + 4, 1, Rejection::SignatureStale),
        (TRAILER_AT + 11, 1, Rejection::SignatureWrong),
        (TRAILER_AT + 27, 1, Rejection::SignatureWrong),
        (20 + 2, 1, Rejection::SignatureWrong),
        (15, 1, Rejection::SignatureWrong),
    ];
    for mode in [Mode::Enforce, Mode::Permissive, Mode::ReceiveOnly] {
        for (octet, bits, rejection) in cases {
            let answer = answer(&signed(mode), &at(SENT), &changed(octet, bits));
            assert_eq!(answer, Err(rejection), "octet {octet}");
        }
    }
}

#[test]
fn clocks_may_differ_by_the_window() {
    let policy = signed(Mode::Enforce);
    for seconds in [SENT - 4, SENT + 5] {
        assert!(answer(&policy, &at(seconds), &hex(SIGNED)).is_ok());
    }
    for seconds in [SENT - 5, SENT + 6, 0] {
        let stale = answer(&policy, &at(seconds), &hex(SIGNED));
        assert_eq!(stale, Err(Rejection::SignatureStale));
    }
    let mut by_order = policy;
    if let Some(hmac) = &mut by_order.hmac {
        hmac.anti_replay = AntiReplay::Monotonic;
    }
    assert!(answer(&by_order, &at(0), &hex(SIGNED)).is_ok());
}

#[test]
fn a_number_is_taken_once() {
    let policy = signed(Mode::Enforce);
    let marked = |mark: u64| ReceiveView {
        signature_mark: Some(Sequence(mark)),
        ..at(SENT)
    };
    let own = 0x6b02_41e8_5a86_0000;
    for mark in [own, own + 1] {
        let replayed = answer(&policy, &marked(mark), &hex(SIGNED));
        assert_eq!(replayed, Err(Rejection::SignatureReplayed));
    }
    assert!(answer(&policy, &marked(own - 1), &hex(SIGNED)).is_ok());
    // The sender's clock was a minute ahead and has been set.
    assert!(answer(&policy, &marked(own + (60 << 32)), &hex(SIGNED)).is_ok());
}

#[test]
fn each_reason_has_its_counter() {
    let mut stats = ReceiveStats::default();
    let policy = signed(Mode::Enforce);
    stats.record(&answer(&policy, &at(SENT), &hex(UNSIGNED)));
    stats.record(&answer(&policy, &at(0), &hex(SIGNED)));
    stats.record(&answer(&policy, &at(SENT), &changed(TRAILER_AT, 2)));
    stats.record(&answer(&policy, &at(SENT), &changed(TRAILER_AT + 1, 2)));
    stats.record(&answer(&policy, &at(SENT), &changed(TRAILER_AT + 20, 2)));
    let counters = [
        Statistic::AuthExtMissing,
        Statistic::AuthExtStale,
        Statistic::AuthExtMalformed,
        Statistic::AuthExtUnknownKey,
        Statistic::AuthExtInvalidHmac,
    ];
    assert!(
        counters
            .iter()
            .all(|counter| stats.statistic(*counter) == 1)
    );
    assert_eq!(stats.advert_rcvd, 0);
}
