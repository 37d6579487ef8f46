//! Lints of weights: which priorities an instance can reach.

use super::{Findings, Subject};
use crate::control_plane::source::Span;
use crate::vrrp::config::names::Tracked;
use crate::vrrp::config::{InstanceConfig, SyncGroup, TrackerKind, TrackerUse, VrrpConfig};

/// What trackers leave of a priority that is not the owner's.
const LEAST: i64 = 1;
const MOST: i64 = 254;

/// Something whose weight counts.
struct Weighted {
    name: String,
    weight: i64,
    span: Span,
    /// A number in a file is multiplied by its weight, and can be any.
    is_unbounded: bool,
}

impl Weighted {
    /// The least and the most it adds.
    fn range(&self) -> (i64, i64) {
        match self.is_unbounded {
            true => (-MOST, MOST),
            false => (self.weight.min(0), self.weight.max(0)),
        }
    }
}

/// `weight-never-moves`: at the end of the scale the priority is cut off.
pub(super) fn never_moves(subject: &Subject<'_>, out: &mut Findings<'_>) {
    let vrrp = &subject.config.vrrp;
    for instance in &vrrp.instances {
        let base = i64::from(instance.priority.0);
        let all = weighted(vrrp, instance);
        let least: i64 = all.iter().map(|weighted| weighted.range().0).sum();
        let most: i64 = all.iter().map(|weighted| weighted.range().1).sum();
        for one in all.iter().filter(|one| !one.is_unbounded) {
            let (low, high) = one.range();
            // What the others leave at least and at most.
            let (low, high) = (base + least - low, base + most - high);
            let is_lost = match one.weight > 0 {
                true => low >= MOST,
                false => high <= LEAST,
            };
            if is_lost {
                let text = format!(
                    "weight {} of `{}` can never change anything: priority {} is at the end of \
                     the scale of {LEAST} to {MOST} already",
                    one.weight, one.name, instance.priority
                );
                out.tell(one.span, text);
            }
        }
    }
}

/// `nopreempt-with-weight`
pub(super) fn nopreempt(subject: &Subject<'_>, out: &mut Findings<'_>) {
    let vrrp = &subject.config.vrrp;
    for instance in vrrp.instances.iter().filter(|one| one.nopreempt) {
        if let Some(one) = weighted(vrrp, instance).first() {
            let span = instance.given.nopreempt.map(|word| word.span);
            let text = format!(
                "with nopreempt a backup leaves a master alone whose priority drops: weight {} of \
                 `{}` moves no address",
                one.weight, one.name
            );
            out.tell(span.unwrap_or(one.span), text);
        }
    }
}

/// Everything of an instance with a weight that is not 0.
fn weighted(vrrp: &VrrpConfig, instance: &InstanceConfig) -> Vec<Weighted> {
    let group = instance.sync_group.as_deref();
    let group = group.and_then(|name| {
        let mut groups = vrrp.sync_groups.iter();
        groups.find(|group| group.name.value == name)
    });
    let trackers = instance.trackers.iter();
    let mut all: Vec<Weighted> = trackers
        .filter(|tracker| tracker.weight.value != 0)
        .filter_map(|tracker| of_tracker(vrrp, instance, group, tracker))
        .collect();
    let interfaces = instance.track_interfaces.iter();
    all.extend(
        interfaces
            .filter(|one| one.weight != 0)
            .map(|one| Weighted {
                name: one.name.value.to_string(),
                weight: one.weight.into(),
                span: one.name.span,
                is_unbounded: false,
            }),
    );
    all
}

fn of_tracker(
    vrrp: &VrrpConfig,
    instance: &InstanceConfig,
    group: Option<&SyncGroup>,
    tracker: &TrackerUse,
) -> Option<Weighted> {
    let index = tracker.index;
    let name = match tracker.kind {
        TrackerKind::Script => &vrrp.scripts.get(index)?.name,
        TrackerKind::File => &vrrp.files.get(index)?.name,
        TrackerKind::Process => &vrrp.processes.get(index)?.name,
        TrackerKind::Bfd => &vrrp.sessions.get(index)?.name,
    };
    let place = |tracked: &Tracked| {
        let mut entries = tracked.entries(tracker.kind).iter();
        entries
            .find(|entry| entry.name.value == name.value)
            .map(|entry| entry.name.span)
    };
    let span = place(&instance.given.tracked).or_else(|| place(&group?.tracked));
    Some(Weighted {
        name: name.value.clone(),
        weight: tracker.weight.value.into(),
        span: span.unwrap_or(name.span),
        is_unbounded: tracker.kind == TrackerKind::File,
    })
}
