//! What is tracked for virtual routers and real servers alike.
//!
//! * [`files`]: the numbers in files, followed by inotify
//! * [`number`]: the text of a file to a number
#![forbid(unsafe_code)]

pub mod files;
pub mod number;
