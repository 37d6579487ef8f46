use std::net::Ipv4Addr;

use proptest::prelude::*;

use super::*;
use crate::wire::testing::hex;

const HEADER: Header = Header {
    session: 7,
    transaction: 8,
    packet: 9,
    order: ByteOrder::Network,
};

fn encoded(pdu: &Pdu) -> Vec<u8> {
    let mut octets = Vec::new();
    pdu.encode(&mut octets);
    octets
}

fn range(start: &[u32], include: bool, end: &[u32]) -> SearchRange {
    SearchRange {
        start: start.into(),
        include,
        end: end.into(),
    }
}

/// The examples of RFC 2741 section 5.1 and 5.2.
#[test]
fn names_begin_with_a_prefix_where_they_can() {
    let get = Body::Get {
        ranges: vec![range(&[1, 3, 6, 1, 2, 1, 1, 1, 0], true, &[])],
    };
    let wanted = hex(
        "01 05 10 00  00 00 00 07  00 00 00 08  00 00 00 09  00 00 00 18 \
         04 02 01 00  00 00 00 01  00 00 00 01  00 00 00 01  00 00 00 00 \
         00 00 00 00",
    );
    let pdu = Pdu::new(HEADER, get);
    assert_eq!(encoded(&pdu), wanted);
    assert_eq!(Pdu::decode(&wanted), Ok(pdu));

    let plain = Body::Get {
        ranges: vec![range(&[1, 2], false, &[1, 3, 6, 1, 300])],
    };
    let octets = encoded(&Pdu::new(HEADER, plain.clone()));
    let wanted = hex("02 00 00 00  00 00 00 01  00 00 00 02 \
         05 00 00 00  00 00 00 01  00 00 00 03  00 00 00 06  00 00 00 01  00 00 01 2c");
    assert_eq!(octets[HEADER_LEN..], wanted);
    assert_eq!(Pdu::decode(&octets).map(|pdu| pdu.body), Ok(plain));
}

#[test]
fn strings_are_padded_to_four_octets() {
    for (text, octets) in [
        ("", "00000000"),
        ("a", "00000001 61000000"),
        ("abcd", "00000004 61626364"),
        ("abcde", "00000005 61626364 65000000"),
    ] {
        let variables = vec![VarBind::new(Oid::default(), Value::text(text))];
        let pdu = Pdu::new(HEADER, Body::Notify { variables });
        let got = encoded(&pdu);
        assert_eq!(got[HEADER_LEN + 8..], hex(octets));
        assert_eq!(Pdu::decode(&got), Ok(pdu));
    }
}

#[test]
fn the_other_byte_order_is_read_and_written() {
    let header = Header {
        order: ByteOrder::Little,
        ..HEADER
    };
    let body = Body::Response {
        uptime: 1,
        error: ResponseError::NotOpen,
        index: 2,
        variables: vec![VarBind::new(
            Oid::new(&[1, 3, 6, 1, 4]),
            Value::Counter64(0x0102_0304_0506_0708),
        )],
    };
    let wanted = hex(
        "01 12 00 00  07 00 00 00  08 00 00 00  09 00 00 00  18 00 00 00 \
         01 00 00 00  01 01 02 00  \
         46 00 00 00  00 04 00 00  08 07 06 05  04 03 02 01",
    );
    let wanted = fixed_length(wanted);
    let pdu = Pdu::new(header, body);
    assert_eq!(encoded(&pdu), wanted);
    assert_eq!(Pdu::decode(&wanted), Ok(pdu));
}

/// The length of the payload is what is there.
fn fixed_length(mut octets: Vec<u8>) -> Vec<u8> {
    octets[16] = u8::try_from(octets.len() - HEADER_LEN).unwrap();
    octets
}

#[test]
fn a_context_is_carried_where_it_may_be() {
    let mut pdu = Pdu::new(HEADER, Body::Ping);
    pdu.context = Some(b"c".to_vec());
    let octets = encoded(&pdu);
    assert_eq!(octets[2], 0x18, "network order and a context");
    assert_eq!(Pdu::decode(&octets), Ok(pdu));
}

#[test]
fn what_is_no_packet_is_told_by_its_head() {
    let good = encoded(&Pdu::new(HEADER, Body::Ping));
    assert_eq!(frame_length(&good), Ok(Some(HEADER_LEN)));
    assert_eq!(frame_length(&good[..HEADER_LEN - 1]), Ok(None));
    assert_eq!(frame_length(&[]), Ok(None));
    assert_eq!(frame_length(b"GET / HTTP"), Err(Malformed::Version(b'G')));

    let changed = |place: usize, octet: u8| {
        let mut octets = good.clone();
        octets[place] = octet;
        octets
    };
    let long = changed(16, 1);
    assert_eq!(frame_length(&long), Err(Malformed::PayloadLength(1 << 24)));
    assert_eq!(
        frame_length(&changed(19, 3)),
        Err(Malformed::PayloadLength(3))
    );
    assert_eq!(Pdu::decode(&changed(1, 14)), Err(Malformed::Type(14)));
    assert_eq!(Pdu::decode(&changed(19, 4)), Err(Malformed::Length));
}

#[test]
fn a_name_has_at_most_128_numbers() {
    let ranges = |count: u32| Body::Get {
        ranges: vec![range(&(1..=count).collect::<Vec<_>>(), false, &[])],
    };
    let longest = encoded(&Pdu::new(HEADER, ranges(128)));
    assert_eq!(Pdu::decode(&longest).map(|pdu| pdu.body), Ok(ranges(128)));
    let cut = encoded(&Pdu::new(HEADER, ranges(200)));
    assert_eq!(Pdu::decode(&cut).map(|pdu| pdu.body), Ok(ranges(128)));

    let mut octets = longest;
    // A prefix adds five.
    octets[HEADER_LEN + 1] = 2;
    assert_eq!(Pdu::decode(&octets), Err(Malformed::Oid));
}

fn oid() -> impl Strategy<Value = Oid> {
    let any = prop::collection::vec(any::<u32>(), 0..12);
    let internet = prop::collection::vec(0_u32..300, 0..8)
        .prop_map(|rest| [[1, 3, 6, 1].as_slice(), &rest].concat());
    prop_oneof![any, internet].prop_map(Oid::from)
}

fn octets(most: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..most)
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i32>().prop_map(Value::Integer),
        octets(40).prop_map(Value::OctetString),
        Just(Value::Null),
        oid().prop_map(Value::ObjectIdentifier),
        any::<u32>().prop_map(|bits| Value::IpAddress(Ipv4Addr::from(bits))),
        any::<u32>().prop_map(Value::Counter32),
        any::<u32>().prop_map(Value::Gauge32),
        any::<u32>().prop_map(Value::TimeTicks),
        octets(9).prop_map(Value::Opaque),
        any::<u64>().prop_map(Value::Counter64),
        Just(Value::NoSuchObject),
        Just(Value::NoSuchInstance),
        Just(Value::EndOfMibView),
    ]
}

fn variables() -> impl Strategy<Value = Vec<VarBind>> {
    let variable = (oid(), value()).prop_map(|(name, value)| VarBind { name, value });
    prop::collection::vec(variable, 0..5)
}

fn ranges() -> impl Strategy<Value = Vec<SearchRange>> {
    let range = (oid(), any::<bool>(), oid());
    let range = range.prop_map(|(start, include, end)| SearchRange {
        start,
        include,
        end,
    });
    prop::collection::vec(range, 0..5)
}

fn region() -> impl Strategy<Value = Region> {
    let region = (any::<u8>(), any::<u8>(), oid(), any::<u32>(), any::<bool>());
    region.prop_map(
        |(priority, range_subid, subtree, bound, is_instance)| Region {
            priority,
            range_subid,
            subtree,
            upper_bound: if range_subid == 0 { 0 } else { bound },
            is_instance,
        },
    )
}

fn body() -> impl Strategy<Value = Body> {
    let response = (any::<u32>(), any::<u16>(), any::<u16>(), variables());
    prop_oneof![
        (any::<u8>(), oid(), octets(30)).prop_map(|(timeout, id, description)| Body::Open {
            timeout,
            id,
            description,
        }),
        any::<u8>().prop_map(|number| Body::Close {
            reason: CloseReason::from_number(number),
        }),
        (region(), any::<u8>()).prop_map(|(region, timeout)| Body::Register { region, timeout }),
        region().prop_map(|region| Body::Unregister { region }),
        ranges().prop_map(|ranges| Body::Get { ranges }),
        ranges().prop_map(|ranges| Body::GetNext { ranges }),
        (any::<u16>(), any::<u16>(), ranges()).prop_map(|(once, times, ranges)| Body::GetBulk {
            non_repeaters: once,
            max_repetitions: times,
            ranges,
        }),
        variables().prop_map(|variables| Body::TestSet { variables }),
        Just(Body::CommitSet),
        Just(Body::UndoSet),
        Just(Body::CleanupSet),
        variables().prop_map(|variables| Body::Notify { variables }),
        Just(Body::Ping),
        response.prop_map(|(uptime, error, index, variables)| Body::Response {
            uptime,
            error: ResponseError::from_number(error),
            index,
            variables,
        }),
    ]
}

fn pdu() -> impl Strategy<Value = Pdu> {
    let order = prop_oneof![Just(ByteOrder::Network), Just(ByteOrder::Little)];
    (any::<[u32; 3]>(), order, body()).prop_map(|([session, transaction, packet], order, body)| {
        let header = Header {
            session,
            transaction,
            packet,
            order,
        };
        Pdu::new(header, body)
    })
}

proptest! {
    #[test]
    fn what_was_written_is_read_again(pdu in pdu(), before in octets(9)) {
        let mut stream = before.clone();
        pdu.encode(&mut stream);
        let octets = &stream[before.len()..];
        prop_assert_eq!(frame_length(octets), Ok(Some(octets.len())));
        prop_assert_eq!(Pdu::decode(octets), Ok(pdu));
    }

    #[test]
    fn no_octets_make_it_panic(octets in octets(200)) {
        let _ = frame_length(&octets);
        let _ = Pdu::decode(&octets);
    }

    /// What has the form of a packet, so that the deeper parts are reached, too.
    #[test]
    fn no_contents_make_it_panic(kind in 0_u8..20, flags in any::<u8>(), payload in octets(120)) {
        let mut octets = vec![1, kind, flags, 0];
        octets.extend([0; 12]);
        let length = u32::try_from(payload.len() / 4 * 4).unwrap();
        octets.extend(if flags & 0x10 != 0 { length.to_be_bytes() } else { length.to_le_bytes() });
        octets.extend(&payload[..payload.len() / 4 * 4]);
        if let Ok(pdu) = Pdu::decode(&octets) {
            let again = encoded(&pdu);
            prop_assert_eq!(Pdu::decode(&again), Ok(pdu));
        }
    }

    #[test]
    fn a_changed_packet_is_read_or_refused(pdu in pdu(), place in any::<prop::sample::Index>(), octet in any::<u8>()) {
        let mut octets = encoded(&pdu);
        let place = place.index(octets.len());
        octets[place] = octet;
        let _ = Pdu::decode(&octets);
        let _ = Pdu::decode(&octets[..place]);
    }

    #[test]
    fn names_are_in_the_order_of_snmp(a in oid(), b in oid()) {
        let first = a.iter().zip(b.iter()).find(|(x, y)| x != y);
        let wanted = first.map_or_else(|| a.len().cmp(&b.len()), |(x, y)| x.cmp(y));
        prop_assert_eq!(a.cmp(&b), wanted);
    }
}
