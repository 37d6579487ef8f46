//! `virtualServerGroupTable`, `virtualServerGroupMemberTable`

use std::marker::PhantomData;

use super::oid;
use super::values::{address, address_type, integer, text, unsigned};
use crate::check::config::{GroupEntry, ServiceGroup};
use crate::ipvs::range::AddressRange;
use crate::snmp::view::CheckView;
use crate::snmp::{Column, Nested, Places, Table};

/// Groups of addresses and marks.
pub(super) struct ServiceGroups<P>(PhantomData<P>);

type Place = (usize, usize);

fn group<P: CheckView>(program: &P, place: usize) -> Option<&ServiceGroup> {
    program.config().check.groups.get(place)
}

/// A member by its place: marks come first, as the C daemon has them.
fn member<P: CheckView>(program: &P, (g, m): Place) -> Option<&GroupEntry> {
    let entries = &group(program, g)?.entries;
    let of_kind = |is_mark| {
        let entries = entries.iter();
        entries.filter(move |entry| matches!(entry, GroupEntry::Mark { .. }) == is_mark)
    };
    of_kind(true).chain(of_kind(false)).nth(m)
}

/// Addresses of a member, and their port.
fn range<P: CheckView>(program: &P, at: Place) -> Option<(AddressRange, u16)> {
    match *member(program, at)? {
        GroupEntry::Range { range, port } => Some((range, port)),
        GroupEntry::Mark { .. } => None,
    }
}

/// The same of one with several.
fn several<P: CheckView>(program: &P, at: Place) -> Option<AddressRange> {
    let (range, _) = range(program, at)?;
    (range.count() > 1).then_some(range)
}

impl<P: CheckView> ServiceGroups<P> {
    pub(super) const TABLE: Table<P, usize> = Table {
        entry: oid!(3, 1, 1),
        columns: &[Column::named(2, "virtualServerGroupName", |p, g| {
            text(&group::<P>(p, g)?.name.value)
        })],
        rows: &Places {
            count: |p: &P| p.config().check.groups.len(),
        },
    };

    pub(super) const MEMBERS: Table<P, Place> = Table {
        entry: oid!(3, 2, 1),
        columns: &[
            Column::named(2, "virtualServerGroupMemberType", |p, at| {
                integer(match member::<P>(p, at)? {
                    GroupEntry::Mark { .. } => 1,
                    GroupEntry::Range { range, .. } if range.count() == 1 => 2,
                    GroupEntry::Range { .. } => 3,
                })
            }),
            Column::named(3, "virtualServerGroupMemberFwMark", |p, at| {
                match member::<P>(p, at)? {
                    GroupEntry::Mark { mark, .. } => unsigned(*mark),
                    GroupEntry::Range { .. } => None,
                }
            }),
            Column::named(4, "virtualServerGroupMemberAddrType", |p, at| {
                address_type(range::<P>(p, at)?.0.first())
            }),
            Column::named(5, "virtualServerGroupMemberAddress", |p, at| {
                let (range, _) = range::<P>(p, at)?;
                (range.count() == 1).then(|| address(range.first()))?
            }),
            Column::named(6, "virtualServerGroupMemberAddr1", |p, at| {
                address(several::<P>(p, at)?.first())
            }),
            Column::named(7, "virtualServerGroupMemberAddr2", |p, at| {
                address(several::<P>(p, at)?.last())
            }),
            Column::named(8, "virtualServerGroupMemberPort", |p, at| {
                unsigned(range::<P>(p, at)?.1)
            }),
        ],
        rows: &Nested {
            outer: |p: &P| p.config().check.groups.len(),
            inner: |p: &P, g| group(p, g).map_or(0, |group| group.entries.len()),
        },
    };
}
