//! Things taken out of the kernel. This waits for the kernel, and for nothing else.

use std::collections::BTreeMap;
use std::io;

use super::item::{Address, Item, Kind, Marks, Sync};
use crate::ipvs::kernel::{Kernel, Options, Outcome, Settled, within};
use crate::ipvs::sync_daemon::Action;
use crate::model::{Family, IfIndex, OtherNamespace};
use crate::netlink::addr::PROTOCOL_KEEPALIVED;
use crate::netlink::header::family::{INET, INET6};
use crate::netlink::mirror::Mirror;
use crate::netlink::nft::Transaction;
use crate::netlink::socket::netfilter;
use crate::netlink::{
    AddressRequest, Commander, Monitor, NetlinkError, Operation, Outcomes, Tolerate,
};
use crate::sys::sysctl::Remembered;
use crate::vrrp::path_request::{remove_route, remove_rule};

/// Receive buffer of the sockets, in octets.
const BUFFER: usize = 1 << 20;
/// Requests of one send: their answers fit into the buffer.
const PORTION: usize = 128;
/// `ENOENT`: there is no such table.
const NO_TABLE: i32 = 2;

/// What was done.
#[derive(Debug, Default)]
pub struct Removed {
    /// How many of each kind were there.
    pub counts: BTreeMap<Kind, usize>,
    /// What could not be removed, and why.
    pub failures: Vec<String>,
}

/// Remove things, those that are there.
///
/// # Errors
/// What the sockets say. What the kernel refuses is in what is returned.
pub fn remove(items: &[Item]) -> io::Result<Removed> {
    let mut removed = Removed::default();
    if items.is_empty() {
        return Ok(removed);
    }
    let mut items: Vec<&Item> = items.iter().collect();
    items.sort_by_key(|item| item.kind());
    let mut mirror = Mirror::new();
    Monitor::open(BUFFER)?.load(&mut mirror)?;
    let mut work = Work {
        is_told_apart: mirror.tells_who_set_addresses(),
        mirror,
        commander: Commander::open(BUFFER)?,
        promotions: Remembered::default(),
    };
    for (item, ticket) in items.iter().zip(0..) {
        work.ask(item, ticket);
    }
    let done = work.carry_out(&items, &mut removed);
    // An interface that is gone has taken its settings along.
    let _ = work.promotions.restore_all();
    done?;
    for item in items {
        match item {
            Item::Table(name) => remove_table(name, None, &mut removed),
            Item::Marks(Marks { table, namespace }) => {
                let place = namespace.as_ref().map(OtherNamespace::place);
                remove_table(table, place, &mut removed);
            }
            Item::Sync(sync) => stop_sync(sync, &mut removed),
            Item::Rule(_) | Item::Route(_) | Item::Address(_) => {}
        }
    }
    Ok(removed)
}

struct Work {
    mirror: Mirror,
    is_told_apart: bool,
    commander: Commander,
    promotions: Remembered,
}

impl Work {
    /// Queue the request for a thing that may be there.
    fn ask(&mut self, item: &Item, ticket: u64) {
        let (mirror, batch) = (&self.mirror, self.commander.batch());
        match item {
            Item::Rule(rule) => remove_rule(rule, ticket, batch),
            Item::Route(route) => {
                // False: its interfaces are gone, and it with them.
                let _ = remove_route(route, ticket, mirror, batch);
            }
            Item::Address(address) => self.ask_address(address, ticket),
            Item::Table(_) | Item::Marks(_) | Item::Sync(_) => {}
        }
    }

    fn ask_address(&mut self, address: &Address, ticket: u64) {
        let link = self.mirror.link_named(&address.interface);
        let Some(index) = link.map(|link| link.index) else {
            return;
        };
        if !self.is_there(index, address) {
            return;
        }
        self.promote(address);
        let mut request = AddressRequest::new(index, address.net);
        request.peer = address.peer;
        let operation = Operation::Delete;
        self.commander
            .push(&request, operation, ticket, Tolerate::NOTHING);
    }

    fn is_there(&self, index: IfIndex, wanted: &Address) -> bool {
        let mut like = self.mirror.addresses_like(index, wanted.net.addr);
        like.any(|own| {
            let is_same = match wanted.peer {
                Some(peer) => own.peer == Some(peer.addr),
                None => own.peer.is_none() && own.net == wanted.net,
            };
            let is_ours = !self.is_told_apart || own.protocol == PROTOCOL_KEEPALIVED;
            is_same && is_ours
        })
    }

    /// The first address of a network must not take the others along, which may be
    /// somebody else's.
    fn promote(&mut self, address: &Address) {
        if address.net.family() == Family::V4 {
            let name = &address.interface;
            let setting = format!("net/ipv4/conf/{name}/promote_secondaries");
            if let Err(error) = self.promotions.set(&setting, "1") {
                log::debug!("cannot set {setting}: {error}");
            }
        }
    }

    fn carry_out(&mut self, items: &[&Item], removed: &mut Removed) -> io::Result<()> {
        let mut outcomes = Outcomes::new();
        while self.commander.queued() > 0 {
            if self.commander.flush(PORTION)? == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.commander.read(&mut outcomes)?;
        }
        for outcome in outcomes {
            let item = usize::try_from(outcome.ticket).ok();
            if let Some(item) = item.and_then(|place| items.get(place)) {
                removed.note(item, outcome.result);
            }
        }
        Ok(())
    }
}

impl Removed {
    fn note(&mut self, item: &Item, result: Result<(), NetlinkError>) {
        match result {
            Ok(()) => *self.counts.entry(item.kind()).or_default() += 1,
            Err(error) if Tolerate::GONE.covers(error.errno) => {}
            Err(error) => self.failures.push(format!("{item}: {error}")),
        }
    }
}

/// A table of both families. Without nftables in the kernel there is none, nor in a
/// network namespace that is gone.
fn remove_table(name: &str, namespace: Option<&str>, removed: &mut Removed) {
    let mut is_found = false;
    for family in [INET, INET6] {
        let mut transaction = Transaction::new();
        transaction.delete_existing_table(family, name);
        let committed = within(namespace, || netfilter::commit(transaction));
        match committed.and_then(std::convert::identity) {
            Ok(()) => is_found = true,
            Err(error) if is_absent(&error) => {}
            Err(error) => log::debug!("nftables: table {name}: {error}"),
        }
    }
    if is_found {
        *removed.counts.entry(Kind::Table).or_default() += 1;
    }
}

/// Daemons of the kernel that run like this. Without IPVS there are none.
fn stop_sync(sync: &Sync, removed: &mut Removed) {
    let options = Options {
        receive_buffer: BUFFER,
        namespace: sync.namespace.as_ref().map(OtherNamespace::place),
    };
    let mut kernel = match Kernel::open(&options) {
        Ok(kernel) => kernel,
        Err(error) => return log::debug!("IPVS: {error}"),
    };
    let mut settled = Vec::new();
    let done = kernel.sync_daemons().and_then(|running| {
        for (role, parameters) in running {
            if (&parameters.interface, parameters.id) == (&sync.interface, sync.id) {
                kernel.sync_daemon(Action::Stop(role));
            }
        }
        kernel.carry_out(&mut settled)
    });
    let refusals = settled.iter().filter_map(Settled::complaint);
    removed.failures.extend(refusals);
    if let Err(error) = done {
        removed.failures.push(format!("sync {sync}: {error}"));
    }
    let is_done = |one: &&Settled| one.outcome == Outcome::Done;
    let count = settled.iter().filter(is_done).count();
    if count > 0 {
        *removed.counts.entry(Kind::Sync).or_default() += count;
    }
}

fn is_absent(error: &io::Error) -> bool {
    let inner = error.get_ref();
    let refusal = inner.and_then(|inner| inner.downcast_ref::<NetlinkError>());
    refusal.is_some_and(|refusal| refusal.errno == NO_TABLE)
}
