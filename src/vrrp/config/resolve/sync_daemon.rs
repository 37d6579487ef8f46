//! The daemon of the connection synchronisation: `lvs_sync_daemon`, or its old form in an
//! instance.

use super::{DynamicInterfaces, InstanceConfig, Resolver};
use crate::control_plane::diag::{Code, Diag, Fix, Severity};
use crate::control_plane::value::{Shared, Spanned};
use crate::global::lvs::SyncDaemon;
use crate::model::IfName;

impl Resolver<'_> {
    /// It has the id of its instance unless it names one. Without that instance there is
    /// none.
    pub(super) fn sync_daemon(
        &mut self,
        daemon: &mut Option<SyncDaemon>,
        instances: &[Shared<InstanceConfig>],
    ) {
        self.sync_daemon_of_an_instance(daemon, instances);
        let Some(given) = daemon else { return };
        self.sync_daemon_interface(&given.parameters.interface, given.place);
        let Some(name) = &given.instance else { return };
        let mut instances = instances.iter();
        match instances.find(|instance| instance.name.value == name.value) {
            Some(instance) => given.parameters.id = given.id.unwrap_or(instance.vrid.0),
            None => {
                let text = format!(
                    "lvs_sync_daemon: there is no vrrp_instance `{}`: not used",
                    name.value
                );
                self.warn(name.span, text);
                self.diags.lint("sync-daemon-unusable");
                *daemon = None;
            }
        }
    }

    /// `lvs_sync_daemon_interface` of an instance: what is said first counts.
    fn sync_daemon_of_an_instance(
        &mut self,
        daemon: &mut Option<SyncDaemon>,
        instances: &[Shared<InstanceConfig>],
    ) {
        for instance in instances {
            let Some(interface) = &instance.given.sync_daemon_interface else {
                continue;
            };
            match daemon {
                Some(other) => {
                    let text = format!(
                        "the sync daemon has its interface already, `{}`: ignored",
                        other.parameters.interface.as_str()
                    );
                    self.error(interface.span, text);
                }
                None => {
                    let name = instance.name.value.to_string();
                    self.say_today(instance, interface);
                    let name = Spanned::new(name, interface.span);
                    *daemon = Some(SyncDaemon::of(name, interface));
                }
            }
        }
    }

    /// The old word goes on as one of `global_defs`, which may stand several times.
    fn say_today(&mut self, instance: &InstanceConfig, interface: &Spanned<IfName>) {
        let newer = format!(
            "lvs_sync_daemon {} inst {}",
            interface.value, instance.name.value
        );
        let help = format!("write `{newer}` in global_defs");
        let text = format!("global_defs {{\n    {newer}\n}}\n\n");
        let above = Fix::above(instance.name.span, text);
        self.diags.amend(interface.span, help, above);
    }

    fn sync_daemon_interface(&mut self, interface: &IfName, at: Spanned<()>) {
        let interface = interface.as_str();
        let dynamic = self.global.dynamic_interfaces != DynamicInterfaces::No;
        let is_elsewhere = self.global.lvs.namespace.place().is_some();
        if !dynamic && !is_elsewhere && !self.machine.interface_exists(interface) {
            let text = format!("lvs_sync_daemon: there is no interface `{interface}`");
            let place = Some(at.span).filter(|span| !span.is_empty());
            let diag = Diag::new(Code::Warning, Severity::Warning, place, text);
            self.diags.push(diag);
            self.diags.lint("sync-daemon-unusable");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::control_plane::files::Memory;
    use crate::control_plane::{AnyMachine, LoadOptions, load};

    /// The daemon, and the first words of errors.
    fn read(global: &str, first: &str, second: &str) -> (Option<SyncDaemon>, Vec<String>) {
        let text = format!(
            "global_defs {{\n{global}\n}}\n\
             vrrp_instance A {{\ninterface eth0\nvirtual_router_id 7\n{first}\n}}\n\
             vrrp_instance B {{\ninterface eth0\nvirtual_router_id 8\n{second}\n}}\n"
        );
        let files = Memory::with("/k.conf", &text);
        let machine = AnyMachine::default();
        let loaded = load(
            &files,
            Path::new("/k.conf"),
            &LoadOptions::default(),
            &machine,
        );
        let errors = loaded.diags.list.into_iter();
        let errors = errors.filter(|diag| diag.severity == Severity::Error);
        let config = loaded.config.expect("a usable configuration");
        (
            config.global.lvs.sync_daemon.clone(),
            errors.map(|diag| diag.text).collect(),
        )
    }

    fn interface_and_instance(daemon: Option<SyncDaemon>) -> (String, Option<String>, u8) {
        let daemon = daemon.expect("a sync daemon");
        (
            daemon.parameters.interface.as_str().to_owned(),
            daemon.instance.map(|name| name.value),
            daemon.parameters.id,
        )
    }

    #[test]
    fn an_instance_may_ask_for_the_daemon() {
        let (daemon, errors) = read("", "", "lvs_sync_daemon_interface eth1");
        let expected = ("eth1".to_owned(), Some("B".to_owned()), 8);
        assert_eq!(interface_and_instance(daemon), expected);
        assert_eq!(errors, Vec::<String>::new());
    }

    #[test]
    fn what_is_said_first_counts() {
        let old = "lvs_sync_daemon_interface eth1";
        let (daemon, errors) = read("", old, old);
        let expected = ("eth1".to_owned(), Some("A".to_owned()), 7);
        assert_eq!(interface_and_instance(daemon), expected);
        assert_eq!(errors.len(), 1, "{errors:?}");
        let (daemon, errors) = read("lvs_sync_daemon eth2", old, "");
        assert_eq!(interface_and_instance(daemon), ("eth2".to_owned(), None, 0));
        assert_eq!(errors.len(), 1, "{errors:?}");
    }
}
