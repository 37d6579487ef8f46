//! How what is tracked comes to a [`Status`](super::fsm::Status): machines without
//! processes or files.
//!
//! * [`script`]: exit codes to good and bad, and what a script that runs too long gets
//! * [`number`]: the text of a file to a number
#![forbid(unsafe_code)]

pub mod number;
pub mod script;
