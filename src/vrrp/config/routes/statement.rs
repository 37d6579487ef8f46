//! Routes and rules from lines that this program has written itself: numbers for
//! names, one blank between words, and nobody to tell about mistakes.

use std::rc::Rc;

use super::{Kind, RouteConfig, RuleConfig, read_route, read_rule};
use crate::control_plane::diag::Diags;
use crate::control_plane::source::Span;
use crate::control_plane::words::{Line, Word};
use crate::model::NumberNames;

/// The route of a [`super::route_statement`].
#[must_use]
pub fn parse_route(statement: &str) -> Option<RouteConfig> {
    let mut diags = Diags::default();
    read_route(Kind::Static, &line(statement), &no_names(), &mut diags)
}

/// The rule of a [`super::rule_statement`].
#[must_use]
pub fn parse_rule(statement: &str) -> Option<RuleConfig> {
    let mut diags = Diags::default();
    read_rule(Kind::Static, &line(statement), &no_names(), &mut diags)
}

fn no_names() -> Rc<NumberNames> {
    Rc::new(NumberNames::new(|_| Vec::new()))
}

fn line(statement: &str) -> Line {
    let words = statement.split(' ').map(|word| Word {
        text: word.to_owned(),
        span: Span::default(),
        quoted: false,
    });
    Line {
        words: words.collect(),
        raw: statement.to_owned(),
        span: Span::default(),
    }
}
