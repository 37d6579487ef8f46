//! Transactions of nftables against the real kernel.

use std::io::ErrorKind;
use std::net::UdpSocket;

use keepalived::netlink::header::family::INET;
use keepalived::netlink::nft::{Expression, Hook, Key, Transaction};
use keepalived::netlink::socket::netfilter;

use crate::entered;

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
