//! Two masters at once: which of the usual causes it is, told once.
//!
//! * somebody else says, by ARP or as a neighbour, that it has one of the addresses
//! * another master's adverts are refused, for a reason its operator can change
//! * another master goes on although it has the lower priority: it does not hear
//! * nobody was ever heard at all

use std::net::IpAddr;
use std::os::fd::AsFd as _;
use std::time::Duration;

use scheduler::{Drain, Instant, Interest, IoId, Key, Ready, Scheduler};

use super::VrrpProcess;
use super::virtual_router::VirtualRouter;
use crate::model::{Family, MacAddr};
use crate::net::{AddressTap, Claim};
use crate::vrrp::accept::RejectionKind;
use crate::vrrp::fsm::{Cause, InstanceId, Peer, State};

/// Packets that are looked at before the tap is closed for [`PAUSE`].
const PACKETS: usize = 64;
/// After that many, so that announcements of others cost next to nothing.
const PAUSE: Duration = Duration::from_secs(1);
/// What is told again is told after this.
const REMINDER: Duration = Duration::from_secs(60);
/// So many adverts of a lower priority in one mastership say that their sender
/// does not hear: one or two are usual after a takeover.
const DEAF: u32 = 5;
/// The log says it where a tap cannot be used.
const CANNOT_LISTEN: &str = "cannot hear what others say of addresses";

/// What the process hears of addresses.
#[derive(Debug, Default)]
pub(super) struct Rivals {
    /// One for each family of addresses that there is.
    taps: Vec<AddressTap>,
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
    /// Open the taps that are missing. Without them no more is missing than a line in the
    /// log.
    pub(super) fn set_up_rivals(&mut self, s: &mut Scheduler<Self>) {
        for family in [Family::V4, Family::V6] {
            let has = |tap: &AddressTap| tap.family() == family;
            if !self.has_addresses_of(family) || self.rivals.taps.iter().any(has) {
                continue;
            }
            let place = Key::try_from(self.rivals.taps.len()).unwrap_or(Key::MAX);
            let opened = AddressTap::open(family).and_then(|tap| {
                let call = Self::on_claims;
                s.watch("claims of others", tap.as_fd(), Interest::Read, place, call)?;
                if self.rivals.is_listening {
                    tap.listen(true)?;
                }
                Ok(tap)
            });
            match opened {
                Ok(tap) => self.rivals.taps.push(tap),
                Err(error) => log::debug!("{CANNOT_LISTEN}: {error}"),
            }
        }
    }

    /// Whether an instance has such addresses.
    fn has_addresses_of(&self, family: Family) -> bool {
        let instances = self.config.vrrp.instances.iter();
        let mut addresses = instances.flat_map(|of| of.vips.iter().chain(&of.excluded_vips));
        addresses.any(|address| address.net.value.family() == family)
    }

    /// Listen while there is a master.
    pub(super) fn follow_masters(&mut self) {
        let wanted = self.rivals.masters > 0 && !self.rivals.is_pausing;
        if wanted == self.rivals.is_listening {
            return;
        }
        self.rivals.is_listening = wanted;
        for tap in &self.rivals.taps {
            if let Err(error) = tap.listen(wanted) {
                log::debug!("{CANNOT_LISTEN}: {error}");
            }
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

    fn on_claims(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, ready: Ready) -> Drain {
        let place = usize::try_from(ready.key()).unwrap_or(usize::MAX);
        for _ in 0..PACKETS {
            let claim = self.rivals.taps.get(place).map(AddressTap::next);
            match claim {
                Some(Ok(Some(claim))) => self.on_claim(s.now(), claim),
                Some(Ok(None)) | None => return Drain::Drained,
                Some(Err(error)) => {
                    log::debug!("claims of others: {error}");
                    return Drain::Drained;
                }
            }
        }
        if !self.rivals.is_pausing {
            self.rivals.is_pausing = true;
            self.follow_masters();
            s.at("claims of others", s.now() + PAUSE, 0, Self::on_pause_over);
        }
        Drain::More
    }

    fn on_pause_over(&mut self, _: &mut Scheduler<Self>, _: Key) {
        self.rivals.is_pausing = false;
        self.follow_masters();
    }

    /// Somebody says that it has an address.
    fn on_claim(&mut self, now: Instant, claim: Claim) {
        let links = self.kernel.mirror.links();
        if links.iter().any(|link| link.mac == Some(claim.mac)) {
            return;
        }
        let address = claim.address;
        let count = u32::try_from(self.routers.len()).unwrap_or(u32::MAX);
        let holds = |id: &InstanceId| {
            let mut entries = self.book.of(*id).iter();
            self.router.state(*id) == State::Master
                && entries.any(|entry| entry.net.addr == address)
        };
        let owner = (0..count).map(InstanceId).find(holds);
        if let Some(own) = owner.and_then(|id| self.routers.get_mut(id.index())) {
            own.claimed(now, address, claim.mac);
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
