//! The D-Bus process: the shell around the objects.
//!
//! ```text
//! VRRP process ──► on_line ──► objects ──┐
//! bus ──► exchange ──► calls ────────────┼──► exchange ──► bus
//!                        └──► VRRP process, parent
//! ```
//!
//! * `attempt`: a connection being made, by a thread: the library waits for the bus.
//! * `connection`: one that stands; nothing of it waits.
//! * `messages`: answers and signals in the library's types.
//! * `asking`: what the VRRP process is asked for, each thing once.
//!
//! Nothing is handed to the library while it has something that the bus does not take:
//! signals wait in [`Objects`], calls in the library. The bus may come, stall and go;
//! this process tries again after one, two, four ... seconds.

mod asking;
mod attempt;
mod connection;
mod messages;

use std::io;
use std::os::fd::AsFd as _;
use std::rc::Rc;
use std::time::Duration;

use nix::unistd::getppid;
use scheduler::{Alarm, Drain, Interest, IoId, Key, Ready, Scheduler, Stop};

use super::calls::{Answer, answer};
use super::line::{Hearer, Request};
use super::objects;
use super::objects::Objects;
use super::path::Paths;
use crate::control_plane::Config;
use crate::sys::signals::send;
use crate::watchdog::launch::Plumbing;
use crate::watchdog::launch::child::Child;

use asking::Asking;
use attempt::Attempt;
use connection::{Connection, Lost};

/// The error of what cannot be done.
const FAILURE: &str = "org.freedesktop.DBus.Error.Failed";
/// The first pause before another attempt to reach the bus, and the longest.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(8);
/// So many messages are exchanged before others have their turn.
const BUDGET: usize = 64;

/// The state of the D-Bus process.
#[derive(Debug)]
pub struct DbusProcess {
    config: Rc<Config>,
    plumbing: Plumbing,
    hearer: Option<Hearer>,
    asking: Asking,
    objects: Objects,
    bus: Bus,
    /// The next attempt, or the end of patience at the end.
    alarm: Alarm<Self>,
    pause: Duration,
    /// What was wrong last, so that it is told once.
    complaint: String,
    is_stopping: bool,
    /// The end of the VRRP process has been said.
    has_said_end: bool,
}

#[derive(Debug)]
enum Bus {
    Away,
    Attempt(Attempt, IoId<DbusProcess>),
    Connected(Connection, IoId<DbusProcess>),
}

impl Child for DbusProcess {
    type Provision = ();

    /// Another process may do better.
    const FAILED: i32 = 70;

    fn open(
        config: Rc<Config>,
        mut plumbing: Plumbing,
        _: &mut Scheduler<Self>,
    ) -> io::Result<Self> {
        Ok(Self {
            hearer: plumbing.ends.dbus_hearer.take(),
            asking: Asking::default(),
            objects: Objects::new(paths(&config, &plumbing)),
            bus: Bus::Away,
            alarm: Alarm::new("D-Bus", 0, Self::on_alarm),
            pause: PAUSE,
            complaint: String::new(),
            is_stopping: false,
            has_said_end: false,
            config,
            plumbing,
        })
    }

    fn begin(&mut self, s: &mut Scheduler<Self>) -> io::Result<()> {
        s.refresh();
        if let Some(hearer) = &self.hearer {
            let fd = hearer.as_fd();
            s.watch("VRRP process", fd, Interest::Read, 0, Self::on_line)?;
        }
        self.ask_for_everything();
        self.attempt(s);
        Ok(())
    }

    fn config(&self) -> &Rc<Config> {
        &self.config
    }

    fn plumbing(&mut self) -> &mut Plumbing {
        &mut self.plumbing
    }

    /// The VRRP process is told to stop at the same time, and its end is to be said.
    fn stop(&mut self, s: &mut Scheduler<Self>) {
        self.is_stopping = true;
        let patience = self.config.global.child_wait_time * 3 / 4;
        self.alarm.follow(s, Some(s.now() + patience));
        self.go_on(s);
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping
    }

    fn reload(&mut self, s: &mut Scheduler<Self>, config: Rc<Config>) {
        let before = std::mem::replace(&mut self.config, config);
        self.plumbing.reconfigure(&before, &self.config);
        if before.global.dbus != self.config.global.dbus {
            let paths = paths(&self.config, &self.plumbing);
            self.objects = self.objects.renamed(paths);
            self.leave_bus(s);
            self.ask_for_everything();
            self.attempt(s);
        }
    }
}

impl DbusProcess {
    fn ask_for_everything(&self) {
        if let Some(hearer) = &self.hearer {
            // If there is no room, the VRRP process has been asked for much already.
            let _ = hearer.ask(&Request::Everything);
        }
    }

    fn service_name(&self) -> &str {
        self.config.global.dbus.service_name()
    }

    /// The VRRP process has told something.
    fn on_line(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, _: Ready) -> Drain {
        while let Some(news) = self.hearer.as_ref().and_then(Hearer::next) {
            self.objects.on(news);
        }
        self.go_on(s);
        Drain::Drained
    }

    /// Have the library carry what there is.
    fn go_on(&mut self, s: &mut Scheduler<Self>) {
        if let Bus::Connected(_, id) = self.bus {
            match self.exchange() {
                Ok(true) => s.requeue(id),
                Ok(false) => {}
                Err(Lost) => self.lose(s),
            }
        }
        self.asking.follow(s);
        self.end_if_done(s);
    }

    fn on_bus(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, _: Ready) -> Drain {
        self.go_on(s);
        Drain::Drained
    }

    /// Read, answer and say, as far as the bus goes along. True if it would go on.
    fn exchange(&mut self) -> Result<bool, Lost> {
        let Bus::Connected(connection, _) = &self.bus else {
            return Ok(false);
        };
        let line = self.hearer.as_ref();
        for _ in 0..BUDGET {
            connection.carry()?;
            if connection.is_behind() {
                return Ok(connection.is_ready());
            }
            if let Some(message) = connection.next() {
                messages::with_call(&message, |call| {
                    let answer = done(answer(&self.objects, call), &mut self.asking, line);
                    connection.send(messages::reply(&message, answer));
                });
                if let Some(note) = messages::ownership(&message) {
                    log::info!("{note}");
                }
            } else if let Some(signal) = self.objects.take() {
                self.has_said_end = signal == objects::Signal::Stopped
                    || self.has_said_end && signal != objects::Signal::Started;
                for message in messages::of(&self.objects, &signal) {
                    connection.send(message);
                }
            } else {
                return Ok(connection.is_ready());
            }
        }
        Ok(true)
    }

    /// There may be room on the line to the VRRP process again.
    fn on_asking(&mut self, s: &mut Scheduler<Self>, _: Key) {
        self.asking.go_on(self.hearer.as_ref());
        self.asking.follow(s);
    }

    /// Reach the bus.
    fn attempt(&mut self, s: &mut Scheduler<Self>) {
        let begun = Attempt::begin(self.service_name()).and_then(|attempt| {
            let fd = attempt.as_fd();
            let id = s.watch("D-Bus attempt", fd, Interest::Read, 0, Self::on_attempt)?;
            Ok((attempt, id))
        });
        match begun {
            Ok((attempt, id)) => self.bus = Bus::Attempt(attempt, id),
            Err(error) => self.fail(s, &error.to_string()),
        }
    }

    /// The thread has ended.
    fn on_attempt(&mut self, s: &mut Scheduler<Self>, id: IoId<Self>, _: Ready) -> Drain {
        s.unwatch(id);
        let Bus::Attempt(attempt, _) = std::mem::replace(&mut self.bus, Bus::Away) else {
            return Drain::Drained;
        };
        let opened = attempt.finish().and_then(|(channel, owns)| {
            let connection = Connection::new(channel).map_err(|error| error.to_string())?;
            let fd = connection.as_fd();
            let id = s.watch("D-Bus", fd, Interest::Both, 0, Self::on_bus);
            Ok((connection, id.map_err(|error| error.to_string())?, owns))
        });
        match opened {
            Ok((connection, id, owns)) => {
                log::info!("Acquired DBus bus {}", self.service_name());
                if !owns {
                    let name = self.service_name();
                    log::warn!("The D-Bus name {name} belongs to another program: waiting for it");
                }
                self.bus = Bus::Connected(connection, id);
                self.pause = PAUSE;
                self.complaint.clear();
                self.objects.connected();
                self.go_on(s);
            }
            Err(why) => self.fail(s, &why),
        }
        Drain::Drained
    }

    /// There is no bus: try again after a while.
    fn fail(&mut self, s: &mut Scheduler<Self>, why: &str) {
        if self.complaint != why {
            log::warn!("Cannot be on D-Bus, trying again: {why}");
            why.clone_into(&mut self.complaint);
        }
        self.try_later(s);
    }

    /// The bus is gone.
    fn lose(&mut self, s: &mut Scheduler<Self>) {
        log::warn!("Lost the connection to D-Bus");
        self.leave_bus(s);
        self.try_later(s);
    }

    fn try_later(&mut self, s: &mut Scheduler<Self>) {
        if !self.is_stopping {
            self.alarm.follow(s, Some(s.now() + self.pause));
            self.pause = (self.pause * 2).min(PAUSE_MAX);
        }
        self.end_if_done(s);
    }

    fn leave_bus(&mut self, s: &mut Scheduler<Self>) {
        match std::mem::replace(&mut self.bus, Bus::Away) {
            Bus::Away => {}
            Bus::Attempt(_, id) | Bus::Connected(_, id) => {
                s.unwatch(id);
            }
        }
    }

    fn on_alarm(&mut self, s: &mut Scheduler<Self>, _: Key) {
        if self.is_stopping {
            s.stop(Stop::Now);
        } else if matches!(self.bus, Bus::Away) {
            self.attempt(s);
        }
    }

    fn end_if_done(&self, s: &mut Scheduler<Self>) {
        if !self.is_stopping {
            return;
        }
        let is_done = match &self.bus {
            Bus::Away | Bus::Attempt(..) => true,
            Bus::Connected(connection, _) => {
                self.has_said_end && self.objects.is_quiet() && !connection.is_behind()
            }
        };
        if is_done {
            log::info!("Released DBus");
            s.stop(Stop::Now);
        }
    }
}

/// The answer to a call, when what it wants is done.
fn done(answer: Answer, asking: &mut Asking, line: Option<&Hearer>) -> Answer {
    let done = if let Answer::Ask(request) = &answer {
        let asked = asking.ask(line, request);
        asked.map_err(|error| format!("The VRRP process cannot be told: {error}"))
    } else if answer == Answer::Reload {
        log::info!("Reloading configuration on DBus request");
        let told = send(getppid(), libc::SIGHUP);
        told.map_err(|error| format!("The parent process cannot be told: {error}"))
    } else {
        Ok(())
    };
    match done {
        Ok(()) => answer,
        Err(text) => Answer::Error(FAILURE, text),
    }
}

fn paths(config: &Config, plumbing: &Plumbing) -> Paths {
    let names = &plumbing.names;
    let (namespace, instance) = (names.namespace.as_deref(), names.instance.as_deref());
    Paths::new(namespace, instance, config.global.dbus.no_interface_name())
}
