//! Another name for a virtual interface, wherever a configuration has it.

use super::{InstanceConfig, RouteConfig, VrrpConfig};
use crate::control_plane::value::Spanned;
use crate::model::IfName;

impl VrrpConfig {
    /// The configuration as if the virtual interface `from` had always been `to`. Rules
    /// keep the old name: the kernel knows them by it.
    pub fn rename_link(&mut self, from: &IfName, to: &IfName, is_generated: bool) {
        let rename = Rename {
            from,
            to,
            is_generated,
        };
        for instance in &mut self.instances {
            if mentions(instance, from) {
                rename.apply(instance);
            }
        }
        for route in &mut self.static_routes {
            rename.apply_to_route(route);
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Rename<'a> {
    from: &'a IfName,
    to: &'a IfName,
    /// Whether the text leaves the new name to us.
    is_generated: bool,
}

impl Rename<'_> {
    fn apply(&self, instance: &mut InstanceConfig) {
        let own = instance.virtual_link.as_mut();
        let given = (!self.is_generated).then(|| self.to.clone());
        if let Some(link) = own.filter(|link| link.name == *self.from) {
            link.name = self.to.clone();
            link.is_generated = self.is_generated;
            if let Some(words) = &mut instance.given.use_vmac {
                words.value.name.clone_from(&given);
            }
            if let Some(words) = &mut instance.given.use_ipvlan {
                words.value.name = given;
            }
        }
        let others = instance.address_links.iter_mut();
        for other in others.filter(|other| other.link.name == *self.from) {
            other.link.name = self.to.clone();
            other.link.is_generated = self.is_generated;
        }
        let addresses = instance.vips.iter_mut().chain(&mut instance.excluded_vips);
        for address in addresses {
            self.apply_to(address.dev.as_mut());
        }
        for tracked in &mut instance.track_interfaces {
            self.apply_to(Some(&mut tracked.name));
        }
        for tracked in &mut instance.given.interfaces {
            self.apply_to(Some(&mut tracked.name));
        }
        for route in &mut instance.routes {
            self.apply_to_route(route);
        }
    }

    fn apply_to_route(&self, route: &mut RouteConfig) {
        for hop in std::iter::once(&mut route.hop).chain(&mut route.hops) {
            self.apply_to(hop.dev.as_mut());
        }
    }

    fn apply_to(&self, name: Option<&mut Spanned<IfName>>) {
        if let Some(name) = name.filter(|name| name.value == *self.from) {
            name.value = self.to.clone();
        }
    }
}

fn mentions(instance: &InstanceConfig, name: &IfName) -> bool {
    let addresses = instance.vips.iter().chain(&instance.excluded_vips);
    let devices = addresses.filter_map(|address| address.dev.as_ref());
    let tracked = instance
        .track_interfaces
        .iter()
        .map(|tracked| &tracked.name);
    let given = instance
        .given
        .interfaces
        .iter()
        .map(|tracked| &tracked.name);
    let routes = instance.routes.iter().flat_map(RouteConfig::interfaces);
    let mut names = devices.chain(tracked).chain(given).chain(routes);
    names.any(|used| used.value == *name) || instance.links().any(|used| used.link.name == *name)
}
