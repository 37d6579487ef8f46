//! `vrrpRouteNextHopTable`

use std::marker::PhantomData;

use super::encapsulation;
use super::oid;
use super::routes::route;
use super::rows::{OwnedTwice, Owner};
use super::values::{address, address_type, integer, name, realms, truth, unsigned};
use crate::snmp::view::VrrpView;
use crate::snmp::{Column, Table};
use crate::vrrp::config::routes::NextHopConfig;

/// The next hops of routes with several.
pub(super) struct NextHops<P>(PhantomData<P>);

type Place = (Owner, usize, usize);

fn hop<P: VrrpView>(program: &P, (owner, place, hop): Place) -> Option<&NextHopConfig> {
    route(program, (owner, place))?.hops.get(hop)
}

impl<P: VrrpView> NextHops<P> {
    pub(super) const TABLE: Table<P, Place> = Table {
        entry: oid!(2, 11, 1),
        columns: Self::COLUMNS,
        rows: &OwnedTwice {
            middle: super::routes::count,
            count: |p: &P, owner, place| {
                route(p, (owner, place)).map_or(0, |route| route.hops.len())
            },
        },
    };

    const COLUMNS: &'static [Column<P, Place>] = &[
        Column::named(2, "vrrpRouteNextHopAddressType", |p, at| {
            address_type(hop::<P>(p, at)?.via?)
        }),
        Column::named(3, "vrrpRouteNextHopAddress", |p, at| {
            address(hop::<P>(p, at)?.via?)
        }),
        Column::named(4, "vrrpRouteNextHopIfIndex", |p, at| {
            integer(p.link(&hop::<P>(p, at)?.dev.as_ref()?.value)?.index.0)
        }),
        Column::named(5, "vrrpRouteNextHopIfName", |p, at| {
            name(&hop::<P>(p, at)?.dev.as_ref()?.value)
        }),
        Column::named(6, "vrrpRouteNextHopWeight", |p, at| {
            unsigned(hop::<P>(p, at)?.weight)
        }),
        Column::named(7, "vrrpRouteNextHopOnlink", |p, at| {
            truth(hop::<P>(p, at)?.onlink)
        }),
        Column::named(8, "vrrpRouteNextHopRealmDst", |p, at| {
            let [destination, _] = realms(hop::<P>(p, at)?.realms?);
            unsigned(destination?)
        }),
        Column::named(9, "vrrpRouteNextHopRealmSrc", |p, at| {
            let [_, source] = realms(hop::<P>(p, at)?.realms?);
            unsigned(source?)
        }),
        Column::named(10, "vrrpRouteNextHopEncapType", |p, at| {
            encapsulation::KIND(hop::<P>(p, at)?)
        }),
        Column::named(11, "vrrpRouteNextHopEncapMplsLabels", |p, at| {
            encapsulation::LABELS(hop::<P>(p, at)?)
        }),
        Column::named(12, "vrrpRouteNextHopEncapId", |p, at| {
            encapsulation::ID(hop::<P>(p, at)?)
        }),
        Column::named(13, "vrrpRouteNextHopEncapDstAddress", |p, at| {
            encapsulation::DESTINATION(hop::<P>(p, at)?)
        }),
        Column::named(14, "vrrpRouteNextHopEncapSrcAddress", |p, at| {
            encapsulation::SOURCE(hop::<P>(p, at)?)
        }),
        Column::named(15, "vrrpRouteNextHopEncapTOS", |p, at| {
            encapsulation::TOS(hop::<P>(p, at)?)
        }),
        Column::named(16, "vrrpRouteNextHopEncapTTL", |p, at| {
            encapsulation::TTL(hop::<P>(p, at)?)
        }),
        Column::named(17, "vrrpRouteNextHopEncapFlags", |p, at| {
            encapsulation::FLAGS(hop::<P>(p, at)?)
        }),
        Column::named(18, "vrrpRouteNextHopEncapIlaLocator", |p, at| {
            encapsulation::LOCATOR(hop::<P>(p, at)?)
        }),
    ];
}
