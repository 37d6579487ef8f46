//! The firewall of the virtual routers: one table of nftables for each family,
//! put there at the start and taken away at the end.

use std::net::{IpAddr, UdpSocket};

use super::VrrpProcess;
use crate::model::Family;
use crate::netlink::header::family::{INET, INET6};
use crate::netlink::nft::{Expression, Hook, Key, Transaction};
use crate::netlink::socket::netfilter;
use crate::vrrp::config::{InstanceConfig, VirtualLinkKind};
use crate::vrrp::firewall::Firewall;
use crate::wire::PROTOCOL_ICMPV6;

const PROTOCOL_IGMP: u8 = 2;
/// Neighbour solicitation and advertisement (RFC 4861 section 4.3).
const NEIGHBOUR_DISCOVERY: [u8; 2] = [135, 136];
/// The name of the table unless `nftables` says another.
const TABLE: &str = "keepalived";

/// What there is to take away.
#[derive(Debug, Default)]
pub(super) struct Tables {
    is_there: bool,
    /// Memberships that hold the groups on interfaces below virtual ones.
    groups: Vec<UdpSocket>,
}

impl VrrpProcess {
    /// Put the tables there; those of a run that was killed are replaced.
    pub(super) fn raise_firewall(&mut self) {
        let firewall = self.firewall();
        if firewall.is_empty() {
            return;
        }
        match netfilter::commit(self.tables(Some(&firewall))) {
            Ok(()) => {
                self.tables.is_there = true;
                self.hold_groups();
            }
            Err(error) => log::error!(
                "nftables: {error}: no_accept is not in effect, and virtual interfaces report groups"
            ),
        }
    }

    /// Take the tables away.
    pub(super) fn drop_firewall(&mut self) {
        if std::mem::take(&mut self.tables.is_there)
            && let Err(error) = netfilter::commit(self.tables(None))
        {
            log::warn!("nftables: cannot remove the rules: {error}");
        }
    }

    fn firewall(&self) -> Firewall {
        let instances = &self.config.vrrp.instances;
        let closed = instances
            .iter()
            .filter(|instance| !instance.accept && !instance.priority.is_owner())
            .flat_map(|instance| instance.vips.iter().chain(&instance.excluded_vips));
        let with_mac = instances.iter().filter(|instance| reports(instance));
        Firewall {
            closed: closed.map(|address| address.addr()).collect(),
            virtual_links: with_mac
                .filter_map(|instance| instance.virtual_link.as_ref())
                .map(|link| link.name.clone())
                .collect(),
        }
    }

    fn tables(&self, firewall: Option<&Firewall>) -> Transaction {
        let global = &self.config.global.nftables;
        let table = global.table.as_deref().unwrap_or(TABLE);
        let mut transaction = Transaction::new();
        for family in [INET, INET6] {
            transaction.delete_table(family, table);
        }
        let Some(firewall) = firewall else {
            return transaction;
        };
        let mut writer = Rules {
            transaction,
            table,
            priority: global.priority,
            counts: global.counters,
        };
        writer.v4(firewall);
        writer.v6(firewall);
        writer.transaction
    }

    /// The virtual interfaces do not report the group, so those below do.
    fn hold_groups(&mut self) {
        let mut held = Vec::new();
        for instance in self.config.vrrp.instances.iter().filter(|i| reports(i)) {
            let below = instance.interface.as_ref();
            let mirror = &self.kernel.mirror;
            let link = below.and_then(|name| mirror.link_named(&name.value));
            let own =
                link.and_then(|link| mirror.source_address(link.index, Family::V4, |_| false));
            let (Some(IpAddr::V4(own)), IpAddr::V4(group)) = (own, instance.multicast_group) else {
                continue;
            };
            if held.contains(&(own, group)) {
                continue;
            }
            held.push((own, group));
            let joined = UdpSocket::bind((own, 0)).and_then(|socket| {
                socket.join_multicast_v4(&group, &own)?;
                Ok(socket)
            });
            match joined {
                Ok(socket) => self.tables.groups.push(socket),
                Err(error) => log::warn!("cannot join {group} on the interface of {own}: {error}"),
            }
        }
    }
}

/// Whether reports of an instance's interface would carry the virtual MAC.
fn reports(instance: &InstanceConfig) -> bool {
    let link = instance.virtual_link.as_ref();
    let mac = link.is_some_and(|link| matches!(link.kind, VirtualLinkKind::Macvlan(_)));
    mac && instance.family == Family::V4
}

/// The rules of both families.
struct Rules<'a> {
    transaction: Transaction,
    table: &'a str,
    priority: i32,
    counts: bool,
}

impl Rules<'_> {
    fn v4(&mut self, firewall: &Firewall) {
        let closed = firewall.closed_of(Family::V4);
        if closed.is_empty() && firewall.virtual_links.is_empty() {
            return;
        }
        self.chains(INET);
        self.addresses(INET, Key::V4, &closed, [12, 16], 4);
        if !firewall.virtual_links.is_empty() {
            let names = firewall.names();
            let (transaction, table) = (&mut self.transaction, self.table);
            transaction.set(INET, table, "vmac_set", Key::Interface, &names);
            let protocol = Expression::Equals(&[PROTOCOL_IGMP]);
            self.rule(
                INET,
                "out",
                &[
                    Expression::OutInterface,
                    Expression::In("vmac_set"),
                    Expression::Protocol,
                    protocol,
                ],
                Expression::Drop,
            );
        }
    }

    /// Neighbours must be able to find the addresses all the same.
    fn v6(&mut self, firewall: &Firewall) {
        let closed = firewall.closed_of(Family::V6);
        if closed.is_empty() {
            return;
        }
        self.chains(INET6);
        for chain in ["in", "out"] {
            for kind in NEIGHBOUR_DISCOVERY {
                self.rule(
                    INET6,
                    chain,
                    &[
                        Expression::Protocol,
                        Expression::Equals(&[PROTOCOL_ICMPV6]),
                        Expression::Transport,
                        Expression::Equals(&[kind]),
                    ],
                    Expression::Accept,
                );
            }
        }
        self.addresses(INET6, Key::V6, &closed, [8, 24], 16);
    }

    fn chains(&mut self, family: u8) {
        let (transaction, table) = (&mut self.transaction, self.table);
        transaction.table(family, table);
        transaction.chain(family, table, "in", Hook::Input, self.priority);
        transaction.chain(family, table, "out", Hook::Output, self.priority);
    }

    /// Nothing to the closed addresses, and nothing from them. `offsets` are
    /// those of source and destination in the header.
    fn addresses(
        &mut self,
        family: u8,
        key: Key,
        closed: &[Vec<u8>],
        [source, destination]: [u32; 2],
        length: u32,
    ) {
        if closed.is_empty() {
            return;
        }
        self.transaction
            .set(family, self.table, "vips", key, closed);
        for (chain, offset) in [("in", destination), ("out", source)] {
            let load = Expression::Network { offset, length };
            self.rule(
                family,
                chain,
                &[load, Expression::In("vips")],
                Expression::Drop,
            );
        }
    }

    fn rule(&mut self, family: u8, chain: &str, when: &[Expression<'_>], verdict: Expression<'_>) {
        let mut steps = when.to_vec();
        steps.extend(self.counts.then_some(Expression::Counter));
        steps.push(verdict);
        self.transaction.rule(family, self.table, chain, &steps);
    }
}
