//! Notifications: changes of state of instances, groups, real servers and quorums.
//!
//! Their variables have the names of columns without the index of a row, as the C
//! daemon sends them.

use super::codes::{family, kind};
use super::facts::QuorumState;
use super::instances::initial_state;
use super::oid;
use super::services::socket;
use super::values::state_number;
use crate::check::config::{CheckConfig, ServerConfig, ServiceAddress, ServiceConfig};
use crate::ipvs::Protocol;
use crate::model::Family;
use crate::snmp::{Notification, Oid, Value, VarBind};
use crate::vrrp::config::InstanceConfig;
use crate::vrrp::fsm::State;

/// `VrrpState` as notifications have it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Told {
    /// It goes on, in this state.
    Running(State),
    /// The daemon stops.
    Stopped,
    /// Another configuration does not have it.
    Deleted,
}

impl Told {
    const fn number(self) -> i32 {
        match self {
            Self::Running(state) => state_number(state),
            Self::Stopped => 5,
            Self::Deleted => 6,
        }
    }
}

/// `vrrpSyncGroupStateChange`
#[must_use]
pub fn group_changed(name: &str, told: Told, router_id: &str) -> Notification {
    let mut variables = Variables::default();
    variables.add(GROUP_NAME, Value::text(name));
    variables.add(GROUP_STATE, Value::Integer(told.number()));
    variables.finish(oid!(2, 10, 0, 1), router_id)
}

/// `vrrpInstanceStateChange`
#[must_use]
pub fn instance_changed(config: &InstanceConfig, told: Told, router_id: &str) -> Notification {
    let mut variables = Variables::default();
    variables.add(INSTANCE_NAME, Value::text(&config.name.value));
    variables.add(INSTANCE_STATE, Value::Integer(told.number()));
    variables.add(INITIAL_STATE, Value::Integer(initial_state(config)));
    variables.finish(oid!(2, 10, 0, 2), router_id)
}

/// A virtual server, and how many of its real servers are alive.
#[derive(Clone, Copy, Debug)]
pub struct ServiceTold<'a> {
    /// What it refers to.
    pub config: &'a CheckConfig,
    /// Itself.
    pub service: &'a ServiceConfig,
    /// So many are alive.
    pub alive: usize,
}

/// `realServerStateChange`
#[must_use]
pub fn server_changed(
    of: ServiceTold<'_>,
    server: &ServerConfig,
    is_alive: bool,
    router_id: &str,
) -> Notification {
    let mut variables = Variables::default();
    let address = server.address;
    variables.add(SERVER_ADDRESS_TYPE, Value::inet_address_type(address));
    variables.add(SERVER_ADDRESS, Value::inet_address(address));
    variables.add(SERVER_PORT, Value::gauge32(server.port));
    variables.add(SERVER_STATUS, Value::truth(is_alive));
    variables.identify(of);
    variables.count(of);
    variables.finish(oid!(3, 5, 0, 1), router_id)
}

/// `virtualServerQuorumStateChange`
#[must_use]
pub fn quorum_changed(of: ServiceTold<'_>, quorum: QuorumState, router_id: &str) -> Notification {
    let mut variables = Variables::default();
    variables.identify(of);
    variables.add(QUORUM_STATUS, Value::Integer(quorum as i32));
    variables.add(QUORUM, Value::gauge32(of.service.quorum));
    variables.count(of);
    variables.finish(oid!(3, 5, 0, 2), router_id)
}

#[derive(Default)]
struct Variables(Vec<VarBind>);

impl Variables {
    fn add(&mut self, name: &[u32], value: Value) {
        self.0.push(VarBind::new(Oid::new(name), value));
    }

    /// What the virtual server is known by, and its protocol: 1 is TCP, 2 any other.
    fn identify(&mut self, of: ServiceTold<'_>) {
        let service = of.service;
        self.add(SERVICE_TYPE, Value::Integer(kind(service)));
        match service.address {
            ServiceAddress::Group(_) => {
                let group = of.config.group(service);
                let name = group.map_or("", |group| &group.name.value);
                self.add(GROUP_OF_SERVICE, Value::text(name));
            }
            ServiceAddress::Mark(mark) => self.add(MARK, Value::gauge32(mark)),
            ServiceAddress::Address(_) => {
                if let Some(socket) = socket(service) {
                    let number = family(Family::of(&socket.ip()));
                    self.add(SERVICE_ADDRESS_TYPE, Value::Integer(number));
                    self.add(SERVICE_ADDRESS, Value::inet_address(socket.ip()));
                    self.add(SERVICE_PORT, Value::gauge32(socket.port()));
                }
            }
        }
        let is_tcp = service.protocol == Protocol::Tcp;
        self.add(PROTOCOL, Value::truth(is_tcp));
    }

    fn count(&mut self, of: ServiceTold<'_>) {
        self.add(SERVERS_UP, Value::gauge32(of.alive));
        self.add(SERVERS_TOTAL, Value::gauge32(of.service.servers.len()));
    }

    /// Every notification says who sends it.
    fn finish(mut self, name: &[u32], router_id: &str) -> Notification {
        self.add(ROUTER_ID, Value::text(router_id));
        Notification {
            name: Oid::new(name),
            variables: self.0,
        }
    }
}

const ROUTER_ID: &[u32] = oid!(1, 2, 0);
const GROUP_NAME: &[u32] = oid!(2, 1, 1, 2);
const GROUP_STATE: &[u32] = oid!(2, 1, 1, 3);
const INSTANCE_NAME: &[u32] = oid!(2, 3, 1, 2);
const INSTANCE_STATE: &[u32] = oid!(2, 3, 1, 4);
const INITIAL_STATE: &[u32] = oid!(2, 3, 1, 5);
const SERVICE_TYPE: &[u32] = oid!(3, 3, 1, 2);
const GROUP_OF_SERVICE: &[u32] = oid!(3, 3, 1, 3);
const MARK: &[u32] = oid!(3, 3, 1, 4);
const SERVICE_ADDRESS_TYPE: &[u32] = oid!(3, 3, 1, 5);
const SERVICE_ADDRESS: &[u32] = oid!(3, 3, 1, 6);
const SERVICE_PORT: &[u32] = oid!(3, 3, 1, 7);
const PROTOCOL: &[u32] = oid!(3, 3, 1, 8);
const SERVERS_TOTAL: &[u32] = oid!(3, 3, 1, 20);
const SERVERS_UP: &[u32] = oid!(3, 3, 1, 21);
const QUORUM: &[u32] = oid!(3, 3, 1, 22);
const QUORUM_STATUS: &[u32] = oid!(3, 3, 1, 23);
const SERVER_ADDRESS_TYPE: &[u32] = oid!(3, 4, 1, 3);
const SERVER_ADDRESS: &[u32] = oid!(3, 4, 1, 4);
const SERVER_PORT: &[u32] = oid!(3, 4, 1, 5);
const SERVER_STATUS: &[u32] = oid!(3, 4, 1, 6);
