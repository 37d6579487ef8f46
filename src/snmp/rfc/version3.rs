//! VRRPV3-MIB (RFC 6527): instances of both versions.

use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::rows::AddressRow;
use super::{config, counter, machine, state_number, statistic, sum};
use crate::model::Family;
use crate::snmp::view::VrrpView;
use crate::snmp::{Column, Kept, Mib, Object, Scalar, Table, Value};
use crate::vrrp::accept::{ReceiveStats, Statistic};
use crate::vrrp::fsm::{Cause, InstanceId, State};

/// A name below that of the MIB.
macro_rules! oid {
    ($($number:expr),*) => {
        &[1, 3, 6, 1, 2, 1, 207, $($number),*]
    };
}
pub(super) use oid;

/// The MIB for a process that runs VRRP.
#[derive(Debug)]
pub struct Vrrpv3Mib<P>(PhantomData<P>);

type Router<P> = Column<P, InstanceId>;

impl<P: VrrpView> Vrrpv3Mib<P> {
    /// All that is served.
    pub const MIB: Mib<P> = Mib {
        name: "VRRPV3-MIB",
        root: oid!(),
        objects: Self::OBJECTS,
    };

    const OBJECTS: &'static [&'static dyn Object<P>] = &[
        &Self::OPERATIONS,
        &Self::ADDRESSES,
        &Self::CHECKSUM_ERRORS,
        &Self::VERSION_ERRORS,
        &Self::VRID_ERRORS,
        &Self::DISCONTINUITY,
        &Self::STATISTICS,
    ];

    const OPERATIONS: Table<P, InstanceId> = Table {
        entry: oid!(1, 1, 1, 1),
        columns: &[
            Router::named(3, "vrrpv3OperationsMasterIpAddr", |p, id| {
                master_address(&**p, id)
            }),
            Router::named(4, "vrrpv3OperationsPrimaryIpAddr", |p, id| {
                inet_address(&**p, id, p.primary_address(id))
            }),
            Router::named(5, "vrrpv3OperationsVirtualMacAddr", |p, id| {
                Some(Value::OctetString(p.mac(id)?.0.to_vec()))
            }),
            Router::named(6, "vrrpv3OperationsStatus", |p, id| {
                Some(Value::Integer(state_number(machine(&**p, id)?.state())))
            }),
            Router::named(7, "vrrpv3OperationsPriority", |p, id| {
                Some(Value::gauge32(config(&**p, id)?.priority.0))
            }),
            Router::named(8, "vrrpv3OperationsAddrCount", |p, id| {
                Some(Value::integer(config(&**p, id)?.vips.len()))
            }),
            Router::named(9, "vrrpv3OperationsAdvInterval", |p, id| {
                let interval = config(&**p, id)?.advert_interval;
                Some(Value::integer(interval.as_millis() / 10))
            }),
            Router::named(10, "vrrpv3OperationsPreemptMode", |p, id| {
                Some(Value::truth(!config(&**p, id)?.nopreempt))
            }),
            Router::named(11, "vrrpv3OperationsAcceptMode", |p, id| {
                Some(Value::truth(config(&**p, id)?.accept))
            }),
            Router::named(12, "vrrpv3OperationsUpTime", |p, id| {
                Some(Value::ticks(p.up_time(id, p.now)))
            }),
            Router::named(13, "vrrpv3OperationsRowStatus", |_, _| {
                Some(Value::Integer(1))
            }),
        ],
        rows: &Kept {
            index: |p: &P| &p.rfc_rows().version3,
        },
    };

    const ADDRESSES: Table<P, AddressRow> = Table {
        entry: oid!(1, 1, 2, 1),
        columns: &[Column::named(
            2,
            "vrrpv3AssociatedIpAddrRowStatus",
            |_, _| Some(Value::Integer(1)),
        )],
        rows: &Kept {
            index: |p: &P| &p.rfc_rows().version3_addresses,
        },
    };

    const CHECKSUM_ERRORS: Scalar<P> =
        Scalar::named(oid!(1, 2, 1), "vrrpv3RouterChecksumErrors", |p| {
            Some(Value::Counter64(sum(&**p, Statistic::Checksum)))
        });

    const VERSION_ERRORS: Scalar<P> =
        Scalar::named(oid!(1, 2, 2), "vrrpv3RouterVersionErrors", |p| {
            Some(Value::Counter64(sum(&**p, Statistic::Version)))
        });

    const VRID_ERRORS: Scalar<P> = Scalar::named(oid!(1, 2, 3), "vrrpv3RouterVrIdErrors", |p| {
        Some(Value::Counter64(sum(&**p, Statistic::Vrid)))
    });

    const DISCONTINUITY: Scalar<P> = Scalar::named(
        oid!(1, 2, 4),
        "vrrpv3GlobalStatisticsDiscontinuityTime",
        |_| Some(Value::TimeTicks(0)),
    );

    const STATISTICS: Table<P, InstanceId> = Table {
        entry: oid!(1, 2, 5, 1),
        columns: &[
            Router::named(1, "vrrpv3StatisticsMasterTransitions", |p, id| {
                counter(&**p, id, |stats| stats.become_master).map(Value::counter32)
            }),
            Router::named(2, "vrrpv3StatisticsNewMasterReason", |p, id| {
                Some(Value::Integer(master_reason(p.master_cause(id).as_ref())))
            }),
            Router::named(3, "vrrpv3StatisticsRcvdAdvertisements", |p, id| {
                count(&**p, id, |stats| stats.advert_rcvd)
            }),
            Router::named(4, "vrrpv3StatisticsAdvIntervalErrors", |p, id| {
                errors(&**p, id, Statistic::AdvertInterval)
            }),
            Router::named(5, "vrrpv3StatisticsIpTtlErrors", |p, id| {
                errors(&**p, id, Statistic::TimeToLive)
            }),
            Router::named(6, "vrrpv3StatisticsProtoErrReason", |p, id| {
                let last = p.stats(id)?.last_protocol_error;
                Some(Value::Integer(protocol_error(last)))
            }),
            Router::named(7, "vrrpv3StatisticsRcvdPriZeroPackets", |p, id| {
                count(&**p, id, |stats| stats.pri_zero_rcvd)
            }),
            Router::named(8, "vrrpv3StatisticsSentPriZeroPackets", |p, id| {
                count(&**p, id, |stats| stats.pri_zero_sent)
            }),
            Router::named(9, "vrrpv3StatisticsRcvdInvalidTypePackets", |p, id| {
                errors(&**p, id, Statistic::InvalidType)
            }),
            Router::named(10, "vrrpv3StatisticsAddressListErrors", |p, id| {
                errors(&**p, id, Statistic::AddressList)
            }),
            Router::named(11, "vrrpv3StatisticsPacketLengthErrors", |p, id| {
                errors(&**p, id, Statistic::PacketLength)
            }),
            Router::named(12, "vrrpv3StatisticsRowDiscontinuityTime", |_, _| {
                Some(Value::TimeTicks(0))
            }),
            Router::named(13, "vrrpv3StatisticsRefreshRate", |p, id| {
                Some(Value::gauge32(
                    config(&**p, id)?.advert_interval.as_millis(),
                ))
            }),
        ],
        rows: &Kept {
            index: |p: &P| &p.rfc_rows().version3,
        },
    };
}

fn count<P: VrrpView>(
    program: &P,
    id: InstanceId,
    of: impl Fn(&ReceiveStats) -> u64,
) -> Option<Value> {
    counter(program, id, of).map(Value::Counter64)
}

fn errors<P: VrrpView>(program: &P, id: InstanceId, of: Statistic) -> Option<Value> {
    statistic(program, id, of).map(Value::Counter64)
}

/// `vrrpv3OperationsMasterIpAddr`: the own address while it is master itself.
pub(super) fn master_address<P: VrrpView>(program: &P, id: InstanceId) -> Option<Value> {
    let own = machine(program, id)?.state() == State::Master;
    let address = if own {
        program.primary_address(id)
    } else {
        program.last_heard(id)
    };
    inet_address(program, id, address)
}

/// An `InetAddress` of the family of the instance, the unspecified one if there is none.
fn inet_address<P: VrrpView>(
    program: &P,
    id: InstanceId,
    address: Option<IpAddr>,
) -> Option<Value> {
    let unspecified = match config(program, id)?.family {
        Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    Some(Value::inet_address(address.unwrap_or(unspecified)))
}

/// `vrrpv3StatisticsNewMasterReason`: 0 never was master, 1 priority, 2 preempted, 3 master did not
/// respond.
pub(super) const fn master_reason(cause: Option<&Cause>) -> i32 {
    match cause {
        None => 0,
        Some(
            Cause::Owner
            | Cause::GaveUp { .. }
            | Cause::Startup
            | Cause::AddressRestored
            | Cause::HigherPriority(_)
            | Cause::HigherAddress(_)
            | Cause::AddressDeleted
            | Cause::Late { .. }
            | Cause::InterfaceDown(_)
            | Cause::InterfaceUp(_)
            | Cause::TrackerBad(_)
            | Cause::TrackerGood(_)
            | Cause::Group(_)
            | Cause::SourceLost
            | Cause::SourceFound(_)
            | Cause::Fault(_)
            | Cause::FaultCleared(_)
            | Cause::Shutdown
            | Cause::Reloaded
            | Cause::Removed,
        ) => 1,
        Some(Cause::LowerPriority(_)) => 2,
        Some(Cause::NoAdvert { .. }) => 3,
    }
}

/// `vrrpv3StatisticsProtoErrReason`: 0 none, 1 TTL, 2 version, 3 checksum, 4 VRID.
pub(super) fn protocol_error(last: Option<Statistic>) -> i32 {
    const ERRORS: [Statistic; 4] = Statistic::OF_PROTOCOL;
    let place = last.and_then(|last| ERRORS.iter().position(|error| *error == last));
    place
        .and_then(|place| i32::try_from(place + 1).ok())
        .unwrap_or(0)
}
