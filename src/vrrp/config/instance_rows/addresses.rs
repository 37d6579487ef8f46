//! What a master has: addresses, routes and rules.

use super::Row;
use crate::control_plane::arg::{flag, lines, several};
use crate::control_plane::schema::{Lens, at};
use crate::control_plane::value::Spanned;
use crate::vrrp::config::address_rows::Kind;
use crate::vrrp::config::{InstanceConfig, address_rows, routes};

pub(super) const ADDRESSES: &[Row] = &[
    Row::new(
        "virtual_ipaddress",
        several(
            lines(
                address_rows::USAGE,
                |instance, line, diags| {
                    if let Some(address) = address_rows::read_line(Kind::Virtual, line, diags) {
                        // Most instances have one, and room for more would be given back.
                        let first = usize::from(instance.vips.is_empty());
                        instance.vips.reserve_exact(first);
                        instance.vips.push(address);
                    }
                },
                |instance, out| {
                    for vip in &instance.vips {
                        address_rows::show(Kind::Virtual, vip, out);
                    }
                },
                address_rows::describe_virtual,
            ),
            address_rows::next_virtual,
        ),
        "The addresses of the virtual router, all of one family; adverts carry them.",
    ),
    Row::new(
        "virtual_ipaddress_excluded",
        several(
            lines(
                address_rows::USAGE,
                |instance, line, diags| {
                    let address = address_rows::read_line(Kind::Virtual, line, diags);
                    instance.excluded_vips.extend(address);
                },
                |instance, out| {
                    for vip in &instance.excluded_vips {
                        address_rows::show(Kind::Virtual, vip, out);
                    }
                },
                address_rows::describe_virtual,
            ),
            address_rows::next_virtual,
        ),
        "More addresses, of any family, that adverts do not carry.",
    ),
    Row::new(
        "no_virtual_ipaddress",
        flag(at!(given.no_virtual_ipaddress)),
        "There are no addresses, and that is meant so: for instances that only elect a master, \
         and tell scripts.",
    ),
    Row::new(
        "accept",
        flag(at!(given.accept)),
        "Packets to the virtual addresses are accepted, as to other addresses of the machine. \
         That is so without this word, too, except with strict_mode.",
    ),
    Row::new(
        "no_accept",
        flag(NO_ACCEPT),
        "Packets to the virtual addresses are dropped, unless the priority is 255: the machine \
         forwards, and offers no service at them. Neighbour discovery of IPv6 is answered.",
    ),
    Row::new(
        "promote_secondaries",
        flag(at!(promote_secondaries)),
        "Set the kernel's flag of this name on the interface: when the first address of a \
         network goes, the others stay.",
    ),
];

const NO_ACCEPT: Lens<InstanceConfig, bool> = Lens {
    get: |instance| instance.given.accept.map(|accept| !accept.value),
    set: |instance, no, span| instance.given.accept = Some(Spanned::new(!no, span)),
};

pub(super) const ROUTES: &[Row] = &[
    Row::new(
        "virtual_routes",
        lines(
            routes::ROUTE_USAGE,
            |instance, line, _| instance.given.routes.push(line.clone()),
            |instance, out| {
                for route in &instance.routes {
                    routes::show_route(route, out);
                }
            },
            routes::describe_routes,
        ),
        "Routes of a master.",
    ),
    Row::new(
        "virtual_rules",
        lines(
            routes::RULE_USAGE,
            |instance, line, _| instance.given.rules.push(line.clone()),
            |instance, out| {
                for rule in &instance.rules {
                    routes::show_rule(rule, out);
                }
            },
            routes::describe_rules,
        ),
        "Routing rules of a master.",
    ),
];
