//! Lines of `virtual_routes`, `virtual_rules`, `static_routes`, `static_rules`.
//!
//! * [`RouteConfig`], [`RuleConfig`]: what a line says, with every name resolved.
//! * `route_rows`, `rule_rows`: the option words, as tables; `route_values`: what follows
//!   such a word.
//! * `route_line`, `rule_line`: from the words of a line to a value. A line with
//!   a mistake makes no route and no rule: half of its conditions would match
//!   what nobody meant.
//! * `option_words`: how an option is found in a table, and read with what belongs to it.
//! * `print`: the words of a value again, with numbers for names; `statement`: a value
//!   from such words.
//!
//! Lines are kept while the text is read and become values when it has been:
//! the folders with the names of tables may be named behind them.

mod encapsulation;
mod number;
mod option_words;
mod print;
mod route;
mod route_line;
mod route_rows;
mod route_values;
mod rule;
mod rule_line;
mod rule_rows;
mod statement;
#[cfg(test)]
mod tests;

pub use print::{route_statement, route_text, rule_statement, rule_text};
pub use route::{NextHopConfig, Placing, RouteConfig};
pub use rule::{RuleAction, RuleConfig};
pub use statement::{parse_route, parse_rule};

pub(super) use print::{show_route, show_rule};
pub(super) use route_line::read_route;
pub(super) use route_rows::{describe_routes, describe_static_routes};
pub(super) use rule_line::read_rule;
pub(super) use rule_rows::{describe_rules, describe_static_rules};

/// How a line of routes looks.
pub(super) const ROUTE_USAGE: &str = "[TYPE] DESTINATION [OPTION ...] [nexthop ...]";
/// How a line of rules looks.
pub(super) const RULE_USAGE: &str = "[OPTION ...] ACTION";

/// Whose line it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Virtual,
    Static,
}

/// `RTPROT_KEEPALIVED`: what is tracked has this protocol.
pub(crate) const PROTOCOL: u8 = crate::netlink::addr::PROTOCOL_KEEPALIVED;
