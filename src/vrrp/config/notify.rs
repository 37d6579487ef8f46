//! What is told of an instance or a sync group, and the rows that say so.

use serde::{Deserialize, Serialize};

use crate::control_plane::arg::{boolean, command};
use crate::control_plane::schema::{Row, at};
use crate::control_plane::script::{Script, script};
use crate::vrrp::config::InstanceConfig;
use crate::vrrp::config::names::SyncGroup;

/// What a notification script is given as.
const SCRIPT: &str = "SCRIPT [USER [[:]GROUP]]";

/// Scripts, mails and lines in pipes.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct NotifyConfig {
    /// `notify_backup`
    pub backup: Script,
    /// `notify_master`
    pub master: Script,
    /// `notify_fault`
    pub fault: Script,
    /// `notify_stop`
    pub stop: Script,
    /// `notify_deleted`: the script of an instance that a reload removes.
    pub deleted: Script,
    /// Whether that is told as DELETED; else as FAULT.
    pub tells_deleted: bool,
    /// `notify`: run on every transition, after the script of the state.
    pub any: Script,
    /// `notify_master_rx_lower_pri`
    pub lower_priority: Script,
    /// `smtp_alert` of the text.
    pub given_alert: Option<bool>,
    /// Whether mails are sent.
    pub alert: bool,
    /// `notify_priority_changes` of the text.
    pub given_priority_changes: Option<bool>,
    /// Whether changes of the priority are written to pipes.
    pub priority_changes: bool,
}

impl NotifyConfig {
    /// Every script, to be resolved.
    pub fn scripts(&mut self) -> impl Iterator<Item = &mut Script> {
        [
            &mut self.backup,
            &mut self.master,
            &mut self.fault,
            &mut self.stop,
            &mut self.deleted,
            &mut self.any,
            &mut self.lower_priority,
        ]
        .into_iter()
    }
}

/// The rows that instances and groups have in common.
macro_rules! common {
    ($target:ty, $general:expr) => {
        &[
            Row::<$target>::new(
                "notify_backup",
                script!($target, SCRIPT, notify.backup),
                "The script that is run on becoming backup. Quote the command as a whole to give \
                 it arguments.",
            )
            .once(),
            Row::<$target>::new(
                "notify_master",
                script!($target, SCRIPT, notify.master),
                "The script that is run on becoming master.",
            )
            .once(),
            Row::<$target>::new(
                "notify_fault",
                script!($target, SCRIPT, notify.fault),
                "The script that is run on FAULT.",
            )
            .once(),
            Row::<$target>::new(
                "notify_stop",
                script!($target, SCRIPT, notify.stop),
                "The script that is run when the daemon stops.",
            )
            .once(),
            Row::<$target>::new("notify", script!($target, SCRIPT, notify.any), $general).once(),
            Row::<$target>::new(
                "smtp_alert",
                boolean(at!(notify.given_alert)),
                "Send mails of the transitions.",
            )
            .default("smtp_alert_vrrp, else smtp_alert"),
            Row::<$target>::new(
                "notify_priority_changes",
                boolean(at!(notify.given_priority_changes)),
                "Write changes of the effective priority to the pipes of notify_fifo and \
                 vrrp_notify_fifo.",
            )
            .default("that of its group for an instance, else vrrp_notify_priority_changes"),
        ]
    };
}

/// Of `vrrp_instance`.
pub(super) const INSTANCE: &[Row<InstanceConfig>] = common!(
    InstanceConfig,
    "The script that is run on every transition, after the script of the state, with INSTANCE, \
     name, state and priority as arguments. The scripts of an instance never overtake each other; \
     while one runs only the latest state waits."
);

/// Of `vrrp_sync_group`.
pub(super) const GROUP: &[Row<SyncGroup>] = common!(
    SyncGroup,
    "The script that is run on every transition, after the script of the state, with GROUP, name, \
     state and 0 as arguments."
);

/// Of `vrrp_instance` only.
pub(super) const INSTANCE_ONLY: &[Row<InstanceConfig>] = &[
    Row::new(
        "notify_deleted",
        command(
            "[SCRIPT [USER [[:]GROUP]]]",
            (0, 3),
            |instance: &mut InstanceConfig, call, diags| {
                instance.notify.tells_deleted = true;
                if !call.args.is_empty() {
                    instance.notify.deleted.set(call, diags);
                }
            },
            |instance, name, out| match &instance.notify.deleted.given {
                Some(_) => instance.notify.deleted.show(name, out),
                None if instance.notify.tells_deleted => out.line(name, &[]),
                None => (),
            },
        ),
        "The script that is run when a reload removes the instance, which then is told as DELETED \
         instead of FAULT.",
    ),
    Row::new(
        "notify_master_rx_lower_pri",
        script!(InstanceConfig, SCRIPT, notify.lower_priority),
        "The script that is run when a master hears an advert of lower priority.",
    )
    .once(),
];
