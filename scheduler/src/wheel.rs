//! Hierarchical timer wheel with exact deadlines.
//!
//! Eight levels of 64 slots; a slot of the lowest level is one millisecond wide,
//! one of each higher level 64 times as wide as below. Eight levels reach beyond
//! the last nanosecond that a `u64` can name, so nothing ever overflows. Slots
//! only sort: every timer keeps its deadline in nanoseconds.
//!
//! A timer lives in two places. Its value is in a [`Slab`], which hands out the
//! identifier. Its deadline and identifier, 16 bytes, are in a chain of blocks
//! of seven that belongs to its slot. Moving a slot to the level below reads and
//! writes blocks in sequence and touches no value, and cancelling touches the
//! value only: its entry in the chain goes stale and is dropped when it comes up
//! or, as soon as stale entries outnumber the others, by a sweep.
//!
//! The timers of the millisecond that is just passing are in a sorted list; what is
//! added to it meanwhile is in its slot until the next look.
//!
//! Invariants, with `elapsed` the millisecond up to which timers have expired:
//! - A timer due in millisecond `t` is in the level of the highest group of six
//!   bits in which `t` and `elapsed` differ, in the slot that these bits of `t` name.
//!   Timers of the past count as due in `elapsed`.
//! - Hence slots never wrap around, all of a lower level are due before all of a
//!   higher one, and equal deadlines are always in the same slot, in the order of
//!   their insertion.

use std::cell::Cell;
use std::fmt;

use crate::slab::{Id, Slab};
use crate::slots::{Entry, NONE, Place, Slots};
use crate::time::Instant;

/// Width of a slot of the lowest level in nanoseconds.
const TICK: u64 = 1_000_000;
/// Stale entries that are never worth a sweep.
const TOLERATED: usize = 64;

/// Timers with values of type `T`, sorted by deadline.
pub struct Wheel<T> {
    values: Slab<T>,
    slots: Slots,
    elapsed: u64,
    /// Timers of the millisecond `elapsed` as it was entered, by deadline.
    present: Vec<Entry>,
    /// How many of `present` have expired.
    served: usize,
    stale: usize,
    earliest: Cell<Earliest>,
}

/// A timer that has expired; its value is still to be [taken](Wheel::take).
pub struct Due<T> {
    /// Its exact deadline, which may be some time ago.
    pub at: Instant,
    /// Its identifier, by which it can still be cancelled.
    pub id: Id<T>,
}

/// A time before which nothing is due, and whether a timer is due right then.
#[derive(Clone, Copy)]
struct Earliest {
    at: Instant,
    index: u32,
    exact: bool,
}

impl<T> Wheel<T> {
    /// A wheel without timers, at time zero.
    #[must_use]
    pub fn new() -> Self {
        Self {
            values: Slab::new(),
            slots: Slots::new(),
            elapsed: 0,
            present: Vec::new(),
            served: 0,
            stale: 0,
            earliest: Cell::new(Earliest::NEVER),
        }
    }

    /// Add a timer. A deadline in the past is due at once.
    pub fn insert(&mut self, at: Instant, value: T) -> Id<T> {
        let id = self.values.insert(value);
        self.place(Entry {
            at,
            index: id.index(),
            version: id.version(),
        });
        if at < self.earliest.get().at {
            self.earliest.set(Earliest {
                at,
                index: id.index(),
                exact: true,
            });
        }
        id
    }

    /// Remove a timer, whether it is pending or due and not yet taken.
    pub fn cancel(&mut self, id: Id<T>) -> Option<T> {
        let value = self.values.remove(id)?;
        self.stale += 1;
        let earliest = self.earliest.get();
        if earliest.index == id.index() {
            self.earliest.set(Earliest {
                exact: false,
                ..earliest
            });
        }
        if self.stale > self.values.len() + TOLERATED {
            self.sweep();
        }
        Some(value)
    }

    /// Append the timers due at `now` to `due`, by deadline, equal ones as inserted.
    ///
    /// They count as timers until [taken](Self::take), so that the handler of one
    /// can still cancel another.
    pub fn expire(&mut self, now: Instant, due: &mut Vec<Due<T>>) {
        if now < self.earliest.get().at {
            return;
        }
        let last = tick(now);
        if !self.slots.is_occupied(self.slot_of_present()) {
            self.collect(now, due);
        }
        while let Some(place) = self.slots.first_occupied() {
            let start = place.start(self.elapsed);
            if start > last {
                break;
            }
            self.elapsed = start;
            let head = self.slots.detach(place);
            if !place.is_lowest() {
                self.cascade(head);
                continue;
            }
            self.enter(head);
            self.collect(now, due);
            if start == last {
                break;
            }
        }
        self.elapsed = self.elapsed.max(last);
        self.earliest.set(Earliest {
            at: Instant::ZERO,
            index: NONE,
            exact: false,
        });
    }

    /// The value of a timer that is due; nothing if it was cancelled meanwhile.
    pub fn take(&mut self, id: Id<T>) -> Option<T> {
        self.values.remove(id)
    }

    /// Exactly when the first pending timer is due; may be in the past.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Instant> {
        if self.values.is_empty() {
            return None;
        }
        let earliest = self.earliest.get();
        if earliest.exact {
            return Some(earliest.at);
        }
        let found = self.search();
        self.earliest.set(found.unwrap_or(Earliest::NEVER));
        found.map(|first| first.at)
    }

    /// A time before which certainly nothing is due; costs nothing.
    ///
    /// It stays behind [`Self::next_deadline`] when the first timer was cancelled.
    #[must_use]
    pub fn not_before(&self) -> Instant {
        self.earliest.get().at
    }

    /// The value of a timer, if it is still there.
    #[must_use]
    pub fn get(&self, id: Id<T>) -> Option<&T> {
        self.values.get(id)
    }

    /// Whether a timer is still there.
    #[must_use]
    pub fn contains(&self, id: Id<T>) -> bool {
        self.values.contains(id)
    }

    /// How many timers there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether there is no timer.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Bytes that the wheel occupies, including what it keeps for timers to come.
    #[must_use]
    pub const fn memory(&self) -> usize {
        self.slots.memory() + self.present.capacity() * size_of::<Entry>() + self.values.memory()
    }

    /// Every pending timer, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (Instant, Id<T>, &T)> {
        self.slots
            .occupied()
            .flat_map(|place| self.slots.entries(place))
            .chain(&self.present[self.served..])
            .filter_map(|entry| {
                let id = entry.id();
                Some((entry.at, id, self.values.get(id)?))
            })
    }

    /// Put an entry where the invariant wants it.
    fn place(&mut self, entry: Entry) {
        let due = tick(entry.at).max(self.elapsed);
        self.slots.append(Place::of(due, self.elapsed), entry);
    }

    /// Where timers are that were added to the present millisecond while it passes.
    const fn slot_of_present(&self) -> Place {
        Place::of(self.elapsed, self.elapsed)
    }

    /// Distribute a chain over the levels below.
    fn cascade(&mut self, mut head: u32) {
        while let Some(block) = self.slots.release(&mut head) {
            for &entry in block.entries() {
                self.place(entry);
            }
        }
    }

    /// Add a chain of the lowest level to the timers of the present millisecond.
    ///
    /// Sorting once keeps it cheap to serve many timers of one millisecond one by one.
    fn enter(&mut self, mut head: u32) {
        while let Some(block) = self.slots.release(&mut head) {
            self.present.extend_from_slice(block.entries());
        }
        // Stable, for equal deadlines; up to 256 entries are sorted without allocation.
        self.present[self.served..].sort_by_key(|entry| entry.at);
    }

    /// Move what is due from the present millisecond.
    fn collect(&mut self, now: Instant, due: &mut Vec<Due<T>>) {
        while let Some(&entry) = self.present.get(self.served) {
            if entry.at > now {
                return;
            }
            self.served += 1;
            let id = entry.id();
            if self.values.contains(id) {
                due.push(Due { at: entry.at, id });
            } else {
                self.stale = self.stale.saturating_sub(1);
            }
        }
        self.present.clear();
        self.served = 0;
    }

    /// Drop all stale entries.
    fn sweep(&mut self) {
        self.present.drain(..self.served);
        self.served = 0;
        self.present
            .retain(|entry| self.values.contains(entry.id()));
        for place in self.slots.occupied() {
            let mut head = self.slots.detach(place);
            while let Some(block) = self.slots.release(&mut head) {
                for &entry in block.entries() {
                    if self.values.contains(entry.id()) {
                        self.slots.append(place, entry);
                    }
                }
            }
        }
        self.stale = 0;
    }

    /// The first timer: of the present millisecond, or of the first slot that has one.
    fn search(&self) -> Option<Earliest> {
        let present = &self.present[self.served..];
        let first = present
            .iter()
            .find(|entry| self.values.contains(entry.id()));
        if let Some(first) = first {
            let since = self.first_of(self.slot_of_present());
            let since = since.filter(|since| since.at < first.at);
            return Some(since.unwrap_or_else(|| Earliest::at(*first)));
        }
        self.slots.occupied().find_map(|place| self.first_of(place))
    }

    /// The first timer of a slot; looks up only those earlier than all before.
    fn first_of(&self, place: Place) -> Option<Earliest> {
        if !self.slots.is_occupied(place) {
            return None;
        }
        let first = self.slots.earliest(place);
        if self.values.contains(first.id()) {
            return Some(Earliest::at(first));
        }
        let mut first: Option<Entry> = None;
        for entry in self.slots.entries(place) {
            if first.is_none_or(|first| entry.at < first.at) && self.values.contains(entry.id()) {
                first = Some(*entry);
            }
        }
        first.map(Earliest::at)
    }
}

impl<T> Default for Wheel<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Wheel<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wheel")
            .field("timers", &self.len())
            .field("next_deadline", &self.next_deadline())
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Due<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Due")
            .field("at", &self.at)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Earliest {
    const NEVER: Self = Self {
        at: Instant::MAX,
        index: NONE,
        exact: true,
    };

    const fn at(entry: Entry) -> Self {
        Self {
            at: entry.at,
            index: entry.index,
            exact: true,
        }
    }
}

const fn tick(at: Instant) -> u64 {
    at.as_nanos() / TICK
}
