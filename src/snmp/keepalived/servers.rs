//! `realServerTable`

use std::marker::PhantomData;
use std::net::SocketAddr;
use std::time::Duration;

use scheduler::Instant;

use super::codes::{method, tunnel_checksum, tunnel_port, tunnel_type, when_down};
use super::counters;
use super::facts::CheckFacts;
use super::oid;
use super::services::service;
use super::values::{
    address, address_type, integer, microseconds, script, script_path, seconds, text, truth,
    unsigned,
};
use crate::check::config::service::{CONNECT_TIMEOUT, Transitions};
use crate::check::config::{Inherited, ServerConfig};
use crate::ipvs::Forwarding;
use crate::ipvs::table::DestinationReading;
use crate::snmp::{Column, Nested, SetError, Table, Value, Write};

/// Real servers; a sorry server is the first row of its virtual server.
pub(super) struct Servers<P>(PhantomData<P>);

/// A virtual server, and a place among its rows.
type Place = (usize, usize);

/// Whose row it is: a real server by its place, or (`None`) the sorry server.
fn member<P: CheckFacts>(program: &P, (service_at, row): Place) -> Option<Option<usize>> {
    match service(program, service_at)?.sorry {
        Some(_) => Some(row.checked_sub(1)),
        None => Some(Some(row)),
    }
}

/// The place of a real server.
fn place<P: CheckFacts>(program: &P, at: Place) -> Option<usize> {
    member(program, at)?
}

fn server<P: CheckFacts>(program: &P, at: Place) -> Option<&ServerConfig> {
    service(program, at.0)?.servers.get(place(program, at)?)
}

fn socket<P: CheckFacts>(program: &P, at: Place) -> Option<SocketAddr> {
    match member(program, at)? {
        Some(_) => server(program, at).map(ServerConfig::socket),
        None => {
            let sorry = service(program, at.0)?.sorry?;
            Some((sorry.address, sorry.port).into())
        }
    }
}

fn forwarding<P: CheckFacts>(program: &P, at: Place) -> Option<Forwarding> {
    match member(program, at)? {
        Some(_) => server(program, at).map(|server| server.forwarding),
        None => service(program, at.0)?.sorry.map(|sorry| sorry.forwarding),
    }
}

fn scripts<P: CheckFacts>(program: &P, at: Place) -> Option<&Transitions> {
    server(program, at)?.scripts.as_deref()
}

/// What the kernel tells of it.
fn reading<P: CheckFacts>(program: &P, at: Place) -> DestinationReading {
    let member = member(program, at);
    member.map_or_else(DestinationReading::default, |member| {
        program.reading(at.0, member)
    })
}

fn refresh<P: CheckFacts>(program: &mut P, now: Instant, at: Place) {
    program.refresh_servers(now, at.0);
}

/// What it says itself, else what its virtual server says. A sorry server is not
/// checked: nothing is said of it.
fn inherited<P: CheckFacts, T>(
    program: &P,
    at: Place,
    word: fn(&Inherited) -> Option<T>,
) -> Option<Option<T>> {
    if member(program, at)?.is_none() {
        return Some(None);
    }
    let own = server(program, at)?.given.as_deref().and_then(word);
    Some(own.or_else(|| word(&service(program, at.0)?.given)))
}

/// A time that is 0 where nothing is said.
fn time<P: CheckFacts>(
    program: &P,
    at: Place,
    word: fn(&Inherited) -> Option<Duration>,
) -> Option<Duration> {
    inherited(program, at, word).map(Option::unwrap_or_default)
}

/// A time that real servers have also where nothing is said.
fn time_or<P: CheckFacts>(
    program: &P,
    at: Place,
    word: fn(&Inherited) -> Option<Duration>,
    default: Duration,
) -> Option<Duration> {
    let given = inherited(program, at, word)?;
    let is_sorry = member(program, at)?.is_none();
    Some(given.unwrap_or(if is_sorry { Duration::ZERO } else { default }))
}

/// `delay_loop`
fn delay_loop<P: CheckFacts>(program: &P, at: Place) -> Option<Duration> {
    let default = service(program, at.0)?.delay_loop();
    time_or(program, at, |given| given.delay_loop, default)
}

/// Not 0: a limit that is set.
fn limit(limit: u32) -> Option<Value> {
    (limit > 0).then(|| unsigned(limit))?
}

impl<P: CheckFacts> Servers<P> {
    pub(super) const TABLE: Table<P, Place> = Table {
        entry: oid!(3, 4, 1),
        columns: Self::COLUMNS,
        rows: &Nested {
            outer: |p: &P| p.config().check.services.len(),
            inner: |p: &P, at| {
                service(p, at).map_or(0, |own| {
                    own.servers.len() + usize::from(own.sorry.is_some())
                })
            },
        },
    };

    const COLUMNS: &'static [Column<P, Place>] = &[
        Column::named(2, "realServerType", |p, at| {
            integer(if member::<P>(p, at)?.is_some() { 1 } else { 2 })
        }),
        Column::named(3, "realServerAddrType", |p, at| {
            address_type(socket::<P>(p, at)?.ip())
        }),
        Column::named(4, "realServerAddress", |p, at| {
            address(socket::<P>(p, at)?.ip())
        }),
        Column::named(5, "realServerPort", |p, at| {
            unsigned(socket::<P>(p, at)?.port())
        }),
        Column::named(6, "realServerStatus", |p, at| {
            truth(p.is_alive(at.0, place::<P>(p, at)?))
        }),
        Column::<P, Place>::named(7, "realServerWeight", |p, at| {
            integer(p.weight(at.0, place::<P>(p, at)?))
        })
        .writable(Self::SET_WEIGHT),
        Column::named(8, "realServerUpperConnectionLimit", |p, at| {
            limit(server::<P>(p, at)?.upper_threshold)
        }),
        Column::named(9, "realServerLowerConnectionLimit", |p, at| {
            limit(server::<P>(p, at)?.lower_threshold)
        }),
        Column::named(10, "realServerActionWhenDown", |p, at| {
            when_down(server::<P>(p, at)?.inhibit)
        }),
        Column::named(11, "realServerNotifyUp", |p, at| {
            script(&scripts::<P>(p, at)?.up)
        }),
        Column::named(12, "realServerNotifyDown", |p, at| {
            script(&scripts::<P>(p, at)?.down)
        }),
        Column::named(13, "realServerFailedChecks", |p, at| {
            unsigned(p.failed_checks(at.0, place::<P>(p, at)?))
        }),
        Column::<P, Place>::named(14, "realServerStatsConns", |p, at| {
            counters::CONNECTIONS(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(15, "realServerStatsActiveConns", |p, at| {
            unsigned(reading::<P>(p, at).active_connections)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(16, "realServerStatsInactiveConns", |p, at| {
            unsigned(reading::<P>(p, at).inactive_connections)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(17, "realServerStatsPersistentConns", |p, at| {
            unsigned(reading::<P>(p, at).persistent_connections)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(18, "realServerStatsInPkts", |p, at| {
            counters::PACKETS_IN(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(19, "realServerStatsOutPkts", |p, at| {
            counters::PACKETS_OUT(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(20, "realServerStatsInBytes", |p, at| {
            counters::OCTETS_IN(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(21, "realServerStatsOutBytes", |p, at| {
            counters::OCTETS_OUT(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(22, "realServerRateCps", |p, at| {
            (counters::CPS.gauge)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(23, "realServerRateInPPS", |p, at| {
            (counters::IN_PPS.gauge)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(24, "realServerRateOutPPS", |p, at| {
            (counters::OUT_PPS.gauge)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(25, "realServerRateInBPS", |p, at| {
            (counters::IN_BPS.gauge)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(26, "realServerRateOutBPS", |p, at| {
            (counters::OUT_BPS.gauge)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(27, "realServerStatsConns64", |p, at| {
            counters::CONNECTIONS_64(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(28, "realServerStatsInPkts64", |p, at| {
            counters::PACKETS_IN_64(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(29, "realServerStatsOutPkts64", |p, at| {
            counters::PACKETS_OUT_64(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(30, "realServerRateCpsLow", |p, at| {
            (counters::CPS.low)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(31, "realServerRateCpsHigh", |p, at| {
            (counters::CPS.high)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(32, "realServerRateInPPSLow", |p, at| {
            (counters::IN_PPS.low)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(33, "realServerRateInPPSHigh", |p, at| {
            (counters::IN_PPS.high)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(34, "realServerRateOutPPSLow", |p, at| {
            (counters::OUT_PPS.low)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(35, "realServerRateOutPPSHigh", |p, at| {
            (counters::OUT_PPS.high)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(36, "realServerRateInBPSLow", |p, at| {
            (counters::IN_BPS.low)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(37, "realServerRateInBPSHigh", |p, at| {
            (counters::IN_BPS.high)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(38, "realServerRateOutBPSLow", |p, at| {
            (counters::OUT_BPS.low)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(39, "realServerRateOutBPSHigh", |p, at| {
            (counters::OUT_BPS.high)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::named(40, "realServerForwardingMethod", |p, at| {
            integer(method(forwarding::<P>(p, at)?))
        }),
        Column::named(41, "realServerVirtualHost", |p, at| {
            text(server::<P>(p, at)?.given.as_ref()?.virtualhost.as_ref()?)
        }),
        Column::named(42, "realServerAlpha", |p, at| {
            truth(server::<P>(p, at).is_some_and(|server| server.alpha))
        }),
        Column::named(43, "realServerRetry", |p, at| {
            unsigned(inherited::<P, _>(p, at, |given| given.retry)?.unwrap_or(0))
        }),
        Column::named(44, "realServerDelayBeforeRetry", |p, at| {
            seconds(time::<P>(p, at, |given| given.delay_before_retry)?)
        }),
        Column::named(45, "realServerWarmup", |p, at| {
            seconds(time::<P>(p, at, |given| given.warmup)?)
        }),
        Column::named(46, "realServerDelayLoop", |p, at| {
            seconds(delay_loop::<P>(p, at)?)
        }),
        Column::named(47, "realServerSmtpAlert", |p, at| {
            truth(server::<P>(p, at).is_some_and(|server| server.smtp_alert))
        }),
        Column::named(48, "realServerDelayBeforeRetryUsec", |p, at| {
            microseconds(time::<P>(p, at, |given| given.delay_before_retry)?)
        }),
        Column::named(49, "realServerWarmupUsec", |p, at| {
            microseconds(time::<P>(p, at, |given| given.warmup)?)
        }),
        Column::named(50, "realServerDelayLoopUsec", |p, at| {
            microseconds(delay_loop::<P>(p, at)?)
        }),
        Column::named(51, "realServerConnTimeoutUsec", |p, at| {
            microseconds(time_or::<P>(
                p,
                at,
                |given| given.connect_timeout,
                CONNECT_TIMEOUT,
            )?)
        }),
        Column::named(52, "realServerTunnelType", |p, at| {
            tunnel_type(forwarding::<P>(p, at)?)
        }),
        Column::named(53, "realServerTunnelPort", |p, at| {
            tunnel_port(forwarding::<P>(p, at)?)
        }),
        Column::named(54, "realServerTunnelCsum", |p, at| {
            tunnel_checksum(forwarding::<P>(p, at)?)
        }),
        Column::named(55, "realServerName", |p, at| {
            text(server::<P>(p, at)?.snmp_name.as_ref()?)
        }),
        Column::named(56, "realServerNotifyUpPath", |p, at| {
            script_path(&scripts::<P>(p, at)?.up)
        }),
        Column::named(57, "realServerNotifyDownPath", |p, at| {
            script_path(&scripts::<P>(p, at)?.down)
        }),
        Column::<P, Place>::named(58, "realServerRateCps64", |p, at| {
            (counters::CPS.whole)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(59, "realServerRateInPPS64", |p, at| {
            (counters::IN_PPS.whole)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(60, "realServerRateOutPPS64", |p, at| {
            (counters::OUT_PPS.whole)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(61, "realServerRateInBPS64", |p, at| {
            (counters::IN_BPS.whole)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::<P, Place>::named(62, "realServerRateOutBPS64", |p, at| {
            (counters::OUT_BPS.whole)(&reading::<P>(p, at).counters)
        })
        .refreshed(refresh),
        Column::named(63, "realServerNotRunCheckers", |p, at| {
            unsigned(p.checks_not_run(at.0, place::<P>(p, at)?))
        }),
    ];

    const SET_WEIGHT: Write<P, Place> = Write {
        test: |p, at, value| {
            place(p, at).ok_or(SetError::NoCreation)?;
            weight(value).map(|_| ())
        },
        commit: |p, _, at, value| {
            let place = place(p, at).ok_or(SetError::CommitFailed)?;
            p.set_weight(at.0, place, weight(value)?);
            Ok(())
        },
    };
}

/// Not negative.
fn weight(value: &Value) -> Result<u32, SetError> {
    let Value::Integer(number) = value else {
        return Err(SetError::WrongType);
    };
    u32::try_from(*number).map_err(|_| SetError::WrongValue)
}
