//! What of a process stays in memory, and what it gives back.
//!
//! A process with `*_no_swap` has all its pages locked, those that it gets later
//! included, and takes before it needs them what it may want at a bad moment: pages of
//! the stack, and room in the heap that the C library then keeps. All others give back
//! what only the start needed: the heap at once, the code a while later, since only the
//! first elections and checks end what begins then. What a process goes on to use lies
//! together in the program (`scripts/link`), so that it brings little else back.

use std::io;
use std::time::Duration;

use scheduler::Scheduler;

use crate::sys::{memory, sched};

/// Octets of the stack that are there before they are needed: handlers are flat, the
/// deepest calls (a reload) need a fraction of it.
const STACK: usize = 256 * 1024;
/// Octets of room in the heap.
const HEAP: usize = 1024 * 1024;
/// How long after a start or a reload a process only waits.
const SETTLED: Duration = Duration::from_secs(10);

/// A process has started or gone over to a new configuration: give back what only that
/// needed, once it is over.
pub fn settle<P: 'static>(s: &mut Scheduler<P>) {
    s.at("settled", s.now() + SETTLED, 0, |_, _, _| {
        memory::give_back_code()
    });
}

/// Lock all present and future pages, and take room before it is needed.
///
/// # Errors
/// What `mlockall(2)` says: most often a missing permission or limit.
pub fn lock() -> io::Result<()> {
    memory::keep_free();
    sched::lock_memory()?;
    touch_stack();
    // Given back to the C library, which keeps it.
    drop(std::hint::black_box(vec![1_u8; HEAP]));
    Ok(())
}

/// Let the pages be swapped again.
///
/// # Errors
/// What `munlockall(2)` says.
pub fn unlock() -> io::Result<()> {
    sched::unlock_memory()
}

/// Write to the pages of the stack, below what is used now.
#[inline(never)]
fn touch_stack() {
    let mut room = [0_u8; STACK];
    std::hint::black_box(&mut room).fill(1);
    std::hint::black_box(&room);
}
