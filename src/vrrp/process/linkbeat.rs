//! Interfaces whose state is asked for (`linkbeat_interfaces`): an answer once a
//! second takes the place of what the kernel reports of the carrier. Whether the
//! administrator has switched an interface on is the kernel's word all the same.

use std::io;
use std::rc::Rc;
use std::time::Duration;

use scheduler::{Key, Scheduler};

use super::VrrpProcess;
use crate::model::IfName;
use crate::netlink::mirror::Link;
use crate::sys::link_state::LinkAsker;
use crate::vrrp::config::VrrpConfig;
use crate::vrrp::config::linkbeat::Way;
use crate::vrrp::fsm::InterfaceKey;

/// From question to question.
const PERIOD: Duration = Duration::from_secs(1);

/// The interfaces that are asked, and their answers.
#[derive(Debug, Default)]
pub(super) struct Linkbeat {
    asker: Option<LinkAsker>,
    list: Vec<Asked>,
    is_asking: bool,
}

#[derive(Debug)]
struct Asked {
    key: InterfaceKey,
    name: IfName,
    /// Which way is tried first.
    preferred: Option<Way>,
    /// The way that has had an answer.
    way: Option<Way>,
    has_link: bool,
}

impl Asked {
    /// Ask, in the way that is known to work or else in the first that does.
    /// Without any answer the interface has no link.
    fn ask(&mut self, asker: &LinkAsker) {
        let first = self.way.or(self.preferred);
        let ways = first.into_iter().chain(Way::ALL);
        for way in ways {
            if let Ok(has_link) = ask(asker, way, self.name.as_str()) {
                if self.way != Some(way) {
                    log::info!(
                        "Interface {}: asked for its link by {}",
                        self.name,
                        way.word()
                    );
                }
                self.way = Some(way);
                self.has_link = has_link;
                return;
            }
        }
        self.way = None;
        self.has_link = false;
    }
}

fn ask(asker: &LinkAsker, way: Way, name: &str) -> io::Result<bool> {
    match way {
        Way::Mii => asker.mii(name),
        Way::Ethtool => asker.ethtool(name),
        Way::Ioctl => asker.running(name),
    }
}

impl VrrpProcess {
    /// Those of the configuration are asked from now on, and no others. Whether
    /// anything is or was asked.
    pub(super) fn set_up_linkbeat(&mut self, s: &mut Scheduler<Self>) -> bool {
        let config = Rc::clone(&self.config);
        let mut list: Vec<Asked> = Vec::new();
        for (name, preferred) in wanted(&config.vrrp) {
            let link = self.kernel.mirror.link_named(&name);
            let kind = link.and_then(|link| link.kind.as_deref());
            if matches!(kind, Some("macvlan" | "ipvlan")) {
                log::info!("Interface {name} is a virtual one: its link is not asked for");
                continue;
            }
            let key = self.interfaces.key(&name);
            if list.iter().any(|asked| asked.key == key) {
                continue;
            }
            list.push(Asked {
                key,
                name,
                preferred,
                way: None,
                has_link: false,
            });
        }
        let is_new = !(list.is_empty() && self.linkbeat.list.is_empty());
        self.linkbeat.list = list;
        if self.linkbeat.list.is_empty() {
            return is_new;
        }
        if self.linkbeat.asker.is_none() {
            match LinkAsker::open() {
                Ok(asker) => self.linkbeat.asker = Some(asker),
                Err(error) => log::error!("linkbeat: cannot ask for links: {error}"),
            }
        }
        self.ask_for_links();
        if !self.linkbeat.is_asking {
            self.linkbeat.is_asking = true;
            s.at("linkbeat", s.now() + PERIOD, 0, Self::on_linkbeat);
        }
        is_new
    }

    /// Whether an interface works, by the kernel's word or by that of its driver.
    pub(super) fn is_running(&self, key: InterfaceKey, link: &Link) -> bool {
        let asked = self.linkbeat.list.iter().find(|asked| asked.key == key);
        match asked {
            Some(asked) => link.is_up() && asked.has_link,
            None => link.is_running(),
        }
    }

    /// After a reload: who is asked may have changed.
    pub(super) fn renew_link_states(&mut self, s: &Scheduler<Self>) {
        for key in self.interfaces.keys() {
            let index = self.interfaces.index(key);
            if let Some(link) = index.and_then(|index| self.kernel.mirror.link(index)) {
                let up = self.is_running(key, link);
                self.pass_on(s.now(), key, up);
            }
        }
    }

    fn ask_for_links(&mut self) {
        let Linkbeat { asker, list, .. } = &mut self.linkbeat;
        if let Some(asker) = asker {
            list.iter_mut().for_each(|asked| asked.ask(asker));
        }
    }

    fn on_linkbeat(&mut self, s: &mut Scheduler<Self>, _: Key) {
        if self.linkbeat.list.is_empty() || self.is_stopping {
            self.linkbeat.is_asking = false;
            return;
        }
        let before: Vec<bool> = self.linkbeat.list.iter().map(|a| a.has_link).collect();
        self.ask_for_links();
        let after = self.linkbeat.list.iter().zip(before);
        let changed: Vec<_> = after
            .filter(|(asked, before)| asked.has_link != *before)
            .map(|(asked, _)| (asked.key, asked.name.clone()))
            .collect();
        for (key, name) in changed {
            if let Some(link) = self.kernel.mirror.link_named(&name) {
                let up = self.is_running(key, link);
                let word = if up { "up" } else { "down" };
                log::info!("Linkbeat reports {name} {word}");
                self.pass_on(s.now(), key, up);
            }
        }
        self.perform(s);
        s.at("linkbeat", s.now() + PERIOD, 0, Self::on_linkbeat);
    }
}

/// Those that are named, then with `linkbeat_use_polling` all that are used.
fn wanted(config: &VrrpConfig) -> Vec<(IfName, Option<Way>)> {
    let named = config.linkbeat.interfaces.iter();
    let mut list: Vec<_> = named
        .map(|asked| (asked.name.value.clone(), asked.way))
        .collect();
    if config.linkbeat.all {
        let own = config
            .instances
            .iter()
            .filter_map(|own| own.interface.as_ref());
        let tracked = config
            .instances
            .iter()
            .flat_map(|own| &own.track_interfaces);
        let all = own.chain(tracked.map(|tracked| &tracked.name));
        list.extend(all.map(|name| (name.value.clone(), None)));
    }
    list
}
