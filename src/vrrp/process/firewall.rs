//! The firewall of the virtual routers: one table of nftables for each family,
//! put there at the start, made anew when interfaces come and go, and taken away
//! at the end.
//!
//! Membership reports leave through the interface below a virtual one, so that
//! snooping switches learn where the groups are and not where the virtual MAC is
//! not. A kernel that cannot duplicate packets drops the reports, and the process
//! joins the group of adverts on the interface below.

use std::net::{IpAddr, UdpSocket};

use super::VrrpProcess;
use crate::control_plane::Config;
use crate::model::{Family, IfIndex};
use crate::netlink::header::family::{INET, INET6};
use crate::netlink::nft::{Expression, Hook, Key, Transaction};
use crate::netlink::socket::netfilter;
use crate::vrrp::config::{AddressConfig, InstanceConfig, LinkUse};
use crate::vrrp::firewall::{Firewall, Place, closes, has_mac, table};
use crate::wire::PROTOCOL_ICMPV6;

const PROTOCOL_IGMP: u8 = 2;
/// Neighbour solicitation and advertisement (RFC 4861 section 4.3).
const NEIGHBOUR_DISCOVERY: [u8; 2] = [135, 136];
/// Reports and leaves of MLD, versions 1 and 2 (RFC 3810 section 5).
const MEMBERSHIP: [u8; 3] = [131, 132, 143];
/// RFC 4861 section 4.1: a host's question, and the virtual router is none.
const ROUTER_SOLICITATION: u8 = 133;

/// What there is to take away.
#[derive(Debug, Default)]
pub(super) struct Tables {
    /// What the kernel has.
    present: Firewall,
    /// Whether interfaces have come since.
    is_doubtful: bool,
    /// They are made as a former configuration says.
    is_outdated: bool,
    /// Memberships that hold the groups on interfaces below virtual ones.
    groups: Vec<UdpSocket>,
}

impl Tables {
    /// An interface has come: see whether the rules are still right.
    pub(super) const fn doubt(&mut self) {
        self.is_doubtful = true;
    }
}

/// What becomes of reports.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reports {
    /// They leave below.
    Below,
    /// They do not leave.
    Nowhere,
}

impl VrrpProcess {
    /// Put the tables there; those of a run that was killed are replaced.
    pub(super) fn raise_firewall(&mut self) {
        let firewall = self.firewall();
        let is_outdated = std::mem::take(&mut self.tables.is_outdated) && !firewall.is_empty();
        if firewall == self.tables.present && !is_outdated {
            return;
        }
        let outcome = netfilter::commit(self.tables(&firewall, Reports::Below)).or_else(|error| {
            log::debug!("nftables: {error}: trying without `dup`");
            netfilter::commit(self.tables(&firewall, Reports::Nowhere))?;
            self.hold_groups();
            Ok::<(), std::io::Error>(())
        });
        match outcome {
            Ok(()) => self.tables.present = firewall,
            Err(error) => log::error!(
                "nftables: {error}: no_accept is not in effect, and virtual interfaces report groups"
            ),
        }
    }

    /// An interface that appeared may have another number than before.
    pub(super) fn follow_links_in_firewall(&mut self) {
        if std::mem::take(&mut self.tables.is_doubtful) && !self.is_stopping {
            self.raise_firewall();
        }
    }

    /// Before a reload: tables that are made in another way are replaced by the new ones in
    /// one transaction, so that nothing is open meanwhile; those of another name go.
    pub(super) fn leave_firewall(&mut self, next: &Config) {
        let (old, new) = (&self.config.global.nftables, &next.global.nftables);
        let is_renamed = table(old.table.as_deref()) != table(new.table.as_deref());
        self.tables.is_outdated |= old != new;
        if is_renamed {
            self.drop_firewall();
        }
    }

    /// Take the tables away.
    pub(super) fn drop_firewall(&mut self) {
        let present = std::mem::take(&mut self.tables.present);
        if !present.is_empty()
            && let Err(error) = netfilter::commit(self.tables(&Firewall::default(), Reports::Below))
        {
            log::warn!("nftables: cannot remove the rules: {error}");
        }
    }

    fn firewall(&self) -> Firewall {
        let mut firewall = Firewall::default();
        for instance in &self.config.vrrp.instances {
            if closes(instance) {
                for address in instance.vips.iter().chain(&instance.excluded_vips) {
                    self.close(instance, address, &mut firewall);
                }
            }
            for wanted in instance.links().filter(has_mac) {
                firewall.virtual_links.push(wanted.link.name.clone());
                firewall.below.extend(self.below(&wanted));
            }
        }
        firewall
    }

    fn close(&self, instance: &InstanceConfig, address: &AddressConfig, firewall: &mut Firewall) {
        let own = address.addr();
        let name = instance.interface_of(address);
        match (own, name) {
            (IpAddr::V6(own), Some(name)) if own.is_unicast_link_local() => {
                let by_index = self.config.global.nftables.by_index;
                let place = if by_index {
                    let link = self.kernel.mirror.link_named(name);
                    link.map(|link| Place::Index(link.index))
                } else {
                    Some(Place::Name(name.clone()))
                };
                let closed = place.map(|place| (own, place));
                firewall.closed_on_link.extend(closed);
            }
            _ => firewall.closed.push(own),
        }
    }

    fn below(&self, wanted: &LinkUse<'_>) -> Option<(IfIndex, IfIndex)> {
        let mirror = &self.kernel.mirror;
        let own = mirror.link_named(&wanted.link.name)?.index;
        Some((own, mirror.link_named(wanted.below)?.index))
    }

    fn tables(&self, firewall: &Firewall, reports: Reports) -> Transaction {
        let global = &self.config.global.nftables;
        let table = table(global.table.as_deref());
        let mut transaction = Transaction::new();
        for family in [INET, INET6] {
            transaction.delete_table(family, table);
        }
        let mut writer = Rules {
            transaction,
            table,
            priority: global.priority,
            counts: global.counters,
            on_link: if global.by_index {
                Key::V6OnIndex
            } else {
                Key::V6OnName
            },
            reports,
        };
        writer.v4(firewall);
        writer.v6(firewall);
        writer.transaction
    }

    /// The virtual interfaces do not report the group, so those below do.
    fn hold_groups(&mut self) {
        let mut held = Vec::new();
        let mut groups = Vec::new();
        let instances = self.config.vrrp.instances.iter();
        let with_mac = instances.filter(|i| i.links().any(|l| l.is_own && has_mac(&l)));
        for instance in with_mac {
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
                Ok(socket) => groups.push(socket),
                Err(error) => log::warn!("cannot join {group} on the interface of {own}: {error}"),
            }
        }
        self.tables.groups = groups;
    }
}

/// The rules of both families.
struct Rules<'a> {
    transaction: Transaction,
    table: &'a str,
    priority: i32,
    counts: bool,
    /// How the sets of link-local addresses go by interfaces.
    on_link: Key,
    reports: Reports,
}

/// Where addresses are in a header, and how long they are.
#[derive(Clone, Copy, Debug)]
struct Header {
    source: u32,
    destination: u32,
    length: u32,
}

const IPV4: Header = Header {
    source: 12,
    destination: 16,
    length: 4,
};
const IPV6: Header = Header {
    source: 8,
    destination: 24,
    length: 16,
};

impl Rules<'_> {
    fn v4(&mut self, firewall: &Firewall) {
        let closed = firewall.closed_of(Family::V4);
        if closed.is_empty() && firewall.virtual_links.is_empty() {
            return;
        }
        self.chains(INET);
        self.addresses(INET, "vips", Key::V4, &closed, IPV4);
        self.links(INET, firewall);
        if !firewall.virtual_links.is_empty() {
            let igmp = Expression::Equals(&[PROTOCOL_IGMP]);
            self.report(INET, &[Expression::Protocol, igmp], IPV4);
        }
    }

    /// Neighbours must be able to find the addresses all the same.
    fn v6(&mut self, firewall: &Firewall) {
        let closed = firewall.closed_of(Family::V6);
        let on_link = firewall.closed_on_link();
        let has_links = !firewall.virtual_links.is_empty();
        if closed.is_empty() && on_link.is_empty() && !has_links {
            return;
        }
        self.chains(INET6);
        if !closed.is_empty() || !on_link.is_empty() {
            for chain in ["in", "out"] {
                for kind in NEIGHBOUR_DISCOVERY {
                    let when = icmpv6(&kind);
                    self.rule(INET6, chain, &when, Expression::Accept);
                }
            }
        }
        self.addresses(INET6, "vips", Key::V6, &closed, IPV6);
        self.addresses(INET6, "vips_link_local", self.on_link, &on_link, IPV6);
        self.links(INET6, firewall);
        if has_links {
            for kind in MEMBERSHIP {
                let when = icmpv6(&kind);
                self.report(INET6, &when, IPV6);
            }
            let mut when = icmpv6(&ROUTER_SOLICITATION).to_vec();
            when.extend([Expression::OutInterface, Expression::In("vmac_set")]);
            self.rule(INET6, "out", &when, Expression::Drop);
        }
    }

    fn chains(&mut self, family: u8) {
        let (transaction, table) = (&mut self.transaction, self.table);
        transaction.table(family, table);
        transaction.chain(family, table, "in", Hook::Input, self.priority);
        transaction.chain(family, table, "out", Hook::Output, self.priority);
    }

    /// The virtual interfaces by name, and what is below them.
    fn links(&mut self, family: u8, firewall: &Firewall) {
        if firewall.virtual_links.is_empty() {
            return;
        }
        let (transaction, table) = (&mut self.transaction, self.table);
        let names = firewall.names();
        transaction.set(family, table, "vmac_set", Key::Interface, &names);
        if self.reports == Reports::Below {
            let pairs = firewall.below.iter();
            let octets = |index: IfIndex| index.0.to_ne_bytes().to_vec();
            let pairs: Vec<_> = pairs
                .map(|(own, below)| (octets(*own), octets(*below)))
                .collect();
            let kinds = (Key::Index, Key::Index);
            transaction.map(family, table, "vmac_map", kinds, &pairs);
        }
    }

    /// A report goes through the interface below, and not further. That of an
    /// interface which is only just coming up goes nowhere: another one follows.
    fn report(&mut self, family: u8, when: &[Expression<'_>], header: Header) {
        if self.reports == Reports::Below {
            let mut steps = when.to_vec();
            steps.extend([
                Expression::OutIndex,
                Expression::Mapped("vmac_map"),
                Expression::Network {
                    offset: header.destination,
                    length: header.length,
                },
                Expression::Duplicate,
            ]);
            self.rule(family, "out", &steps, Expression::Drop);
        }
        let mut steps = when.to_vec();
        steps.extend([Expression::OutInterface, Expression::In("vmac_set")]);
        self.rule(family, "out", &steps, Expression::Drop);
    }

    /// Nothing to the closed addresses, and nothing from them.
    fn addresses(&mut self, family: u8, set: &str, key: Key, closed: &[Vec<u8>], header: Header) {
        if closed.is_empty() {
            return;
        }
        self.transaction.set(family, self.table, set, key, closed);
        let ways = [
            ("in", Hook::Input, header.destination),
            ("out", Hook::Output, header.source),
        ];
        for (chain, hook, offset) in ways {
            let length = header.length;
            let mut when = vec![Expression::Network { offset, length }];
            if matches!(key, Key::V6OnName | Key::V6OnIndex) {
                when.push(Expression::InterfaceBehind(hook, key));
            }
            when.push(Expression::In(set));
            self.rule(family, chain, &when, Expression::Drop);
        }
    }

    fn rule(&mut self, family: u8, chain: &str, when: &[Expression<'_>], verdict: Expression<'_>) {
        let mut steps = when.to_vec();
        steps.extend(self.counts.then_some(Expression::Counter));
        steps.push(verdict);
        self.transaction.rule(family, self.table, chain, &steps);
    }
}

/// Messages of ICMPv6 of one type.
fn icmpv6(kind: &u8) -> [Expression<'_>; 4] {
    [
        Expression::Protocol,
        Expression::Equals(&[PROTOCOL_ICMPV6]),
        Expression::Transport,
        Expression::Equals(std::slice::from_ref(kind)),
    ]
}
