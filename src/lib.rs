//! keepalived: VRRP failover and IPVS load balancing.
//!
//! This file is the map of the modules; `doc/architecture.md` has the layers.
//! From the foundation upwards:
//!
//! * [`sys`]: the only unsafe code; [`memory`]: its account and its place; [`model`], [`log`]
//! * [`wire`]: bytes of packets to values and back
//! * [`control_plane`]: the configuration compiler; [`global`] its global block
//! * [`netlink`]: the reflector of the kernel's links and addresses
//! * [`ipvs`]: the kernel's table of virtual services and real servers
//! * [`net`]: raw sockets as values
//! * [`notify`]: what is told to scripts, pipes and people
//! * [`snmp`]: what monitoring systems read and are told
//! * [`track`]: files whose numbers count
//! * [`vrrp`]: the virtual router: machines and their process
//! * [`check`]: health checks and virtual services: machines and their process
//! * [`bfd`]: is the way to a neighbour alive: the session's machine and its process
//! * [`dbus`]: objects on the system bus for instances, and their process
//! * [`leftovers`]: what a killed run has left in the kernel
//! * [`dump`]: configuration, state and counters as text and JSON
//! * [`status`]: what is told of the running daemon, as table, JSON and metrics
//! * [`lint`]: what is legal in a configuration and surely not meant
//! * [`watchdog`]: the parent process
//! * [`cli`]: the command line
#![deny(unsafe_code)]

pub mod bfd;
pub mod check;
pub mod cli;
pub mod control_plane;
pub mod dbus;
pub mod dump;
pub mod global;
pub mod ipvs;
pub mod leftovers;
pub mod lint;
pub mod log;
pub mod memory;
pub mod model;
pub mod net;
pub mod netlink;
pub mod notify;
pub mod snmp;
pub mod status;
pub mod sys;
pub mod track;
pub mod vrrp;
pub mod watchdog;
pub mod wire;
