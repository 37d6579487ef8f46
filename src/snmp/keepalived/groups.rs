//! `vrrpSyncGroupTable`, `vrrpSyncGroupMemberTable`

use std::marker::PhantomData;

use super::oid;
use super::values::{script, state, text, truth};
use crate::snmp::view::VrrpView;
use crate::snmp::{Column, Nested, Places, Table};
use crate::vrrp::config::{NotifyConfig, SyncGroup};
use crate::vrrp::fsm::GroupId;

/// Sync groups.
pub(super) struct Groups<P>(PhantomData<P>);

/// A sync group by its place.
pub(super) fn group<P: VrrpView>(program: &P, place: usize) -> Option<&SyncGroup> {
    program.config().vrrp.sync_groups.get(place)
}

/// Whether anything is run.
pub(super) fn runs_scripts(notify: &NotifyConfig) -> bool {
    let scripts = [
        &notify.backup,
        &notify.master,
        &notify.fault,
        &notify.stop,
        &notify.deleted,
        &notify.any,
        &notify.lower_priority,
    ];
    scripts.iter().any(|script| script.command.is_some())
}

impl<P: VrrpView> Groups<P> {
    pub(super) const TABLE: Table<P, usize> = Table {
        entry: oid!(2, 1, 1),
        columns: &[
            Column::named(2, "vrrpSyncGroupName", |p, g| {
                text(&group::<P>(p, g)?.name.value)
            }),
            Column::named(3, "vrrpSyncGroupState", |p, g| {
                let id = GroupId(u32::try_from(g).ok()?);
                state(p.router().groups().get(id)?.state())
            }),
            Column::named(4, "vrrpSyncGroupSmtpAlert", |p, g| {
                truth(group::<P>(p, g)?.notify.alert)
            }),
            Column::named(5, "vrrpSyncGroupNotifyExec", |p, g| {
                truth(runs_scripts(&group::<P>(p, g)?.notify))
            }),
            Column::named(6, "vrrpSyncGroupScriptMaster", |p, g| {
                script(&group::<P>(p, g)?.notify.master)
            }),
            Column::named(7, "vrrpSyncGroupScriptBackup", |p, g| {
                script(&group::<P>(p, g)?.notify.backup)
            }),
            Column::named(8, "vrrpSyncGroupScriptFault", |p, g| {
                script(&group::<P>(p, g)?.notify.fault)
            }),
            Column::named(9, "vrrpSyncGroupScript", |p, g| {
                script(&group::<P>(p, g)?.notify.any)
            }),
            Column::named(10, "vrrpSyncGroupTrackingWeight", |p, g| {
                truth(group::<P>(p, g)?.tracking_weight)
            }),
            Column::named(11, "vrrpSyncGroupScriptStop", |p, g| {
                script(&group::<P>(p, g)?.notify.stop)
            }),
        ],
        rows: &Places {
            count: |p: &P| p.config().vrrp.sync_groups.len(),
        },
    };

    pub(super) const MEMBERS: Table<P, (usize, usize)> = Table {
        entry: oid!(2, 2, 1),
        columns: &[Column::named(2, "vrrpSyncGroupMemberName", |p, (g, m)| {
            let instance = *group::<P>(p, g)?.instances.get(m)?;
            text(&p.config().vrrp.instance(instance)?.name.value)
        })],
        rows: &Nested {
            outer: |p: &P| p.config().vrrp.sync_groups.len(),
            inner: |p: &P, g| group(p, g).map_or(0, |group| group.instances.len()),
        },
    };
}
