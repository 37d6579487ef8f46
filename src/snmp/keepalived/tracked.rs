//! What instances and sync groups track: `vrrpTracked*Table`, `vrrpSyncTracked*Table`

use std::marker::PhantomData;

use super::groups::group;
use super::oid;
use super::rows::ByInterface;
use super::values::{integer, name, text, truth};
use crate::snmp::view::VrrpView;
use crate::snmp::{Column, Nested, Table};
use crate::vrrp::config::interface::TrackedInterface;
use crate::vrrp::config::names::{TrackEntry, Tracked};
use crate::vrrp::config::tracker::TrackerKind;
use crate::vrrp::config::{InstanceConfig, VrrpConfig, Weight};

/// What tracks something, and what it tracks, by their places.
type Place = (usize, usize);

fn config<P: VrrpView>(program: &P) -> &VrrpConfig {
    &program.config().vrrp
}

fn instance<P: VrrpView>(program: &P, place: usize) -> Option<&InstanceConfig> {
    config(program).instance(place)
}

/// Interfaces.
pub(super) struct Interfaces<P>(PhantomData<P>);

/// Those of the instance itself: what its sync group tracks has a table of its own.
fn of_instance<P: VrrpView>(program: &P, (i, t): Place) -> Option<&TrackedInterface> {
    let own = instance(program, i)?;
    let mut groups = config(program).sync_groups.iter();
    let group = groups.find(|group| own.sync_group.as_ref() == Some(&group.name.value));
    let of_group = group.map_or(&[][..], |group| &group.interfaces);
    let names = |list: &[TrackedInterface], sought: &TrackedInterface| {
        let mut list = list.iter();
        list.any(|tracked| tracked.name.value == sought.name.value)
    };
    let tracked = own.track_interfaces.iter();
    let mut tracked = tracked
        .filter(|tracked| names(&own.given.interfaces, tracked) || !names(of_group, tracked));
    tracked.nth(t)
}

fn of_group<P: VrrpView>(program: &P, (g, t): Place) -> Option<&TrackedInterface> {
    group(program, g)?.interfaces.get(t)
}

impl<P: VrrpView> Interfaces<P> {
    pub(super) const OF_INSTANCES: Table<P, Place> = Table {
        entry: oid!(2, 4, 1),
        columns: &[
            Column::named(1, "vrrpTrackedInterfaceName", |p, at| {
                name(&of_instance::<P>(p, at)?.name.value)
            }),
            Column::named(2, "vrrpTrackedInterfaceWeight", |p, at| {
                integer(of_instance::<P>(p, at)?.weight)
            }),
            Column::named(3, "vrrpTrackedInterfaceWgtRev", |p, at| {
                truth(of_instance::<P>(p, at)?.reverse)
            }),
        ],
        rows: &ByInterface {
            outer: |p: &P| config(p).instances.len(),
            name: |p: &P, i, t| Some(&of_instance(p, (i, t))?.name.value),
        },
    };

    pub(super) const OF_GROUPS: Table<P, Place> = Table {
        entry: oid!(2, 14, 1),
        columns: &[
            Column::named(1, "vrrpSyncTrackedInterfaceName", |p, at| {
                name(&of_group::<P>(p, at)?.name.value)
            }),
            Column::named(2, "vrrpSyncTrackedInterfaceWeight", |p, at| {
                integer(of_group::<P>(p, at)?.weight)
            }),
            Column::named(3, "vrrpSyncTrackedInterfaceWgtRev", |p, at| {
                truth(of_group::<P>(p, at)?.reverse)
            }),
        ],
        rows: &ByInterface {
            outer: |p: &P| config(p).sync_groups.len(),
            name: |p: &P, g, t| Some(&of_group(p, (g, t))?.name.value),
        },
    };
}

/// The weight that counts: what a line does not say the definition does.
fn weight(entry: &TrackEntry, definition: Option<Weight>) -> Weight {
    let definition = definition.unwrap_or_default();
    Weight {
        value: entry.weight.unwrap_or(definition.value),
        reverse: entry.reverse.unwrap_or(definition.reverse),
    }
}

/// The tables of one kind of tracker: name, weight, and whether that is turned round.
macro_rules! tracked {
    (
        $(#[$doc:meta])*
        $kind:ident, $tracker:expr, $list:ident, $definitions:ident,
        $of_instances:expr, [$name:expr, $weight:expr, $reverse:expr],
        $of_groups:expr, [$group_name:expr, $group_weight:expr, $group_reverse:expr],
    ) => {
        $(#[$doc])*
        pub(super) struct $kind<P>(PhantomData<P>);

        impl<P: VrrpView> $kind<P> {
            pub(super) const OF_INSTANCES: Table<P, Place> = Table {
                entry: $of_instances,
                columns: &[
                    Column::named(2, $name, |p, (i, t)| {
                        text(&Self::of_instance(p, i).nth(t)?.name.value)
                    }),
                    Column::named(3, $weight, |p, (i, t)| {
                        let entry = Self::of_instance(p, i).nth(t)?;
                        integer(Self::weight(p, entry).value)
                    }),
                    Column::named(4, $reverse, |p, (i, t)| {
                        let entry = Self::of_instance(p, i).nth(t)?;
                        truth(Self::weight(p, entry).reverse)
                    }),
                ],
                rows: &Nested {
                    outer: |p: &P| config(p).instances.len(),
                    inner: |p: &P, i| Self::of_instance(p, i).count(),
                },
            };

            pub(super) const OF_GROUPS: Table<P, Place> = Table {
                entry: $of_groups,
                columns: &[
                    Column::named(2, $group_name, |p, (g, t)| {
                        text(&Self::list(&group::<P>(p, g)?.tracked).get(t)?.name.value)
                    }),
                    Column::named(3, $group_weight, |p, (g, t)| {
                        let entry = Self::list(&group::<P>(p, g)?.tracked).get(t)?;
                        integer(Self::weight(p, entry).value)
                    }),
                    Column::named(4, $group_reverse, |p, (g, t)| {
                        let entry = Self::list(&group::<P>(p, g)?.tracked).get(t)?;
                        truth(Self::weight(p, entry).reverse)
                    }),
                ],
                rows: &Nested {
                    outer: |p: &P| config(p).sync_groups.len(),
                    inner: |p: &P, g| {
                        group(p, g).map_or(0, |group| Self::list(&group.tracked).len())
                    },
                },
            };

            /// Those that an instance names and that count: weights do not in a sync
            /// group, nor for an owner.
            fn of_instance(program: &P, place: usize) -> impl Iterator<Item = &TrackEntry> {
                let instance = instance(program, place).into_iter();
                instance.flat_map(|own| {
                    let named = Self::list(&own.given.tracked).iter();
                    named.filter(|entry| Self::counts(program, own, entry))
                })
            }

            fn counts(program: &P, own: &InstanceConfig, entry: &TrackEntry) -> bool {
                let mut used = own.trackers.iter();
                used.any(|used| {
                    let definition = config(program).$definitions.get(used.index);
                    let is_it = |it| entry.name.value == it;
                    used.kind == $tracker && definition.is_some_and(|of| is_it(of.name.value.as_str()))
                })
            }

            fn list(tracked: &Tracked) -> &[TrackEntry] {
                &tracked.$list
            }

            fn weight(program: &P, entry: &TrackEntry) -> Weight {
                let mut all = config(program).$definitions.iter();
                let definition = all.find(|own| own.name.value == entry.name.value);
                weight(entry, definition.map(|own| own.weight))
            }
        }
    };
}

tracked! {
    /// `track_script`
    Scripts, TrackerKind::Script, scripts, scripts,
    oid!(2, 5, 1),
    ["vrrpTrackedScriptName", "vrrpTrackedScriptWeight", "vrrpTrackedScriptWgtRev"],
    oid!(2, 15, 1),
    [
        "vrrpSyncTrackedScriptName",
        "vrrpSyncTrackedScriptWeight",
        "vrrpSyncTrackedScriptWgtRev"
    ],
}

tracked! {
    /// `track_file`
    Files, TrackerKind::File, files, files,
    oid!(2, 12, 1),
    ["vrrpTrackedFileName", "vrrpTrackedFileWeight", "vrrpTrackedFileWgtRev"],
    oid!(2, 16, 1),
    [
        "vrrpSyncTrackedFileName",
        "vrrpSyncTrackedFileWeight",
        "vrrpSyncTrackedFileWgtRev"
    ],
}

tracked! {
    /// `track_bfd`
    Sessions, TrackerKind::Bfd, bfd, sessions,
    oid!(2, 17, 1),
    ["vrrpTrackedBfdName", "vrrpTrackedBfdWeight", "vrrpTrackedBfdWgtRev"],
    oid!(2, 19, 1),
    [
        "vrrpSyncTrackedBfdName",
        "vrrpSyncTrackedBfdWeight",
        "vrrpSyncTrackedBfdWgtRev"
    ],
}

tracked! {
    /// `track_process`
    Processes, TrackerKind::Process, processes, processes,
    oid!(2, 20, 1),
    [
        "vrrpTrackedProcessName",
        "vrrpTrackedProcessWeight",
        "vrrpTrackedProcessWgtRev"
    ],
    oid!(2, 22, 1),
    [
        "vrrpSyncTrackedProcessName",
        "vrrpSyncTrackedProcessWeight",
        "vrrpSyncTrackedProcessWgtRev"
    ],
}
