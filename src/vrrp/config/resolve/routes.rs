//! Lines of routes and rules become routes and rules, now that all names are known.

use std::path::Path;
use std::rc::Rc;

use super::Resolver;
use crate::control_plane::diag::Code;
use crate::control_plane::value::Spanned;
use crate::control_plane::words::Line;
use crate::model::{Family, IfName, NumberNames};
use crate::vrrp::config::routes::{Kind, read_route, read_rule};
use crate::vrrp::config::{Names, RouteConfig, RuleConfig, VrrpConfig};

const ETC: &str = "/etc/iproute2";
const USR: &str = "/usr/share/iproute2";

/// Rules without a preference get those from here downwards, per family.
const FIRST_PREFERENCE: u32 = 16384;

impl Resolver<'_> {
    /// `statics` are the lines of `static_routes` and of `static_rules`.
    pub(super) fn routes(&mut self, vrrp: &mut VrrpConfig, statics: [&[Line]; 2], names: &Names) {
        let [static_routes, static_rules] = statics;
        let mut given = vrrp.instances.iter().map(|instance| &instance.given);
        let none = statics.iter().all(|lines| lines.is_empty());
        if none && given.all(|given| given.routes.is_empty() && given.rules.is_empty()) {
            return;
        }
        let numbers = Rc::new(self.number_names());
        vrrp.static_routes = self.read_routes(Kind::Static, static_routes, &numbers);
        vrrp.static_rules = self.read_rules(Kind::Static, static_rules, &numbers);
        for instance in &mut vrrp.instances {
            let routes = std::mem::take(&mut instance.given.routes);
            let rules = std::mem::take(&mut instance.given.rules);
            instance.routes = self.read_routes(Kind::Virtual, &routes, &numbers);
            instance.rules = self.read_rules(Kind::Virtual, &rules, &numbers);
        }
        for route in &mut vrrp.static_routes {
            self.track_group(&mut route.track_group, names);
        }
        for rule in &mut vrrp.static_rules {
            self.track_group(&mut rule.track_group, names);
        }
        self.preferences(vrrp);
    }

    fn number_names(&self) -> NumberNames {
        let folder = |given: &Option<String>, usual| given.clone().unwrap_or(usual);
        let etc = folder(&self.global.iproute_etc_dir, ETC.to_owned());
        let usr = folder(&self.global.iproute_usr_dir, USR.to_owned());
        let folders = [Path::new(&etc), Path::new(&usr)];
        NumberNames::new(|kind| self.machine.number_names(kind, folders))
    }

    fn read_routes(
        &mut self,
        kind: Kind,
        lines: &[Line],
        numbers: &Rc<NumberNames>,
    ) -> Vec<RouteConfig> {
        let mut routes = Vec::with_capacity(lines.len());
        for line in lines {
            if let Some(route) = read_route(kind, line, numbers, self.diags)
                && self.all_exist(route.interfaces().chain(&route.vrf))
            {
                routes.push(route);
            }
        }
        routes
    }

    fn read_rules(
        &mut self,
        kind: Kind,
        lines: &[Line],
        numbers: &Rc<NumberNames>,
    ) -> Vec<RuleConfig> {
        let mut rules = Vec::with_capacity(lines.len());
        for line in lines {
            if let Some(rule) = read_rule(kind, line, numbers, self.diags)
                && self.all_exist(rule.interfaces())
            {
                rules.push(rule);
            }
        }
        rules
    }

    /// An interface that is not there refuses the configuration, as everywhere: the router
    /// would lead without one of its ways.
    fn all_exist<'n>(&mut self, mut names: impl Iterator<Item = &'n Spanned<IfName>>) -> bool {
        names.all(|name| self.interface(Code::General, name, name.span))
    }

    fn track_group(&mut self, group: &mut Option<Spanned<String>>, names: &Names) {
        let Some(wanted) = group else { return };
        let mut defined = names.track_groups.iter();
        let found = defined.find(|name| name.value == wanted.value);
        if found.is_none_or(|name| name.span.lo > wanted.span.lo) {
            let text = format!("track_group `{}` is not defined before", wanted.value);
            self.error(wanted.span, text);
            *group = None;
        }
    }

    /// Rules without a preference: the kernel would choose one that nobody knows
    /// when the rule is to be removed.
    fn preferences(&mut self, vrrp: &mut VrrpConfig) {
        let mut next = [FIRST_PREFERENCE; 2];
        let of_instances = vrrp.instances.iter_mut().flat_map(|i| &mut i.rules);
        for rule in vrrp.static_rules.iter_mut().chain(of_instances) {
            if rule.preference.is_some() {
                continue;
            }
            let [v4, v6] = &mut next;
            let next = match rule.family.value {
                Family::V4 => v4,
                Family::V6 => v6,
            };
            rule.preference = Some(*next);
            let text = format!("the rule has no preference: {next} is used");
            self.diags.warn(Code::Warning, rule.family.span, text);
            *next -= 1;
        }
    }
}
