//! The configuration compiler. No keyword is named here.
//!
//! ```text
//! files -> reader -> parse -> resolve -> Config
//!          lines and   rows     defaults and
//!          braces               cross checks
//! ```
//!
//! * [`files`], [`reader`] and what it uses: text to lines of [`words`] and braces, through
//!   includes (`include`, `glob`), conditions, definitions (`draft`, `expand`) and
//!   sequences (`sequence`); `lex` knows the rules within a line, [`source`] the place of
//!   every word.
//! * [`schema`] is what a table is made of, [`arg`] what a keyword can take,
//!   [`sub_block`] how blocks nest; [`value`] joins rows and fields.
//! * [`parse`] reads items by a table, [`read`] words by the kind of an argument, [`decimal`]
//!   numbers with a point.
//! * [`show`] prints a value by its table, [`manual`] the table itself; [`history`] knows
//!   which release brought a keyword.
//! * [`command`] and [`script`] are for keywords that name a program.
//! * [`diag`] is what is wrong, where, and what to do about it; [`render`] shows it,
//!   [`upgrade`] does it, [`suggest`] guesses what was meant. [`explain`] is the manual of
//!   one keyword.
//! * [`compiled`] hands a configuration to another process, as octets.
//! * [`load`](mod@load) joins it all. The tables are where their effect is: `global`,
//!   `vrrp::config`, `check::config`, `bfd::config`.
//!
//! To add a keyword, add a field with its default, a row, and the word to the release in
//! `global/history.tsv`; parser, messages, print, manual and the tests over all tables
//! follow.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing)]

pub mod arg;
pub mod command;
pub mod compiled;
pub mod decimal;
pub mod diag;
mod draft;
mod expand;
pub mod explain;
pub mod files;
mod glob;
pub mod history;
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
pub mod suggest;
pub mod upgrade;
pub mod value;
pub mod words;

pub use load::{AnyMachine, Config, LoadOptions, Loaded, Machine, Presence, load};
