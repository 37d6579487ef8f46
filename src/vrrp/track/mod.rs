//! How what is tracked comes to a [`Status`](super::fsm::Status): machines without
//! processes or files.
//!
//! * [`script`]: exit codes to good and bad, and what a script that runs too long gets
//! * [`population`]: which processes count, kept up to date by events
//! * [`process`]: what counts, and whether there are enough
#![forbid(unsafe_code)]

pub mod population;
pub mod process;
pub mod script;
