//! Who belongs to which group.

use std::collections::HashMap;

use super::Resolver;
use crate::control_plane::diag::Code;
use crate::control_plane::value::Spanned;
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
