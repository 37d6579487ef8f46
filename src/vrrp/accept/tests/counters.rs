//! Answers are counted, and complained of once.

use super::*;

#[test]
fn every_answer_is_counted_once() {
    let mut stats = ReceiveStats::default();
    let samples = [
        accept_v4(&v2(), &hex(V2)),
        accept_v4(&v2(), &v2_with(&hex(V2), &[(22, 0)])),
        accept_v4(&policy(Version::V2, 1, 1000, &["192.0.2.9"]), &hex(V2)),
        accept_v4(&v2(), &hex(V2)[..30]),
        accept_v4(&unicast(&[], true), &hex(UNICAST)),
        accept_v4(
            &policy(Version::V3, 10, 1000, &["192.0.2.10"]),
            &hex(UNICAST),
        ),
    ];
    for answer in &samples {
        stats.record(answer);
    }
    assert_eq!(stats.advert_rcvd, 4);
    assert_eq!(stats.pri_zero_rcvd, 1);
    assert_eq!(stats.statistic(Statistic::PacketLength), 1);
    assert_eq!(stats.statistic(Statistic::AddressList), 2);
    assert_eq!(stats.rejected(RejectionKind::NotAPeer), 1);
    stats.record_sent(Priority(0));
    stats.record_sent(Priority(9));
    assert_eq!((stats.advert_sent, stats.pri_zero_sent), (2, 1));
    stats.clear();
    assert_eq!(stats, ReceiveStats::default());
}

#[test]
fn complaints_are_made_once_per_kind() {
    let mut complaints = Complaints::default();
    for &kind in RejectionKind::ALL {
        assert!(complaints.is_first(kind));
        assert!(!complaints.is_first(kind));
    }
    complaints.clear();
    assert!(complaints.is_first(RejectionKind::PeerHopLimit));
}

#[test]
fn kinds_are_their_own_index() {
    for (index, kind) in RejectionKind::ALL.iter().enumerate() {
        assert_eq!(kind.index(), index);
    }
}
