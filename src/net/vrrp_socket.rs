//! Sending and receiving adverts.
//!
//! All instances that share interface, family, mode, protocol and unicast
//! source share one [`VrrpSocket`].
//!
//! For IPv4 it is two sockets. The receiving one has the protocol and the
//! filter; the sending one takes whole packets (`IP_HDRINCL`) and has protocol
//! 255, so that the kernel never copies a received packet to it. For IPv6 the
//! kernel makes header and checksum (RFC 3542 section 3.1), which needs the
//! protocol on the sending side too; so one socket does both, which again is
//! one copy per received packet.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::batch::{Datagram, RxBatch};
use super::filter::{self, Versions, VridSet};
use crate::model::{Family, IfIndex};
use crate::sys::bpf;
use crate::sys::cmsg::Control;
use crate::sys::sock::{self, Address, Buffer, Kind, MANY, Outgoing, name};
use crate::wire::{PROTOCOL_AH, PROTOCOL_VRRP};

/// Traffic class of adverts: internetwork control, precedence 6.
const TRAFFIC_CLASS: i32 = 0xc0;
/// The kernel's queueing priority of control traffic (`TC_PRIO_CONTROL`).
const CONTROL_PRIORITY: i32 = 7;
/// Where the checksum is in the VRRP header, in octets (RFC 9568 section 5.2.8).
const CHECKSUM_AT: i32 = 6;

/// What carries the advert.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Protocol {
    /// VRRP itself.
    Vrrp,
    /// VRRP behind an authentication header (version 2, IPv4).
    Ah,
}

impl Protocol {
    /// The IP protocol number.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Vrrp => PROTOCOL_VRRP,
            Self::Ah => PROTOCOL_AH,
        }
    }
}

/// Whom the adverts are for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Mode {
    /// Groups, joined with [`VrrpSocket::join`].
    Multicast,
    /// Peers; only packets to `source` are received.
    Unicast {
        /// Own address.
        source: IpAddr,
    },
}

/// What makes two instances share a socket.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct SocketSpec {
    /// Interface the socket is tied to. Unicast works without.
    pub interface: Option<IfIndex>,
    /// Family.
    pub family: Family,
    /// Protocol.
    pub protocol: Protocol,
    /// Groups or peers.
    pub mode: Mode,
}

/// A socket for the adverts of all instances of one [`SocketSpec`].
#[derive(Debug)]
pub struct VrrpSocket {
    spec: SocketSpec,
    receive: OwnedFd,
    /// Only IPv4 has its own.
    send: Option<OwnedFd>,
    groups: Vec<(IpAddr, usize)>,
    filter: (VridSet, Versions),
}

impl VrrpSocket {
    /// Open the socket. It receives nothing before [`Self::accept_only`], and
    /// multicast only after [`Self::join`]. `receive_buffer` is in octets;
    /// nothing means the system's default.
    ///
    /// # Errors
    /// What the system says: `ENODEV` for an interface that is gone,
    /// `EADDRNOTAVAIL` for a unicast source that is no own address.
    pub fn open(spec: SocketSpec, receive_buffer: Option<usize>) -> io::Result<Self> {
        let receive = open_receiver(&spec, receive_buffer)?;
        let send = match spec.family {
            Family::V4 => Some(open_sender_v4(&spec)?),
            Family::V6 => {
                prepare_sending_v6(&spec, receive.as_fd())?;
                None
            }
        };
        Ok(Self {
            spec,
            receive,
            send,
            groups: Vec::new(),
            filter: (VridSet::EMPTY, Versions::Known),
        })
    }

    /// What the socket was opened for.
    #[must_use]
    pub const fn spec(&self) -> &SocketSpec {
        &self.spec
    }

    /// Receive only adverts of these virtual routers from now on. What is in
    /// the socket already still comes.
    ///
    /// # Errors
    /// What the system says; the former filter stays then.
    pub fn accept_only(&mut self, vrids: &VridSet, versions: Versions) -> io::Result<()> {
        if self.filter == (*vrids, versions) {
            return Ok(());
        }
        let code = filter::program(self.spec.family, self.spec.protocol, vrids, versions);
        bpf::attach(self.receive.as_fd(), &code)?;
        self.filter = (*vrids, versions);
        Ok(())
    }

    /// Join a group; it is counted, so each instance joins for itself.
    ///
    /// # Errors
    /// What the system says.
    pub fn join(&mut self, group: IpAddr) -> io::Result<()> {
        if let Some((_, users)) = self.groups.iter_mut().find(|(known, _)| *known == group) {
            *users += 1;
            return Ok(());
        }
        sock::membership(self.receive.as_fd(), group, self.index(), true)?;
        self.groups.push((group, 1));
        Ok(())
    }

    /// Leave a group that was joined; the last one to leave ends the membership.
    ///
    /// # Errors
    /// What the system says.
    pub fn leave(&mut self, group: IpAddr) -> io::Result<()> {
        let Some(place) = self.groups.iter().position(|(known, _)| *known == group) else {
            return Ok(());
        };
        let Some((_, users)) = self.groups.get_mut(place) else {
            return Ok(());
        };
        *users -= 1;
        if *users > 0 {
            return Ok(());
        }
        self.groups.swap_remove(place);
        sock::membership(self.receive.as_fd(), group, self.index(), false)
    }

    /// Receive into `batch`; the number of packets, 0 when there are none. A
    /// full batch ([`RxBatch::is_full`]) means that there may be more.
    ///
    /// # Errors
    /// What the system says; `ENETDOWN` once when the interface goes down.
    pub fn receive_many(&self, batch: &mut RxBatch) -> io::Result<usize> {
        batch.receive(self.receive.as_fd(), self.spec.family)
    }

    /// Send packets, many per system call. One that cannot be sent is told to
    /// `failed` with its place and does not keep the others back. The result is
    /// the number of sent ones.
    pub fn send_many<'a>(
        &self,
        datagrams: impl IntoIterator<Item = Datagram<'a>>,
        mut failed: impl FnMut(usize, io::Error),
    ) -> usize {
        let mut datagrams = datagrams.into_iter().fuse();
        let (mut sent, mut place) = (0, 0);
        loop {
            let mut controls = [Control::<64>::new(); MANY];
            let mut chunk = [EMPTY_DATAGRAM; MANY];
            let mut count = 0;
            for (to, datagram) in chunk.iter_mut().zip(&mut datagrams) {
                *to = datagram;
                count += 1;
            }
            if count == 0 {
                return sent;
            }
            let mut messages = [EMPTY_MESSAGE; MANY];
            for ((message, control), datagram) in messages
                .iter_mut()
                .zip(&mut controls)
                .zip(&chunk)
                .take(count)
            {
                *message = self.message(datagram, control);
            }
            let messages = messages.get(..count).unwrap_or_default();
            sent += self.send_chunk(messages, |at, error| failed(place + at, error));
            place += count;
        }
    }

    fn send_chunk(
        &self,
        messages: &[Outgoing<'_>],
        mut failed: impl FnMut(usize, io::Error),
    ) -> usize {
        let fd = self.send.as_ref().unwrap_or(&self.receive).as_fd();
        let flags = match self.spec.mode {
            Mode::Multicast => name::MSG_DONTROUTE,
            Mode::Unicast { .. } => 0,
        } | name::MSG_NOSIGNAL;
        let (mut sent, mut place) = (0, 0);
        while let Some(rest) = messages.get(place..).filter(|rest| !rest.is_empty()) {
            match sock::send_many(fd, rest, flags) {
                Ok(count) => {
                    sent += count;
                    place += count.max(1);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    failed(place, error);
                    place += 1;
                }
            }
        }
        sent
    }

    fn message<'a>(&self, datagram: &Datagram<'a>, control: &'a mut Control<64>) -> Outgoing<'a> {
        let to = match datagram.dst {
            IpAddr::V4(addr) => Address::v4(addr),
            IpAddr::V6(addr) => {
                let is_local = addr.is_multicast() || addr.is_unicast_link_local();
                Address::v6(addr, if is_local { self.index() } else { 0 })
            }
        };
        if let Some(source) = datagram.src {
            let mut info = [0; 20];
            let (addr, index) = info.split_at_mut(16);
            addr.copy_from_slice(&source.octets());
            index.copy_from_slice(&self.index().to_ne_bytes());
            control.push(name::IPPROTO_IPV6, name::IPV6_PKTINFO, &info);
        }
        if let Some(limit) = datagram
            .hop_limit
            .filter(|_| self.spec.family == Family::V6)
        {
            let limit = i32::from(limit).to_ne_bytes();
            control.push(name::IPPROTO_IPV6, name::IPV6_HOPLIMIT, &limit);
        }
        Outgoing {
            payload: datagram.bytes,
            to,
            control: control.as_bytes(),
        }
    }

    fn index(&self) -> u32 {
        self.spec.interface.map_or(0, |IfIndex(index)| index)
    }
}

impl AsFd for VrrpSocket {
    /// The receiving descriptor.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.receive.as_fd()
    }
}

const EMPTY_DATAGRAM: Datagram<'static> = Datagram {
    bytes: &[],
    dst: IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED),
    src: None,
    hop_limit: None,
};

const EMPTY_MESSAGE: Outgoing<'static> = Outgoing {
    payload: &[],
    to: Address::NONE,
    control: &[],
};

/// The filter comes first, so that nothing from other interfaces or groups is
/// in the socket when it is ready.
fn open_receiver(spec: &SocketSpec, receive_buffer: Option<usize>) -> io::Result<OwnedFd> {
    let number = spec.protocol.number();
    let socket = sock::socket(match spec.family {
        Family::V4 => Kind::RawV4(number),
        Family::V6 => Kind::RawV6(number),
    })?;
    let fd = socket.as_fd();
    bpf::reject_all(fd)?;
    if let Some(octets) = receive_buffer {
        sock::set_buffer(fd, Buffer::Receive, octets)?;
    }
    if let Some(IfIndex(index)) = spec.interface {
        sock::bind_to_interface(fd, index)?;
    }
    sock::set_option(fd, name::SOL_SOCKET, name::SO_TIMESTAMPNS, 1)?;
    match spec.family {
        Family::V4 => {
            sock::set_option(fd, name::IPPROTO_IP, name::IP_MULTICAST_ALL, 0)?;
            sock::set_option(fd, name::IPPROTO_IP, name::IP_PKTINFO, 1)?;
        }
        Family::V6 => {
            sock::set_option(fd, name::IPPROTO_IPV6, name::IPV6_MULTICAST_ALL, 0)?;
            sock::set_option(fd, name::IPPROTO_IPV6, name::IPV6_RECVPKTINFO, 1)?;
            sock::set_option(fd, name::IPPROTO_IPV6, name::IPV6_RECVHOPLIMIT, 1)?;
        }
    }
    if let Mode::Unicast { source } = spec.mode {
        let index = spec.interface.map_or(0, |IfIndex(index)| index);
        sock::bind(
            fd,
            &match source {
                IpAddr::V4(addr) => Address::v4(addr),
                IpAddr::V6(addr) if addr.is_unicast_link_local() => Address::v6(addr, index),
                IpAddr::V6(addr) => Address::v6(addr, 0),
            },
        )?;
    }
    Ok(socket)
}

fn open_sender_v4(spec: &SocketSpec) -> io::Result<OwnedFd> {
    /// `IPPROTO_RAW`: whole packets of any protocol, and none to receive.
    const WHOLE_PACKETS: u8 = 255;
    let socket = sock::socket(Kind::RawV4(WHOLE_PACKETS))?;
    let fd = socket.as_fd();
    bpf::reject_all(fd)?;
    sock::set_option(fd, name::IPPROTO_IP, name::IP_HDRINCL, 1)?;
    sock::set_option(fd, name::SOL_SOCKET, name::SO_PRIORITY, CONTROL_PRIORITY)?;
    let Some(IfIndex(index)) = spec.interface else {
        return Ok(socket);
    };
    sock::bind_to_interface(fd, index)?;
    if spec.mode == Mode::Multicast {
        let mut request = [0; 12];
        let (_, interface) = request.split_at_mut(8);
        interface.copy_from_slice(&index.to_ne_bytes());
        sock::set_option_bytes(fd, name::IPPROTO_IP, name::IP_MULTICAST_IF, &request)?;
        sock::set_option(fd, name::IPPROTO_IP, name::IP_MULTICAST_LOOP, 0)?;
    }
    Ok(socket)
}

fn prepare_sending_v6(spec: &SocketSpec, fd: BorrowedFd<'_>) -> io::Result<()> {
    let v6 = name::IPPROTO_IPV6;
    sock::set_option(fd, v6, name::IPV6_CHECKSUM, CHECKSUM_AT)?;
    sock::set_option(fd, v6, name::IPV6_TCLASS, TRAFFIC_CLASS)?;
    sock::set_option(fd, name::SOL_SOCKET, name::SO_PRIORITY, CONTROL_PRIORITY)?;
    sock::set_option(fd, v6, name::IPV6_MULTICAST_HOPS, 255)?;
    sock::set_option(fd, v6, name::IPV6_MULTICAST_LOOP, 0)?;
    if let Some(IfIndex(index)) = spec.interface {
        let index = i32::try_from(index).unwrap_or(i32::MAX);
        sock::set_option(fd, v6, name::IPV6_MULTICAST_IF, index)?;
    }
    Ok(())
}
