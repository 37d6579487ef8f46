//! Two masters at once: which of the usual causes it is, told once.
//!
//! * somebody else says by ARP that it has one of the addresses
//! * another master's adverts are refused, for a reason its operator can change
//! * another master goes on although it has the lower priority: it does not hear
//! * nobody was ever heard at all

use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::time::Duration;

use scheduler::{Drain, Instant, Interest, IoId, Key, Ready, Scheduler};

use super::VrrpProcess;
use super::virtual_router::VirtualRouter;
use crate::model::MacAddr;
use crate::net::ArpTap;
use crate::vrrp::accept::RejectionKind;
use crate::vrrp::fsm::{Cause, InstanceId, Peer, State};
use crate::wire::arp::Arp;

/// Packets that are looked at before the tap is closed for [`PAUSE`].
const PACKETS: usize = 64;
/// After that many, so that announcements of others cost next to nothing.
const PAUSE: Duration = Duration::from_secs(1);
/// What is told again is told after this.
const REMINDER: Duration = Duration::from_secs(60);
/// So many adverts of a lower priority in one mastership say that their sender
/// does not hear: one or two are usual after a takeover.
const DEAF: u32 = 5;

/// What the process hears of addresses.
#[derive(Debug, Default)]
pub(super) struct Rivals {
    tap: Option<ArpTap>,
    masters: usize,
    is_listening: bool,
    is_pausing: bool,
}

/// What one instance has heard of others that are master, too.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rivalry {
    /// Adverts of a lower priority in this mastership.
    losing: u32,
    /// When that was told.
    losing_told: Option<Instant>,
    /// Announcements of own addresses by others, since the start.
    foreign: u64,
    /// When that was told.
    foreign_told: Option<Instant>,
    /// That nobody was ever heard was told.
    is_silence_told: bool,
}

impl Rivalry {
    /// How often others have announced one of its addresses.
    pub(super) const fn foreign(&self) -> u64 {
        self.foreign
    }

    /// A mastership begins or ends.
    pub(super) const fn begin_anew(&mut self) {
        self.losing = 0;
        self.losing_told = None;
    }
}

fn is_due(told: Option<Instant>, now: Instant) -> bool {
    told.is_none_or(|at| now.since(at) >= REMINDER)
}

impl VrrpProcess {
    /// Open the tap. Without it no more is missing than a line in the log.
    pub(super) fn set_up_rivals(&mut self, s: &mut Scheduler<Self>) {
        let opened = ArpTap::open().and_then(|tap| {
            let call = Self::on_arp;
            s.watch("ARP of others", tap.as_fd(), Interest::Read, 0, call)?;
            Ok(tap)
        });
        match opened {
            Ok(tap) => self.rivals.tap = Some(tap),
            Err(error) => log::debug!("cannot listen to ARP: {error}"),
        }
    }

    /// Listen while there is a master.
    pub(super) fn follow_masters(&mut self) {
        let wanted = self.rivals.masters > 0 && !self.rivals.is_pausing;
        if wanted == self.rivals.is_listening {
            return;
        }
        self.rivals.is_listening = wanted;
        if let Some(Err(error)) = self.rivals.tap.as_ref().map(|tap| tap.listen(wanted)) {
            log::debug!("cannot listen to ARP: {error}");
        }
    }

    /// The number of masters, and what an instance starts anew with.
    pub(super) fn count_masters(&mut self, id: InstanceId, from: State, to: State, cause: &Cause) {
        match (from == State::Master, to == State::Master) {
            (false, true) => self.rivals.masters += 1,
            (true, false) => self.rivals.masters = self.rivals.masters.saturating_sub(1),
            (true, true) | (false, false) => return,
        }
        let Some(own) = self.routers.get_mut(id.index()) else {
            return;
        };
        own.rivalry.begin_anew();
        if to == State::Master && matches!(cause, Cause::NoAdvert { master: None, .. }) {
            own.tell_silence();
        }
    }

    fn on_arp(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, _: Ready) -> Drain {
        for _ in 0..PACKETS {
            let packet = self.rivals.tap.as_ref().map(ArpTap::next);
            match packet {
                Some(Ok(Some(arp))) => self.on_claim(s.now(), &arp),
                Some(Ok(None)) | None => return Drain::Drained,
                Some(Err(error)) => {
                    log::debug!("ARP of others: {error}");
                    return Drain::Drained;
                }
            }
        }
        self.rivals.is_pausing = true;
        self.follow_masters();
        s.at("ARP of others", s.now() + PAUSE, 0, Self::on_pause_over);
        Drain::More
    }

    fn on_pause_over(&mut self, _: &mut Scheduler<Self>, _: Key) {
        self.rivals.is_pausing = false;
        self.follow_masters();
    }

    /// Somebody says that it has an address.
    fn on_claim(&mut self, now: Instant, arp: &Arp) {
        let links = self.kernel.mirror.links();
        if links.iter().any(|link| link.mac == Some(arp.sender_mac)) {
            return;
        }
        let address = IpAddr::V4(arp.sender);
        let count = u32::try_from(self.routers.len()).unwrap_or(u32::MAX);
        let holds = |id: &InstanceId| {
            let mut entries = self.book.of(*id).iter();
            self.router.state(*id) == State::Master
                && entries.any(|entry| entry.net.addr == address)
        };
        let owner = (0..count).map(InstanceId).find(holds);
        if let Some(own) = owner.and_then(|id| self.routers.get_mut(id.index())) {
            own.claimed(now, address, arp.sender_mac);
        }
    }
}

impl VirtualRouter {
    /// Somebody else says that it has an address of this master.
    fn claimed(&mut self, now: Instant, address: IpAddr, by: MacAddr) {
        self.rivalry.foreign += 1;
        if is_due(self.rivalry.foreign_told, now) {
            self.rivalry.foreign_told = Some(now);
            log::warn!(
                "({}) {address} is announced by {by}, too (heard {} times): a second master, or a \
                 host with this address. Check whether routers of VRID {} hear each other's adverts",
                self.name,
                self.rivalry.foreign,
                self.receive.vrid
            );
        }
    }

    /// Another master has the lower priority; whether that is worth a line.
    pub(super) fn outdone(&mut self, now: Instant, rival: &Peer) -> bool {
        self.rivalry.losing = self.rivalry.losing.saturating_add(1);
        if self.rivalry.losing == DEAF {
            log::warn!(
                "({}) {} goes on as master with the lower priority {}: it does not hear this router, \
                 or refuses its adverts. Check its log, and firewalls and switches on the way there \
                 (IP protocol 112, IGMP snooping)",
                self.name,
                rival.address,
                rival.priority
            );
        }
        let is_due = is_due(self.rivalry.losing_told, now);
        if is_due {
            self.rivalry.losing_told = Some(now);
        }
        is_due
    }

    /// Nobody was ever heard: it is alone, or deaf.
    fn tell_silence(&mut self) {
        let kinds = RejectionKind::ALL.iter();
        let refused = kinds
            .map(|kind| self.stats.rejected(*kind))
            .any(|count| count > 0);
        let heard = self.stats.advert_rcvd > 0 || refused;
        if heard || std::mem::replace(&mut self.rivalry.is_silence_told, true) {
            return;
        }
        log::info!(
            "({}) no advert for VRID {} was ever received. If there are other routers: check \
             that IP protocol 112 passes firewalls and switches (IGMP snooping), and that VRID, \
             version and addresses of peers are the same everywhere",
            self.name,
            self.receive.vrid
        );
    }
}

/// What an operator can do about adverts that are refused.
pub(super) const fn remedy(kind: RejectionKind) -> Option<&'static str> {
    Some(match kind {
        RejectionKind::Version => "all routers must have the same version",
        RejectionKind::UnexpectedAuthHeader
        | RejectionKind::MissingAuthHeader
        | RejectionKind::InvalidAuthType
        | RejectionKind::AuthTypeMismatch
        | RejectionKind::Password
        | RejectionKind::IntegrityValue => "all routers must have the same authentication",
        RejectionKind::SignatureMissing
        | RejectionKind::SignatureMalformed
        | RejectionKind::SignatureKey
        | RejectionKind::SignatureWrong => "all routers must have the keys of auth_hmac",
        RejectionKind::SignatureStale => "the clocks must agree",
        RejectionKind::Interval => "all routers must have the same advert_int",
        RejectionKind::NotAPeer
        | RejectionKind::UnicastToMulticast
        | RejectionKind::MulticastToUnicast => "all routers must have each other as unicast_peer",
        RejectionKind::Checksum => {
            "all routers must compute it alike: v3_checksum_as_v2, old_unicast_checksum"
        }
        RejectionKind::Family
        | RejectionKind::HopLimit
        | RejectionKind::Length
        | RejectionKind::OwnerIgnores
        | RejectionKind::PeerHopLimit
        | RejectionKind::Protocol
        | RejectionKind::Replay
        | RejectionKind::SignatureReplayed
        | RejectionKind::TotalLength
        | RejectionKind::Type
        | RejectionKind::Vrid
        | RejectionKind::ZeroInterval => return None,
    })
}
