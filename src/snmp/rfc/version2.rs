//! VRRP-MIB (RFC 2787): IPv4 instances of version 2.

use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr};

use super::rows::AddressRow;
use super::{config, counter, machine, state_number, statistic, sum};
use crate::snmp::view::VrrpView;
use crate::snmp::{Column, Kept, Mib, Object, Scalar, Table, Value};
use crate::vrrp::accept::{ReceiveStats, Statistic};
use crate::vrrp::authentication::Authentication;
use crate::vrrp::fsm::InstanceId;

/// A name below that of the MIB.
macro_rules! oid {
    ($($number:expr),*) => {
        &[1, 3, 6, 1, 2, 1, 68, $($number),*]
    };
}
pub(super) use oid;

/// The MIB for a process that runs VRRP.
#[derive(Debug)]
pub struct VrrpMib<P>(PhantomData<P>);

type Router<P> = Column<P, InstanceId>;

impl<P: VrrpView> VrrpMib<P> {
    /// All that is served.
    pub const MIB: Mib<P> = Mib {
        name: "VRRP-MIB",
        root: oid!(),
        objects: Self::OBJECTS,
    };

    const OBJECTS: &'static [&'static dyn Object<P>] = &[
        &Self::NODE_VERSION,
        &Self::NOTIFICATION_CONTROL,
        &Self::OPERATIONS,
        &Self::ADDRESSES,
        &Self::CHECKSUM_ERRORS,
        &Self::VERSION_ERRORS,
        &Self::VRID_ERRORS,
        &Self::STATISTICS,
    ];

    const NODE_VERSION: Scalar<P> =
        Scalar::named(oid!(1, 1), "vrrpNodeVersion", |_| Some(Value::Integer(2)));

    const NOTIFICATION_CONTROL: Scalar<P> =
        Scalar::named(oid!(1, 2), "vrrpNotificationCntl", |p| {
            Some(Value::truth(p.are_traps_enabled()))
        });

    const OPERATIONS: Table<P, InstanceId> = Table {
        entry: oid!(1, 3, 1),
        columns: &[
            Router::named(2, "vrrpOperVirtualMacAddr", |p, id| {
                Some(Value::OctetString(p.mac(id)?.0.to_vec()))
            }),
            Router::named(3, "vrrpOperState", |p, id| {
                Some(Value::Integer(state_number(machine(&**p, id)?.state())))
            }),
            Router::named(4, "vrrpOperAdminState", |_, _| Some(Value::Integer(1))),
            Router::named(5, "vrrpOperPriority", |p, id| {
                Some(Value::integer(config(&**p, id)?.priority.0))
            }),
            Router::named(6, "vrrpOperIpAddrCount", |p, id| {
                Some(Value::integer(config(&**p, id)?.vips.len()))
            }),
            Router::named(7, "vrrpOperMasterIpAddr", |p, id| {
                Some(ip_address(p.last_heard(id)))
            }),
            Router::named(8, "vrrpOperPrimaryIpAddr", |p, id| {
                Some(ip_address(p.primary_address(id)))
            }),
            Router::named(9, "vrrpOperAuthType", |p, id| {
                Some(Value::Integer(match config(&**p, id)?.authentication {
                    Authentication::None => 1,
                    Authentication::Pass(_) => 2,
                    Authentication::Ah(_) => 3,
                }))
            }),
            Router::named(11, "vrrpOperAdvertisementInterval", |p, id| {
                Some(Value::integer(config(&**p, id)?.advert_interval.as_secs()))
            }),
            Router::named(12, "vrrpOperPreemptMode", |p, id| {
                Some(Value::truth(!config(&**p, id)?.nopreempt))
            }),
            Router::named(13, "vrrpOperVirtualRouterUpTime", |p, id| {
                Some(Value::ticks(p.up_time(id, p.now)))
            }),
            Router::named(14, "vrrpOperProtocol", |_, _| Some(Value::Integer(1))),
            Router::named(15, "vrrpOperRowStatus", |_, _| Some(Value::Integer(1))),
        ],
        rows: &Kept {
            index: |p: &P| &p.rfc_rows().version2,
        },
    };

    const ADDRESSES: Table<P, AddressRow> = Table {
        entry: oid!(1, 4, 1),
        columns: &[Column::named(2, "vrrpAssoIpAddrRowStatus", |_, _| {
            Some(Value::Integer(1))
        })],
        rows: &Kept {
            index: |p: &P| &p.rfc_rows().version2_addresses,
        },
    };

    const CHECKSUM_ERRORS: Scalar<P> = Scalar::named(oid!(2, 1), "vrrpRouterChecksumErrors", |p| {
        Some(Value::counter32(sum(&**p, Statistic::Checksum)))
    });

    const VERSION_ERRORS: Scalar<P> = Scalar::named(oid!(2, 2), "vrrpRouterVersionErrors", |p| {
        Some(Value::counter32(sum(&**p, Statistic::Version)))
    });

    const VRID_ERRORS: Scalar<P> = Scalar::named(oid!(2, 3), "vrrpRouterVrIdErrors", |p| {
        Some(Value::counter32(sum(&**p, Statistic::Vrid)))
    });

    const STATISTICS: Table<P, InstanceId> = Table {
        entry: oid!(2, 4, 1),
        columns: &[
            Router::named(1, "vrrpStatsBecomeMaster", |p, id| {
                count(&**p, id, |stats| stats.become_master)
            }),
            Router::named(2, "vrrpStatsAdvertiseRcvd", |p, id| {
                count(&**p, id, |stats| stats.advert_rcvd)
            }),
            Router::named(3, "vrrpStatsAdvertiseIntervalErrors", |p, id| {
                errors(&**p, id, Statistic::AdvertInterval)
            }),
            Router::named(4, "vrrpStatsAuthFailures", |p, id| {
                errors(&**p, id, Statistic::AuthFailure)
            }),
            Router::named(5, "vrrpStatsIpTtlErrors", |p, id| {
                errors(&**p, id, Statistic::TimeToLive)
            }),
            Router::named(6, "vrrpStatsPriorityZeroPktsRcvd", |p, id| {
                count(&**p, id, |stats| stats.pri_zero_rcvd)
            }),
            Router::named(7, "vrrpStatsPriorityZeroPktsSent", |p, id| {
                count(&**p, id, |stats| stats.pri_zero_sent)
            }),
            Router::named(8, "vrrpStatsInvalidTypePktsRcvd", |p, id| {
                errors(&**p, id, Statistic::InvalidType)
            }),
            Router::named(9, "vrrpStatsAddressListErrors", |p, id| {
                errors(&**p, id, Statistic::AddressList)
            }),
            Router::named(10, "vrrpStatsInvalidAuthType", |p, id| {
                errors(&**p, id, Statistic::InvalidAuthType)
            }),
            Router::named(11, "vrrpStatsAuthTypeMismatch", |p, id| {
                errors(&**p, id, Statistic::AuthTypeMismatch)
            }),
            Router::named(12, "vrrpStatsPacketLengthErrors", |p, id| {
                errors(&**p, id, Statistic::PacketLength)
            }),
        ],
        rows: &Kept {
            index: |p: &P| &p.rfc_rows().version2,
        },
    };
}

fn count<P: VrrpView>(
    program: &P,
    id: InstanceId,
    of: impl Fn(&ReceiveStats) -> u64,
) -> Option<Value> {
    counter(program, id, of).map(Value::counter32)
}

fn errors<P: VrrpView>(program: &P, id: InstanceId, of: Statistic) -> Option<Value> {
    statistic(program, id, of).map(Value::counter32)
}

/// `IpAddress`, 0.0.0.0 if there is none.
pub(super) const fn ip_address(address: Option<IpAddr>) -> Value {
    Value::IpAddress(match address {
        Some(IpAddr::V4(address)) => address,
        Some(IpAddr::V6(_)) | None => Ipv4Addr::UNSPECIFIED,
    })
}
