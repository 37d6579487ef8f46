//! What a new configuration changes: the difference of two, as plain data.
//!
//! An instance is the same as before when it is the same virtual router on the
//! network, whatever its name. Its configuration may then be equal, and nothing
//! happens to it at all, or differ, and it changes where it stands. The others end
//! and begin.
//!
//! Virtual interfaces that only change their names are renamed before ([`Renames`]).
#![forbid(unsafe_code)]

mod renames;
mod trackers;

use std::fmt::{self, Display};
use std::net::IpAddr;

pub use renames::{Rename, Renames};
pub use trackers::TrackerPlan;

use super::config::{InstanceConfig, Shared, VrrpConfig};
use crate::model::{Family, FastMap, IfName, Vrid};

/// What becomes of an instance of the new configuration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// It begins.
    Start,
    /// It is one of the old ones, by position, and nothing about it changed.
    Keep(usize),
    /// It is one of the old ones, and something about it changed.
    Change(usize),
}

impl Step {
    /// The old instance that goes on.
    #[must_use]
    pub const fn from(self) -> Option<usize> {
        match self {
            Self::Start => None,
            Self::Keep(old) | Self::Change(old) => Some(old),
        }
    }
}

/// The way from one configuration to another.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Plan {
    /// For each new instance, in order.
    pub steps: Vec<Step>,
    /// Old instances that end, by position.
    pub ending: Vec<usize>,
    /// What becomes of what they track.
    pub trackers: TrackerPlan,
}

/// What makes a virtual router the same one (`protocols.md` section 16).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
struct Identity<'c> {
    vrid: Vrid,
    family: Family,
    interface: Option<&'c IfName>,
    /// Its own interface (`use_vmac`, `use_ipvlan`).
    link: Option<&'c IfName>,
    unicast: bool,
    /// The own address of a unicast router, the group of the others.
    address: Option<IpAddr>,
}

impl<'c> Identity<'c> {
    fn of(instance: &'c InstanceConfig) -> Self {
        let unicast = instance.is_unicast();
        let source = instance.source.as_ref().map(|source| source.value);
        Self {
            vrid: instance.vrid,
            family: instance.family,
            interface: instance.interface.as_ref().map(|name| &name.value),
            link: instance.virtual_link.as_ref().map(|link| &link.name),
            unicast,
            address: if unicast {
                source
            } else {
                Some(instance.multicast_group)
            },
        }
    }
}

impl Plan {
    /// The way from `old` to `new`.
    #[must_use]
    pub fn between(old: &VrrpConfig, new: &VrrpConfig) -> Self {
        let trackers = TrackerPlan::between(old, new);
        let is_same = |place: usize, instance: &InstanceConfig| {
            let before = old.instance(place);
            before.is_some_and(|before| trackers.is_same_instance(before, instance))
        };
        // Most stand where they stood, and are not even another copy.
        let stays = |place: usize| {
            let both = old.instances.get(place).zip(new.instances.get(place));
            both.is_some_and(|(before, after)| before.is(after))
        };
        let places = old.instances.iter().enumerate();
        let mut known: FastMap<Identity<'_>, usize> = places
            .filter(|(place, _)| !stays(*place))
            .map(|(place, instance)| (Identity::of(instance), place))
            .collect();
        let mut steps = Vec::with_capacity(new.instances.len());
        for (place, instance) in new.instances.iter().enumerate() {
            let before = match stays(place) {
                true => Some(place),
                false => known.remove(&Identity::of(instance)),
            };
            steps.push(match before {
                None => Step::Start,
                Some(place) if is_same(place, instance) => Step::Keep(place),
                Some(place) => Step::Change(place),
            });
        }
        let mut is_ending = vec![true; old.instances.len()];
        for from in steps.iter().filter_map(|step| step.from()) {
            if let Some(is_ending) = is_ending.get_mut(from) {
                *is_ending = false;
            }
        }
        let places = is_ending.into_iter().enumerate();
        Self {
            ending: places
                .filter_map(|(place, is)| is.then_some(place))
                .collect(),
            steps,
            trackers,
        }
    }

    /// Where each old instance stands in the new configuration.
    #[must_use]
    pub fn successors(&self) -> FastMap<usize, usize> {
        let steps = self.steps.iter().enumerate();
        steps
            .filter_map(|(new, step)| Some((step.from()?, new)))
            .collect()
    }

    /// Whether all that were there go on where they stand; new ones may follow them.
    #[must_use]
    pub fn is_in_place(&self) -> bool {
        let mut steps = self.steps.iter().enumerate();
        let stands = |(place, step): (usize, &Step)| step.from().is_none_or(|from| from == place);
        self.ending.is_empty() && steps.all(stands)
    }

    /// Whether no instance begins, ends or changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let kept = |step: &Step| matches!(step, Step::Keep(_));
        self.ending.is_empty() && self.steps.iter().all(kept)
    }

    /// The plan for an operator: a line for each instance that something happens
    /// to, and which elections that may cause.
    #[must_use]
    pub fn describe(&self, old: &VrrpConfig, new: &VrrpConfig) -> Vec<String> {
        let mut lines = Vec::new();
        for instance in self.ending.iter().filter_map(|at| old.instance(*at)) {
            let begins = |(step, other): (&Step, &Shared<InstanceConfig>)| {
                *step == Step::Start && other.name == instance.name
            };
            let restarts = self.steps.iter().zip(&new.instances).any(begins);
            let (name, vrid) = (&instance.name.value, instance.vrid);
            let word = if restarts { "restart" } else { "remove" };
            lines.push(format!(
                "{word} {name} (VRID {vrid}): gives up if it is master; its backups elect another"
            ));
        }
        for (step, instance) in self.steps.iter().zip(&new.instances) {
            let (name, vrid) = (&instance.name.value, instance.vrid);
            match step {
                Step::Keep(_) => {}
                Step::Start => lines.push(format!(
                    "add {name} (VRID {vrid}, priority {}): starts as backup; an election follows",
                    instance.priority
                )),
                Step::Change(from) => {
                    if let Some(before) = old.instance(*from) {
                        let changes = Changes::of(before, instance);
                        lines.push(format!("change {name} (VRID {vrid}): {changes}"));
                    }
                }
            }
        }
        lines.extend(static_lines(old, new));
        lines.extend(self.trackers.describe(old, new));
        lines
    }
}

fn static_lines(old: &VrrpConfig, new: &VrrpConfig) -> Vec<String> {
    let routes = difference(&old.static_routes, &new.static_routes, "static routes");
    let rules = difference(&old.static_rules, &new.static_rules, "static rules");
    let (old, new) = (&old.static_addresses, &new.static_addresses);
    let removed = old.iter().filter(|address| !new.contains(address));
    let added = new.iter().filter(|address| !old.contains(address));
    let removed = removed.map(|address| format!("remove static address {}", address.net.value));
    let added = added.map(|address| format!("add static address {}", address.net.value));
    removed.chain(added).chain(routes).chain(rules).collect()
}

/// How many of a list go and come.
fn difference<T: PartialEq>(old: &[T], new: &[T], what: &str) -> Option<String> {
    let gone = old.iter().filter(|item| !new.contains(item)).count();
    let come = new.iter().filter(|item| !old.contains(item)).count();
    (gone + come > 0).then(|| format!("{what}: {gone} go, {come} come"))
}

/// What differs between two configurations of the same instance.
#[derive(Debug)]
struct Changes {
    words: Vec<String>,
    election: Option<&'static str>,
}

impl Changes {
    fn of(old: &InstanceConfig, new: &InstanceConfig) -> Self {
        let mut changes = Self {
            words: Vec::new(),
            election: None,
        };
        changes.value("name", &old.name.value, &new.name.value);
        changes.value("priority", &old.priority, &new.priority);
        if new.priority < old.priority {
            changes.election = Some("a backup of a higher priority takes over");
        } else if new.priority > old.priority {
            changes.election = Some("it takes over from a master of a lower priority");
        }
        if old.version != new.version || old.authentication != new.authentication {
            changes.words.push("form of the adverts".to_owned());
            changes.election = Some("routers that still have the other form do not hear it");
        }
        if old.advert_interval != new.advert_interval {
            let (from, to) = (old.advert_interval, new.advert_interval);
            changes.words.push(format!("advert_int {from:?} to {to:?}"));
        }
        if changes.addresses(old, new) {
            let text = "routers with another list of addresses complain";
            changes.election = changes.election.or(Some(text));
        }
        let paths = [
            difference(&old.routes, &new.routes, "virtual routes"),
            difference(&old.rules, &new.rules, "virtual rules"),
        ];
        changes.words.extend(paths.into_iter().flatten());
        for (differs, what) in [
            (old.notify != new.notify, "notification"),
            (old.trackers != new.trackers, "what it tracks"),
            (
                old.track_interfaces != new.track_interfaces
                    || old.static_interfaces != new.static_interfaces,
                "tracked interfaces",
            ),
            (old.sync_group != new.sync_group, "its sync group"),
        ] {
            if differs {
                changes.words.push(what.to_owned());
            }
        }
        if changes.words.is_empty() {
            changes.words.push("other settings".to_owned());
        }
        changes
    }

    fn value<T: Display + PartialEq>(&mut self, what: &str, old: &T, new: &T) {
        if old != new {
            self.words.push(format!("{what} {old} to {new}"));
        }
    }

    /// Whether those in adverts differ.
    fn addresses(&mut self, old: &InstanceConfig, new: &InstanceConfig) -> bool {
        let all = |of: &InstanceConfig| -> Vec<_> {
            let addresses = of.vips.iter().chain(&of.excluded_vips);
            addresses.map(|address| address.net.value).collect()
        };
        let (before, after) = (all(old), all(new));
        let gone = before.iter().filter(|net| !after.contains(net));
        let come = after.iter().filter(|net| !before.contains(net));
        self.words
            .extend(gone.map(|net| format!("address {net} goes")));
        self.words
            .extend(come.map(|net| format!("address {net} comes")));
        let listed = |of: &InstanceConfig| -> Vec<IpAddr> {
            of.vips
                .iter()
                .map(super::config::AddressConfig::addr)
                .collect()
        };
        listed(old) != listed(new)
    }
}

impl Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words.join(", "))?;
        match self.election {
            Some(text) => write!(f, "; {text}"),
            None => f.write_str("; no election"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::source::Span;
    use crate::control_plane::value::Spanned;
    use crate::model::Priority;

    fn instance(name: &str, vrid: u8) -> InstanceConfig {
        let mut new = InstanceConfig::new(Spanned::new(name.to_owned(), Span::default()));
        new.vrid = Vrid(vrid);
        new.interface = IfName::new("eth0").map(|name| Spanned::new(name, Span::default()));
        new
    }

    fn config(instances: impl IntoIterator<Item = InstanceConfig>) -> VrrpConfig {
        VrrpConfig {
            instances: instances.into_iter().map(Shared::new).collect(),
            ..VrrpConfig::default()
        }
    }

    #[test]
    fn a_moved_instance_is_kept() {
        let old = config([instance("A", 1), instance("B", 2), instance("C", 3)]);
        let new = config([instance("C", 3), instance("A", 1)]);
        let plan = Plan::between(&old, &new);
        assert_eq!(plan.steps, [Step::Keep(2), Step::Keep(0)]);
        assert_eq!(plan.ending, [1]);
        assert_eq!(plan.successors(), FastMap::from_iter([(2, 0), (0, 1)]));
        assert!(!plan.is_empty() && !plan.is_in_place());
        assert!(Plan::between(&old, &old).is_empty());
    }

    #[test]
    fn the_name_is_no_part_of_what_it_is() {
        let old = config([instance("A", 1)]);
        let new = config([instance("B", 1)]);
        let plan = Plan::between(&old, &new);
        assert_eq!(plan.steps, [Step::Change(0)]);
        assert_eq!(
            plan.describe(&old, &new),
            ["change B (VRID 1): name A to B; no election"]
        );
    }

    #[test]
    fn another_vrid_interface_or_group_is_another_router() {
        let old = config([instance("A", 1)]);
        let mut others = vec![instance("A", 2), instance("A", 1), instance("A", 1)];
        others[1].interface = None;
        others[2].multicast_group = IpAddr::from([224, 0, 0, 99]);
        for other in others {
            let new = config([other]);
            let plan = Plan::between(&old, &new);
            assert_eq!(
                (plan.steps.as_slice(), plan.ending.as_slice()),
                (&[Step::Start][..], &[0][..])
            );
            assert!(plan.describe(&old, &new)[0].starts_with("restart A"));
        }
    }

    #[test]
    fn a_lower_priority_may_cause_an_election() {
        let old = config([instance("A", 1)]);
        let mut lower = instance("A", 1);
        lower.priority = Priority(90);
        let new = config([lower]);
        let plan = Plan::between(&old, &new);
        assert_eq!(plan.steps, [Step::Change(0)]);
        let lines = plan.describe(&old, &new);
        assert!(
            lines[0].contains("priority 100 to 90; a backup"),
            "{lines:?}"
        );
    }
}
