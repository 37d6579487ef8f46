//! The configuration compiler. No keyword is named here.
#![forbid(unsafe_code)]

pub mod diag;
pub mod source;
pub mod words;
