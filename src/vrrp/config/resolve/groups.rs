//! Who belongs to which group.

use std::collections::HashMap;

use super::Resolver;
use crate::control_plane::diag::Code;
use crate::control_plane::value::Spanned;
use crate::model::IfName;
use crate::vrrp::config::names::SyncGroup;
use crate::vrrp::config::{Names, VrrpConfig};

impl Resolver<'_> {
    /// Find the members; groups without any are taken out.
    pub(super) fn sync_groups(
        &mut self,
        names: &Names,
        groups: &mut Vec<SyncGroup>,
        vrrp: &VrrpConfig,
    ) {
        let mut group_of: HashMap<usize, String> = HashMap::new();
        for group in groups.iter_mut() {
            names.check(&group.tracked, self.diags);
            for tracked in &group.interfaces {
                self.interface(Code::General, &tracked.name, tracked.name.span);
            }
            let found = self.instances(&group.members, vrrp);
            for (instance, member) in found {
                if let Some(other) = group_of.get(&instance) {
                    let text = format!(
                        "vrrp_instance `{}` is already in group `{other}`",
                        member.value
                    );
                    self.error(member.span, text);
                } else {
                    group_of.insert(instance, group.name.value.clone());
                    group.instances.push(instance);
                }
            }
        }
        groups.retain(|group| !group.instances.is_empty());
    }

    /// Find the instances that follow static entries.
    pub(super) fn track_groups(&mut self, vrrp: &mut VrrpConfig) {
        let mut groups = std::mem::take(&mut vrrp.track_groups);
        for group in &mut groups {
            let found = self.instances(&group.members, vrrp);
            group.instances = found.into_iter().map(|(instance, _)| instance).collect();
            let interfaces = interfaces_of(&group.name.value, vrrp);
            for &instance in &group.instances {
                follow(vrrp, instance, &interfaces);
            }
            if group.members.is_empty() {
                let text = format!("track_group `{}` has no members", group.name.value);
                self.error(group.name.span, text);
            }
        }
        vrrp.track_groups = groups;
    }

    /// The positions of instances by their names.
    fn instances<'m>(
        &mut self,
        members: &'m [Spanned<String>],
        vrrp: &VrrpConfig,
    ) -> Vec<(usize, &'m Spanned<String>)> {
        let mut found = Vec::with_capacity(members.len());
        for member in members {
            let mut instances = vrrp.instances.iter();
            match instances.position(|instance| instance.name == *member) {
                Some(instance) => found.push((instance, member)),
                None => {
                    let text = format!("there is no vrrp_instance `{}`", member.value);
                    self.error(member.span, text);
                }
            }
        }
        found
    }
}

/// The interfaces that static addresses, routes and rules of a track group need.
fn interfaces_of(group: &str, vrrp: &VrrpConfig) -> Vec<IfName> {
    let is_it = |of: &Option<Spanned<String>>| of.as_ref().is_some_and(|of| of.value == group);
    let addresses = vrrp.static_addresses.iter();
    let addresses = addresses.filter(|address| address.track && is_it(&address.track_group));
    let routes = vrrp.static_routes.iter();
    let routes = routes.filter(|route| route.track && is_it(&route.track_group));
    let rules = vrrp.static_rules.iter();
    let rules = rules.filter(|rule| rule.track && is_it(&rule.track_group));
    let names = addresses
        .filter_map(|address| address.dev.as_ref())
        .chain(routes.filter_map(|route| route.hop.dev.as_ref()))
        .chain(rules.filter_map(|rule| rule.input.as_ref()));
    names.map(|name| name.value.clone()).collect()
}

/// An instance needs these interfaces, too.
fn follow(vrrp: &mut VrrpConfig, instance: usize, interfaces: &[IfName]) {
    for name in interfaces {
        if let Some(instance) = vrrp.instances.get_mut(instance)
            && !instance.static_interfaces.contains(name)
        {
            instance.static_interfaces.push(name.clone());
        }
    }
}
