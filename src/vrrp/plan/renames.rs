//! Virtual interfaces that only have another name in the new configuration.
//!
//! The kernel renames them in place, so their instances need not even know.

use std::collections::{BTreeSet, HashMap};

use super::Identity;
use crate::model::IfName;
use crate::vrrp::config::{InstanceConfig, LinkUse, Shared, VrrpConfig};

/// A virtual interface gets another name, and stays what it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rename {
    /// The instance that it is made for, as the new configuration calls it.
    pub instance: String,
    /// Its name now.
    pub from: IfName,
    /// Its name in the new configuration.
    pub to: IfName,
    /// Whether the new configuration leaves the name to us.
    pub is_generated: bool,
}

/// All of them, in an order in which no name is taken when it is needed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Renames {
    /// One after the other.
    pub list: Vec<Rename>,
}

impl Renames {
    /// Those between two configurations. Interfaces that change names with each other
    /// are not among them.
    #[must_use]
    pub fn between(old: &VrrpConfig, new: &VrrpConfig) -> Self {
        let mut wanted = Vec::new();
        let mut places = new.instances.iter().enumerate();
        let may_be_renamed = |(place, after): (usize, &Shared<InstanceConfig>)| {
            let before = old.instances.get(place);
            let is_untouched = before.is_some_and(|before| before.is(after));
            !is_untouched && after.links().next().is_some()
        };
        if !places.any(may_be_renamed) {
            return Self::default();
        }
        for (before, after) in pairs(old, new) {
            for link in after.links() {
                let same = before.links().find(|known| is_same(known, &link));
                wanted.extend(same.filter(|known| known.link.name != link.link.name).map(
                    |known| Rename {
                        instance: after.name.value.clone(),
                        from: known.link.name.clone(),
                        to: link.link.name.clone(),
                        is_generated: link.link.is_generated,
                    },
                ));
            }
        }
        Self {
            list: in_order(old, wanted),
        }
    }

    /// The configuration as it is when the interfaces have their new names.
    #[must_use]
    pub fn applied(&self, config: &VrrpConfig) -> VrrpConfig {
        let mut config = config.clone();
        for rename in &self.list {
            config.rename_link(&rename.from, &rename.to, rename.is_generated);
        }
        config
    }

    /// What an operator is told of them, a line each.
    #[must_use]
    pub fn describe(&self) -> Vec<String> {
        let lines = self.list.iter().map(|rename| {
            format!(
                "rename virtual interface {} to {}: {} goes on; no election",
                rename.from, rename.to, rename.instance
            )
        });
        lines.collect()
    }
}

/// The same instance before and after, whatever its own interface is called.
fn pairs<'c>(
    old: &'c VrrpConfig,
    new: &'c VrrpConfig,
) -> Vec<(&'c InstanceConfig, &'c InstanceConfig)> {
    let loose = |instance: &'c InstanceConfig| Identity {
        link: None,
        ..Identity::of(instance)
    };
    let old_ones = old.instances.iter().map(|instance| &**instance);
    let mut exact: HashMap<Identity<'c>, &'c InstanceConfig> = old_ones
        .clone()
        .map(|instance| (Identity::of(instance), instance))
        .collect();
    let mut found = Vec::new();
    let mut open = Vec::new();
    for after in new.instances.iter().map(|instance| &**instance) {
        match exact.remove(&Identity::of(after)) {
            Some(before) => found.push((before, after)),
            None => open.push(after),
        }
    }
    let is_left = |instance: &&InstanceConfig| exact.contains_key(&Identity::of(instance));
    let mut left: HashMap<Identity<'c>, &'c InstanceConfig> = old_ones
        .filter(is_left)
        .map(|instance| (loose(instance), instance))
        .collect();
    let same = |after| Some((left.remove(&loose(after))?, after));
    found.extend(open.into_iter().filter_map(same));
    found
}

/// Whether the kernel's interface is right for both: the name aside.
fn is_same(old: &LinkUse<'_>, new: &LinkUse<'_>) -> bool {
    let what = |of: &LinkUse<'_>| (of.is_own, of.family, of.link.kind, of.link.group);
    what(old) == what(new) && old.below == new.below
}

/// A name is free once its interface has another one.
fn in_order(old: &VrrpConfig, mut wanted: Vec<Rename>) -> Vec<Rename> {
    let instances = old.instances.iter();
    let links = instances.flat_map(|instance| instance.links());
    let mut taken: BTreeSet<IfName> = links.map(|used| used.link.name.clone()).collect();
    let mut list = Vec::with_capacity(wanted.len());
    while let Some(next) = wanted.iter().position(|rename| !taken.contains(&rename.to)) {
        let rename = wanted.remove(next);
        taken.remove(&rename.from);
        taken.insert(rename.to.clone());
        list.push(rename);
    }
    list
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::control_plane::files::Memory;
    use crate::control_plane::{AnyMachine, LoadOptions, load};
    use crate::vrrp::plan::{Plan, Step};

    fn config(text: &str) -> VrrpConfig {
        let files = Memory::with("/k.conf", text);
        let options = LoadOptions::default();
        let loaded = load(
            &files,
            Path::new("/k.conf"),
            &options,
            &AnyMachine::default(),
        );
        let config = loaded.config.expect("it can run");
        config.vrrp.clone()
    }

    fn instance(vrid: u8, words: &str) -> String {
        format!(
            "vrrp_instance V{vrid} {{\ninterface eth0\nvirtual_router_id {vrid}\n{words}\n\
             virtual_ipaddress {{\n10.0.0.{vrid}/24\n}}\n}}\n"
        )
    }

    fn names(renames: &Renames) -> Vec<(&str, &str)> {
        let list = renames.list.iter();
        list.map(|rename| (rename.from.as_str(), rename.to.as_str()))
            .collect()
    }

    #[test]
    fn an_instance_whose_interface_is_renamed_is_kept() {
        let more =
            "\ntrack_interface {\nNAME\n}\nvirtual_routes {\n10.9.0.0/16 via 10.0.0.9 dev NAME\n}";
        let text =
            |name: &str| instance(1, &format!("use_vmac {name}{more}").replace("NAME", name));
        let (old, new) = (config(&text("first")), config(&text("second")));
        let renames = Renames::between(&old, &new);
        assert_eq!(names(&renames), [("first", "second")]);
        let plan = Plan::between(&renames.applied(&old), &new);
        assert_eq!(plan.steps, [Step::Keep(0)], "nothing else about it changes");
        assert_eq!(
            renames.describe(),
            ["rename virtual interface first to second: V1 goes on; no election"]
        );
        assert_eq!(Plan::between(&old, &new).steps, [Step::Start]);
    }

    #[test]
    fn names_that_are_left_to_us_and_those_of_ipvlan_and_of_addresses() {
        for (before, after, expected) in [
            ("use_vmac", "use_vmac own", ("vrrp.1", "own")),
            ("use_vmac own", "use_vmac", ("own", "vrrp.1")),
            (
                "use_ipvlan a 10.0.0.7/24",
                "use_ipvlan b 10.0.0.7/24",
                ("a", "b"),
            ),
        ] {
            let (old, new) = (config(&instance(1, before)), config(&instance(1, after)));
            let renames = Renames::between(&old, &new);
            assert_eq!(names(&renames), [expected]);
            let plan = Plan::between(&renames.applied(&old), &new);
            assert_eq!(plan.steps, [Step::Keep(0)], "{before} to {after}");
        }
        let elsewhere = |prefix: &str| {
            let globals = format!("global_defs {{\nvmac_addr_prefix {prefix}\n}}\n");
            let excluded = "virtual_ipaddress_excluded {\n10.1.0.1/24 dev eth1 use_vmac\n}";
            config(&(globals + &instance(1, excluded)))
        };
        let (old, new) = (elsewhere("x"), elsewhere("y"));
        let renames = Renames::between(&old, &new);
        assert_eq!(renames.list.len(), 1, "{renames:?}");
        let plan = Plan::between(&renames.applied(&old), &new);
        assert_eq!(plan.steps, [Step::Keep(0)]);
    }

    #[test]
    fn a_name_that_is_given_away_first_is_free() {
        let both = |one: &str, two: &str| {
            let text = instance(1, one) + &instance(2, two);
            config(&text)
        };
        let old = both("use_vmac a", "use_vmac b");
        let chain = Renames::between(&old, &both("use_vmac b", "use_vmac c"));
        assert_eq!(names(&chain), [("b", "c"), ("a", "b")]);
        let swapped = both("use_vmac b", "use_vmac a");
        assert_eq!(Renames::between(&old, &swapped).list, []);
        // The other instance gives its interface up, and with it the name later.
        assert_eq!(
            Renames::between(&old, &config(&instance(1, "use_vmac b"))).list,
            []
        );
    }

    #[test]
    fn another_interface_is_no_rename() {
        let old = config(&instance(1, "use_vmac a"));
        for words in ["use_vmac b 02:00:00:00:00:01", "use_ipvlan b", ""] {
            let new = config(&instance(1, words));
            assert_eq!(Renames::between(&old, &new).list, [], "{words}");
        }
    }
}
