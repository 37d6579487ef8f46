//! Notifications of both MIBs.

use std::net::IpAddr;

use super::{config, rows, version2, version3};
use crate::snmp::view::VrrpView;
use crate::snmp::{Notification, Oid, Value, VarBind};
use crate::vrrp::accept::{RejectionKind, Statistic};
use crate::vrrp::fsm::{Cause, InstanceId};

/// Which MIBs are served; only of those there are notifications.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Served {
    /// VRRP-MIB.
    pub version2: bool,
    /// VRRPV3-MIB.
    pub version3: bool,
}

/// `vrrpTrapNewMaster` and `vrrpv3NewMaster`: an instance has become master. Of both, the
/// one of the older MIB comes first.
pub fn new_master<P: VrrpView>(
    program: &P,
    served: Served,
    id: InstanceId,
    cause: &Cause,
) -> Vec<Notification> {
    let Some(row) = row(program, id) else {
        return Vec::new();
    };
    let version2 = row.version2(served, 1, || {
        let own = version2::ip_address(program.primary_address(id));
        Some(vec![(version2::oid!(1, 3, 1, 7), own)])
    });
    let version3 = row.version3(served, 1, || {
        let own = version3::master_address(program, id)?;
        let reason = Value::Integer(version3::master_reason(Some(cause)));
        Some(vec![
            (version3::oid!(1, 1, 1, 1, 3), own),
            (version3::oid!(1, 2, 5, 1, 2), reason),
        ])
    });
    version2.into_iter().chain(version3).collect()
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
    let version2 = row.version2(served, 2, || {
        let error = authentication_error(kind.statistic())?;
        Some(vec![
            (version2::oid!(1, 5), version2::ip_address(Some(source))),
            (version2::oid!(1, 6), Value::Integer(error)),
        ])
    });
    version2.or_else(|| {
        row.version3(served, 2, || {
            let error = version3::protocol_error(Some(kind.statistic()));
            let of_protocol: (&[u32], Value) =
                (version3::oid!(1, 2, 5, 1, 6), Value::Integer(error));
            (error != 0).then(|| vec![of_protocol])
        })
    })
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

/// Columns and their values.
type Variables = Vec<(&'static [u32], Value)>;

/// An instance that the MIBs have.
struct Row {
    /// Its index in VRRP-MIB, if that has it.
    version2: Option<[u32; 2]>,
    /// Its index in VRRPV3-MIB.
    version3: [u32; 3],
}

fn row<P: VrrpView>(program: &P, id: InstanceId) -> Option<Row> {
    let instance = config(program, id).filter(|instance| !instance.vips.is_empty())?;
    let interface = program.interface_number(id)?.0;
    let vrid = instance.vrid.0.into();
    Some(Row {
        version2: rows::is_of_version2(instance).then_some([interface, vrid]),
        version3: [interface, vrid, rows::address_type(instance.family)],
    })
}

impl Row {
    fn version2(
        &self,
        served: Served,
        number: u32,
        variables: impl FnOnce() -> Option<Variables>,
    ) -> Option<Notification> {
        let index = self.version2.filter(|_| served.version2)?;
        let name = Oid::new(version2::oid!(0, number));
        Some(notification(name, &index, variables()?))
    }

    fn version3(
        &self,
        served: Served,
        number: u32,
        variables: impl FnOnce() -> Option<Variables>,
    ) -> Option<Notification> {
        let variables = served.version3.then(variables)??;
        let name = Oid::new(version3::oid!(0, number));
        Some(notification(name, &self.version3, variables))
    }
}

fn notification(name: Oid, index: &[u32], variables: Variables) -> Notification {
    let variables = variables.into_iter();
    let variables = variables
        .map(|(column, value)| VarBind::new(Oid::join(column, index), value))
        .collect();
    Notification { name, variables }
}
