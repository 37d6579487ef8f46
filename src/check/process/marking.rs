//! The table of nftables that gives packets for groups their marks.

use super::CheckProcess;
use crate::check::marks::rules::{Rules, rules, transaction};
use crate::check::marks::{self, Marks};
use crate::control_plane::Config;
use crate::netlink::socket::netfilter;

/// What the kernel has of it.
#[derive(Debug, Default)]
pub(super) struct Marker {
    /// Who has which mark.
    pub(super) marks: Marks,
    /// The table that is there, and what is in it.
    present: Option<(String, Vec<Rules>)>,
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
        let table = marks::table(marking.table.as_deref());
        let wanted = (
            table.to_owned(),
            rules(&self.marks, &config.check, marking.priority),
        );
        if self.present.as_ref() == Some(&wanted) {
            return;
        }
        if self.present.as_ref().is_some_and(|(name, _)| name != table) {
            self.end();
        }
        match netfilter::commit(transaction(table, &wanted.1)) {
            Ok(()) => self.present = Some(wanted),
            Err(error) => {
                log::error!(
                    "nftables_ipvs: {error}: groups of virtual servers are served by address"
                );
                self.marks.clear();
            }
        }
    }

    /// Take the table away.
    pub(super) fn end(&mut self) {
        if let Some((table, _)) = self.present.take()
            && let Err(error) = netfilter::commit(transaction(&table, &[]))
        {
            log::warn!("nftables_ipvs: cannot remove the table {table}: {error}");
        }
    }
}

impl CheckProcess {
    /// The end of the marks, with that of the services.
    pub(super) fn end_marks(&mut self) {
        self.marker.end();
    }
}
