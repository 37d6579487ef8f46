//! Effects of the router carried out, in order.

use std::net::IpAddr;
use std::time::Duration;

use scheduler::{Instant, Scheduler};

use super::VrrpProcess;
use super::clock;
use super::report;
use crate::model::{Family, Priority};
use crate::net::Datagram;
use crate::vrrp::debounce::longest_delay;
use crate::vrrp::fsm::{Cause, Effect, InstanceId, InterfaceKey, Note, Presence, State};
use crate::vrrp::history::Transition;
use crate::watchdog::survey::Surveyed as _;

impl VrrpProcess {
    /// Carry out what the router has decided, and set the next deadline. Adverts leave
    /// first: others wait for them, and nobody for the words of the log.
    pub(super) fn perform(&mut self, s: &mut Scheduler<Self>) {
        let mut effects = std::mem::take(&mut self.effects);
        for effect in &effects {
            if let Effect::Advertise { id, priority } = *effect {
                self.advertise(id, priority);
            }
        }
        self.pool.flush();
        let has_moved = effects.iter().any(|e| matches!(e, Effect::Went { .. }));
        for effect in effects.drain(..) {
            self.perform_one(s, effect);
        }
        self.effects = effects;
        if has_moved {
            self.headline_may_change(s);
        }
        self.follow_masters();
        if self.notifier.has_news() {
            self.notifier.follow(s);
        }
        self.snmp.follow(s);
        self.ask_for_sync_daemon(s);
        self.follow_deadlines(s);
    }

    fn perform_one(&mut self, s: &Scheduler<Self>, effect: Effect) {
        match effect {
            // It has left.
            Effect::Advertise { .. } => {}
            Effect::Addresses {
                id,
                presence: Presence::Add,
            } => self.install(id),
            Effect::Addresses {
                id,
                presence: Presence::Remove,
            } => self.withdraw(id),
            Effect::Announce { id, burst } => self.announcer.begin(s.now(), id, burst),
            Effect::Silence { id } => self.announcer.silence(id),
            Effect::Went {
                id,
                from,
                to,
                cause,
            } => {
                self.went(s.now(), id, from, to, &cause);
                self.count_masters(id, from, to, &cause);
                if from == State::Fault && matches!(to, State::Backup | State::Master) {
                    self.announce_source(s.now(), id);
                }
                self.sync_daemon_follows(id);
                if (from != to || to == State::Init) && !self.is_told_already(id, from, &cause) {
                    self.tell_state(s.now(), id, to, &cause);
                }
            }
            Effect::GroupWent {
                group, to, member, ..
            } => {
                self.group_went(group, to, member);
                self.tell_group(s.now(), group, to, member);
            }
            Effect::Noted { id, note } => {
                self.noted(s.now(), id, &note);
                self.tell_note(s.now(), id, &note);
            }
        }
    }

    /// Queue an advert for the group, or for every peer.
    pub(super) fn advertise(&mut self, id: InstanceId, priority: Priority) {
        let Some(own) = self.routers.get_mut(id.index()) else {
            return;
        };
        let (Some(template), Some(socket), Some(source)) =
            (&mut own.template, own.socket, own.source)
        else {
            return;
        };
        let (src, hop_limit) = match source {
            IpAddr::V4(_) => (None, None),
            IpAddr::V6(source) => (Some(source), own.hop_limit),
        };
        let common = Datagram {
            bytes: &[],
            dst: own.group,
            src,
            hop_limit,
        };
        let bytes = template.packet(priority, clock::wall());
        if own.receive.is_multicast() {
            self.pool.queue(socket, &Datagram { bytes, ..common });
        }
        for peer in 0..template.peers().len() {
            let Some(&dst) = template.peers().get(peer) else {
                break;
            };
            if let Some(bytes) = template.for_peer(peer) {
                let datagram = Datagram {
                    bytes,
                    dst,
                    ..common
                };
                self.pool.queue(socket, &datagram);
            }
        }
        own.stats.record_sent(priority);
        if priority == Priority::GIVE_UP {
            log::info!("({}) sent 0 priority", own.name);
        }
    }

    /// All addresses, routes and rules of a new master shall be there.
    fn install(&mut self, id: InstanceId) {
        self.installer.add_all(id);
    }

    /// None of the items shall be there: neither those this process added,
    /// nor leftovers of a run that was killed.
    fn withdraw(&mut self, id: InstanceId) {
        if self.is_stopping && self.plumbing.settings.dont_release_vrrp {
            return;
        }
        let Some(own) = self.routers.get(id.index()) else {
            return;
        };
        log::debug!("({}) removing VIPs.", own.name);
        let begun = self.installer.remove_all(id);
        let layout = self.installer.layout(id);
        // Of routes and rules there is no picture: the kernel is asked for each.
        for index in (layout.addresses.max(begun)..layout.count()).rev() {
            self.installer.remove_one(id, index);
        }
        let entries = self.book.of(id).iter().zip(0u32..);
        for (entry, index) in entries.skip_while(|(_, index)| *index < begun) {
            let present = self
                .interfaces
                .index(entry.key)
                .is_some_and(|at| self.kernel.mirror.has_address(at, entry.net.addr));
            if present {
                self.installer.remove_one(id, index);
            }
        }
    }

    /// With `-D`: which addresses are announced, as the C daemon logs it.
    fn tell_announcements(&self, id: InstanceId) {
        if !log::log_enabled!(log::Level::Debug) {
            return;
        }
        let Some(own) = self.routers.get(id.index()) else {
            return;
        };
        for entry in self.book.of(id) {
            let device = self
                .interfaces
                .get(entry.key)
                .map_or("?", |i| i.name.as_str());
            let what = match entry.net.family() {
                Family::V4 => "gratuitous ARPs",
                Family::V6 => "Unsolicited Neighbour Adverts",
            };
            let address = entry.net.addr;
            log::debug!(
                "({}) Sending/queueing {what} on {device} for {address}",
                own.name
            );
        }
    }

    fn went(&mut self, now: Instant, id: InstanceId, from: State, to: State, cause: &Cause) {
        let Some(own) = self.routers.get_mut(id.index()) else {
            return;
        };
        if from != to || to == State::Backup {
            let why = report::because(cause, &self.interfaces, &self.config.vrrp);
            report::transition(&own.name, to, &why);
            own.history.push(Transition {
                at: clock::wall(),
                from,
                to,
                cause: why.into(),
            });
        }
        own.complaints.clear();
        own.skew_told = false;
        own.standing.went(now, to, cause);
        if to == State::Master {
            log::debug!("({}) setting VIPs.", own.name);
            own.stats.become_master += 1;
            if let Some(template) = &mut own.template {
                template.restart_exhausted_sequence();
            }
        }
        if from == State::Master {
            own.stats.release_master += 1;
        }
        if to == State::Master {
            self.tell_announcements(id);
        }
    }

    fn noted(&mut self, now: Instant, id: InstanceId, note: &Note) {
        let Some(own) = self.routers.get_mut(id.index()) else {
            return;
        };
        let is_told = if let Note::LosingAdvert(rival) = note {
            own.outdone(now, rival)
        } else {
            true
        };
        if is_told {
            report::note(&own.name, note);
        }
        if matches!(note, Note::MasterChanged { .. }) {
            own.complaints.clear();
        }
        if let (Note::Interval { interval, .. }, Some(key)) = (note, own.key) {
            self.tighten_delays(id, key, *interval);
        }
    }

    /// A master announces a shorter interval than the own one: the interface's
    /// delays must leave time to take over from it, too.
    fn tighten_delays(&mut self, id: InstanceId, key: InterfaceKey, interval: Duration) {
        let Some(config) = self.config.vrrp.instance(id.index()) else {
            return;
        };
        let limit = longest_delay(config.down_timer_adverts, interval);
        let delays = self.debouncer.delays(key);
        if delays.at_most(limit) != delays {
            self.debouncer.set(key, delays.at_most(limit));
        }
    }
}
