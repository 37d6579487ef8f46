//! Attempts over UDP, DNS and ICMP.

use super::*;

fn udp(address: SocketAddr, timeout: Duration, reply: Option<Vec<(u8, u8)>>) -> Udp {
    Udp::new(UdpSettings {
        endpoint: endpoint(address, timeout),
        payload: Some(b"hello".to_vec()),
        reply,
        min_length: 0,
        max_length: u16::MAX,
    })
}

#[test]
fn datagrams() {
    let server = UdpSocket::bind(local(0)).unwrap();
    let address = server.local_addr().unwrap();
    assert_eq!(attempt(udp(address, SHORT, None)), passed(), "silence");
    let silent = attempt(udp(address, SHORT, Some(Vec::new())));
    assert_eq!(silent, failed("timeout"));
    let mut room = [0; 99];
    for _ in 0..2 {
        let (octets, _) = server.recv_from(&mut room).unwrap();
        assert_eq!(room[..octets], *b"hello");
    }
    let answering = thread::spawn(move || {
        let (_, from) = server.recv_from(&mut room).unwrap();
        server.send_to(b"world", from).unwrap();
        server
    });
    let pattern = Some(vec![(b'w', 0xff)]);
    assert_eq!(attempt(udp(address, LONG, pattern)), passed());
    drop(answering.join().unwrap());
    let refused = failed("Connection refused");
    assert_eq!(attempt(udp(address, LONG, None)), refused, "no listener");
}

#[test]
fn a_question_of_dns() {
    let server = UdpSocket::bind(local(0)).unwrap();
    let address = server.local_addr().unwrap();
    thread::spawn(move || {
        let mut room = [0; 512];
        let (octets, from) = server.recv_from(&mut room).unwrap();
        let mut answer = room[..octets].to_vec();
        server.send_to(&answer, from).unwrap();
        answer[2] |= 0x80;
        answer[0] ^= 1;
        server.send_to(&answer, from).unwrap();
        server.send_to(b"x", from).unwrap();
        answer[0] ^= 1;
        server.send_to(&answer, from).unwrap();
    });
    let probe = Dns::new(&DnsSettings {
        endpoint: endpoint(address, LONG),
        record: 6,
        name: "a.example".into(),
    });
    assert_eq!(attempt(probe), passed());
}

#[test]
fn echoes() {
    for address in ["127.0.0.1:80", "[::1]:80"] {
        let address: SocketAddr = address.parse().unwrap();
        match attempt(Ping::new(endpoint(address, LONG))) {
            // Not every machine lets us (ping_group_range), or has IPv6.
            Attempt::Unable(_) => {}
            attempt @ Attempt::Outcome(_) if address.is_ipv6() && attempt != passed() => {
                assert!(format!("{attempt:?}").contains("no route"), "{attempt:?}");
            }
            attempt @ Attempt::Outcome(_) => assert_eq!(attempt, passed()),
        }
    }
}
