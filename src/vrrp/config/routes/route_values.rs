//! What the option words of routes are followed by, from words to a draft.

use super::NextHopConfig;
use super::number::{decimal, named, named_octet};
use super::route_line::{RouteDraft, masked};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::Call;
use crate::model::{Family, NameKind};
use crate::netlink::metrics::Metric;

/// `[inet|inet6] ADDRESS`, of the route's family.
pub(super) fn address(
    draft: &mut RouteDraft,
    call: &Call<'_>,
    diags: &mut Diags,
) -> Option<std::net::IpAddr> {
    let (word, before) = call.args.split_last()?;
    for family in before {
        let family = if family.text == "inet" {
            Family::V4
        } else {
            Family::V6
        };
        draft.is_of(family, word.span, diags);
    }
    match read::address(&word.text) {
        Ok(addr) => draft
            .is_of(Family::of(&addr), word.span, diags)
            .then_some(addr),
        Err(refusal) => {
            refuse(diags, word.span, refusal);
            None
        }
    }
}

/// `or`: the old way to write a second next hop.
pub(super) fn set_or(draft: &mut RouteDraft, call: &Call<'_>, diags: &mut Diags) {
    let Some(addr) = address(draft, call, diags) else {
        return;
    };
    if !draft.route.hops.is_empty() {
        let text = "only one `or`";
        return refuse(diags, call.keyword.span, Refusal::general(text));
    }
    let second = NextHopConfig {
        via: Some(addr),
        ..NextHopConfig::default()
    };
    draft.route.hops.push(second);
}

pub(super) fn set_from(draft: &mut RouteDraft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    match read::network(&word.text) {
        Ok(net) => {
            let is_v6 = draft.is_of(Family::V6, word.span, diags);
            if is_v6 && net.family() == Family::V6 {
                draft.route.from = Some(masked(net));
            } else if is_v6 {
                let text = "`from` takes an IPv6 prefix";
                refuse(diags, word.span, Refusal::general(text));
            }
        }
        Err(refusal) => refuse(diags, word.span, refusal),
    }
}

pub(super) fn set_tos(draft: &mut RouteDraft, call: &Call<'_>, diags: &mut Diags) {
    if let Some(tos) = look_up_octet(draft, call, NameKind::Dsfield, diags) {
        draft.route.tos = tos;
    }
}

pub(super) fn set_features(draft: &mut RouteDraft, call: &Call<'_>, diags: &mut Diags) {
    const ECN: u32 = 1;
    let [word] = call.args else { return };
    if word.text == "ecn" {
        draft.route.metrics.set(Metric::Features, ECN);
    } else {
        let text = format!("there is no feature `{}`: ignored", word.text);
        diags.warn(Code::General, word.span, text);
    }
}

pub(super) fn set_congestion(draft: &mut RouteDraft, call: &Call<'_>, diags: &mut Diags) {
    /// `TCP_CA_NAME_MAX` without the NUL.
    const MOST: usize = 15;
    let Some(word) = call.args.last() else { return };
    match read::text(&word.text, MOST) {
        Ok(name) => draft
            .route
            .metrics
            .set_congestion(name, call.args.len() > 1),
        Err(refusal) => refuse(diags, word.span, refusal),
    }
}

pub(super) fn set_preference(draft: &mut RouteDraft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    if !draft.is_of(Family::V6, word.span, diags) {
        return;
    }
    draft.route.preference = match word.text.as_str() {
        "medium" => Some(0),
        "high" => Some(1),
        "low" => Some(3),
        _ => decimal(word, 255, diags),
    };
}

pub(super) fn number(
    draft: &mut RouteDraft,
    call: &Call<'_>,
    metric: Metric,
    max: i64,
    diags: &mut Diags,
) {
    let value = call.args.last().and_then(|word| decimal(word, max, diags));
    keep(draft, call, metric, value);
}

pub(super) fn keep(draft: &mut RouteDraft, call: &Call<'_>, metric: Metric, value: Option<u32>) {
    if let Some(value) = value {
        draft.route.metrics.set(metric, value);
        if call.args.len() > 1 {
            draft.route.metrics.lock(metric);
        }
    }
}

pub(super) fn look_up(
    draft: &RouteDraft,
    call: &Call<'_>,
    kind: NameKind,
    diags: &mut Diags,
) -> Option<u32> {
    let word = call.args.last()?;
    named(&draft.names, kind, word, diags)
}

pub(super) fn look_up_octet(
    draft: &RouteDraft,
    call: &Call<'_>,
    kind: NameKind,
    diags: &mut Diags,
) -> Option<u8> {
    let word = call.args.last()?;
    named_octet(&draft.names, kind, word, diags)
}
