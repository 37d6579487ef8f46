//! The virtual router.
//!
//! The deciding part is machines without clock, socket or log. They take the
//! time and an input, and append what is to be done to a buffer of the caller:
//!
//! * [`fsm`]: one instance, the state machine of RFC 9568 section 6.4
//! * [`sync`]: instances that change together
//! * [`track`]: what scripts and files come to
//! * [`router`]: all instances and their deadlines; what simulations drive
//! * [`announce`]: when which address is announced, in portions, paced
//! * [`history`]: the last transitions with their causes
//! * [`plan`]: what a new configuration changes
//! * [`debounce`]: which changes of an interface are passed on, and when
//! * [`install`]: in which order addresses, routes and rules enter and leave the kernel
//! * `agenda`: whose deadline is next
//!
//! What passes between them and the network:
//!
//! * [`accept`]: may this packet reach a machine; [`speakers`]: who has sent one;
//!   [`strangers`]: those of nobody here, told now and then
//! * [`transmit`]: the packet of an instance, made once and changed where it changes
//! * [`address_list`], [`authentication`], [`hmac`]: parts of packets that both go by
//! * [`firewall`], [`path_request`], [`virtual_link`]: packets to be kept away, routes and
//!   rules, interfaces of instances, as what the kernel is to be asked for
//!
//! [`config`] has the keywords; [`process`] is the shell around all of it.
//!
//! Their tests: beside the code, `tests/recorded` (scripted events against
//! expected effects) and `tests/sim_vrrp.rs` (LANs in bad weather, by seed).
#![forbid(unsafe_code)]

pub mod accept;
pub mod address_list;
mod agenda;
pub mod announce;
pub mod authentication;
pub mod config;
pub mod debounce;
pub mod firewall;
pub mod fsm;
pub mod history;
pub mod hmac;
pub mod install;
pub mod path_request;
pub mod plan;
pub mod process;
pub mod router;
pub mod speakers;
pub mod strangers;
pub mod sync;
pub mod track;
pub mod transmit;
pub mod virtual_link;
