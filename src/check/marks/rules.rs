//! The table of nftables with the marks: a map for each protocol, from address and port
//! to mark, and a rule that asks it. The names are those of the C daemon.

use std::net::IpAddr;

use super::{Marks, Target};
use crate::check::config::service::CheckConfig;
use crate::ipvs::Protocol;
use crate::model::Family;
use crate::netlink::header::family::{INET, INET6};
use crate::netlink::nft::{Expression, Hook, Key, Transaction};

const CHAIN: &str = "in";

/// What is to be marked of one protocol and family.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rules {
    protocol: Protocol,
    family: Family,
    priority: i32,
    targets: Vec<Target>,
}

/// What is to be marked, in chains of this priority.
#[must_use]
pub fn rules(marks: &Marks, config: &CheckConfig, priority: i32) -> Vec<Rules> {
    let families = [Family::V4, Family::V6].into_iter();
    let kinds = families.flat_map(|family| Protocol::ALL.map(|protocol| (protocol, family)));
    let all = kinds.map(|(protocol, family)| Rules {
        protocol,
        family,
        priority,
        targets: marks.targets(config, protocol, family),
    });
    all.filter(|rules| !rules.targets.is_empty()).collect()
}

/// The whole table, in place of what there was; without rules it goes.
#[must_use]
pub fn transaction(table: &str, all: &[Rules]) -> Transaction {
    let mut transaction = Transaction::new();
    for (family, number) in [(Family::V4, INET), (Family::V6, INET6)] {
        transaction.delete_table(number, table);
        let mut of_family = all.iter().filter(|rules| rules.family == family).peekable();
        if let Some(first) = of_family.peek() {
            transaction.table(number, table);
            transaction.chain(number, table, CHAIN, Hook::Input, first.priority);
        }
        for rules in of_family {
            rules.write(number, table, &mut transaction);
        }
    }
    transaction
}

impl Rules {
    /// The family of the table, as netlink has it.
    #[must_use]
    pub const fn netlink_family(&self) -> u8 {
        match self.family {
            Family::V4 => INET,
            Family::V6 => INET6,
        }
    }

    fn write(&self, family: u8, table: &str, transaction: &mut Transaction) {
        let map = match self.protocol {
            Protocol::Tcp => "tcp_map",
            Protocol::Udp => "udp_map",
            Protocol::Sctp => "sctp_map",
        };
        // Where the destination is in the header.
        let (key, offset, length) = match self.family {
            Family::V4 => (Key::V4Port, 16, 4),
            Family::V6 => (Key::V6Port, 24, 16),
        };
        let targets = self.targets.iter();
        let pairs: Vec<(Vec<u8>, Vec<u8>)> = targets.map(pair).collect();
        transaction.map(family, table, map, (key, Key::Mark), &pairs);
        let [_, protocol] = self.protocol.number().to_be_bytes();
        let protocol = [protocol];
        let steps = [
            Expression::Protocol,
            Expression::Equals(&protocol),
            Expression::Network { offset, length },
            Expression::PortBehind(key),
            Expression::MarkOf(map),
            Expression::SetMark,
        ];
        transaction.rule(family, table, CHAIN, &steps);
    }
}

/// Address and port, each filling words, and the mark in this machine's order.
fn pair((address, port, mark): &Target) -> (Vec<u8>, Vec<u8>) {
    let mut key = match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    key.extend(port.to_be_bytes());
    key.extend([0, 0]);
    (key, mark.to_ne_bytes().to_vec())
}
