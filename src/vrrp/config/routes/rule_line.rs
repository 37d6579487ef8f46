//! From the words of a line to a rule.

use std::rc::Rc;

use super::option_words::{after_family, find, option, unknown};
use super::route_line::has_error;
use super::rule_rows::{ACTION, RULE, STATIC};
use super::{Kind, PROTOCOL, RuleAction, RuleConfig};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::{Call, Row};
use crate::control_plane::source::Span;
use crate::control_plane::value::Spanned;
use crate::control_plane::words::{Line, Word};
use crate::model::{Family, IpNet, NumberNames};

/// A rule while its line is read.
#[derive(Debug)]
pub(super) struct RuleDraft {
    pub(super) names: Rc<NumberNames>,
    pub(super) rule: RuleConfig,
    pub(super) action: Option<RuleAction>,
    family: Option<Family>,
}

/// The rule of a line, unless something about it is wrong.
pub(in crate::vrrp::config) fn read_rule(
    kind: Kind,
    line: &Line,
    names: &Rc<NumberNames>,
    diags: &mut Diags,
) -> Option<RuleConfig> {
    let before = diags.list.len();
    let mut draft = RuleDraft::new(Rc::clone(names), line.span);
    draft.read(kind, line, diags);
    if has_error(diags, before) {
        return None;
    }
    let rule = draft.finish(line.span, diags)?;
    (!has_error(diags, before)).then_some(rule)
}

impl RuleDraft {
    fn new(names: Rc<NumberNames>, span: Span) -> Self {
        let rule = RuleConfig {
            family: Spanned::new(Family::V4, span),
            inverted: false,
            from: None,
            to: None,
            tos: 0,
            mark: None,
            input: None,
            output: None,
            tunnel: None,
            users: None,
            ip_protocol: None,
            source_ports: None,
            destination_ports: None,
            preference: None,
            realms: None,
            suppress_prefix: None,
            suppress_group: None,
            protocol: PROTOCOL,
            action: RuleAction::Nothing,
            track: true,
            track_group: None,
        };
        Self {
            names,
            rule,
            action: None,
            family: None,
        }
    }

    /// All of the rule is of one family; false and a report if this is not.
    pub(super) fn is_of(&mut self, family: Family, span: Span, diags: &mut Diags) -> bool {
        let known = *self.family.get_or_insert(family);
        if known != family {
            let text = "the rule mixes IPv4 and IPv6";
            refuse(diags, span, Refusal::general(text));
        }
        known == family
    }

    /// What happens to packets; a rule does one thing.
    pub(super) fn act(&mut self, action: RuleAction, span: Span, diags: &mut Diags) {
        if self.action.replace(action).is_some() {
            let text = "the rule has more than one action";
            refuse(diags, span, Refusal::general(text));
        }
    }

    /// `PREFIX|default|any|all`
    pub(super) fn prefix(&mut self, call: &Call<'_>, diags: &mut Diags) -> Option<IpNet> {
        let word: &Word = call.args.last()?;
        if ["default", "any", "all"].contains(&word.text.as_str()) {
            return None;
        }
        match read::network(&word.text) {
            Ok(net) => self
                .is_of(net.family(), word.span, diags)
                .then_some(net)
                // A condition that everything fulfils is none.
                .filter(|net| net.prefix > 0),
            Err(refusal) => {
                refuse(diags, word.span, refusal);
                None
            }
        }
    }

    fn read(&mut self, kind: Kind, line: &Line, diags: &mut Diags) {
        let tables = tables(kind);
        let mut words = line.words.as_slice();
        while let Some((word, rest)) = words.split_first() {
            let family = match word.text.as_str() {
                "inet" => Some(Family::V4),
                "inet6" => Some(Family::V6),
                _ => None,
            };
            if let Some(family) = family {
                self.is_of(family, word.span, diags);
                words = after_family(&tables, rest);
                continue;
            }
            if word.text == "type" && rest.is_empty() {
                let text = "`type` needs an action";
                return diags.error(Code::MissingParameter, word.span, text);
            }
            let Some(row) = find(&tables, &word.text) else {
                return unknown(&tables, word, diags);
            };
            match option(row, self, word, rest, line, diags) {
                Some(rest) => words = rest,
                None => return,
            }
        }
    }

    fn finish(mut self, span: Span, diags: &mut Diags) -> Option<RuleConfig> {
        let Some(action) = self.action else {
            diags.error(Code::General, span, "the rule has no action");
            return None;
        };
        let rule = &mut self.rule;
        rule.action = action;
        rule.family.value = self.family.unwrap_or(Family::V4);
        let is_lookup = matches!(action, RuleAction::Table(_));
        let of_lookup = rule.realms.or(rule.suppress_prefix).or(rule.suppress_group);
        if !is_lookup && of_lookup.is_some() {
            let text = "`realms`, `suppress_prefixlength` and `suppress_ifgroup` need `table`";
            refuse(diags, span, Refusal::general(text));
        }
        if let (RuleAction::Goto(target), Some(own)) = (action, rule.preference)
            && target <= own
        {
            let text = format!("`goto {target}` must lead behind the own preference, {own}");
            refuse(diags, span, Refusal::general(text));
        }
        if rule.track && rule.protocol != PROTOCOL {
            let text =
                "a rule of another protocol than keepalived (18) needs `no_track`: 18 is used";
            diags.warn(Code::Warning, span, text);
            rule.protocol = PROTOCOL;
        }
        if let (Some(group), None) = (&rule.track_group, &rule.input) {
            let text = "`track_group` without `iif` is ignored";
            diags.warn(Code::Warning, group.span, text);
            rule.track_group = None;
        }
        Some(self.rule)
    }
}

fn tables(kind: Kind) -> [&'static [Row<RuleDraft>]; 3] {
    match kind {
        Kind::Virtual => [RULE, ACTION, &[]],
        Kind::Static => [RULE, ACTION, STATIC],
    }
}
