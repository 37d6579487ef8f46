//! Allocators: the system's, with the exit status of a process that gets no memory, and
//! one that counts.
//!
//! [`Counting`] puts 16 octets before each block: its size, the tag that was set when it
//! was taken, and the generation of the process (a forked child counts only its own). So a
//! block is taken off the account that it was put on, wherever it is given back. The
//! account is for `memory::account`; [`thread_allocations`] is for tests of what must
//! not allocate.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Exit status of a process that gets no more memory.
const OUT_OF_MEMORY: libc::c_int = 204;
/// How many tags there are: 0 to one less.
pub const TAGS: usize = 16;
/// The tag of blocks that are not counted.
const UNCOUNTED: u8 = u8::MAX;

/// The system's allocator. The process ends with status 204 where it has nothing left,
/// which its parent and its manager can tell from a crash.
#[derive(Debug)]
pub struct Ending;

/// The same, and it counts.
#[derive(Debug)]
pub struct Counting;

/// What is on the account of a tag.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Totals {
    /// Octets in use.
    pub octets: usize,
    /// Blocks in use.
    pub blocks: usize,
    /// The most octets that were in use at one time.
    pub peak: usize,
    /// Blocks taken so far.
    pub taken: u64,
}

/// Blocks up to this size are counted by size, too.
const SMALL: usize = 512;

#[derive(Debug)]
struct Account {
    octets: AtomicUsize,
    blocks: AtomicUsize,
    peak: AtomicUsize,
    taken: AtomicU64,
    /// How many blocks of each size are in use.
    small: [AtomicUsize; SMALL],
}

static ACCOUNTS: [Account; TAGS] = [const { Account::new() }; TAGS];
static GENERATION: AtomicU8 = AtomicU8::new(0);
static IS_COUNTING: AtomicBool = AtomicBool::new(true);

thread_local! {
    static TAG: Cell<u8> = const { Cell::new(0) };
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// What stands before a block.
#[derive(Clone, Copy)]
#[repr(C, align(16))]
struct Header {
    size: usize,
    tag: u8,
    generation: u8,
}

/// Octets before a block.
const HEADER: usize = size_of::<Header>();

/// Put blocks on the account of this tag from now on, in this thread; gives back the
/// tag so far. Tags from [`TAGS`] on count as 0.
pub fn set_tag(tag: u8) -> u8 {
    let tag = if usize::from(tag) < TAGS { tag } else { 0 };
    // At the end of a thread its tag is gone.
    TAG.try_with(|own| own.replace(tag)).unwrap_or(0)
}

/// The account of a tag.
#[must_use]
pub fn totals(tag: u8) -> Totals {
    ACCOUNTS
        .get(usize::from(tag))
        .map(Account::totals)
        .unwrap_or_default()
}

/// Begin all accounts anew: what is in use now belongs to somebody else. For a forked
/// child before it does anything.
pub fn new_generation() {
    GENERATION.fetch_add(1, Relaxed);
    for account in &ACCOUNTS {
        account.octets.store(0, Relaxed);
        account.blocks.store(0, Relaxed);
        account.peak.store(0, Relaxed);
        account.taken.store(0, Relaxed);
        for count in &account.small {
            count.store(0, Relaxed);
        }
    }
}

/// The sizes of small blocks in use, and how many there are of each: what a leak is
/// known by.
pub fn small_blocks(tag: u8) -> impl Iterator<Item = (usize, usize)> {
    let account = ACCOUNTS.get(usize::from(tag));
    let counts = account.map_or(&[][..], |account| &account.small);
    let counts = counts.iter().map(|count| count.load(Relaxed)).enumerate();
    counts.filter(|(_, count)| *count > 0)
}

/// Put no more blocks on any account.
pub fn stop_counting() {
    IS_COUNTING.store(false, Relaxed);
}

/// How often this thread has taken or enlarged a block from [`Counting`].
#[must_use]
pub fn thread_allocations() -> u64 {
    ALLOCATIONS.try_with(Cell::get).unwrap_or(0)
}

impl Account {
    const fn new() -> Self {
        Self {
            octets: AtomicUsize::new(0),
            blocks: AtomicUsize::new(0),
            peak: AtomicUsize::new(0),
            taken: AtomicU64::new(0),
            small: [const { AtomicUsize::new(0) }; SMALL],
        }
    }

    fn add(&self, size: usize) {
        let octets = self.octets.fetch_add(size, Relaxed).wrapping_add(size);
        self.peak.fetch_max(octets, Relaxed);
        self.blocks.fetch_add(1, Relaxed);
        self.taken.fetch_add(1, Relaxed);
        if let Some(count) = self.small.get(size) {
            count.fetch_add(1, Relaxed);
        }
    }

    fn take_off(&self, size: usize) {
        self.octets.fetch_sub(size, Relaxed);
        self.blocks.fetch_sub(1, Relaxed);
        if let Some(count) = self.small.get(size) {
            count.fetch_sub(1, Relaxed);
        }
    }

    fn totals(&self) -> Totals {
        Totals {
            octets: self.octets.load(Relaxed),
            blocks: self.blocks.load(Relaxed),
            peak: self.peak.load(Relaxed),
            taken: self.taken.load(Relaxed),
        }
    }
}

impl Header {
    /// Of a block that is taken now.
    fn opened(size: usize) -> Self {
        count_one();
        let tag = if IS_COUNTING.load(Relaxed) {
            TAG.try_with(Cell::get).unwrap_or(0)
        } else {
            UNCOUNTED
        };
        let header = Self {
            size,
            tag,
            generation: GENERATION.load(Relaxed),
        };
        if let Some(account) = header.account() {
            account.add(size);
        }
        header
    }

    /// Of a block that has another size now: it stays on its account.
    fn resized(self, size: usize) -> Self {
        count_one();
        if let Some(account) = self.account() {
            account.take_off(self.size);
            account.add(size);
        }
        Self { size, ..self }
    }

    fn closed(self) {
        if let Some(account) = self.account() {
            account.take_off(self.size);
        }
    }

    fn account(self) -> Option<&'static Account> {
        let is_own = self.generation == GENERATION.load(Relaxed);
        ACCOUNTS.get(usize::from(self.tag)).filter(|_| is_own)
    }
}

/// One more for [`thread_allocations`]. At the end of a thread its count is gone.
fn count_one() {
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

/// How far behind the beginning of the system's block ours begins.
const fn offset(layout: Layout) -> usize {
    if layout.align() > HEADER {
        layout.align()
    } else {
        HEADER
    }
}

/// The layout to ask the system for, for a block of `size` octets.
fn outer(layout: Layout, size: usize) -> Option<Layout> {
    let size = size.checked_add(offset(layout))?;
    Layout::from_size_align(size, layout.align().max(HEADER)).ok()
}

/// Ends the process: nothing that could be done now does without memory.
fn end_without_memory() -> ! {
    const TEXT: &[u8] = b"Keepalived: out of memory\n";
    // SAFETY: the text is a constant; a closed output is nobody's concern.
    unsafe {
        libc::write(libc::STDERR_FILENO, TEXT.as_ptr().cast(), TEXT.len());
    }
    // SAFETY: ends the process without running any code of it.
    unsafe { libc::_exit(OUT_OF_MEMORY) }
}

// SAFETY: all blocks are the system allocator's, with its layouts.
unsafe impl GlobalAlloc for Ending {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        let at = unsafe { System.alloc(layout) };
        if at.is_null() {
            end_without_memory();
        }
        at
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        let at = unsafe { System.alloc_zeroed(layout) };
        if at.is_null() {
            end_without_memory();
        }
        at
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise is passed on.
        let at = unsafe { System.realloc(at, layout, size) };
        if at.is_null() {
            end_without_memory();
        }
        at
    }
}

/// Write the header and give out what is behind it.
///
/// # Safety
/// `base` is the beginning of a block of the system with the layout of [`outer`].
unsafe fn dress(base: *mut u8, layout: Layout, header: Header) -> *mut u8 {
    // SAFETY: the block is longer than the offset.
    let at = unsafe { base.add(offset(layout)) };
    // SAFETY: there are at least `HEADER` octets of the block before `at`.
    let place = unsafe { at.sub(HEADER) };
    // SAFETY: the block and the offset are multiples of the header's alignment.
    unsafe { place.cast::<Header>().write(header) };
    at
}

/// The header of a block that [`dress`] gave out, and the beginning of the system's block.
///
/// # Safety
/// `at` is from [`dress`] with this layout.
unsafe fn undress(at: *mut u8, layout: Layout) -> (*mut u8, Header) {
    // SAFETY: the header stands before the block.
    let place = unsafe { at.sub(HEADER) };
    // SAFETY: it was written there, aligned.
    let header = unsafe { place.cast::<Header>().read() };
    // SAFETY: that is where the system's block begins.
    let base = unsafe { at.sub(offset(layout)) };
    (base, header)
}

// SAFETY: blocks are the system allocator's with a header before them; size and alignment
// of what is given out are those asked for. Counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(outer) = outer(layout, layout.size()) else {
            end_without_memory();
        };
        // SAFETY: the layout is not empty: it has the header.
        let base = unsafe { Ending.alloc(outer) };
        // SAFETY: the block has that layout.
        unsafe { dress(base, layout, Header::opened(layout.size())) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: every block of this allocator is from `dress`.
        let (base, header) = unsafe { undress(at, layout) };
        header.closed();
        let Some(outer) = outer(layout, layout.size()) else {
            return;
        };
        // SAFETY: `alloc` has asked for the block with this layout.
        unsafe { Ending.dealloc(base, outer) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: every block of this allocator is from `dress`.
        let (base, header) = unsafe { undress(at, layout) };
        let (Some(before), Some(after)) = (outer(layout, layout.size()), outer(layout, size))
        else {
            end_without_memory();
        };
        // SAFETY: `alloc` has asked for the block with the layout before.
        let base = unsafe { Ending.realloc(base, before, after.size()) };
        // SAFETY: the block has the layout after.
        unsafe { dress(base, layout, header.resized(size)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tag that no other test has.
    const OWN: u8 = 15;

    #[test]
    fn blocks_are_put_on_the_account_of_their_tag() {
        let layout = Layout::from_size_align(100, 64).expect("a layout");
        let before = set_tag(OWN);
        let (start, count) = (totals(OWN), thread_allocations());
        // SAFETY: the layout is not empty.
        let at = unsafe { Counting.alloc(layout) };
        set_tag(before);
        assert_eq!(at.addr() % 64, 0);
        // SAFETY: the block has 100 octets.
        unsafe { at.write_bytes(7, 100) };
        assert_eq!(totals(OWN).octets, start.octets + 100);
        // SAFETY: the block was taken with this layout.
        let at = unsafe { Counting.realloc(at, layout, 5000) };
        // SAFETY: the block has 5000 octets.
        let last = unsafe { at.add(99) };
        // SAFETY: what was there has moved along.
        assert_eq!(unsafe { last.read() }, 7);
        assert_eq!(thread_allocations(), count + 2);
        let layout = Layout::from_size_align(5000, 64).expect("a layout");
        // SAFETY: the block has this layout now.
        unsafe { Counting.dealloc(at, layout) };
        let end = totals(OWN);
        assert_eq!((end.octets, end.blocks), (start.octets, start.blocks));
        assert_eq!(
            (end.peak, end.taken),
            (5000, 2),
            "enlarged on its own account"
        );
    }
}
