//! Adverts coming in: to the right instance, through the checks, to the router.

use std::net::IpAddr;
use std::time::Duration;

use scheduler::{Drain, Instant, IoId, Ready, Scheduler};

use super::VrrpProcess;
use super::clock;
use super::pool::SocketId;
use super::rivals;
use super::virtual_router::VirtualRouter;
use crate::model::UnixTime;
use crate::net;
use crate::vrrp::accept::{Accepted, ReceiveView, Received, Rejection, accept, vrid_of};
use crate::vrrp::fsm::{Heard, InstanceId, State};
use crate::vrrp::router::{Input, View};

/// Batches read before other sources get their turn.
const BATCHES: usize = 8;
/// Adverts that come in two rounds so close to each other are part of a burst, as
/// hundreds of virtual routers with one master send it.
const BURST: Duration = Duration::from_micros(500);
/// So long a burst is left to gather: waking up for each advert costs more than the
/// advert. It is a twentieth of the skew between two priorities at one second.
const GATHER: Duration = Duration::from_micros(200);

impl VrrpProcess {
    /// Adverts wait in a socket.
    pub(super) fn on_vrrp_socket(
        &mut self,
        s: &mut Scheduler<Self>,
        _: IoId<Self>,
        ready: Ready,
    ) -> Drain {
        let id = SocketId::from_key(ready.key());
        let mut batch = std::mem::take(&mut self.batch);
        let mut drain = Drain::More;
        for _ in 0..BATCHES {
            match self.pool.receive(id, &mut batch) {
                Ok(_) => {}
                // Told once, for instance when the interface goes down.
                Err(error) => log::debug!("VRRP socket: {error}"),
            }
            // Ages are of now, not of the beginning of the round.
            s.refresh();
            let wall = clock::wall();
            for packet in batch.packets() {
                self.hear(s.now(), wall, id, &packet);
            }
            if !batch.is_full() {
                drain = Drain::Drained;
                break;
            }
        }
        self.batch = batch;
        let since = s.now().since(self.heard_at);
        if !since.is_zero() && since < BURST {
            s.gather(GATHER);
        }
        self.heard_at = s.now();
        self.perform(s);
        drain
    }

    fn hear(&mut self, now: Instant, wall: UnixTime, socket: SocketId, packet: &net::Received<'_>) {
        let age = packet.came.map(|came| wall.0.saturating_sub(came.0));
        let packet = Received {
            family: packet.family,
            bytes: packet.bytes,
            src: packet.src,
            dst: packet.dst,
            hop_limit: packet.hop_limit,
        };
        let Some(vrid) = vrid_of(&packet) else { return };
        match self.pool.user(socket, vrid, packet.dst) {
            Some(id) => self.judge(now, age.unwrap_or_default(), id, &packet),
            None => self.unknown_vrid(now, vrid.0, packet.src),
        }
    }

    /// The receive checks of one instance, and what follows from them.
    fn judge(&mut self, now: Instant, age: Duration, id: InstanceId, packet: &Received<'_>) {
        let Some(view) = self.router.view(id) else {
            return;
        };
        let Some(own) = self.routers.get_mut(id.index()) else {
            return;
        };
        if matches!(view.state, State::Init | State::Fault) || own.source == Some(packet.src) {
            return self.own_address(now, id, &view, packet);
        }
        let view = receive_view(&view, own, packet.src);
        let answer = accept(&own.receive, &view, packet);
        own.stats.record(&answer);
        let said = answer.as_ref();
        let said = said.map(|accepted| accepted.priority);
        own.speakers
            .heard(now, packet.src, said.map_err(Rejection::kind));
        match answer {
            Ok(accepted) => {
                own.remember_signature(&accepted, view.wall);
                own.standing.hear(accepted.src);
                self.accepted(now, age, id, &accepted);
            }
            Err(rejection) => {
                self.rejected(id, packet.src, &rejection);
                self.trap_refusal(now, id, packet.src, rejection.kind());
            }
        }
    }

    /// A packet that seems to come from this very instance: looped back, or of a
    /// router with the same address. The machine tells, and does not yield.
    fn own_address(&mut self, now: Instant, id: InstanceId, view: &View, packet: &Received<'_>) {
        let Some(own) = self.routers.get_mut(id.index()) else {
            return;
        };
        if view.state != State::Master {
            return;
        }
        let view = receive_view(view, own, packet.src);
        if let Ok(accepted) = accept(&own.receive, &view, packet) {
            let input = Input::Advert {
                id,
                advert: heard(&accepted, Duration::ZERO),
            };
            self.router.on(now, input, &mut self.effects);
        }
    }

    fn accepted(&mut self, now: Instant, age: Duration, id: InstanceId, accepted: &Accepted) {
        let Some(own) = self.routers.get_mut(id.index()) else {
            return;
        };
        if let (Some(sequence), Some(template)) = (accepted.ah_sequence, &mut own.template) {
            // One counter for both directions: a backup goes on where the master
            // stopped, and a master stays ahead of a rival.
            template.set_ah_sequence(sequence);
        }
        if let Some(complaint) = accepted.address_list.complaint(own.receive.vrid)
            && own.complaints.is_first_difference()
        {
            log::warn!("({}) advert of {}: {complaint}", own.name, accepted.src);
        }
        let old_checksum = accepted.checksum_old_style && !own.old_checksum;
        let input = Input::Advert {
            id,
            advert: heard(accepted, age),
        };
        self.router.on(now, input, &mut self.effects);
        if old_checksum {
            self.use_old_checksum(id);
        }
    }

    fn rejected(&mut self, id: InstanceId, src: IpAddr, rejection: &Rejection) {
        let Some(own) = self.routers.get_mut(id.index()) else {
            return;
        };
        if rejection.is_logged() && own.complaints.is_first(rejection.kind()) {
            log::warn!("({}) advert from {src} dropped: {rejection}", own.name);
            let is_master = self.router.state(id) == State::Master;
            if let (true, Some(remedy)) = (is_master, rivals::remedy(rejection.kind())) {
                log::warn!(
                    "({}) {src} is master, too, and is not understood: {remedy}",
                    own.name
                );
            }
        }
    }

    fn unknown_vrid(&mut self, now: Instant, vrid: u8, src: IpAddr) {
        if !self.config.global.log_unknown_vrids {
            return;
        }
        match self.strangers.heard(now, vrid) {
            None => {}
            Some(0) => log::info!("Unknown VRID({vrid}) received from {src}. ignoring..."),
            Some(more) => log::info!(
                "Unknown VRID({vrid}) received from {src}. ignoring... ({more} adverts of it were \
                 not told)"
            ),
        }
    }
}

fn receive_view(view: &View, own: &VirtualRouter, source: IpAddr) -> ReceiveView {
    let signed = own.receive.hmac.is_some();
    ReceiveView {
        is_backup: view.state == State::Backup,
        effective_priority: view.priority,
        known_master: view.master.map(|peer| peer.address),
        ah_sequence: own.ah_sequence(),
        wall: if signed {
            clock::wall()
        } else {
            UnixTime::default()
        },
        signature_mark: signed.then(|| own.replay.of(source)).flatten(),
    }
}

impl VirtualRouter {
    /// An advert was taken, so its trailer cannot be taken again; a clock that
    /// runs away is told once before it ends in silence.
    fn remember_signature(&mut self, accepted: &Accepted, now: UnixTime) {
        let (Some(sequence), Some(verify)) = (accepted.signature, &self.receive.hmac) else {
            return;
        };
        self.replay.record(accepted.src, sequence);
        if verify.is_skewed(sequence, now) && !std::mem::replace(&mut self.skew_told, true) {
            log::warn!(
                "({}) the clock of {} differs by more than half of the auth_hmac time_window of {} s",
                self.name,
                accepted.src,
                verify.window.as_secs()
            );
        }
    }
}

const fn heard(accepted: &Accepted, age: Duration) -> Heard {
    Heard {
        source: accepted.src,
        priority: accepted.priority,
        interval: accepted.interval,
        age,
    }
}
