//! What the D-Bus process is told of instances, and asks for. It may be behind, dead or
//! never there: nothing waits for it.

use std::os::fd::AsFd as _;

use scheduler::{Drain, Interest, IoId, Ready, Scheduler};

use super::VrrpProcess;
use crate::control_plane::Config;
use crate::dbus::line::{News, Occasion, Request, Teller};
use crate::dbus::outbox::{Outbox, Part};
use crate::dbus::{Identity, State};
use crate::notify::event::What;
use crate::vrrp::config::InstanceConfig;
use crate::vrrp::fsm::{self, Burst, InstanceId};
use crate::watchdog::launch::child::{Asker, Wish, wish};

/// The line to the D-Bus process.
#[derive(Debug, Default)]
pub(super) struct Bus {
    teller: Option<Teller>,
    outbox: Outbox,
    /// What instances are on the bus, by place.
    states: Vec<State>,
}

impl VrrpProcess {
    /// Before anything happens: all instances are there.
    pub(super) fn set_up_bus(&mut self, s: &mut Scheduler<Self>) {
        self.bus.teller = self.plumbing.ends.dbus_teller.take();
        if let Some(teller) = &self.bus.teller {
            let fd = teller.as_fd();
            if let Err(error) = s.watch("D-Bus process", fd, Interest::Both, 0, Self::on_bus) {
                log::error!("the D-Bus process is not heard: {error}");
            }
        }
        if self.config.global.dbus.is_enabled {
            self.list_on_bus(Occasion {
                started: true,
                reloaded: false,
            });
        }
    }

    /// All instances, as they are now.
    fn list_on_bus(&mut self, occasion: Occasion) {
        let ids = (0..).map(InstanceId).zip(&self.routers);
        self.bus.states = ids.map(|(id, _)| state_of(self.router.state(id))).collect();
        let count = u32::try_from(self.bus.states.len()).unwrap_or(u32::MAX);
        self.bus.outbox.list(count, occasion);
        self.tell_bus();
    }

    /// Something has happened to an instance.
    pub(super) fn show_on_bus(&mut self, id: InstanceId, what: What) {
        let state = match what {
            What::Backup => State::Backup,
            What::Master => State::Master,
            What::Fault => State::Fault,
            What::Stop => State::Stop,
            What::Deleted => State::Deleted,
            What::MasterRxLowerPri
            | What::MasterPriority
            | What::BackupPriority
            | What::Up
            | What::Down => return,
        };
        if let Some(shown) = self.bus.states.get_mut(id.index()) {
            *shown = state;
            self.bus.outbox.changed(id.0);
            self.tell_bus();
        }
    }

    /// After a reload.
    pub(super) fn reload_on_bus(&mut self, before: &Config) {
        let [was, is] = [before, &self.config].map(|config| config.global.dbus.is_enabled);
        if is {
            self.list_on_bus(Occasion {
                started: !was,
                reloaded: was,
            });
        } else if was {
            self.leave_bus();
        }
    }

    /// Nothing more is told.
    pub(super) fn leave_bus(&mut self) {
        if !self.bus.states.is_empty() || self.config.global.dbus.is_enabled {
            self.bus.outbox.stopped();
            self.tell_bus();
            self.bus.states.clear();
        }
    }

    /// Tell what there is room for.
    fn tell_bus(&mut self) {
        while let Some(part) = self.bus.outbox.next() {
            let news = match part {
                Part::Begins(occasion) => Some(News::Begins(occasion)),
                Part::Instance(place) => self.on_bus_now(place),
                Part::Ends => Some(News::Ends),
                Part::Stopped => Some(News::Stopped),
            };
            let told = news.zip(self.bus.teller.as_ref());
            if let Some((news, teller)) = told
                && teller.tell(&news).is_err()
            {
                // There will be room again, and then the newest states are told.
                return;
            }
            self.bus.outbox.told(part);
        }
    }

    fn on_bus_now(&self, place: u32) -> Option<News> {
        let place = usize::try_from(place).ok()?;
        let instance = self.config.vrrp.instance(place)?;
        let state = self.bus.states.get(place)?;
        Some(News::Instance(identity(instance), *state))
    }

    /// The D-Bus process asks for something, or has room again. One request a turn:
    /// adverts come between them.
    fn on_bus(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, _: Ready) -> Drain {
        let Some(request) = self.bus.teller.as_ref().and_then(Teller::next) else {
            self.tell_bus();
            return Drain::Drained;
        };
        match request {
            Request::Everything if self.config.global.dbus.is_enabled => {
                self.list_on_bus(Occasion::default());
            }
            Request::Everything => {}
            Request::SendGarp(name) => self.announce_on_request(s, &name),
            Request::PrintData => wish(self, s, Wish::Data, Asker::Bus),
            Request::PrintStats => wish(self, s, Wish::Stats, Asker::Bus),
            Request::PrintStatsClear => wish(self, s, Wish::ClearStats, Asker::Bus),
        }
        Drain::More
    }

    fn announce_on_request(&mut self, s: &mut Scheduler<Self>, name: &str) {
        let mut routers = (0..).map(InstanceId).zip(&self.routers);
        let Some((id, _)) = routers.find(|(_, own)| &*own.name == name) else {
            return;
        };
        if self.router.state(id) == fsm::State::Master {
            log::info!("Sending garps on {name} on DBus request");
            self.announcer.begin(s.now(), id, Burst::Requested);
            self.follow_deadlines(s);
        } else {
            log::info!("({name}) is not master: no garps are sent on DBus request");
        }
    }
}

const fn state_of(state: fsm::State) -> State {
    match state {
        fsm::State::Init => State::Init,
        fsm::State::Backup => State::Backup,
        fsm::State::Master => State::Master,
        fsm::State::Fault => State::Fault,
    }
}

fn identity(instance: &InstanceConfig) -> Identity {
    let interface = instance.interface.as_ref();
    Identity {
        name: instance.name.value.clone(),
        interface: interface.map(|name| name.value.as_str().to_owned()),
        vrid: instance.vrid,
        family: instance.family,
    }
}
