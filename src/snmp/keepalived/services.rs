//! `virtualServerTable`

use std::marker::PhantomData;
use std::net::{Ipv4Addr, SocketAddr};

use super::codes::{
    family, kind, method, protocol, scheduler, tunnel_checksum, tunnel_port, tunnel_type, when_down,
};
use super::counters;
use super::facts::CheckFacts;
use super::oid;
use super::values::{
    address, integer, microseconds, script, script_path, seconds, text, truth, unsigned,
};
use crate::check::config::service::{CONNECT_TIMEOUT, Transitions};
use crate::check::config::{Inherited, ServiceAddress, ServiceConfig};
use crate::ipvs::{Granularity, Persistence, ServiceFlags};
use crate::model::Family;
use crate::snmp::{Column, Places, Table, Value};

/// Virtual servers.
pub(super) struct Services<P>(PhantomData<P>);

/// One by its place.
pub(super) fn service<P: CheckFacts>(program: &P, place: usize) -> Option<&ServiceConfig> {
    program.config().check.services.get(place)
}

fn given<P: CheckFacts>(program: &P, place: usize) -> Option<&Inherited> {
    service(program, place).map(|service| &service.given)
}

/// Its scripts.
fn scripts<P: CheckFacts>(program: &P, place: usize) -> Option<&Transitions> {
    service(program, place)?.scripts.as_deref()
}

/// The address of one that has one.
pub(super) const fn socket(service: &ServiceConfig) -> Option<SocketAddr> {
    match service.address {
        ServiceAddress::Address(address) => Some(address),
        ServiceAddress::Mark(_) | ServiceAddress::Group(_) => None,
    }
}

/// Which clients count as one: without persistence, and where nothing is said, each.
fn granularity(service: &ServiceConfig) -> Granularity {
    let given = service
        .persistence
        .map(|persistence: Persistence| persistence.granularity);
    match (given, service.family) {
        (Some(mask @ Granularity::Mask(_)), Family::V4) => mask,
        (Some(prefix @ Granularity::Prefix(_)), Family::V6) => prefix,
        (_, family) => Granularity::host(family),
    }
}

fn has_flag<P: CheckFacts>(program: &P, place: usize, flag: ServiceFlags) -> Option<Value> {
    truth(service(program, place)?.flags.has(flag))
}

impl<P: CheckFacts> Services<P> {
    pub(super) const TABLE: Table<P, usize> = Table {
        entry: oid!(3, 3, 1),
        columns: Self::COLUMNS,
        rows: &Places {
            count: |p: &P| p.config().check.services.len(),
        },
    };

    const COLUMNS: &'static [Column<P, usize>] = &[
        Column::named(2, "virtualServerType", |p, at| {
            integer(kind(service::<P>(p, at)?))
        }),
        Column::named(3, "virtualServerNameOfGroup", |p, at| {
            let group = p.config().check.group(service::<P>(p, at)?)?;
            text(&group.name.value)
        }),
        Column::named(4, "virtualServerFwMark", |p, at| {
            match service::<P>(p, at)?.address {
                ServiceAddress::Mark(mark) => unsigned(mark),
                ServiceAddress::Address(_) | ServiceAddress::Group(_) => None,
            }
        }),
        Column::named(5, "virtualServerAddrType", |p, at| {
            integer(family(service::<P>(p, at)?.family))
        }),
        Column::named(6, "virtualServerAddress", |p, at| {
            address(socket(service::<P>(p, at)?)?.ip())
        }),
        Column::named(7, "virtualServerPort", |p, at| {
            unsigned(socket(service::<P>(p, at)?)?.port())
        }),
        Column::named(8, "virtualServerProtocol", |p, at| {
            integer(protocol(service::<P>(p, at)?)?)
        }),
        Column::named(9, "virtualServerLoadBalancingAlgo", |p, at| {
            integer(scheduler(service::<P>(p, at)?.scheduler.as_str()))
        }),
        Column::named(10, "virtualServerLoadBalancingKind", |p, at| {
            integer(method(service::<P>(p, at)?.forwarding))
        }),
        Column::named(11, "virtualServerStatus", |p, at| truth(p.is_used(at))),
        Column::named(12, "virtualServerVirtualHost", |p, at| {
            text(given::<P>(p, at)?.virtualhost.as_ref()?)
        }),
        Column::named(13, "virtualServerPersist", |p, at| {
            truth(service::<P>(p, at)?.persistence.is_some())
        }),
        Column::named(14, "virtualServerPersistTimeout", |p, at| {
            unsigned(service::<P>(p, at)?.persistence?.timeout)
        }),
        Column::named(
            15,
            "virtualServerPersistGranularity",
            |p, at| match granularity(service::<P>(p, at)?) {
                Granularity::Mask(mask) => address(Ipv4Addr::from_bits(mask).into()),
                Granularity::Prefix(_) => None,
            },
        ),
        Column::named(16, "virtualServerDelayLoop", |p, at| {
            seconds(service::<P>(p, at)?.delay_loop())
        }),
        Column::named(17, "virtualServerHaSuspend", |p, at| {
            truth(service::<P>(p, at)?.ha_suspend)
        }),
        Column::named(18, "virtualServerAlpha", |p, at| {
            truth(given::<P>(p, at)?.alpha.unwrap_or(false))
        }),
        Column::named(19, "virtualServerOmega", |p, at| {
            truth(service::<P>(p, at)?.omega)
        }),
        Column::named(20, "virtualServerRealServersTotal", |p, at| {
            unsigned(service::<P>(p, at)?.servers.len())
        }),
        Column::named(21, "virtualServerRealServersUp", |p, at| {
            unsigned(p.alive(at))
        }),
        Column::named(22, "virtualServerQuorum", |p, at| {
            unsigned(service::<P>(p, at)?.quorum)
        }),
        Column::named(23, "virtualServerQuorumStatus", |p, at| {
            integer(p.quorum(at) as i32)
        }),
        Column::named(24, "virtualServerQuorumUp", |p, at| {
            script(&scripts::<P>(p, at)?.up)
        }),
        Column::named(25, "virtualServerQuorumDown", |p, at| {
            script(&scripts::<P>(p, at)?.down)
        }),
        Column::named(26, "virtualServerHysteresis", |p, at| {
            unsigned(service::<P>(p, at)?.hysteresis)
        }),
        Column::<P, usize>::named(27, "virtualServerStatsConns", |p, at| {
            counters::CONNECTIONS(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(28, "virtualServerStatsInPkts", |p, at| {
            counters::PACKETS_IN(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(29, "virtualServerStatsOutPkts", |p, at| {
            counters::PACKETS_OUT(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(30, "virtualServerStatsInBytes", |p, at| {
            counters::OCTETS_IN(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(31, "virtualServerStatsOutBytes", |p, at| {
            counters::OCTETS_OUT(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(32, "virtualServerRateCps", |p, at| {
            (counters::CPS.gauge)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(33, "virtualServerRateInPPS", |p, at| {
            (counters::IN_PPS.gauge)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(34, "virtualServerRateOutPPS", |p, at| {
            (counters::OUT_PPS.gauge)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(35, "virtualServerRateInBPS", |p, at| {
            (counters::IN_BPS.gauge)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(36, "virtualServerRateOutBPS", |p, at| {
            (counters::OUT_BPS.gauge)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::named(37, "virtualServerOPS", |p, at| {
            has_flag::<P>(p, at, ServiceFlags::ONE_PACKET)
        }),
        Column::<P, usize>::named(38, "virtualServerStatsConns64", |p, at| {
            counters::CONNECTIONS_64(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(39, "virtualServerStatsInPkts64", |p, at| {
            counters::PACKETS_IN_64(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(40, "virtualServerStatsOutPkts64", |p, at| {
            counters::PACKETS_OUT_64(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(41, "virtualServerRateCpsLow", |p, at| {
            (counters::CPS.low)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(42, "virtualServerRateCpsHigh", |p, at| {
            (counters::CPS.high)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(43, "virtualServerRateInPPSLow", |p, at| {
            (counters::IN_PPS.low)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(44, "virtualServerRateInPPSHigh", |p, at| {
            (counters::IN_PPS.high)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(45, "virtualServerRateOutPPSLow", |p, at| {
            (counters::OUT_PPS.low)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(46, "virtualServerRateOutPPSHigh", |p, at| {
            (counters::OUT_PPS.high)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(47, "virtualServerRateInBPSLow", |p, at| {
            (counters::IN_BPS.low)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(48, "virtualServerRateInBPSHigh", |p, at| {
            (counters::IN_BPS.high)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(49, "virtualServerRateOutBPSLow", |p, at| {
            (counters::OUT_BPS.low)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(50, "virtualServerRateOutBPSHigh", |p, at| {
            (counters::OUT_BPS.high)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::named(
            51,
            "virtualServerPersistGranularity6",
            |p, at| match granularity(service::<P>(p, at)?) {
                Granularity::Prefix(length) => unsigned(length),
                Granularity::Mask(_) => None,
            },
        ),
        // The kernel sets that flag for itself and does not tell it.
        Column::named(52, "virtualServerHashed", |_, _| truth(false)),
        Column::named(53, "virtualServerSHFallback", |p, at| {
            has_flag::<P>(p, at, ServiceFlags::SCHEDULER_1)
        }),
        Column::named(54, "virtualServerSHPort", |p, at| {
            has_flag::<P>(p, at, ServiceFlags::SCHEDULER_2)
        }),
        Column::named(55, "virtualServerSched3", |p, at| {
            has_flag::<P>(p, at, ServiceFlags::SCHEDULER_3)
        }),
        Column::named(56, "virtualServerActionWhenDown", |p, at| {
            when_down(given::<P>(p, at)?.inhibit.unwrap_or(false))
        }),
        Column::named(57, "virtualServerRetry", |p, at| {
            unsigned(given::<P>(p, at)?.retry.unwrap_or(0))
        }),
        Column::named(58, "virtualServerDelayBeforeRetry", |p, at| {
            seconds(given::<P>(p, at)?.delay_before_retry.unwrap_or_default())
        }),
        Column::named(59, "virtualServerWarmup", |p, at| {
            seconds(given::<P>(p, at)?.warmup.unwrap_or_default())
        }),
        Column::named(60, "virtualServerWeight", |p, at| {
            integer(service::<P>(p, at)?.weight)
        }),
        Column::named(61, "virtualServerSmtpAlert", |p, at| {
            truth(service::<P>(p, at)?.smtp_alert)
        }),
        Column::named(62, "virtualServerMHFallback", |p, at| {
            has_flag::<P>(p, at, ServiceFlags::SCHEDULER_1)
        }),
        Column::named(63, "virtualServerMHPort", |p, at| {
            has_flag::<P>(p, at, ServiceFlags::SCHEDULER_2)
        }),
        Column::named(64, "virtualServerDelayLoopUsec", |p, at| {
            microseconds(service::<P>(p, at)?.delay_loop())
        }),
        Column::named(65, "virtualServerDelayBeforeRetrUsec", |p, at| {
            microseconds(given::<P>(p, at)?.delay_before_retry.unwrap_or_default())
        }),
        Column::named(66, "virtualServerWarmupUsec", |p, at| {
            microseconds(given::<P>(p, at)?.warmup.unwrap_or_default())
        }),
        Column::named(67, "virtualServerConnTimeoutUsec", |p, at| {
            microseconds(
                given::<P>(p, at)?
                    .connect_timeout
                    .unwrap_or(CONNECT_TIMEOUT),
            )
        }),
        Column::named(68, "virtualServerTunnelType", |p, at| {
            tunnel_type(service::<P>(p, at)?.forwarding)
        }),
        Column::named(69, "virtualServerTunnelPort", |p, at| {
            tunnel_port(service::<P>(p, at)?.forwarding)
        }),
        Column::named(70, "virtualServerTunnelCsum", |p, at| {
            tunnel_checksum(service::<P>(p, at)?.forwarding)
        }),
        Column::named(71, "virtualServerName", |p, at| {
            text(service::<P>(p, at)?.snmp_name.as_ref()?)
        }),
        Column::named(72, "virtualServerQuorumUpPath", |p, at| {
            script_path(&scripts::<P>(p, at)?.up)
        }),
        Column::named(73, "virtualServerQuorumDownPath", |p, at| {
            script_path(&scripts::<P>(p, at)?.down)
        }),
        Column::<P, usize>::named(74, "virtualServerRateCps64", |p, at| {
            (counters::CPS.whole)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(75, "virtualServerRateInPPS64", |p, at| {
            (counters::IN_PPS.whole)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(76, "virtualServerRateOutPPS64", |p, at| {
            (counters::OUT_PPS.whole)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(77, "virtualServerRateInBPS64", |p, at| {
            (counters::IN_BPS.whole)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
        Column::<P, usize>::named(78, "virtualServerRateOutBPS64", |p, at| {
            (counters::OUT_BPS.whole)(&p.counters(at))
        })
        .refreshed(P::refresh_service),
    ];
}
