//! Virtual servers as compiled: what the schedule, the kernel's table and the dumps
//! work with. Built once and never changed; a reload compares two of them.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::checker::{Checker, Timing};
use super::group::ServiceGroup;
use crate::control_plane::script::Script;
use crate::control_plane::source::Span;
use crate::control_plane::value::Spanned;
use crate::ipvs::{
    DestinationKey, Forwarding, Granularity, Name, Persistence, Protocol, Service, ServiceFlags,
    ServiceKey,
};
use crate::model::{Family, Secret};

/// Everything the checker process is told.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CheckConfig {
    /// `SSL`
    pub tls: Option<TlsKeys>,
    /// `virtual_server_group`, in the order of the text.
    pub groups: Vec<ServiceGroup>,
    /// `virtual_server`, in the order of the text.
    pub services: Vec<ServiceConfig>,
}

impl CheckConfig {
    /// What the kernel knows a service by: one key, or those of its group.
    #[must_use]
    pub fn keys(&self, service: &ServiceConfig) -> Vec<ServiceKey> {
        match service.address {
            ServiceAddress::Address(address) => vec![ServiceKey::Address {
                protocol: service.protocol,
                address: address.ip(),
                port: address.port(),
            }],
            ServiceAddress::Mark(mark) => vec![ServiceKey::Mark {
                family: service.family,
                mark,
            }],
            ServiceAddress::Group(index) => self.groups.get(index).map_or_else(Vec::new, |group| {
                group.keys(service.protocol, service.family).collect()
            }),
        }
    }

    /// Let checks that follow each other share what is equal in them: thousands of
    /// them have the same times.
    pub fn share(&mut self) {
        let mut last: Option<Rc<Timing>> = None;
        let servers = self.services.iter_mut().flat_map(|s| &mut s.servers);
        for checker in servers.flat_map(|server| &mut server.checkers) {
            match &last {
                Some(last) if *last == checker.timing => checker.timing = Rc::clone(last),
                _ => last = Some(Rc::clone(&checker.timing)),
            }
        }
    }

    /// The name of the group of a service, if it has one.
    #[must_use]
    pub fn group(&self, service: &ServiceConfig) -> Option<&ServiceGroup> {
        match service.address {
            ServiceAddress::Group(index) => self.groups.get(index),
            ServiceAddress::Address(_) | ServiceAddress::Mark(_) => None,
        }
    }
}

/// `SSL`: what the TLS checks have in common.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct TlsKeys {
    /// `password`: of the key.
    pub password: Option<Secret>,
    /// `ca`: a file of authorities.
    pub ca: Option<Spanned<String>>,
    /// `certificate`: a file.
    pub certificate: Option<Spanned<String>>,
    /// `key`: a file.
    pub key: Option<Spanned<String>>,
}

/// What is behind the word `virtual_server`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum ServiceAddress {
    /// `ADDRESS [PORT]`; port 0 takes what no other service has.
    Address(SocketAddr),
    /// `fwmark N`
    Mark(u32),
    /// `group NAME`, as its number in [`CheckConfig::groups`].
    Group(usize),
}

/// `virtual_server`
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ServiceConfig {
    /// What it serves.
    pub address: ServiceAddress,
    /// Where the text has it.
    pub span: Spanned<()>,
    /// Of its own address, of `ip_family`, or of its servers.
    pub family: Family,
    /// `protocol`; without meaning for marks.
    pub protocol: Protocol,
    /// `lvs_sched`
    pub scheduler: Name,
    /// `ops`, `sh-port` and so on.
    pub flags: ServiceFlags,
    /// `persistence_timeout` and what belongs to it.
    pub persistence: Option<Persistence>,
    /// `lvs_method`: of servers that say nothing else.
    pub forwarding: Forwarding,
    /// `quorum`, at most the sum of the weights.
    pub quorum: u32,
    /// `hysteresis`, below the quorum.
    pub hysteresis: u32,
    /// `quorum_up` and `quorum_down`, if there are any.
    pub scripts: Option<Box<Transitions>>,
    /// `omega`: at stop the scripts of going down are run, too.
    pub omega: bool,
    /// `ha_suspend`: no checks while the address is not present here.
    pub ha_suspend: bool,
    /// `smtp_alert`, else as `smtp_alert_checker` or `smtp_alert` say, else no.
    pub smtp_alert: bool,
    /// `weight`: of servers that say nothing else.
    pub weight: u32,
    /// `sorry_server`
    pub sorry: Option<SorryServer>,
    /// `snmp_name`
    pub snmp_name: Option<Box<str>>,
    /// What its servers and their checks have unless they say otherwise.
    pub given: Inherited,
    /// `real_server`, in the order of the text.
    pub servers: Vec<ServerConfig>,
}

impl ServiceConfig {
    /// What the kernel is told of it under `key`.
    #[must_use]
    pub fn kernel(&self, key: &ServiceKey) -> Service {
        let persistence = self.persistence.map(|persistence| Persistence {
            granularity: match (persistence.granularity, key.family()) {
                (granularity @ Granularity::Mask(_), Family::V4)
                | (granularity @ Granularity::Prefix(_), Family::V6) => granularity,
                (_, family) => Granularity::host(family),
            },
            ..persistence
        });
        Service {
            scheduler: self.scheduler,
            flags: self.flags,
            persistence,
        }
    }

    /// `delay_loop`, or its default.
    #[must_use]
    pub fn delay_loop(&self) -> Duration {
        self.given.delay_loop.unwrap_or(DELAY_LOOP)
    }
}

/// The default of `delay_loop`.
pub const DELAY_LOOP: Duration = Duration::from_secs(60);
/// The default of `connect_timeout`.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// The default of `persistence_timeout` without a number, in seconds.
pub const PERSISTENCE: u32 = 360;

/// Scripts of coming up and going down.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Transitions {
    /// `quorum_up` or `notify_up`
    pub up: Script,
    /// `quorum_down` or `notify_down`
    pub down: Script,
}

/// `sorry_server`
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct SorryServer {
    /// Its address.
    pub address: IpAddr,
    /// Its port; 0 is that of the service.
    pub port: u16,
    /// `sorry_server_lvs_method`, else that of the service.
    pub forwarding: Forwarding,
    /// `sorry_server_inhibit`: it stays in the table with weight 0.
    pub inhibit: bool,
}

impl SorryServer {
    /// Address and port in messages.
    #[must_use]
    pub const fn socket(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.port)
    }

    /// Where it is in the kernel's table.
    #[must_use]
    pub const fn key(&self, service: &ServiceKey) -> DestinationKey {
        let port = match self.port {
            0 => service.port(),
            port => port,
        };
        DestinationKey::of(service, self.forwarding, self.address, port)
    }
}

/// What a virtual or real server says for what is within it; nothing where it leaves
/// the word to what is around it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Inherited {
    /// `alpha`
    pub alpha: Option<bool>,
    /// `inhibit_on_failure`
    pub inhibit: Option<bool>,
    /// `smtp_alert`
    pub smtp_alert: Option<bool>,
    /// `retry`
    pub retry: Option<u32>,
    /// `delay_before_retry`
    pub delay_before_retry: Option<Duration>,
    /// `warmup`
    pub warmup: Option<Duration>,
    /// `delay_loop`
    pub delay_loop: Option<Duration>,
    /// `connect_timeout`
    pub connect_timeout: Option<Duration>,
    /// `virtualhost`
    pub virtualhost: Option<Rc<str>>,
}

/// `real_server`
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct ServerConfig {
    /// Its address.
    pub address: IpAddr,
    /// Its port; 0 in front of a group, or of a service that has none either.
    pub port: u16,
    /// `inhibit_on_failure`: down means weight 0.
    pub inhibit: bool,
    /// `smtp_alert`, else as `smtp_alert_checker` or `smtp_alert` say, else yes.
    pub smtp_alert: bool,
    /// `alpha`: what its checks have unless they say otherwise.
    pub alpha: bool,
    /// `weight`
    pub weight: u32,
    /// `lvs_method`
    pub forwarding: Forwarding,
    /// `uthreshold`
    pub upper_threshold: u32,
    /// `lthreshold`
    pub lower_threshold: u32,
    /// `notify_up` and `notify_down`, if there are any.
    pub scripts: Option<Box<Transitions>>,
    /// `snmp_name`
    pub snmp_name: Option<Box<str>>,
    /// What it says itself for its checks.
    pub given: Option<Box<Inherited>>,
    /// Its checks, in the order of the text.
    pub checkers: Box<[Checker]>,
}

impl ServerConfig {
    /// Where it is in the kernel's table. Port 0 behind NAT is there as it is: the kernel
    /// takes the port that was asked for.
    #[must_use]
    pub const fn key(&self, service: &ServiceKey) -> DestinationKey {
        DestinationKey::of(service, self.forwarding, self.address, self.port)
    }

    /// Address and port as the configuration has them.
    #[must_use]
    pub const fn socket(&self) -> SocketAddr {
        SocketAddr::new(self.address, self.port)
    }

    /// `virtualhost` of this server, else of its service.
    #[must_use]
    pub fn virtualhost<'a>(&'a self, service: &'a ServiceConfig) -> Option<&'a str> {
        let own = self
            .given
            .as_ref()
            .and_then(|given| given.virtualhost.as_deref());
        own.or(service.given.virtualhost.as_deref())
    }
}

/// Where a service stands, for messages after the text has been read.
#[must_use]
pub const fn place(span: Span) -> Spanned<()> {
    Spanned::new((), span)
}
