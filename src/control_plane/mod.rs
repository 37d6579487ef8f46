//! The configuration compiler. No keyword is named here.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing)]

pub mod arg;
pub mod command;
pub mod diag;
mod draft;
mod expand;
pub mod files;
mod glob;
mod include;
mod lex;
pub mod load;
pub mod manual;
pub mod parse;
pub mod read;
pub mod reader;
pub mod render;
pub mod schema;
pub mod script;
mod sequence;
pub mod show;
pub mod source;
pub mod sub_block;
pub mod value;
pub mod words;

pub use load::{AnyMachine, Config, LoadOptions, Loaded, Machine, Presence, load};
