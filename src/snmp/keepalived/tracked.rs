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

fn of_instance<P: VrrpView>(program: &P, (i, t): Place) -> Option<&TrackedInterface> {
    instance(program, i)?.track_interfaces.get(t)
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
        $kind:ident, $list:ident, $definitions:ident,
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
                        text(&Self::list(&instance::<P>(p, i)?.given.tracked).get(t)?.name.value)
                    }),
                    Column::named(3, $weight, |p, (i, t)| {
                        let entry = Self::list(&instance::<P>(p, i)?.given.tracked).get(t)?;
                        integer(Self::weight(p, entry).value)
                    }),
                    Column::named(4, $reverse, |p, (i, t)| {
                        let entry = Self::list(&instance::<P>(p, i)?.given.tracked).get(t)?;
                        truth(Self::weight(p, entry).reverse)
                    }),
                ],
                rows: &Nested {
                    outer: |p: &P| config(p).instances.len(),
                    inner: |p: &P, i| {
                        instance(p, i).map_or(0, |own| Self::list(&own.given.tracked).len())
                    },
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
    Scripts, scripts, scripts,
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
    Files, files, files,
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
    Sessions, bfd, sessions,
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
    Processes, processes, processes,
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
