//! Transactions of nftables against the real kernel.

use std::io::ErrorKind;
use std::net::UdpSocket;
use std::time::Duration;

use keepalived::check::config::service::CheckConfig;
use keepalived::check::marks::Marks;
use keepalived::check::marks::rules::{rules, transaction};
use keepalived::control_plane::files::Memory;
use keepalived::control_plane::{AnyMachine, LoadOptions, load};
use keepalived::netlink::header::family::INET;
use keepalived::netlink::nft::{Expression, Hook, Key, Transaction};
use keepalived::netlink::socket::netfilter;

use crate::{LIMIT, entered};

const TABLE: &str = "keepalived";

/// Nothing leaves with this source.
fn closing(source: [u8; 4]) -> Transaction {
    let mut transaction = Transaction::new();
    transaction.delete_table(INET, TABLE);
    transaction.table(INET, TABLE);
    transaction.chain(INET, TABLE, "out", Hook::Output, -1);
    transaction.set(INET, TABLE, "vips", Key::V4, &[source.to_vec()]);
    let steps = [
        Expression::Network {
            offset: 12,
            length: 4,
        },
        Expression::In("vips"),
        Expression::Counter,
        Expression::Drop,
    ];
    transaction.rule(INET, TABLE, "out", &steps);
    transaction
}

/// Whether a packet from this address leaves. The output hook tells the sender.
fn leaves(source: &str) -> bool {
    let socket = UdpSocket::bind((source, 0)).unwrap();
    let sent = socket.send_to(b"?", ("127.0.0.1", 9));
    let refused = |error: std::io::Error| error.kind() == ErrorKind::PermissionDenied;
    !sent.is_err_and(refused)
}

#[test]
fn a_table_is_put_there_replaced_and_taken_away() {
    if !entered() {
        return;
    }
    assert!(leaves("127.0.0.2") && leaves("127.0.0.3"));
    netfilter::commit(closing([127, 0, 0, 2])).unwrap();
    assert!(!leaves("127.0.0.2") && leaves("127.0.0.3"));
    netfilter::commit(closing([127, 0, 0, 3])).unwrap();
    assert!(leaves("127.0.0.2") && !leaves("127.0.0.3"));
    let mut away = Transaction::new();
    away.delete_table(INET, TABLE);
    netfilter::commit(away).unwrap();
    assert!(leaves("127.0.0.2") && leaves("127.0.0.3"));
}

#[test]
fn a_refused_message_refuses_the_transaction() {
    if !entered() {
        return;
    }
    let mut transaction = closing([127, 0, 0, 2]);
    transaction.rule(INET, TABLE, "nowhere", &[Expression::Drop]);
    assert!(netfilter::commit(transaction).is_err());
    assert!(leaves("127.0.0.2"), "all of it or nothing");
}

/// Groups of virtual servers as text, compiled.
fn groups(text: &str) -> CheckConfig {
    let path = std::path::Path::new("/etc/test.conf");
    let files = Memory::with("/etc/test.conf", text);
    let machine = AnyMachine::default();
    let loaded = load(&files, path, &LoadOptions::default(), &machine);
    loaded.config.expect("it can be used").check.clone()
}

/// Whether a datagram to this address arrives.
fn arrives(at: &str) -> bool {
    let any = if at.starts_with('[') {
        "[::1]:0"
    } else {
        "127.0.0.1:0"
    };
    // First, for the kernel may give the others any free port.
    let socket = UdpSocket::bind(at).unwrap();
    let [sender, other] = [any; 2].map(|any| UdpSocket::bind(any).unwrap());
    sender.send_to(b"?", at).unwrap();
    // A busy kernel hands datagrams over later, but in their order.
    sender.send_to(b"!", other.local_addr().unwrap()).unwrap();
    other.set_read_timeout(Some(LIMIT)).unwrap();
    other.recv(&mut [0; 8]).expect("nothing drops that one");
    // Unless they were sent on two processors.
    let patience = Duration::from_millis(100);
    socket.set_read_timeout(Some(patience)).unwrap();
    socket.recv(&mut [0; 8]).is_ok()
}

#[test]
fn packets_for_a_group_get_its_mark() {
    if !entered() {
        return;
    }
    let nft = |script: &str| {
        let done = std::process::Command::new("nft").arg(script).status();
        done.is_ok_and(|status| status.success())
    };
    let own = "add table inet seen; \
               add chain inet seen in { type filter hook input priority 10; }; \
               add rule inet seen in meta mark 1000 drop";
    if !nft(own) {
        eprintln!("skipped: `nft` is not here, or the kernel has no inet tables");
        return;
    }
    let config = groups(
        "virtual_server_group G {\n 127.0.0.5-6 7000\n ::1 7000\n 127.0.0.7\n}\n\
         virtual_server group G {\n protocol UDP\n lvs_method TUN\n real_server 192.0.2.1 80 {\n}\n}\n",
    );
    let mut marks = Marks::default();
    // All families of a group have marks: the second is not looked for here.
    marks.follow(&config, 1000);
    let there = rules(&marks, &config, -1);
    assert_eq!(there.len(), 2, "a map for each family");
    assert!(arrives("127.0.0.5:7000"));
    netfilter::commit(transaction("keepalived_ipvs", &there)).unwrap();
    for (at, is_marked) in [
        ("127.0.0.5:7000", true),
        ("127.0.0.6:7000", true),
        ("127.0.0.5:7001", false),
        ("127.0.0.7:7000", false),
        ("127.0.0.8:7000", false),
    ] {
        assert_eq!(arrives(at), !is_marked, "{at}");
    }
    assert!(nft("add rule inet seen in meta mark 1001 drop"));
    assert!(!arrives("[::1]:7000") && arrives("[::1]:7001"));
    netfilter::commit(transaction("keepalived_ipvs", &[])).unwrap();
    assert!(arrives("127.0.0.5:7000") && arrives("[::1]:7000"));
}
