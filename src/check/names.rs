//! What services and servers are called in logs, pipes and mails
//! (`runtime-interfaces.md` section 7).

use std::net::SocketAddr;

use crate::check::config::service::{CheckConfig, ServiceAddress, ServiceConfig};
use crate::ipvs::Protocol;

/// `[192.0.2.1]:tcp:80`, `FWM 7`, or `[GROUP]:0` with the number of this service among
/// those of the group.
#[must_use]
pub fn service(config: &CheckConfig, place: usize) -> String {
    let Some(service) = config.services.get(place) else {
        return String::new();
    };
    match service.address {
        ServiceAddress::Address(at) => endpoint(at, Some(service.protocol)),
        ServiceAddress::Mark(mark) => format!("FWM {mark}"),
        ServiceAddress::Group(group) => {
            let before = config.services.iter().take(place);
            let same = |other: &&ServiceConfig| other.address == service.address;
            let number = before.filter(same).count();
            let name = config.groups.get(group).map(|group| &group.name.value);
            format!("[{}]:{number}", name.map_or("", String::as_str))
        }
    }
}

/// A server of a service.
#[must_use]
pub fn server(service: &ServiceConfig, at: SocketAddr) -> String {
    let has_protocol = !matches!(service.address, ServiceAddress::Mark(_));
    endpoint(at, has_protocol.then_some(service.protocol))
}

fn endpoint(at: SocketAddr, protocol: Option<Protocol>) -> String {
    let protocol = match protocol {
        Some(Protocol::Tcp) => "tcp",
        Some(Protocol::Udp) => "udp",
        Some(Protocol::Sctp) => "sctp",
        None => "none",
    };
    format!("[{}]:{protocol}:{}", at.ip(), at.port())
}
