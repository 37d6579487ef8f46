//! `vrrpAddressTable`

use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr};

use super::oid;
use super::rows::{Owned, Owner};
use super::values::{address, address_type, integer, name, prefix_length, scope, text, truth};
use crate::model::IfName;
use crate::snmp::view::VrrpView;
use crate::snmp::{Column, Table};
use crate::vrrp::config::{AddressConfig, InstanceConfig};

/// Virtual addresses, excluded ones behind them; static ones.
pub(super) struct Addresses<P>(PhantomData<P>);

type Place = (Owner, usize);

fn instance<P: VrrpView>(program: &P, owner: Owner) -> Option<&InstanceConfig> {
    match owner {
        Owner::Nobody => None,
        Owner::Instance(place) => program.config().vrrp.instance(place),
    }
}

fn config<P: VrrpView>(program: &P, (owner, place): Place) -> Option<&AddressConfig> {
    match owner {
        Owner::Nobody => program.config().vrrp.static_addresses.get(place),
        Owner::Instance(_) => {
            let own = instance(program, owner)?;
            let excluded = place.checked_sub(own.vips.len());
            excluded.map_or_else(|| own.vips.get(place), |place| own.excluded_vips.get(place))
        }
    }
}

/// The interface it goes on.
fn interface<P: VrrpView>(program: &P, at: Place) -> Option<&IfName> {
    let address = config(program, at)?;
    let named = match instance(program, at.0) {
        Some(own) => own.interface_of(address),
        None => address.dev.as_ref().map(|dev| &dev.value),
    };
    let default = program.config().global.default_interface.as_ref();
    named.or_else(|| default.map(|default| &default.value))
}

impl<P: VrrpView> Addresses<P> {
    pub(super) const TABLE: Table<P, Place> = Table {
        entry: oid!(2, 6, 1),
        columns: Self::COLUMNS,
        rows: &Owned {
            count: |p: &P, owner| match owner {
                Owner::Nobody => p.config().vrrp.static_addresses.len(),
                Owner::Instance(_) => {
                    instance(p, owner).map_or(0, |own| own.vips.len() + own.excluded_vips.len())
                }
            },
        },
    };

    const COLUMNS: &'static [Column<P, Place>] = &[
        Column::named(2, "vrrpAddressType", |p, at| {
            address_type(config::<P>(p, at)?.addr())
        }),
        Column::named(3, "vrrpAddressValue", |p, at| {
            address(config::<P>(p, at)?.addr())
        }),
        Column::named(4, "vrrpAddressBroadcast", |p, at| {
            let config = config::<P>(p, at)?;
            let broadcast = config.broadcast.unwrap_or(Ipv4Addr::UNSPECIFIED);
            config.addr().is_ipv4().then(|| address(broadcast.into()))?
        }),
        Column::named(5, "vrrpAddressMask", |p, at| {
            prefix_length(config::<P>(p, at)?.net.value)
        }),
        Column::named(6, "vrrpAddressScope", |p, at| {
            scope(config::<P>(p, at)?.scope)
        }),
        Column::named(7, "vrrpAddressIfIndex", |p, at| {
            let link = p.link(interface::<P>(p, at)?);
            integer(link.map_or(0, |link| link.index.0))
        }),
        Column::named(8, "vrrpAddressIfName", |p, at| name(interface::<P>(p, at)?)),
        Column::named(9, "vrrpAddressIfAlias", |p, at| {
            text(config::<P>(p, at)?.label.as_ref()?)
        }),
        Column::named(10, "vrrpAddressStatus", |p, (owner, place)| {
            let item = u32::try_from(place).ok()?;
            truth(p.is_installed(owner.id(&p.config().vrrp), item))
        }),
        Column::named(11, "vrrpAddressAdvertising", |p, (owner, place)| {
            truth(instance::<P>(p, owner).is_some_and(|own| place < own.vips.len()))
        }),
        Column::named(12, "vrrpAddressPeer", |p, at| {
            let peer: Option<IpAddr> = config::<P>(p, at)?.peer.map(|peer| peer.addr);
            address(peer?)
        }),
    ];
}
