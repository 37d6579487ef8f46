//! `vrrpRouteTable`

use std::marker::PhantomData;

use super::encapsulation;
use super::oid;
use super::rows::{Owned, Owner};
use super::values::{
    address, address_type, integer, name, prefix_length, protocol, realms, scope, text, truth,
    unsigned,
};
use crate::model::IfName;
use crate::netlink::metrics::Metric;
use crate::netlink::route::route_kind;
use crate::snmp::view::VrrpView;
use crate::snmp::{Column, Table, Value};
use crate::vrrp::config::RouteConfig;
use crate::vrrp::config::routes::NextHopConfig;

/// Virtual and static routes.
pub(super) struct Routes<P>(PhantomData<P>);

type Place = (Owner, usize);

/// A route by its place.
pub(super) fn route<P: VrrpView>(program: &P, (owner, place): Place) -> Option<&RouteConfig> {
    list(program, owner)?.get(place)
}

/// How many routes an owner has.
pub(super) fn count<P: VrrpView>(program: &P, owner: Owner) -> usize {
    list(program, owner).map_or(0, <[_]>::len)
}

fn list<P: VrrpView>(program: &P, owner: Owner) -> Option<&[RouteConfig]> {
    let config = &program.config().vrrp;
    match owner {
        Owner::Nobody => Some(&config.static_routes),
        Owner::Instance(place) => config.instance(place).map(|own| &*own.routes),
    }
}

/// What the process knows it by: routes come behind the addresses of their owner.
fn item<P: VrrpView>(program: &P, (owner, place): Place) -> Option<u32> {
    let config = &program.config().vrrp;
    let before = match owner {
        Owner::Nobody => config.static_addresses.len(),
        Owner::Instance(place) => {
            let own = config.instance(place)?;
            own.vips.len() + own.excluded_vips.len()
        }
    };
    u32::try_from(before + place).ok()
}

/// The only way packets go.
fn only_hop<P: VrrpView>(program: &P, at: Place) -> Option<&NextHopConfig> {
    let route = route(program, at)?;
    route.hops.is_empty().then_some(&route.hop)
}

fn interface<P: VrrpView>(program: &P, at: Place) -> Option<&IfName> {
    only_hop(program, at)?.dev.as_ref().map(|dev| &dev.value)
}

/// The routing table; that of a VRF is the interface's own and not told.
fn table(route: &RouteConfig) -> Option<Value> {
    route.vrf.is_none().then_some(())?;
    unsigned(route.table)
}

/// `RouteType`; `ecmp` for one with several next hops.
fn kind(route: &RouteConfig) -> Option<Value> {
    integer(match route.kind {
        _ if !route.hops.is_empty() => 2,
        route_kind::UNICAST => 1,
        route_kind::BLACKHOLE => 3,
        route_kind::ANYCAST => 4,
        route_kind::MULTICAST => 5,
        route_kind::BROADCAST => 6,
        route_kind::UNREACHABLE => 7,
        route_kind::PROHIBIT => 8,
        route_kind::THROW => 9,
        route_kind::NAT => 10,
        route_kind::XRESOLVE => 11,
        _ => return None,
    })
}

/// `PrefType` of RFC 4191 section 2.1: 0 medium, 1 high, 3 low.
fn preference(route: &RouteConfig) -> Option<Value> {
    integer(match route.preference? {
        3 => 1,
        1 => 3,
        _ => 2,
    })
}

/// A metric, in parts of which so many make one that is told.
fn metric<P: VrrpView>(program: &P, at: Place, metric: Metric, parts: u32) -> Option<Value> {
    unsigned(route(program, at)?.metrics.get(metric)? / parts)
}

/// Whether a metric that is given is locked.
fn lock<P: VrrpView>(program: &P, at: Place, metric: Metric) -> Option<Value> {
    let metrics = &route(program, at)?.metrics;
    metrics.get(metric)?;
    truth(metrics.is_locked(metric))
}

/// Whether a metric that is a switch is on.
fn switch<P: VrrpView>(program: &P, at: Place, metric: Metric) -> Option<Value> {
    truth(route(program, at)?.metrics.get(metric).unwrap_or(0) != 0)
}

/// The kernel has round trip times in eighths of a millisecond, and their variation in
/// quarters.
const RTT: u32 = 8;
const RTT_VARIANCE: u32 = 4;

impl<P: VrrpView> Routes<P> {
    pub(super) const TABLE: Table<P, Place> = Table {
        entry: oid!(2, 7, 1),
        columns: Self::COLUMNS,
        rows: &Owned { count },
    };

    const COLUMNS: &'static [Column<P, Place>] = &[
        Column::named(2, "vrrpRouteAddressType", |p, at| {
            address_type(route::<P>(p, at)?.destination.value.addr)
        }),
        Column::named(3, "vrrpRouteDestination", |p, at| {
            address(route::<P>(p, at)?.destination.value.addr)
        }),
        Column::named(4, "vrrpRouteDestinationMask", |p, at| {
            prefix_length(route::<P>(p, at)?.destination.value)
        }),
        Column::named(5, "vrrpRouteGateway", |p, at| {
            address(only_hop::<P>(p, at)?.via?)
        }),
        Column::named(6, "vrrpRouteSecondaryGateway", |p, at| {
            match route::<P>(p, at)?.hops.as_slice() {
                [_, second] => address(second.via?),
                _ => None,
            }
        }),
        Column::named(7, "vrrpRouteSource", |p, at| {
            address(route::<P>(p, at)?.source?)
        }),
        Column::named(8, "vrrpRouteMetric", |p, at| {
            unsigned(route::<P>(p, at)?.metric.unwrap_or(0))
        }),
        Column::named(9, "vrrpRouteScope", |p, at| scope(route::<P>(p, at)?.scope)),
        Column::named(10, "vrrpRouteType", |p, at| kind(route::<P>(p, at)?)),
        Column::named(11, "vrrpRouteIfIndex", |p, at| {
            integer(p.link(interface::<P>(p, at)?)?.index.0)
        }),
        Column::named(12, "vrrpRouteIfName", |p, at| name(interface::<P>(p, at)?)),
        Column::named(13, "vrrpRouteRoutingTable", |p, at| {
            table(route::<P>(p, at)?)
        }),
        Column::named(14, "vrrpRouteStatus", |p, at| {
            let owner = at.0.id(&p.config().vrrp);
            truth(p.is_installed(owner, item::<P>(p, at)?))
        }),
        Column::named(15, "vrrpRouteFromAddress", |p, at| {
            address(route::<P>(p, at)?.from?.addr)
        }),
        Column::named(16, "vrrpRouteFromAddressMask", |p, at| {
            prefix_length(route::<P>(p, at)?.from?)
        }),
        Column::named(17, "vrrpRouteTos", |p, at| {
            let tos = route::<P>(p, at)?.tos;
            (tos != 0).then(|| unsigned(tos))?
        }),
        Column::named(18, "vrrpRouteProtocol", |p, at| {
            protocol(route::<P>(p, at)?.protocol)
        }),
        Column::named(19, "vrrpRouteECN", |p, at| {
            switch::<P>(p, at, Metric::Features)
        }),
        Column::named(20, "vrrpRouteQuickAck", |p, at| {
            switch::<P>(p, at, Metric::QuickAcknowledge)
        }),
        Column::named(21, "vrrpRouteExpires", |p, at| {
            integer(route::<P>(p, at)?.expires?)
        }),
        Column::named(22, "vrrpRouteMTU", |p, at| {
            metric::<P>(p, at, Metric::Mtu, 1)
        }),
        Column::named(23, "vrrpRouteMTULock", |p, at| {
            lock::<P>(p, at, Metric::Mtu)
        }),
        Column::named(24, "vrrpRouteHopLimit", |p, at| {
            metric::<P>(p, at, Metric::HopLimit, 1)
        }),
        Column::named(25, "vrrpRouteAdvmss", |p, at| {
            metric::<P>(p, at, Metric::AdvertisedSegment, 1)
        }),
        Column::named(26, "vrrpRouteAdvmssLock", |p, at| {
            lock::<P>(p, at, Metric::AdvertisedSegment)
        }),
        Column::named(27, "vrrpRouteRTT", |p, at| {
            metric::<P>(p, at, Metric::Rtt, RTT)
        }),
        Column::named(28, "vrrpRouteRTTLock", |p, at| {
            lock::<P>(p, at, Metric::Rtt)
        }),
        Column::named(29, "vrrpRouteRTTvar", |p, at| {
            metric::<P>(p, at, Metric::RttVariance, RTT_VARIANCE)
        }),
        Column::named(30, "vrrpRouteRTTvarLock", |p, at| {
            lock::<P>(p, at, Metric::RttVariance)
        }),
        Column::named(31, "vrrpRouteReordering", |p, at| {
            metric::<P>(p, at, Metric::Reordering, 1)
        }),
        Column::named(32, "vrrpRouteReorderingLock", |p, at| {
            lock::<P>(p, at, Metric::Reordering)
        }),
        Column::named(33, "vrrpRouteWindow", |p, at| {
            metric::<P>(p, at, Metric::Window, 1)
        }),
        Column::named(34, "vrrpRouteCwnd", |p, at| {
            metric::<P>(p, at, Metric::CongestionWindow, 1)
        }),
        Column::named(35, "vrrpRouteCwndLock", |p, at| {
            lock::<P>(p, at, Metric::CongestionWindow)
        }),
        Column::named(36, "vrrpRouteSSthresh", |p, at| {
            metric::<P>(p, at, Metric::SlowStartThreshold, 1)
        }),
        Column::named(37, "vrrpRouteSSthreshLock", |p, at| {
            lock::<P>(p, at, Metric::SlowStartThreshold)
        }),
        Column::named(38, "vrrpRouteRTOMin", |p, at| {
            metric::<P>(p, at, Metric::LeastRetransmission, 1)
        }),
        Column::named(39, "vrrpRouteRTOMinLock", |p, at| {
            lock::<P>(p, at, Metric::LeastRetransmission)
        }),
        Column::named(40, "vrrpRouteInitCwnd", |p, at| {
            metric::<P>(p, at, Metric::InitialCongestionWindow, 1)
        }),
        Column::named(41, "vrrpRouteInitRwnd", |p, at| {
            metric::<P>(p, at, Metric::InitialReceiveWindow, 1)
        }),
        Column::named(42, "vrrpRouteCongCtl", |p, at| {
            text(route::<P>(p, at)?.metrics.congestion()?.0)
        }),
        Column::named(43, "vrrpRoutePref", |p, at| preference(route::<P>(p, at)?)),
        Column::named(44, "vrrpRouteRealmDst", |p, at| {
            let [destination, _] = realms(only_hop::<P>(p, at)?.realms?);
            unsigned(destination?)
        }),
        Column::named(45, "vrrpRouteRealmSrc", |p, at| {
            let [_, source] = realms(only_hop::<P>(p, at)?.realms?);
            unsigned(source?)
        }),
        Column::named(46, "vrrpRouteEncapType", |p, at| {
            encapsulation::KIND(only_hop::<P>(p, at)?)
        }),
        Column::named(47, "vrrpRouteEncapMplsLabels", |p, at| {
            encapsulation::LABELS(only_hop::<P>(p, at)?)
        }),
        Column::named(48, "vrrpRouteEncapId", |p, at| {
            encapsulation::ID(only_hop::<P>(p, at)?)
        }),
        Column::named(49, "vrrpRouteEncapDstAddress", |p, at| {
            encapsulation::DESTINATION(only_hop::<P>(p, at)?)
        }),
        Column::named(50, "vrrpRouteEncapSrcAddress", |p, at| {
            encapsulation::SOURCE(only_hop::<P>(p, at)?)
        }),
        Column::named(51, "vrrpRouteEncapTOS", |p, at| {
            encapsulation::TOS(only_hop::<P>(p, at)?)
        }),
        Column::named(52, "vrrpRouteEncapTTL", |p, at| {
            encapsulation::TTL(only_hop::<P>(p, at)?)
        }),
        Column::named(53, "vrrpRouteEncapFlags", |p, at| {
            encapsulation::FLAGS(only_hop::<P>(p, at)?)
        }),
        Column::named(54, "vrrpRouteEncapIlaLocator", |p, at| {
            encapsulation::LOCATOR(only_hop::<P>(p, at)?)
        }),
        Column::named(55, "vrrpRouteFastOpenNoCookie", |p, at| {
            let metrics = &route::<P>(p, at)?.metrics;
            truth(metrics.get(Metric::FastOpenWithoutCookie)? != 0)
        }),
    ];
}
