//! Plain values every layer may use: quantities, addresses, interface names.
#![forbid(unsafe_code)]

pub mod addr;
pub mod agent_socket;
pub mod command;
pub mod fast_hash;
pub mod iface;
pub mod iproute;
pub mod namespace;
pub mod rate;
pub mod secret;
pub mod units;
pub mod version;

pub use addr::{Family, IpNet, MacAddr};
pub use agent_socket::AgentSocket;
pub use command::{Account, Command, CommandFound, CommandRequest, ScriptRules};
pub use fast_hash::{FastMap, FastSet};
pub use iface::{IfIndex, IfName};
pub use iproute::{NameKind, NumberNames};
pub use namespace::OtherNamespace;
pub use rate::RateLimit;
pub use secret::{KeyFile, Secret};
pub use units::{Priority, UnixTime, Vrid};
