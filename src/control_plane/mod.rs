//! The configuration compiler. No keyword is named here.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing)]

pub mod diag;
pub mod files;
mod lex;
pub mod reader;
pub mod render;
pub mod source;
pub mod words;
