//! The address an instance sends from, and the socket that goes with it.

use std::net::IpAddr;

use scheduler::{Instant, Scheduler};

use super::VrrpProcess;
use super::policy;
use super::pool::User;
use crate::global::{GlobalConfig, ReceivePolicy};
use crate::model::{IfIndex, Priority};
use crate::net::SocketSpec;
use crate::net::vrrp_socket::{Mode, Protocol};
use crate::vrrp::accept::ReceiveMode;
use crate::vrrp::authentication::Authentication;
use crate::vrrp::config::InstanceConfig;
use crate::vrrp::fsm::{Effect, FaultKind, InstanceId, InterfaceKey, State};
use crate::vrrp::router::Input;
use crate::vrrp::transmit::AdvertTemplate;

/// Receive buffer of a socket when nothing is configured, in octets.
const DEFAULT_RECEIVE_BUFFER: u32 = 1 << 20;
/// Octets of the largest IP header with an authentication header.
const IP_HEADERS: usize = 64;
/// The MTU of an interface that does not tell its own.
const ETHERNET_MTU: u32 = 1500;

impl VrrpProcess {
    /// Look again at what the instances on an interface can send from.
    pub(super) fn refresh_instances_on(&mut self, s: &mut Scheduler<Self>, key: InterfaceKey) {
        let count = u32::try_from(self.routers.len()).unwrap_or(u32::MAX);
        for id in (0..count).map(InstanceId) {
            let own = self.routers.get(id.index());
            let by_source = own.is_some_and(|own| own.key.is_none());
            if by_source || own.is_some_and(|own| own.needed.contains(&key)) {
                self.refresh_instance(s, id);
            }
        }
    }

    /// Source address, advert and socket of one instance as things are now.
    pub(super) fn refresh_instance(&mut self, s: &mut Scheduler<Self>, id: InstanceId) {
        let Some(own) = self.routers.get(id.index()) else {
            return;
        };
        let mut needed = own.needed.iter();
        let exists = needed.all(|key| self.interfaces.index(*key).is_some());
        let address = self.usable_source(id).filter(|_| exists);
        if address != own.source || own.socket.is_none() != address.is_none() {
            if address.is_none() && exists {
                self.leave_without_source(s.now(), id);
            }
            self.close_socket(s, id);
            let address = address.filter(|address| self.open_socket(s, id, *address));
            let Some(own) = self.routers.get_mut(id.index()) else {
                return;
            };
            own.source = address;
            let input = Input::Source { id, address };
            self.router.on(s.now(), input, &mut self.effects);
        }
        let on = !exists || !self.can_multicast(id);
        let input = Input::Fault {
            id,
            kind: FaultKind::Interface,
            on,
        };
        self.router.on(s.now(), input, &mut self.effects);
    }

    /// The configured source, else the first address of the interface that is
    /// no virtual one. An owner may have no other.
    pub(super) fn usable_source(&self, id: InstanceId) -> Option<IpAddr> {
        let config = self.config.vrrp.instance(id.index())?;
        let index = config
            .source_interface()
            .and_then(|name| self.interfaces.index(self.interfaces.by_name(name)?));
        if let Some(source) = &config.source {
            let wanted = source.value;
            let there = index.is_none_or(|index| self.kernel.mirror.has_address(index, wanted));
            return (there || !config.track_source).then_some(wanted);
        }
        let (index, mirror) = (index?, &self.kernel.mirror);
        let first = mirror.source_address(index, config.family, |address| {
            self.is_virtual(index, address.net.addr)
        });
        let of_owner = || mirror.source_address(index, config.family, |_| false);
        first.or_else(|| of_owner().filter(|_| config.priority.is_owner()))
    }

    /// The address to send from is gone, the socket not yet. IPv4 allows to say goodbye
    /// from an address that one no longer has, so the others need not wait.
    fn leave_without_source(&mut self, now: Instant, id: InstanceId) {
        let source = self.routers.get(id.index()).and_then(|own| own.source);
        if self.router.state(id) != State::Master || !source.is_some_and(|own| own.is_ipv4()) {
            return;
        }
        let begin = self.effects.len();
        let input = Input::Source { id, address: None };
        self.router.on(now, input, &mut self.effects);
        let of_this = |effect: &Effect| {
            if let Effect::Advertise { id: of, priority } = *effect {
                (of == id).then_some(priority)
            } else {
                None
            }
        };
        let new = self.effects.get(begin..).unwrap_or_default();
        let goodbyes: Vec<Priority> = new.iter().filter_map(of_this).collect();
        for priority in goodbyes {
            self.advertise(id, priority);
        }
        self.pool.flush();
    }

    fn is_virtual(&self, index: IfIndex, address: IpAddr) -> bool {
        let owner = self
            .interfaces
            .by_index(index)
            .and_then(|key| self.book.owner(key, address));
        owner.is_some_and(|(owner, _)| owner != self.book.statics())
    }

    /// Adverts to a group need an interface that can send to groups.
    fn can_multicast(&self, id: InstanceId) -> bool {
        let Some(own) = self.routers.get(id.index()) else {
            return false;
        };
        if !own.receive.is_multicast() {
            return true;
        }
        let index = own.key.and_then(|key| self.interfaces.index(key));
        let link = index.and_then(|index| self.kernel.mirror.link(index));
        link.is_none_or(|link| link.can_multicast())
    }

    /// Build the advert and join the socket; false if that cannot be.
    fn open_socket(&mut self, s: &mut Scheduler<Self>, id: InstanceId, source: IpAddr) -> bool {
        let Some(config) = self.config.vrrp.instance(id.index()) else {
            return false;
        };
        let Some(own) = self.routers.get_mut(id.index()) else {
            return false;
        };
        let transmit = policy::transmit(config, source, own.old_checksum);
        let built = match &mut own.template {
            Some(template) => template.rebuild(&transmit),
            None => AdvertTemplate::new(&transmit).map(|template| own.template = Some(template)),
        };
        if let Err(error) = built {
            log::error!("({}) cannot make an advert: {error}", own.name);
            return false;
        }
        let interface = own.key.and_then(|key| self.interfaces.index(key));
        let link = interface.and_then(|index| self.kernel.mirror.link(index));
        let mtu = link.map_or(ETHERNET_MTU, |link| link.mtu);
        let buffer = receive_buffer(&self.config.global, config, mtu);
        let spec = SocketSpec {
            interface,
            family: config.family,
            protocol: match config.authentication {
                Authentication::Ah(_) => Protocol::Ah,
                Authentication::None | Authentication::Pass(_) => Protocol::Vrrp,
            },
            mode: match own.receive.mode {
                ReceiveMode::Multicast => Mode::Multicast,
                ReceiveMode::Unicast { .. } => Mode::Unicast { source },
            },
        };
        let group = own.receive.is_multicast().then_some(own.group);
        let user = User {
            id,
            vrid: config.vrid,
            group,
        };
        match self.pool.attach(s, spec, buffer, user) {
            Ok(socket) => {
                own.socket = Some(socket);
                true
            }
            Err(error) => {
                log::error!("({}) cannot open a socket for adverts: {error}", own.name);
                false
            }
        }
    }

    /// The advert of an instance whose configuration changed, and a socket of
    /// another kind if it takes one.
    pub(super) fn rebuild_advert(&mut self, s: &mut Scheduler<Self>, id: InstanceId) {
        let Some(source) = self.routers.get(id.index()).and_then(|own| own.source) else {
            return;
        };
        let own = self.routers.get_mut(id.index());
        let before = own.and_then(|own| own.socket.take());
        let is_open = self.open_socket(s, id, source);
        // After the new use began, so that a socket that both are stays open.
        if let Some(before) = before {
            self.pool.detach(s, before, id);
        }
        if !is_open && let Some(own) = self.routers.get_mut(id.index()) {
            own.source = None;
            let input = Input::Source { id, address: None };
            self.router.on(s.now(), input, &mut self.effects);
        }
    }

    pub(super) fn close_socket(&mut self, s: &mut Scheduler<Self>, id: InstanceId) {
        if let Some(socket) = self
            .routers
            .get_mut(id.index())
            .and_then(|own| own.socket.take())
        {
            self.pool.detach(s, socket, id);
        }
    }

    /// A peer puts the group into the checksum of its unicast adverts; do the same.
    pub(super) fn use_old_checksum(&mut self, id: InstanceId) {
        let Some(config) = self.config.vrrp.instance(id.index()) else {
            return;
        };
        let Some(own) = self.routers.get_mut(id.index()) else {
            return;
        };
        own.old_checksum = true;
        let (Some(template), Some(source)) = (&mut own.template, own.source) else {
            return;
        };
        if template
            .rebuild(&policy::transmit(config, source, true))
            .is_ok()
        {
            log::info!(
                "({}) a peer uses the old unicast checksum: so do we",
                own.name
            );
        }
    }
}

/// Octets for the receive buffer of an instance's socket: its own word, else the
/// global policy (`vrrp_rx_bufs_policy`), else enough for a burst from all the
/// virtual routers an interface can have while the machine stands still.
fn receive_buffer(global: &GlobalConfig, config: &InstanceConfig, mtu: u32) -> Option<usize> {
    let buffers = &global.buffers;
    let advert = 8 + (config.vips.len() + 2) * config.family.address_len() + IP_HEADERS;
    let of_policy = match buffers.receive_policy {
        ReceivePolicy::System => DEFAULT_RECEIVE_BUFFER,
        ReceivePolicy::Octets(octets) => octets,
        ReceivePolicy::Mtu => mtu.saturating_mul(buffers.receive_multiplier),
        ReceivePolicy::Advert => u32::try_from(advert)
            .unwrap_or(u32::MAX)
            .saturating_mul(buffers.receive_multiplier),
    };
    usize::try_from(config.kernel_rx_buf_size.unwrap_or(of_policy)).ok()
}
