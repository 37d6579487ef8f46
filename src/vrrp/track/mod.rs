//! How what is tracked comes to a [`Status`](super::fsm::Status): machines without
//! processes or files.
//!
//! * [`script`]: exit codes to good and bad, and what a script that runs too long gets
//! * [`process`]: which processes count, and whether there are enough
//! * [`number`]: the text of a file to a number
#![forbid(unsafe_code)]

pub mod number;
pub mod process;
pub mod script;
