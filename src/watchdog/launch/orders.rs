//! What the parent orders: a configuration is read and judged when it is proposed, and
//! gone over to when the parent says so.

use std::io;
use std::rc::Rc;

use scheduler::{Drain, IoId, Ready, Scheduler};

use super::Plumbing;
use super::child::Child;
use crate::control_plane::Config;
use crate::memory::residency;
use crate::watchdog::compiled::{self, Compiled};
use crate::watchdog::ipc::Order;

/// The parent has sent something.
pub(super) fn obey<C: Child>(process: &mut C, s: &mut Scheduler<C>, _: IoId<C>, _: Ready) -> Drain {
    let mut is_reloaded = false;
    while let Some(config) = next_config(process) {
        process.plumbing().leave_class();
        process.reload(s, config);
        process.plumbing().reloaded();
        residency::settle(s);
        is_reloaded = true;
    }
    process.obeyed(s, is_reloaded);
    Drain::Drained
}

/// Obey until a configuration is to be used, which was proposed and judged before;
/// [`Plumbing::reloaded`] is said then.
fn next_config<C: Child>(process: &mut C) -> Option<Rc<Config>> {
    loop {
        match process.plumbing().next_order()? {
            Order::Prepare(compiled) => prepare(process, compiled),
            Order::Commit => {
                let plumbing = process.plumbing();
                if let Some((config, compiled)) = plumbing.proposed.take() {
                    plumbing.compiled = Some(compiled);
                    return Some(config);
                }
            }
            Order::Cancel => {
                process.plumbing().proposed = None;
                process.provide(C::Provision::default());
            }
            Order::Ping => process.plumbing().say_alive(),
            Order::Observe => process.plumbing().is_observed = true,
        }
    }
}

fn prepare<C: Child>(process: &mut C, compiled: Compiled) {
    process.plumbing().leave_class();
    let judged = judge(process, &compiled);
    let plumbing = process.plumbing();
    plumbing.answer(&judged.as_ref().map(|_| ()).map_err(Clone::clone));
    plumbing.proposed = judged.ok().map(|config| (config, compiled));
    plumbing.resume_class();
}

/// A process that is stopping goes over to none.
fn judge<C: Child>(process: &mut C, compiled: &Compiled) -> Result<Rc<Config>, String> {
    let in_use = Rc::clone(process.config());
    let config = process.plumbing().build(&in_use, compiled)?;
    if process.is_stopping() {
        return Err("it is stopping".to_owned());
    }
    let provision = C::judge(&config).map_err(|(_, why)| why)?;
    process.provide(provision);
    Ok(config)
}

impl Plumbing {
    /// A configuration out of what the parent handed over.
    fn build(&self, in_use: &Config, compiled: &Compiled) -> Result<Rc<Config>, String> {
        let before = self.compiled.as_ref().map(|compiled| (in_use, compiled));
        let octets = compiled.octets();
        let config = octets.and_then(|octets| compiled::configuration(octets, before));
        config.map_err(|error| error.to_string())
    }

    fn say_alive(&self) {
        if let Some(channel) = &self.channel {
            // A parent that does not hear it will see to this process.
            let _ = channel.alive();
        }
    }

    fn next_order(&self) -> Option<Order> {
        let channel = self.channel.as_ref()?;
        loop {
            match channel.next_order() {
                Ok(order) => return order,
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    ::log::error!("What the parent process says is not understood");
                }
                Err(_) => return None,
            }
        }
    }

    fn answer(&self, verdict: &Result<(), String>) {
        let said = self.channel.as_ref().map(|channel| channel.answer(verdict));
        if let Some(Err(error)) = said {
            ::log::error!("Cannot answer the parent process: {error}");
        }
    }
}
