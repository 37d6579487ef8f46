//! Memory: four kinds, each with one rule.
//!
//! | kind | where | rule |
//! |---|---|---|
//! | configuration | `Rc<Config>`, built once, never changed | dropped as a whole at a reload; nothing else owns parts of it |
//! | state | vectors of the machines and shells, by number | made at load or first sight; no cycles, no `RefCell` |
//! | hot path | buffers, effects and batches that are used again | nothing is allocated after a warm-up: `tests/allocations.rs` |
//! | secrets | `model::secret` | never in a dump, wiped when dropped |
//!
//! * [`account`]: who has how much, with the feature `mem-check`
//! * [`residency`]: what stays in memory, and what is given back
//!
//! A process that gets no memory ends with status 204 (`sys::alloc::Ending`): its parent
//! starts it again, and the next one finds what it needs on the machine.
#![forbid(unsafe_code)]

pub mod account;
pub mod residency;
