//! Packets from one socket to the other.

use super::*;

fn round_trip(neighbour: &str, ttl: u8) -> Option<(Vec<u8>, IpAddr, IpAddr, Option<u8>)> {
    let neighbour: IpAddr = neighbour.parse().unwrap();
    // Where another test or program has the port, there is nothing to see.
    let receiver = BfdReceiver::open(Family::of(&neighbour), true).ok()?;
    let spec = SenderSpec {
        neighbour,
        interface: None,
        source: Some(neighbour),
        multihop: true,
        ttl,
    };
    let sender = BfdSender::open(&spec, 12_345).ok()?;
    sender.send(b"packet").unwrap();
    let mut batch = BfdBatch::new();
    receiver.receive_many(&mut batch).unwrap();
    let got = batch.packets().next().unwrap();
    Some((got.bytes.to_vec(), got.source, got.destination, got.ttl))
}

#[test]
fn a_packet_arrives_with_its_circumstances() {
    for (address, ttl) in [("127.0.0.1", 255), ("::1", 64)] {
        if let Some((bytes, source, destination, got)) = round_trip(address, ttl) {
            let own: IpAddr = address.parse().unwrap();
            assert_eq!((&bytes[..], got), (&b"packet"[..], Some(ttl)));
            assert_eq!((source, destination), (own, own));
        }
    }
}

#[test]
fn nobody_listening_is_no_error() {
    let spec = SenderSpec {
        neighbour: "127.0.0.99".parse().unwrap(),
        interface: None,
        source: None,
        multihop: false,
        ttl: 255,
    };
    let sender = BfdSender::open(&spec, 1).unwrap();
    for _ in 0..4 {
        sender.send(b"packet").unwrap();
    }
}
