//! Virtual servers while they are read: what the text says, before inheritance.
//! [`super::resolve`] makes the compiled form of it, [`super::given`] the way back for
//! printing.

mod checker;

use std::net::IpAddr;

pub use checker::{Boxed, CheckKind, CheckerDraft, ConnectionDraft, PageDraft, Special};

use super::group::ServiceGroup;
use super::service::{Inherited, SorryServer, TlsKeys, Transitions};
use crate::control_plane::source::Span;
use crate::control_plane::value::{Field, Spanned};
use crate::ipvs::{Forwarding, Granularity, Name, Protocol, ServiceFlags};
use crate::model::Family;

/// The blocks of load balancing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CheckDraft {
    /// `SSL`
    pub tls: Option<TlsKeys>,
    /// `virtual_server_group`
    pub groups: Vec<ServiceGroup>,
    /// `virtual_server`
    pub services: Vec<ServiceDraft>,
}

/// What a virtual server is named by.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Head {
    /// `ADDRESS [PORT]`; port 0 if there is none.
    Address(IpAddr, u16),
    /// `fwmark N`
    Mark(u32),
    /// `group NAME`
    Group(Spanned<String>),
}

/// `virtual_server`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServiceDraft {
    /// What stands behind the keyword.
    pub head: Head,
    /// Where.
    pub span: Span,
    /// `ip_family`
    pub family: Option<&'static str>,
    /// `lvs_sched`
    pub scheduler: Option<Name>,
    /// `lvs_method`
    pub forwarding: Option<Forwarding>,
    /// `protocol`
    pub protocol: Option<Spanned<Protocol>>,
    /// Flags of the scheduler, and `ops`.
    pub flags: ServiceFlags,
    /// `persistence_timeout` in seconds.
    pub persistence: Option<u32>,
    /// `persistence_granularity`
    pub granularity: Option<Granularity>,
    /// `persistence_engine`
    pub engine: Option<String>,
    /// `quorum`
    pub quorum: Option<Spanned<u32>>,
    /// `hysteresis`
    pub hysteresis: Option<Spanned<u32>>,
    /// `quorum_up`, `quorum_down`
    pub scripts: Transitions,
    /// `omega`
    pub omega: bool,
    /// `ha_suspend`
    pub ha_suspend: bool,
    /// `weight`
    pub weight: Option<u32>,
    /// `sorry_server`
    pub sorry: Option<SorryServer>,
    /// `sorry_server_lvs_method`
    pub sorry_method: Option<Forwarding>,
    /// Where the sorry server is named.
    pub sorry_at: Span,
    /// `snmp_name`
    pub snmp_name: Option<String>,
    /// What its servers inherit.
    pub given: Inherited,
    /// `real_server`
    pub servers: Vec<ServerDraft>,
}

impl ServiceDraft {
    /// One that says nothing yet.
    #[must_use]
    pub fn new(head: Head, span: Span) -> Self {
        Self {
            head,
            span,
            family: None,
            scheduler: None,
            forwarding: None,
            protocol: None,
            flags: ServiceFlags::NONE,
            persistence: None,
            granularity: None,
            engine: None,
            quorum: None,
            hysteresis: None,
            scripts: Transitions::default(),
            omega: false,
            ha_suspend: false,
            weight: None,
            sorry: None,
            sorry_method: None,
            sorry_at: Span::default(),
            snmp_name: None,
            given: Inherited::default(),
            servers: Vec::new(),
        }
    }

    /// The family of the service as far as it is known by itself.
    #[must_use]
    pub fn own_family(&self) -> Option<Family> {
        match &self.head {
            Head::Address(address, _) => Some(Family::of(address)),
            Head::Mark(_) | Head::Group(_) => None,
        }
    }
}

/// `real_server`
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerDraft {
    /// Its address.
    pub address: IpAddr,
    /// Its port, or 0.
    pub port: u16,
    /// The port its checks go to unless they say another: that of the text, whatever
    /// the resolution makes of it for the kernel.
    pub check_port: u16,
    /// Where it is named.
    pub span: Span,
    /// `weight`
    pub weight: Option<u32>,
    /// `lvs_method`
    pub forwarding: Option<Forwarding>,
    /// `uthreshold`
    pub upper_threshold: Option<u32>,
    /// `lthreshold`
    pub lower_threshold: Option<u32>,
    /// `notify_up`, `notify_down`
    pub scripts: Option<Box<Transitions>>,
    /// `snmp_name`
    pub snmp_name: Option<String>,
    /// What its checks inherit.
    pub given: Inherited,
    /// Its checks.
    pub checks: Vec<CheckerDraft>,
}

impl ServerDraft {
    /// One that says nothing yet.
    #[must_use]
    pub fn new(address: IpAddr, port: u16, span: Span) -> Self {
        Self {
            address,
            port,
            check_port: port,
            span,
            weight: None,
            forwarding: None,
            upper_threshold: None,
            lower_threshold: None,
            scripts: None,
            snmp_name: None,
            given: Inherited::default(),
            checks: Vec::new(),
        }
    }
}

impl Field<&'static str> for &'static str {
    fn read(&self) -> Option<&'static str> {
        Some(self)
    }

    fn make(value: &'static str, _: Span) -> Self {
        value
    }
}

impl Field<&'static str> for Name {
    fn read(&self) -> Option<&'static str> {
        SCHEDULERS
            .iter()
            .find(|name| **name == self.as_str())
            .copied()
    }

    fn make(value: &'static str, _: Span) -> Self {
        Self::new(value).expect("names of schedulers have at most fifteen letters")
    }
}

/// The schedulers of the kernel.
pub const SCHEDULERS: &[&str] = &[
    "rr", "wrr", "lc", "wlc", "lblc", "sh", "mh", "dh", "fo", "ovf", "lblcr", "sed", "nq", "twos",
];

impl Field<String> for std::rc::Rc<str> {
    fn read(&self) -> Option<String> {
        Some(self.as_ref().into())
    }

    fn make(value: String, _: Span) -> Self {
        value.into()
    }
}
