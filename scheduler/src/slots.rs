//! The slots of the [wheel](crate::wheel): chains of entries, and which slots have one.
//!
//! A chain is made of blocks of seven entries, so that going through it reads memory in
//! runs of two cache lines. All blocks are in one vector; free ones are used again.

use crate::slab::Id;
use crate::time::Instant;

/// Bits of a millisecond count that one level distinguishes.
const BITS: u32 = 6;
/// Slots per level: one bit each in an occupancy word.
const SLOTS: usize = 1 << BITS;
/// 2^48 ms are more than the 2^64 ns of an [`Instant`].
const LEVELS: usize = 8;
/// Entries per block: with length and link two cache lines.
const BLOCK: usize = 7;
/// No block, no value.
pub(crate) const NONE: u32 = u32::MAX;

/// All slots with their entries.
pub(crate) struct Slots {
    chains: Box<[Chain; LEVELS * SLOTS]>,
    /// One bit per slot that has a chain.
    occupied: [u64; LEVELS],
    blocks: Vec<Block>,
    free: u32,
}

/// A slot of a level.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    level: usize,
    slot: usize,
}

/// What a slot keeps of a timer; stale if its value is gone.
#[derive(Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) at: Instant,
    pub(crate) index: u32,
    pub(crate) version: u32,
}

/// The entries of one slot; meaningful only if the slot is occupied.
#[derive(Clone, Copy)]
struct Chain {
    head: u32,
    tail: u32,
    /// The entry with the earliest deadline, which spares a search while it is not stale.
    first: Entry,
}

#[derive(Clone, Copy)]
#[repr(align(128))]
pub(crate) struct Block {
    entries: [Entry; BLOCK],
    len: u32,
    next: u32,
}

impl Slots {
    pub(crate) fn new() -> Self {
        let empty = Chain {
            head: NONE,
            tail: NONE,
            first: Entry {
                at: Instant::MAX,
                index: NONE,
                version: 0,
            },
        };
        Self {
            chains: Box::new([empty; LEVELS * SLOTS]),
            occupied: [0; LEVELS],
            blocks: Vec::new(),
            free: NONE,
        }
    }

    /// Add an entry at the end of a chain.
    pub(crate) fn append(&mut self, place: Place, entry: Entry) {
        if !self.is_occupied(place) {
            self.occupied[place.level] |= place.bit();
            let block = self.acquire(entry);
            self.chains[place.index()] = Chain {
                head: block,
                tail: block,
                first: entry,
            };
            return;
        }
        let chain = &mut self.chains[place.index()];
        if entry.at < chain.first.at {
            chain.first = entry;
        }
        let tail = chain.tail as usize;
        let block = &mut self.blocks[tail];
        if let Some(room) = block.entries.get_mut(block.len as usize) {
            *room = entry;
            block.len += 1;
            return;
        }
        let next = self.acquire(entry);
        self.blocks[tail].next = next;
        self.chains[place.index()].tail = next;
    }

    /// Empty a slot; the first block of its chain is the caller's to [release](Self::release).
    pub(crate) fn detach(&mut self, place: Place) -> u32 {
        if !self.is_occupied(place) {
            return NONE;
        }
        self.occupied[place.level] &= !place.bit();
        self.chains[place.index()].head
    }

    /// Copy the first block out of a detached chain, free it, and go on to the next.
    pub(crate) fn release(&mut self, head: &mut u32) -> Option<Block> {
        let block = self.blocks.get_mut(*head as usize)?;
        let content = *block;
        block.next = self.free;
        self.free = *head;
        *head = content.next;
        Some(content)
    }

    /// The slot that is due first.
    pub(crate) fn first_occupied(&self) -> Option<Place> {
        let level = self.occupied.iter().position(|&word| word != 0)?;
        let slot = self.occupied[level].trailing_zeros() as usize;
        Some(Place { level, slot })
    }

    /// All slots that have entries, in the order in which they are due.
    pub(crate) fn occupied(&self) -> impl Iterator<Item = Place> + use<> {
        (0..).zip(self.occupied).flat_map(|(level, mut word)| {
            std::iter::from_fn(move || {
                let slot = word.trailing_zeros() as usize;
                if slot == SLOTS {
                    return None;
                }
                word &= word - 1;
                Some(Place { level, slot })
            })
        })
    }

    pub(crate) fn is_occupied(&self, place: Place) -> bool {
        self.occupied[place.level] & place.bit() != 0
    }

    /// The earliest entry of an occupied slot.
    pub(crate) fn earliest(&self, place: Place) -> Entry {
        self.chains[place.index()].first
    }

    /// The entries of an occupied slot, as they were appended.
    pub(crate) fn entries(&self, place: Place) -> impl Iterator<Item = &Entry> {
        let mut next = self.chains[place.index()].head;
        std::iter::from_fn(move || {
            let block = self.blocks.get(next as usize)?;
            next = block.next;
            Some(block.entries())
        })
        .flatten()
    }

    /// Bytes on the heap.
    pub(crate) const fn memory(&self) -> usize {
        size_of::<[Chain; LEVELS * SLOTS]>() + self.blocks.capacity() * size_of::<Block>()
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
}

impl Place {
    /// Where something due in millisecond `due`, not before `elapsed`, belongs: to the
    /// level of the highest group of six bits in which they differ.
    #[expect(clippy::cast_possible_truncation, reason = "masked to six bits")]
    pub(crate) const fn of(due: u64, elapsed: u64) -> Self {
        let level = ((due ^ elapsed) | 1).ilog2() / BITS;
        Self {
            level: level as usize,
            slot: (due >> (level * BITS)) as usize & (SLOTS - 1),
        }
    }

    /// The first millisecond of the slot, seen from `elapsed`.
    #[expect(clippy::cast_possible_truncation, reason = "a level is below eight")]
    pub(crate) const fn start(self, elapsed: u64) -> u64 {
        let shift = self.level as u32 * BITS;
        let above = shift + BITS;
        (elapsed >> above) << above | (self.slot as u64) << shift
    }

    /// Whether a slot is as narrow as they get.
    pub(crate) const fn is_lowest(self) -> bool {
        self.level == 0
    }

    const fn index(self) -> usize {
        self.level * SLOTS + self.slot
    }

    const fn bit(self) -> u64 {
        1 << self.slot
    }
}

impl Entry {
    pub(crate) const fn id<T>(self) -> Id<T> {
        Id::new(self.index, self.version)
    }
}

impl Block {
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries[..self.len as usize]
    }
}
