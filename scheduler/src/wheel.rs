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
use crate::time::Instant;

/// Width of a slot of the lowest level in nanoseconds.
const TICK: u64 = 1_000_000;
/// Bits of a millisecond count that one level distinguishes.
const BITS: u32 = 6;
/// Slots per level: one bit each in an occupancy word.
const SLOTS: usize = 1 << BITS;
/// 2^48 ms are more than the 2^64 ns of an [`Instant`].
const LEVELS: usize = 8;
/// Entries per block: with length and link two cache lines.
const BLOCK: usize = 7;
/// Stale entries that are never worth a sweep.
const TOLERATED: usize = 64;
/// No block.
const NONE: u32 = u32::MAX;

/// Timers with values of type `T`, sorted by deadline.
pub struct Wheel<T> {
    values: Slab<T>,
    slots: Box<[Slot; LEVELS * SLOTS]>,
    /// One bit per slot that has a chain.
    occupied: [u64; LEVELS],
    blocks: Vec<Block>,
    free: u32,
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

/// First and last block of a chain; meaningful only if the slot is occupied.
#[derive(Clone, Copy)]
struct Slot {
    head: u32,
    tail: u32,
    /// The entry with the earliest deadline, which spares the search while it is not stale.
    first: Entry,
}

#[derive(Clone, Copy)]
#[repr(align(128))]
struct Block {
    entries: [Entry; BLOCK],
    len: u32,
    next: u32,
}

#[derive(Clone, Copy)]
struct Entry {
    at: Instant,
    index: u32,
    version: u32,
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
            slots: Box::new(
                [Slot {
                    head: NONE,
                    tail: NONE,
                    first: Entry::NONE,
                }; LEVELS * SLOTS],
            ),
            occupied: [0; LEVELS],
            blocks: Vec::new(),
            free: NONE,
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
        if self.occupied[0] & bit(slot_of(self.elapsed, 0)) == 0 {
            self.collect(now, due);
        }
        while let Some((level, slot)) = self.first_occupied() {
            let start = self.start_of(level, slot);
            if start > last {
                break;
            }
            self.elapsed = start;
            let head = self.detach(level, slot);
            if level > 0 {
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
        size_of::<[Slot; LEVELS * SLOTS]>()
            + self.blocks.capacity() * size_of::<Block>()
            + self.present.capacity() * size_of::<Entry>()
            + self.values.memory()
    }

    /// Every pending timer, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (Instant, Id<T>, &T)> {
        (0..LEVELS)
            .flat_map(|level| (0..SLOTS).map(move |slot| (level, slot)))
            .flat_map(|(level, slot)| self.chain_of(level, slot))
            .chain(&self.present[self.served..])
            .filter_map(|entry| {
                let id = entry.id();
                Some((entry.at, id, self.values.get(id)?))
            })
    }

    /// Put an entry where the invariant wants it.
    fn place(&mut self, entry: Entry) {
        let due = tick(entry.at).max(self.elapsed);
        let level = level_of(due ^ self.elapsed);
        self.append(level, slot_of(due, level), entry);
    }

    fn append(&mut self, level: usize, slot: usize, entry: Entry) {
        let place = level * SLOTS + slot;
        if self.occupied[level] & bit(slot) == 0 {
            self.occupied[level] |= bit(slot);
            let block = self.acquire(entry);
            self.slots[place] = Slot {
                head: block,
                tail: block,
                first: entry,
            };
            return;
        }
        let slot = &mut self.slots[place];
        if entry.at < slot.first.at {
            slot.first = entry;
        }
        let tail = slot.tail as usize;
        let block = &mut self.blocks[tail];
        if let Some(room) = block.entries.get_mut(block.len as usize) {
            *room = entry;
            block.len += 1;
            return;
        }
        let next = self.acquire(entry);
        self.blocks[tail].next = next;
        self.slots[place].tail = next;
    }

    /// A block that has `entry` alone.
    fn acquire(&mut self, entry: Entry) -> u32 {
        let fresh = Block {
            entries: [entry; BLOCK],
            len: 1,
            next: NONE,
        };
        let index = self.free;
        if let Some(block) = self.blocks.get_mut(index as usize) {
            self.free = block.next;
            *block = fresh;
            return index;
        }
        self.blocks.push(fresh);
        u32::try_from(self.blocks.len() - 1).expect("blocks are fewer than entries")
    }

    /// Copy a block out of its chain and free it.
    fn release(&mut self, index: u32) -> Block {
        let block = &mut self.blocks[index as usize];
        let content = *block;
        block.next = self.free;
        self.free = index;
        content
    }

    /// Empty a slot; its chain is the caller's.
    fn detach(&mut self, level: usize, slot: usize) -> u32 {
        self.occupied[level] &= !bit(slot);
        self.slots[level * SLOTS + slot].head
    }

    /// Distribute a chain over the levels below.
    fn cascade(&mut self, mut head: u32) {
        while head != NONE {
            let block = self.release(head);
            for &entry in block.entries() {
                self.place(entry);
            }
            head = block.next;
        }
    }

    /// Add a chain of the lowest level to the timers of the present millisecond.
    ///
    /// Sorting once keeps it cheap to serve many timers of one millisecond one by one.
    fn enter(&mut self, mut head: u32) {
        while head != NONE {
            let block = self.release(head);
            self.present.extend_from_slice(block.entries());
            head = block.next;
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
        for level in 0..LEVELS {
            let mut word = self.occupied[level];
            while word != 0 {
                let slot = word.trailing_zeros() as usize;
                word &= word - 1;
                let mut head = self.detach(level, slot);
                while head != NONE {
                    let block = self.release(head);
                    for &entry in block.entries() {
                        if self.values.contains(entry.id()) {
                            self.append(level, slot, entry);
                        }
                    }
                    head = block.next;
                }
            }
        }
        self.stale = 0;
    }

    /// The slot that is due first.
    fn first_occupied(&self) -> Option<(usize, usize)> {
        let level = self.occupied.iter().position(|&word| word != 0)?;
        Some((level, self.occupied[level].trailing_zeros() as usize))
    }

    /// The first millisecond of a slot.
    fn start_of(&self, level: usize, slot: usize) -> u64 {
        let shift = shift_of(level);
        let above = shift + BITS;
        (self.elapsed >> above) << above | (slot as u64) << shift
    }

    /// The first timer: of the present millisecond, or of the first slot that has one.
    fn search(&self) -> Option<Earliest> {
        let present = &self.present[self.served..];
        let first = present
            .iter()
            .find(|entry| self.values.contains(entry.id()));
        if let Some(first) = first {
            let since = self.first_of(0, slot_of(self.elapsed, 0));
            return since
                .filter(|since| since.at < first.at)
                .or_else(|| Some(Earliest::at(*first)));
        }
        for level in 0..LEVELS {
            let mut word = self.occupied[level];
            while word != 0 {
                let slot = word.trailing_zeros() as usize;
                word &= word - 1;
                let found = self.first_of(level, slot);
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// The first timer of a slot; looks up only those earlier than all before.
    fn first_of(&self, level: usize, slot: usize) -> Option<Earliest> {
        if self.occupied[level] & bit(slot) == 0 {
            return None;
        }
        let first = self.slots[level * SLOTS + slot].first;
        if self.values.contains(first.id()) {
            return Some(Earliest::at(first));
        }
        let mut first: Option<Entry> = None;
        for entry in self.chain_of(level, slot) {
            if first.is_none_or(|first| entry.at < first.at) && self.values.contains(entry.id()) {
                first = Some(*entry);
            }
        }
        first.map(Earliest::at)
    }

    /// The entries of a slot.
    fn chain_of(&self, level: usize, slot: usize) -> impl Iterator<Item = &Entry> {
        let mut next = if self.occupied[level] & bit(slot) == 0 {
            NONE
        } else {
            self.slots[level * SLOTS + slot].head
        };
        std::iter::from_fn(move || {
            let block = self.blocks.get(next as usize)?;
            next = block.next;
            Some(block.entries())
        })
        .flatten()
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

impl Block {
    fn entries(&self) -> &[Entry] {
        &self.entries[..self.len as usize]
    }
}

impl Entry {
    const NONE: Self = Self {
        at: Instant::MAX,
        index: NONE,
        version: 0,
    };

    const fn id<T>(self) -> Id<T> {
        Id::new(self.index, self.version)
    }
}

const fn tick(at: Instant) -> u64 {
    at.as_nanos() / TICK
}

const fn bit(slot: usize) -> u64 {
    1 << slot
}

/// The level of the highest group of bits that is not zero.
const fn level_of(difference: u64) -> usize {
    ((difference | 1).ilog2() / BITS) as usize
}

#[expect(clippy::cast_possible_truncation, reason = "a level is below eight")]
const fn shift_of(level: usize) -> u32 {
    level as u32 * BITS
}

#[expect(clippy::cast_possible_truncation, reason = "masked to six bits")]
const fn slot_of(due: u64, level: usize) -> usize {
    (due >> shift_of(level)) as usize & (SLOTS - 1)
}
