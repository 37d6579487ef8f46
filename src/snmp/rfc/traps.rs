//! Notifications of both MIBs.

use std::net::IpAddr;

use super::{config, version2, version3};
use crate::model::Family;
use crate::snmp::view::VrrpView;
use crate::snmp::{Notification, Oid, Value, VarBind};
use crate::vrrp::accept::{RejectionKind, Statistic};
use crate::vrrp::fsm::{Cause, InstanceId, Version};

/// Which MIBs are served; only of those there are notifications.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Served {
    /// VRRP-MIB.
    pub version2: bool,
    /// VRRPV3-MIB.
    pub version3: bool,
}

/// `vrrpTrapNewMaster` or `vrrpv3NewMaster`: an instance has become master.
pub fn new_master<P: VrrpView>(
    program: &P,
    served: Served,
    id: InstanceId,
    cause: &Cause,
) -> Option<Notification> {
    let row = row(program, id)?;
    match row.version {
        Version::V2 if served.version2 => Some(row.version2(
            1,
            vec![(
                version2::oid!(1, 3, 1, 7),
                version2::ip_address(program.primary_address(id)),
            )],
        )),
        Version::V3 if served.version3 => {
            let reason = Value::Integer(version3::master_reason(Some(cause)));
            Some(row.version3(
                1,
                vec![
                    (
                        version3::oid!(1, 1, 1, 1, 3),
                        version3::master_address(program, id)?,
                    ),
                    (version3::oid!(1, 2, 5, 1, 2), reason),
                ],
            ))
        }
        Version::V2 | Version::V3 => None,
    }
}

/// `vrrpTrapAuthFailure` or `vrrpv3ProtoError`: an advert was refused.
pub fn rejected<P: VrrpView>(
    program: &P,
    served: Served,
    id: InstanceId,
    source: IpAddr,
    kind: RejectionKind,
) -> Option<Notification> {
    let row = row(program, id)?;
    match row.version {
        Version::V2 if served.version2 => {
            let error = authentication_error(kind.statistic())?;
            Some(row.version2(
                2,
                vec![
                    (version2::oid!(1, 5), version2::ip_address(Some(source))),
                    (version2::oid!(1, 6), Value::Integer(error)),
                ],
            ))
        }
        Version::V3 if served.version3 => {
            let error = version3::protocol_error(Some(kind.statistic()));
            let of_protocol = error != 0;
            of_protocol.then(|| {
                row.version3(
                    2,
                    vec![(version3::oid!(1, 2, 5, 1, 6), Value::Integer(error))],
                )
            })
        }
        Version::V2 | Version::V3 => None,
    }
}

/// `vrrpTrapAuthErrorType`
const fn authentication_error(statistic: Statistic) -> Option<i32> {
    match statistic {
        Statistic::InvalidAuthType => Some(1),
        Statistic::AuthTypeMismatch => Some(2),
        Statistic::AuthFailure => Some(3),
        Statistic::PacketLength
        | Statistic::TimeToLive
        | Statistic::InvalidType
        | Statistic::AdvertInterval
        | Statistic::AddressList
        | Statistic::AuthExtMissing
        | Statistic::AuthExtMalformed
        | Statistic::AuthExtUnknownKey
        | Statistic::AuthExtInvalidHmac
        | Statistic::AuthExtStale
        | Statistic::AuthExtReplay
        | Statistic::Checksum
        | Statistic::Version
        | Statistic::Vrid
        | Statistic::None => None,
    }
}

/// An instance of one of the MIBs: its version and index.
struct Row {
    version: Version,
    index: Vec<u32>,
}

fn row<P: VrrpView>(program: &P, id: InstanceId) -> Option<Row> {
    let instance = config(program, id)?;
    let interface = program.interface_number(id)?.0;
    let is_shown = !instance.vips.is_empty()
        && (instance.version == Version::V3 || instance.family == Family::V4);
    let mut index = vec![interface, instance.vrid.0.into()];
    if instance.version == Version::V3 {
        index.push(super::rows::address_type(instance.family));
    }
    is_shown.then_some(Row {
        version: instance.version,
        index,
    })
}

impl Row {
    fn version2(&self, number: u32, variables: Vec<(&[u32], Value)>) -> Notification {
        self.notification(Oid::new(version2::oid!(0, number)), variables)
    }

    fn version3(&self, number: u32, variables: Vec<(&[u32], Value)>) -> Notification {
        self.notification(Oid::new(version3::oid!(0, number)), variables)
    }

    fn notification(&self, name: Oid, variables: Vec<(&[u32], Value)>) -> Notification {
        let variables = variables.into_iter();
        let variables = variables
            .map(|(column, value)| VarBind::new(Oid::join(column, &self.index), value))
            .collect();
        Notification { name, variables }
    }
}
