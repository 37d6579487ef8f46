//! Values addressed by versioned identifiers.
//!
//! An [`Id`] is an index and a version. Removing a value changes the version of
//! its place, so an identifier that outlives its value finds nothing instead of
//! the next tenant: a late event for a closed descriptor is recognised as stale.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

/// No place: the end of the list of free places.
const NONE: u32 = u32::MAX;

/// Names one value of a [`Slab`]; never names another one after that is removed.
pub struct Id<T> {
    index: u32,
    version: u32,
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// The identifier whose [`Id::to_bits`] is `bits`.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "each half is taken on its own"
    )]
    pub const fn from_bits(bits: u64) -> Self {
        Self::new(bits as u32, (bits >> 32) as u32)
    }

    /// Version and index as one number; never 0, so 0 can stand for "none".
    #[must_use]
    pub const fn to_bits(self) -> u64 {
        (self.version as u64) << 32 | self.index as u64
    }

    pub(crate) const fn new(index: u32, version: u32) -> Self {
        Self {
            index,
            version,
            of: PhantomData,
        }
    }

    pub(crate) const fn index(self) -> u32 {
        self.index
    }

    pub(crate) const fn version(self) -> u32 {
        self.version
    }
}

// By hand, because derived implementations would ask the same of `T`.
impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.index == other.index && self.version == other.version
    }
}

impl<T> Eq for Id<T> {}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.to_bits().hash(state);
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}v{}", self.index, self.version)
    }
}

/// A growable set of values, each with an [`Id`]; freed places are used again.
pub struct Slab<T> {
    places: Vec<Place<T>>,
    free: u32,
    len: usize,
}

struct Place<T> {
    version: u32,
    state: State<T>,
}

/// An enum, not an `Option` beside a link: a `T` with a niche makes it as small as `T`.
enum State<T> {
    Free { next: u32 },
    Full(T),
}

impl<T> Slab<T> {
    /// A slab without values; allocates nothing.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            places: Vec::new(),
            free: NONE,
            len: 0,
        }
    }

    /// Keep `value` and name it.
    ///
    /// # Panics
    /// With 2^32 - 1 values, which do not fit into a real machine's memory.
    pub fn insert(&mut self, value: T) -> Id<T> {
        self.len += 1;
        if let Some(place) = self.places.get_mut(self.free as usize) {
            let index = self.free;
            if let State::Free { next } = place.state {
                self.free = next;
            }
            place.state = State::Full(value);
            return Id::new(index, place.version);
        }
        let index = u32::try_from(self.places.len()).expect("a slab has fewer than 2^32 places");
        self.places.push(Place {
            version: 1,
            state: State::Full(value),
        });
        Id::new(index, 1)
    }

    /// Take the value out; its identifier is stale from now on.
    pub fn remove(&mut self, id: Id<T>) -> Option<T> {
        let place = self.places.get_mut(id.index as usize)?;
        if place.version != id.version {
            return None;
        }
        let State::Full(value) =
            std::mem::replace(&mut place.state, State::Free { next: self.free })
        else {
            return None;
        };
        // Version 0 is left out so that `to_bits` is never 0.
        place.version = place.version.wrapping_add(1).max(1);
        self.free = id.index;
        self.len -= 1;
        Some(value)
    }

    /// The value, if the identifier is not stale.
    pub fn get_mut(&mut self, id: Id<T>) -> Option<&mut T> {
        match self.places.get_mut(id.index as usize) {
            Some(Place {
                version,
                state: State::Full(value),
            }) if *version == id.version => Some(value),
            _ => None,
        }
    }

    /// The value, if the identifier is not stale.
    #[must_use]
    pub fn get(&self, id: Id<T>) -> Option<&T> {
        match self.places.get(id.index as usize) {
            Some(Place {
                version,
                state: State::Full(value),
            }) if *version == id.version => Some(value),
            _ => None,
        }
    }

    /// Whether the identifier still names a value.
    #[must_use]
    pub fn contains(&self, id: Id<T>) -> bool {
        // A removed place has already got its next version: the state need not be read.
        self.places
            .get(id.index as usize)
            .is_some_and(|place| place.version == id.version)
    }

    /// The identifier of the value that is at `index` now.
    pub(crate) fn id_at(&self, index: u32) -> Option<Id<T>> {
        let place = self.places.get(index as usize)?;
        matches!(place.state, State::Full(_)).then(|| Id::new(index, place.version))
    }

    /// Every value with its identifier, in the order of their places.
    pub fn iter(&self) -> impl Iterator<Item = (Id<T>, &T)> {
        (0..)
            .zip(&self.places)
            .filter_map(|(index, place)| match &place.state {
                State::Full(value) => Some((Id::new(index, place.version), value)),
                State::Free { .. } => None,
            })
    }

    /// Bytes on the heap.
    pub(crate) const fn memory(&self) -> usize {
        self.places.capacity() * size_of::<Place<T>>()
    }

    /// How many values there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no value.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for Slab<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_removed_identifier_stays_stale_when_its_place_is_used_again() {
        let mut slab = Slab::new();
        let first = slab.insert("first");
        assert_eq!(slab.remove(first), Some("first"));
        let second = slab.insert("second");
        assert_eq!(second.index(), first.index());
        assert_ne!(second, first);
        assert_eq!(slab.get(first), None);
        assert_eq!(slab.remove(first), None);
        assert!(!slab.contains(first));
        assert_eq!(slab.get(second), Some(&"second"));
        assert_eq!(slab.len(), 1);
    }

    #[test]
    fn bits_and_back() {
        let id: Id<u8> = Id::new(7, 9);
        assert_eq!(Id::from_bits(id.to_bits()), id);
        assert_ne!(Slab::<u8>::new().insert(0).to_bits(), 0);
    }

    #[test]
    fn freed_places_are_used_again() {
        let mut slab = Slab::new();
        for round in 0..100 {
            let ids: Vec<_> = (0..10).map(|n| slab.insert(n + round)).collect();
            for id in ids {
                assert!(slab.remove(id).is_some());
            }
        }
        assert_eq!(slab.places.len(), 10);
        assert!(slab.is_empty());
    }

    #[test]
    fn iteration_shows_what_is_left() {
        let mut slab = Slab::new();
        let ids: Vec<_> = (0..4).map(|n| slab.insert(n)).collect();
        slab.remove(ids[1]);
        let left: Vec<_> = slab.iter().map(|(_, value)| *value).collect();
        assert_eq!(left, [0, 2, 3]);
        assert_eq!(slab.id_at(0), Some(ids[0]));
        assert_eq!(slab.id_at(1), None);
        assert_eq!(slab.id_at(9), None);
    }
}
