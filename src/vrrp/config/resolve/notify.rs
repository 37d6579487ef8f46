//! Who is told: scripts and accounts found, defaults of mails and pipes filled in.

use std::collections::HashMap;

use super::Resolver;
use crate::control_plane::script::Script;
use crate::global::notify::{FifoConfig, GlobalNotify};
use crate::vrrp::config::{NotifyConfig, VrrpConfig};

impl Resolver<'_> {
    /// The global settings first, since instances and groups inherit from them.
    pub(super) fn notifications(&mut self, global: &mut GlobalNotify, vrrp: &mut VrrpConfig) {
        global.scripts().for_each(|script| self.script(script));
        global.check(self.diags);
        self.fifo_owner(&mut global.fifo);
        self.fifo_owner(&mut global.vrrp_fifo);
        self.fifo_owner(&mut global.lvs_fifo);
        let machine = self.machine;
        let find = |host: &str| machine.addresses(host);
        global.mail.find_server(find, self.diags);
        let mut of_groups: HashMap<&str, bool> = HashMap::new();
        for group in &mut vrrp.sync_groups {
            self.inherit_notify(&mut group.notify, global, None);
            let told = group.notify.given_priority_changes;
            for member in &group.members {
                of_groups.extend(told.map(|told| (member.value.as_str(), told)));
            }
        }
        for instance in &mut vrrp.instances {
            let of_group = of_groups.get(instance.name.value.as_str()).copied();
            self.inherit_notify(&mut instance.notify, global, of_group);
        }
    }

    fn script(&mut self, script: &mut Script) {
        if let Some(given) = &script.given {
            script.command = self.command(given).map(Box::new);
        }
    }

    fn inherit_notify(
        &mut self,
        notify: &mut NotifyConfig,
        global: &GlobalNotify,
        of_group: Option<bool>,
    ) {
        notify.scripts().for_each(|script| self.script(script));
        notify.alert = notify.given_alert.unwrap_or_else(|| global.mail.of_vrrp());
        notify.priority_changes = notify
            .given_priority_changes
            .or(of_group)
            .unwrap_or(global.priority_changes);
    }

    /// Whose a pipe is: the user it names, else the user of scripts.
    fn fifo_owner(&mut self, fifo: &mut FifoConfig) {
        let owner = fifo.owner.clone();
        let Some((user, group)) = owner.or_else(|| self.global.scripts.user.clone()) else {
            return;
        };
        match self.machine.account(&user, group.as_deref()) {
            Ok(account) => fifo.account = Some(account),
            Err(_) if fifo.owner.is_none() || fifo.path.is_none() => (),
            Err(text) => {
                self.error(GlobalNotify::place(fifo), text);
                fifo.path = None;
            }
        }
    }
}
