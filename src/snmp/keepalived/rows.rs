//! Rows that have no instance, or no place in the configuration.

use std::fmt;

use crate::model::IfName;
use crate::snmp::rows::Rows;
use crate::snmp::view::VrrpView;
use crate::vrrp::config::VrrpConfig;
use crate::vrrp::fsm::InstanceId;

/// What owners have: the number of the owner (0: what is static, else an instance) and
/// a place from 1.
pub(super) struct Owned<P> {
    /// How many rows an owner has.
    pub(super) count: fn(&P, Owner) -> usize,
}

/// Who has a row.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Owner {
    /// Nobody: it is static.
    Nobody,
    /// An instance, by its place.
    Instance(usize),
}

impl Owner {
    /// What the process knows it by: what is static comes behind the instances.
    pub(super) fn id(self, config: &VrrpConfig) -> InstanceId {
        let place = match self {
            Self::Nobody => config.instances.len(),
            Self::Instance(place) => place,
        };
        InstanceId(u32::try_from(place).unwrap_or(u32::MAX))
    }

    /// The owner with a number of the index.
    fn from_number(number: u32) -> Option<Self> {
        let place = usize::try_from(number).ok()?;
        Some(place.checked_sub(1).map_or(Self::Nobody, Self::Instance))
    }
}

impl<P: VrrpView> Rows<P, (Owner, usize)> for Owned<P> {
    fn find(&self, program: &P, index: &[u32]) -> Option<(Owner, usize)> {
        let &[owner, number] = index else { return None };
        let (owner, place) = (Owner::from_number(owner)?, place(number)?);
        (place < (self.count)(program, owner)).then_some((owner, place))
    }

    fn next(&self, program: &P, after: &[u32], name: &mut Vec<u32>) -> Option<(Owner, usize)> {
        let mut number = after.first().copied().unwrap_or(0);
        let mut place = passed(after.get(1..).unwrap_or_default());
        let last = program.config().vrrp.instances.len();
        while usize::try_from(number).is_ok_and(|number| number <= last) {
            let owner = Owner::from_number(number)?;
            if place < (self.count)(program, owner) {
                name.extend([number, u32::try_from(place + 1).ok()?]);
                return Some((owner, place));
            }
            (number, place) = (number + 1, 0);
        }
        None
    }
}

/// What belongs to something that an owner has, by three numbers.
pub(super) struct OwnedTwice<P> {
    /// How many things an owner has.
    pub(super) middle: fn(&P, Owner) -> usize,
    /// How many rows one of them has.
    pub(super) count: fn(&P, Owner, usize) -> usize,
}

impl<P: VrrpView> Rows<P, (Owner, usize, usize)> for OwnedTwice<P> {
    fn find(&self, program: &P, index: &[u32]) -> Option<(Owner, usize, usize)> {
        let &[owner, middle, number] = index else {
            return None;
        };
        let owner = Owner::from_number(owner)?;
        let (middle, place) = (place(middle)?, place(number)?);
        let is_there =
            middle < (self.middle)(program, owner) && place < (self.count)(program, owner, middle);
        is_there.then_some((owner, middle, place))
    }

    fn next(
        &self,
        program: &P,
        after: &[u32],
        name: &mut Vec<u32>,
    ) -> Option<(Owner, usize, usize)> {
        let mut number = after.first().copied().unwrap_or(0);
        let rest = after.get(1..).unwrap_or_default();
        let (mut middle, mut inner) = match rest.split_first() {
            Some((&first, rest)) if first > 0 => (place(first)?, passed(rest)),
            _ => (0, 0),
        };
        let last = program.config().vrrp.instances.len();
        while usize::try_from(number).is_ok_and(|number| number <= last) {
            let owner = Owner::from_number(number)?;
            while middle < (self.middle)(program, owner) {
                if inner < (self.count)(program, owner, middle) {
                    let [one, two] = [middle, inner].map(|place| u32::try_from(place + 1));
                    name.extend([number, one.ok()?, two.ok()?]);
                    return Some((owner, middle, inner));
                }
                (middle, inner) = (middle + 1, 0);
            }
            (number, middle, inner) = (number + 1, 0, 0);
        }
        None
    }
}

/// Interfaces that something tracks, by the number of that from 1 and the kernel's
/// number of the interface. One that does not exist has no row.
pub(super) struct ByInterface<P> {
    /// How many there are that track interfaces.
    pub(super) outer: fn(&P) -> usize,
    /// The name of an interface that one of them tracks.
    pub(super) name: for<'p> fn(&'p P, usize, usize) -> Option<&'p IfName>,
}

impl<P: VrrpView> ByInterface<P> {
    /// The interfaces of one that exist: their numbers and places.
    fn rows<'p>(&self, program: &'p P, outer: usize) -> impl Iterator<Item = (u32, usize)> + 'p {
        let name = self.name;
        let names = (0..).map_while(move |inner| Some((name(program, outer, inner)?, inner)));
        names.filter_map(|(name, inner)| Some((program.link(name)?.index.0, inner)))
    }
}

impl<P: VrrpView> Rows<P, (usize, usize)> for ByInterface<P> {
    fn find(&self, program: &P, index: &[u32]) -> Option<(usize, usize)> {
        let &[outer, interface] = index else {
            return None;
        };
        let outer = place(outer)?;
        let found = self.rows(program, outer).find(|row| row.0 == interface);
        found.map(|(_, inner)| (outer, inner))
    }

    fn next(&self, program: &P, after: &[u32], name: &mut Vec<u32>) -> Option<(usize, usize)> {
        let (mut outer, mut passed) = match after.split_first() {
            Some((&first, rest)) if first > 0 => (place(first)?, rest.first().copied()),
            _ => (0, None),
        };
        while outer < (self.outer)(program) {
            let behind = self.rows(program, outer);
            let behind = behind.filter(|row| passed.is_none_or(|passed| row.0 > passed));
            if let Some((interface, inner)) = behind.min() {
                name.extend([u32::try_from(outer + 1).ok()?, interface]);
                return Some((outer, inner));
            }
            (outer, passed) = (outer + 1, None);
        }
        None
    }
}

/// The place that a number from 1 means.
fn place(number: u32) -> Option<usize> {
    usize::try_from(number.checked_sub(1)?).ok()
}

/// The first place whose number comes after the rest of an index.
fn passed(rest: &[u32]) -> usize {
    let number = rest.first().copied().unwrap_or(0);
    usize::try_from(number).unwrap_or(usize::MAX)
}

impl<P> fmt::Debug for Owned<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Owned")
    }
}

impl<P> fmt::Debug for OwnedTwice<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OwnedTwice")
    }
}

impl<P> fmt::Debug for ByInterface<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByInterface")
    }
}
