//! What `global_defs` says of pipes and mails, for the processes that notify.

use std::path::PathBuf;

use scheduler::Scheduler;

use super::courier::Route;
use super::notifier::{FifoWish, Host, MailWish, Notifier};
use crate::global::GlobalConfig;
use crate::global::notify::{FifoConfig, MailConfig};
use crate::sys::host;

/// A pipe, if it is configured.
#[must_use]
pub fn fifo_wish(fifo: &FifoConfig) -> Option<FifoWish> {
    let path = fifo.path.as_ref()?;
    Some(FifoWish {
        path: PathBuf::from(&path.value),
        owner: fifo.account.clone(),
        script: fifo.script.command.as_deref().cloned(),
    })
}

/// How mails are sent, if there are servers and recipients.
#[must_use]
pub fn mail_wish(global: &GlobalConfig) -> Option<MailWish> {
    let MailConfig {
        addresses,
        to,
        from,
        hello,
        connect_timeout,
        no_faults,
        ..
    } = &global.notify.mail;
    if addresses.is_empty() || to.is_empty() {
        return None;
    }
    let name = host::name();
    Some(MailWish {
        route: Route {
            servers: addresses.clone(),
            hello: hello.clone().unwrap_or_else(|| name.clone()),
            connect_timeout: *connect_timeout,
        },
        from: from
            .clone()
            .unwrap_or_else(|| format!("{}@{name}", host::user())),
        to: to.clone(),
        router: global.router_id.clone().unwrap_or(name),
        no_faults: *no_faults,
    })
}

impl<P: Host> Notifier<P> {
    /// After a reload: what differs of pipes and mails. `fifos` names those of the process.
    pub fn change_global(
        &mut self,
        s: &mut Scheduler<P>,
        both: [&GlobalConfig; 2],
        fifos: fn(&GlobalConfig) -> Vec<FifoWish>,
    ) {
        let [old, new] = both.map(fifos);
        if old != new {
            self.change_fifos(s, &new);
        }
        let [old, new] = both.map(mail_wish);
        if old != new {
            self.change_mail(s, new);
        }
    }
}
