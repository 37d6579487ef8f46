//! The table of nftables that gives packets for groups their marks.

use std::io;

use super::CheckProcess;
use crate::check::marks::rules::{Rules, rules, transaction};
use crate::check::marks::{self, Marks};
use crate::control_plane::Config;
use crate::ipvs::kernel::within;
use crate::netlink::nft::Transaction;
use crate::netlink::socket::netfilter;

/// What the kernel has of it.
#[derive(Debug, Default)]
pub(super) struct Marker {
    /// Who has which mark.
    pub(super) marks: Marks,
    /// The table that is there.
    present: Option<Present>,
}

/// A table that was made. Marks count where the services are.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Present {
    namespace: Option<String>,
    table: String,
    rules: Vec<Rules>,
}

impl Present {
    fn of(config: &Config, marks: &Marks) -> Self {
        let marking = &config.global.lvs.marking;
        Self {
            namespace: config.global.lvs.namespace.place().map(str::to_owned),
            table: marks::table(marking.table.as_deref()).to_owned(),
            rules: rules(marks, &config.check, marking.priority),
        }
    }

    fn is_named_like(&self, other: &Self) -> bool {
        self.table == other.table && self.namespace == other.namespace
    }

    fn put(&self) -> io::Result<()> {
        self.commit(transaction(&self.table, &self.rules))
    }

    fn remove(&self) -> io::Result<()> {
        self.commit(transaction(&self.table, &[]))
    }

    fn commit(&self, transaction: Transaction) -> io::Result<()> {
        within(self.namespace.as_deref(), || netfilter::commit(transaction))?
    }

    /// Whether the kernel has it, whatever is in it.
    fn is_there(&self) -> io::Result<bool> {
        within(self.namespace.as_deref(), || {
            for rules in &self.rules {
                if !netfilter::has_table(rules.netlink_family(), &self.table)? {
                    return Ok(false);
                }
            }
            Ok(true)
        })?
    }
}

impl Marker {
    /// Give marks for a configuration, before its services get their keys. Where
    /// nftables cannot do it, groups are served by their addresses.
    pub(super) fn follow(&mut self, config: &Config) {
        let marking = &config.global.lvs.marking;
        if !marking.is_wanted {
            self.marks.clear();
            return self.end();
        }
        self.marks.follow(&config.check, marking.first);
        let wanted = Present::of(config, &self.marks);
        if self.present.as_ref() == Some(&wanted) {
            return;
        }
        let before = self.present.as_ref();
        if before.is_some_and(|present| !present.is_named_like(&wanted)) {
            self.end();
        }
        match wanted.put() {
            Ok(()) => self.present = Some(wanted),
            Err(error) => {
                log::error!(
                    "nftables_ipvs: {error}: groups of virtual servers are served by address"
                );
                self.marks.clear();
            }
        }
    }

    /// Put a table back that somebody has removed, such as `nft flush ruleset` does.
    /// Says whether it was gone.
    fn restore(&self) -> bool {
        let Some(present) = &self.present else {
            return false;
        };
        match present.is_there() {
            Ok(true) => false,
            Ok(false) => {
                let table = &present.table;
                match present.put() {
                    Ok(()) => log::warn!(
                        "nftables_ipvs: somebody else has removed the table {table}: it is put back"
                    ),
                    Err(error) => log::error!("nftables_ipvs: the table {table}: {error}"),
                }
                true
            }
            Err(error) => {
                log::warn!("nftables_ipvs: cannot look for the table: {error}");
                false
            }
        }
    }

    /// Take the table away.
    pub(super) fn end(&mut self) {
        if let Some(present) = self.present.take()
            && let Err(error) = present.remove()
        {
            let table = &present.table;
            log::warn!("nftables_ipvs: cannot remove the table {table}: {error}");
        }
    }
}

impl CheckProcess {
    /// What somebody else did to the marks is put right and counted.
    pub(super) fn look_at_the_marks(&mut self) {
        if self.marker.restore() {
            self.table.repairs += 1;
        }
    }

    /// The end of the marks, with that of the services.
    pub(super) fn end_marks(&mut self) {
        self.marker.end();
    }
}
