//! The sockets that adverts come and go through, shared by instances.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd as _, AsRawFd as _, RawFd};

use nix::net::if_::if_indextoname;
use scheduler::{Interest, IoId, Scheduler};

use super::VrrpProcess;
use crate::model::{Family, IfIndex, Vrid};
use crate::net::{Datagram, Mode, RxBatch, SocketSpec, Versions, VridSet, VrrpSocket};
use crate::vrrp::fsm::InstanceId;

/// A socket of the pool.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct SocketId(usize);

impl SocketId {
    /// The id as the key of a registration.
    pub(super) fn key(self) -> u64 {
        u64::try_from(self.0).unwrap_or(u64::MAX)
    }

    pub(super) fn from_key(key: u64) -> Self {
        Self(usize::try_from(key).unwrap_or(usize::MAX))
    }
}

/// An instance that hears and speaks through a socket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct User {
    pub(super) id: InstanceId,
    pub(super) vrid: Vrid,
    /// The group it has joined; nothing for unicast.
    pub(super) group: Option<IpAddr>,
}

#[derive(Debug)]
struct Slot {
    socket: VrrpSocket,
    io: IoId<VrrpProcess>,
    /// By VRID, so that a packet finds its instance at once.
    users: Vec<User>,
    out: crate::net::TxBatch,
}

/// All sockets. Slots stay in place, so an id is good until its last user left.
#[derive(Debug, Default)]
pub(super) struct SocketPool {
    slots: Vec<Option<Slot>>,
    waiting: Vec<SocketId>,
    /// `log_unknown_vrids`: let adverts of every VRID come up.
    all_vrids: bool,
}

impl SocketPool {
    pub(super) fn new(all_vrids: bool) -> Self {
        Self {
            all_vrids,
            ..Self::default()
        }
    }

    /// Let an instance use the socket for a specification; open it if need be.
    pub(super) fn attach(
        &mut self,
        s: &mut Scheduler<VrrpProcess>,
        spec: SocketSpec,
        buffer: Option<usize>,
        user: User,
    ) -> io::Result<SocketId> {
        let id = match self.find(&spec) {
            Some(id) => id,
            None => self.open(s, spec, buffer)?,
        };
        let all = self.all_vrids;
        if let Some(slot) = self.slot_mut(id) {
            let place = slot.users.partition_point(|known| known.vrid <= user.vrid);
            slot.users.insert(place, user);
            let joined = user.group.map_or(Ok(()), |group| slot.socket.join(group));
            if let Err(error) = joined.and_then(|()| slot.filter(all)) {
                self.detach(s, id, user.id);
                return Err(error);
            }
        }
        Ok(id)
    }

    /// The instance no longer uses the socket; the last user closes it.
    pub(super) fn detach(
        &mut self,
        s: &mut Scheduler<VrrpProcess>,
        id: SocketId,
        user: InstanceId,
    ) {
        let all = self.all_vrids;
        let Some(slot) = self.slot_mut(id) else {
            return;
        };
        if let Some(place) = slot.users.iter().position(|known| known.id == user) {
            let gone = slot.users.remove(place);
            // The interface may be gone, and the membership with it.
            let _ = gone.group.map(|group| slot.socket.leave(group));
        }
        if slot.users.is_empty() {
            s.unwatch(slot.io);
            self.take(id);
        } else if let Err(error) = slot.filter(all) {
            log::warn!("cannot change the filter of a VRRP socket: {error}");
        }
    }

    /// For whom a packet on this socket is.
    pub(super) fn user(&self, id: SocketId, vrid: Vrid, to: IpAddr) -> Option<InstanceId> {
        let users = &self.slot(id)?.users;
        let from = users.partition_point(|user| user.vrid < vrid);
        let same = users
            .get(from..)?
            .iter()
            .take_while(|user| user.vrid == vrid);
        let mut only = same.clone();
        let first = only.next()?;
        if only.next().is_none() {
            return Some(first.id);
        }
        let mut same = same;
        same.find(|user| user.group == Some(to)).map(|user| user.id)
    }

    /// Instances have other ids from now on. Who has none is gone.
    pub(super) fn renumber(&mut self, mut new_id: impl FnMut(InstanceId) -> Option<InstanceId>) {
        for slot in self.slots.iter_mut().flatten() {
            slot.users.retain_mut(|user| match new_id(user.id) {
                Some(id) => {
                    user.id = id;
                    true
                }
                None => false,
            });
        }
    }

    /// `log_unknown_vrids`, as another configuration has it.
    pub(super) fn set_all_vrids(&mut self, all: bool) {
        if self.all_vrids == all {
            return;
        }
        self.all_vrids = all;
        for slot in self.slots.iter_mut().flatten() {
            if let Err(error) = slot.filter(all) {
                log::warn!("cannot change the filter of a VRRP socket: {error}");
            }
        }
    }

    /// Queue a packet; [`Self::flush`] sends.
    pub(super) fn queue(&mut self, id: SocketId, datagram: &Datagram<'_>) {
        let Some(slot) = self.slot_mut(id) else {
            return;
        };
        let first = slot.out.is_empty();
        slot.out.push(datagram);
        if first {
            self.waiting.push(id);
        }
    }

    /// Send what is queued, one system call for many packets of a socket.
    pub(super) fn flush(&mut self) {
        for id in self.waiting.drain(..) {
            let Some(slot) = self.slots.get_mut(id.0).and_then(Option::as_mut) else {
                continue;
            };
            let interface = slot.socket.spec().interface;
            slot.socket.send_many(slot.out.datagrams(), |_, error| {
                complain(interface, &error);
            });
            slot.out.clear();
        }
    }

    /// Receive into a batch.
    pub(super) fn receive(&self, id: SocketId, batch: &mut RxBatch) -> io::Result<usize> {
        self.slot(id)
            .map_or(Ok(0), |slot| slot.socket.receive_many(batch))
    }

    /// One line for each socket, as the C daemon logs its pool.
    pub(super) fn describe(&self) -> Vec<String> {
        let line = |slot: &Slot| {
            let spec = slot.socket.spec();
            let index = spec.interface.map_or(0, |index| index.0);
            let family = match spec.family {
                Family::V4 => "IPv4",
                Family::V6 => "IPv6",
            };
            let mode = match spec.mode {
                Mode::Multicast => "multicast",
                Mode::Unicast { .. } => "unicast",
            };
            format!(
                "VRRP sockpool: [ifindex({index:3}), family({family}), proto({}), {mode}, {} instances]",
                spec.protocol.number(),
                slot.users.len()
            )
        };
        self.slots.iter().flatten().map(line).collect()
    }

    /// Every open socket with its descriptor and its users.
    pub(super) fn sockets(&self) -> impl Iterator<Item = (&SocketSpec, RawFd, &[User])> {
        self.slots.iter().flatten().map(|slot| {
            let fd = slot.socket.as_fd().as_raw_fd();
            (slot.socket.spec(), fd, slot.users.as_slice())
        })
    }

    /// The descriptor of a socket.
    pub(super) fn descriptor(&self, id: SocketId) -> Option<RawFd> {
        self.slot(id).map(|slot| slot.socket.as_fd().as_raw_fd())
    }

    fn find(&self, spec: &SocketSpec) -> Option<SocketId> {
        let same = |slot: &Option<Slot>| slot.as_ref().is_some_and(|s| s.socket.spec() == spec);
        self.slots.iter().position(same).map(SocketId)
    }

    fn open(
        &mut self,
        s: &mut Scheduler<VrrpProcess>,
        spec: SocketSpec,
        buffer: Option<usize>,
    ) -> io::Result<SocketId> {
        let socket = VrrpSocket::open(spec, buffer)?;
        let free = self
            .slots
            .iter()
            .position(Option::is_none)
            .unwrap_or(self.slots.len());
        let id = SocketId(free);
        let call = VrrpProcess::on_vrrp_socket;
        let io = s.watch(
            "VRRP socket",
            socket.as_fd(),
            Interest::Read,
            id.key(),
            call,
        )?;
        let slot = Slot {
            socket,
            io,
            users: Vec::new(),
            out: crate::net::TxBatch::new(),
        };
        match self.slots.get_mut(free) {
            Some(place) => *place = Some(slot),
            None => self.slots.push(Some(slot)),
        }
        Ok(id)
    }

    fn slot(&self, id: SocketId) -> Option<&Slot> {
        self.slots.get(id.0)?.as_ref()
    }

    fn slot_mut(&mut self, id: SocketId) -> Option<&mut Slot> {
        self.slots.get_mut(id.0)?.as_mut()
    }

    fn take(&mut self, id: SocketId) -> Option<Slot> {
        self.slots.get_mut(id.0)?.take()
    }
}

impl Slot {
    /// Let only adverts of the users come up.
    fn filter(&mut self, all: bool) -> io::Result<()> {
        let vrids = if all {
            VridSet::ALL
        } else {
            self.users.iter().map(|user| user.vrid).collect()
        };
        self.socket.accept_only(&vrids, Versions::Any)
    }
}

/// A packet that could not be sent. A missing carrier or address shows in the
/// state of the instance, so this is for the curious.
fn complain(interface: Option<IfIndex>, error: &io::Error) {
    let index = interface.map_or(0, |index| index.0);
    let name = if_indextoname(index).map_or_else(
        |_| index.to_string(),
        |name| name.to_string_lossy().into_owned(),
    );
    log::debug!("cannot send an advert on interface {name}: {error}");
}
