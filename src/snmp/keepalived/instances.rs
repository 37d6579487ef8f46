//! `vrrpInstanceTable`

use std::marker::PhantomData;
use std::time::Duration;

use super::facts::VrrpFacts;
use super::groups::runs_scripts;
use super::oid;
use super::values::{
    address, address_type, integer, name, script, seconds, state, text, truth, unsigned,
};
use crate::control_plane::Config;
use crate::global::lvs::SyncDaemon;
use crate::model::Priority;
use crate::snmp::{Column, Places, SetError, Table, Value, Write};
use crate::vrrp::config::{InitialState, InstanceConfig};
use crate::vrrp::fsm::{Instance, InstanceId, State, Version};

/// Virtual routers.
pub(super) struct Instances<P>(PhantomData<P>);

/// What is configured of one, by its place.
fn config<P: VrrpFacts>(program: &P, place: usize) -> Option<&InstanceConfig> {
    program.config().vrrp.instance(place)
}

fn id(place: usize) -> InstanceId {
    InstanceId(u32::try_from(place).unwrap_or(u32::MAX))
}

/// Its machine.
fn machine<P: VrrpFacts>(program: &P, place: usize) -> Option<&Instance> {
    program.router().instance(id(place))
}

/// The state it was configured to begin in, as a number.
pub(super) const fn initial_state(config: &InstanceConfig) -> i32 {
    match config.initial_state {
        InitialState::Backup => 1,
        InitialState::Master => 2,
    }
}

/// The state it is on its way to; a member of a group may have to wait for the others.
fn wanted(config: &InstanceConfig, machine: &Instance) -> State {
    match (machine.state(), config.initial_state) {
        (State::Init, InitialState::Master) => State::Master,
        (State::Init, InitialState::Backup) => State::Backup,
        (State::Backup, _) if machine.wishes_to_lead() => State::Master,
        (state, _) => state,
    }
}

/// The connection synchronisation that follows it.
fn sync_daemon<'c>(all: &'c Config, own: &InstanceConfig) -> Option<&'c SyncDaemon> {
    let daemon = all.global.lvs.sync_daemon.as_ref()?;
    let followed = &daemon.instance.as_ref()?.value;
    (*followed == own.name.value).then_some(daemon)
}

fn has_all_addresses<P: VrrpFacts>(program: &P, place: usize) -> Option<bool> {
    let config = config(program, place)?;
    let count = config.vips.len() + config.excluded_vips.len();
    let mut items = 0..u32::try_from(count).ok()?;
    let is_master = program.router().state(id(place)) == State::Master;
    Some(is_master && items.all(|item| program.is_installed(id(place), item)))
}

fn uses_linkbeat(all: &Config, own: &InstanceConfig) -> bool {
    let linkbeat = &all.vrrp.linkbeat;
    let is_named = own.interface.as_ref().is_some_and(|interface| {
        let mut named = linkbeat.interfaces.iter();
        named.any(|line| line.name.value == interface.value)
    });
    linkbeat.all || is_named
}

/// Seconds for version 2, hundredths for version 3.
fn interval(version: Version, interval: Duration) -> Option<Value> {
    match version {
        Version::V2 => seconds(interval),
        Version::V3 => unsigned(interval.as_millis() / 10),
    }
}

impl<P: VrrpFacts> Instances<P> {
    pub(super) const TABLE: Table<P, usize> = Table {
        entry: oid!(2, 3, 1),
        columns: Self::COLUMNS,
        rows: &Places {
            count: |p: &P| p.config().vrrp.instances.len(),
        },
    };

    const COLUMNS: &'static [Column<P, usize>] = &[
        Column::named(2, "vrrpInstanceName", |p, i| {
            text(&config::<P>(p, i)?.name.value)
        }),
        Column::named(3, "vrrpInstanceVirtualRouterId", |p, i| {
            unsigned(config::<P>(p, i)?.vrid.0)
        }),
        Column::named(4, "vrrpInstanceState", |p, i| {
            state(machine::<P>(p, i)?.state())
        }),
        Column::named(5, "vrrpInstanceInitialState", |p, i| {
            integer(initial_state(config::<P>(p, i)?))
        }),
        Column::named(6, "vrrpInstanceWantedState", |p, i| {
            state(wanted(config::<P>(p, i)?, machine::<P>(p, i)?))
        }),
        Column::<P, usize>::named(7, "vrrpInstanceBasePriority", |p, i| {
            integer(machine::<P>(p, i)?.policy().priority.0)
        })
        .writable(Self::SET_PRIORITY),
        Column::named(8, "vrrpInstanceEffectivePriority", |p, i| {
            integer(machine::<P>(p, i)?.effective_priority().0)
        }),
        Column::named(9, "vrrpInstanceVipsStatus", |p, i| {
            truth(has_all_addresses::<P>(p, i)?)
        }),
        Column::named(10, "vrrpInstancePrimaryInterface", |p, i| {
            name(config::<P>(p, i)?.address_interface()?)
        }),
        Column::named(11, "vrrpInstanceTrackPrimaryIf", |p, i| {
            truth(!config::<P>(p, i)?.dont_track_primary)
        }),
        Column::named(12, "vrrpInstanceAdvertisementsInt", |p, i| {
            let config = config::<P>(p, i)?;
            interval(config.version, config.advert_interval)
        }),
        Column::<P, usize>::named(13, "vrrpInstancePreempt", |p, i| {
            truth(!machine::<P>(p, i)?.policy().nopreempt)
        })
        .writable(Self::SET_PREEMPT),
        Column::named(14, "vrrpInstancePreemptDelay", |p, i| {
            seconds(config::<P>(p, i)?.preempt_delay)
        }),
        Column::named(15, "vrrpInstanceAuthType", |p, i| {
            integer(config::<P>(p, i)?.authentication.number())
        }),
        Column::named(16, "vrrpInstanceLvsSyncDaemon", |p, i| {
            truth(sync_daemon(p.config(), config::<P>(p, i)?).is_some())
        }),
        Column::named(17, "vrrpInstanceLvsSyncInterface", |p, i| {
            let daemon = sync_daemon(p.config(), config::<P>(p, i)?)?;
            name(&daemon.parameters.interface)
        }),
        Column::named(18, "vrrpInstanceSyncGroup", |p, i| {
            text(config::<P>(p, i)?.sync_group.as_ref()?)
        }),
        Column::named(19, "vrrpInstanceGarpDelay", |p, i| {
            seconds(config::<P>(p, i)?.garp.delay)
        }),
        Column::named(20, "vrrpInstanceSmtpAlert", |p, i| {
            truth(config::<P>(p, i)?.notify.alert)
        }),
        Column::named(21, "vrrpInstanceNotifyExec", |p, i| {
            truth(runs_scripts(&config::<P>(p, i)?.notify))
        }),
        Column::named(22, "vrrpInstanceScriptMaster", |p, i| {
            script(&config::<P>(p, i)?.notify.master)
        }),
        Column::named(23, "vrrpInstanceScriptBackup", |p, i| {
            script(&config::<P>(p, i)?.notify.backup)
        }),
        Column::named(24, "vrrpInstanceScriptFault", |p, i| {
            script(&config::<P>(p, i)?.notify.fault)
        }),
        Column::named(25, "vrrpInstanceScriptStop", |p, i| {
            script(&config::<P>(p, i)?.notify.stop)
        }),
        Column::named(26, "vrrpInstanceScript", |p, i| {
            script(&config::<P>(p, i)?.notify.any)
        }),
        Column::<P, usize>::named(27, "vrrpInstanceAccept", |p, i| {
            let config = config::<P>(p, i)?;
            match config.version {
                Version::V2 => integer(0),
                Version::V3 => truth(config.accept),
            }
        })
        .writable(Self::SET_ACCEPT),
        Column::named(28, "vrrpInstancePromoteSecondaries", |p, i| {
            truth(config::<P>(p, i)?.promote_secondaries)
        }),
        Column::named(29, "vrrpInstanceUseLinkbeat", |p, i| {
            truth(uses_linkbeat(p.config(), config::<P>(p, i)?))
        }),
        Column::named(30, "vrrpInstanceVrrpVersion", |p, i| {
            integer(config::<P>(p, i)?.version.number())
        }),
        Column::named(31, "vrrpInstanceScriptMstrRxLowerPri", |p, i| {
            script(&config::<P>(p, i)?.notify.lower_priority)
        }),
        Column::named(32, "vrrpInstanceScriptDeleted", |p, i| {
            script(&config::<P>(p, i)?.notify.deleted)
        }),
        Column::named(33, "vrrpInstanceNotifyDeleted", |p, i| {
            truth(config::<P>(p, i)?.notify.tells_deleted)
        }),
        Column::named(34, "vrrpInstanceMulticastAddressType", |p, i| {
            let config = config::<P>(p, i).filter(|config| !config.is_unicast())?;
            address_type(config.multicast_group)
        }),
        Column::named(35, "vrrpInstanceMulticastAddress", |p, i| {
            let config = config::<P>(p, i).filter(|config| !config.is_unicast())?;
            address(config.multicast_group)
        }),
        Column::named(36, "vrrpInstanceV3ChecksumAsV2", |p, i| {
            truth(config::<P>(p, i)?.v3_checksum_as_v2)
        }),
    ];

    const SET_PRIORITY: Write<P, usize> = Write {
        test: |_, _, value| priority(value).map(|_| ()),
        commit: |p, now, i, value| {
            p.set_base_priority(now, id(i), priority(value)?);
            Ok(())
        },
    };

    const SET_PREEMPT: Write<P, usize> = Write {
        test: |_, _, value| preempts(value).map(|_| ()),
        commit: |p, now, i, value| {
            p.set_preempts(now, id(i), preempts(value)?);
            Ok(())
        },
    };

    /// Rules of the firewall would have to follow.
    const SET_ACCEPT: Write<P, usize> = Write {
        test: |_, _, _| Err(SetError::NoAccess),
        commit: |_, _, _, _| Err(SetError::CommitFailed),
    };
}

/// 1 to 255.
fn priority(value: &Value) -> Result<Priority, SetError> {
    let Value::Integer(number) = value else {
        return Err(SetError::WrongType);
    };
    let priority = u8::try_from(*number).map_err(|_| SetError::WrongValue)?;
    let priority = Some(priority).filter(|&priority| priority > 0);
    priority.map(Priority).ok_or(SetError::WrongValue)
}

/// 1 yes, 2 no.
const fn preempts(value: &Value) -> Result<bool, SetError> {
    let Value::Integer(number) = value else {
        return Err(SetError::WrongType);
    };
    match number {
        1 => Ok(true),
        2 => Ok(false),
        _ => Err(SetError::WrongValue),
    }
}
