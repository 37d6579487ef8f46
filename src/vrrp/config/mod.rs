//! The configuration of the virtual routers: values, and the rows that fill them.
//!
//! * [`instance`]: a virtual router as compiled; [`given`]: what its text says of what has
//!   a default elsewhere. Parts of both: [`address`], [`garp`], [`hmac`], [`notify`],
//!   [`routes`], [`vmac`]
//! * [`interface`], [`linkbeat`], [`tracker`]: what is tracked; [`names`]: what blocks call
//!   each other, and the sync groups
//! * [`top`]: the keywords of the top level; `instance_rows`, `sync_rows`, `tracker_rows`,
//!   `address_rows`: those of blocks and lines; `garp_rows`, `lists`: what several share
//! * [`resolve`]: defaults that depend on others, and checks across blocks; `place`:
//!   on which interface an address goes; `link_name`: another name for a virtual interface

use serde::{Deserialize, Serialize};

pub mod address;
mod address_rows;
pub mod garp;
pub(crate) mod garp_rows;
pub mod given;
pub mod hmac;
pub mod instance;
mod instance_rows;
pub mod interface;
mod link_name;
pub mod linkbeat;
mod lists;
pub mod names;
pub mod notify;
mod place;
pub mod resolve;
pub mod routes;
mod sync_rows;
pub mod top;
pub mod tracker;
pub(crate) mod tracker_rows;
pub mod vmac;

pub use address::AddressConfig;
pub use garp::{ExtraAnnouncements, GarpGiven, GarpSettings};
pub use given::{AuthType, Given};
pub use hmac::HmacConfig;
pub use instance::{InitialState, InstanceConfig, OldUnicastChecksum, UnicastPeer};
pub use interface::{GarpGroup, TrackedInterface, UpDownDelay};
pub use linkbeat::{Linkbeat, LinkbeatInterface};
pub use names::{Names, SyncGroup};
pub use notify::NotifyConfig;
pub use place::{default_interface, place_of};
pub use routes::{RouteConfig, RuleConfig};
pub use tracker::{
    FileConfig, ProcessConfig, ScriptConfig, TrackGroup, TrackedSession, TrackerKind, TrackerUse,
    Weight,
};
pub use vmac::{AddressLink, IpvlanMode, LinkUse, VirtualLink, VirtualLinkKind};

pub use crate::control_plane::value::Shared;

/// Everything the VRRP process runs.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct VrrpConfig {
    /// The virtual routers, in the order of the text; handed over one by one
    /// ([`crate::control_plane::compiled`]).
    #[serde(skip)]
    pub instances: Vec<Shared<InstanceConfig>>,
    /// `static_ipaddress`: kept for the life of the daemon.
    pub static_addresses: Vec<AddressConfig>,
    /// `static_routes`: kept for the life of the daemon.
    pub static_routes: Vec<RouteConfig>,
    /// `static_rules`: kept for the life of the daemon.
    pub static_rules: Vec<RuleConfig>,
    /// `vrrp_script`
    pub scripts: Vec<ScriptConfig>,
    /// `track_file`
    pub files: Vec<FileConfig>,
    /// `vrrp_track_process`
    pub processes: Vec<ProcessConfig>,
    /// `bfd_instance`, filled in by the resolution.
    pub sessions: Vec<TrackedSession>,
    /// `vrrp_sync_group`, those with members.
    pub sync_groups: Vec<SyncGroup>,
    /// `track_group`
    pub track_groups: Vec<TrackGroup>,
    /// `garp_group`
    pub garp_groups: Vec<GarpGroup>,
    /// `linkbeat_use_polling`, `linkbeat_interfaces`
    pub linkbeat: Linkbeat,
    /// `interface_up_down_delays`
    pub up_down_delays: Vec<UpDownDelay>,
}

impl VrrpConfig {
    /// Whether there is anything for the VRRP process to do.
    #[must_use]
    pub const fn has_work(&self) -> bool {
        !(self.instances.is_empty()
            && self.static_addresses.is_empty()
            && self.static_routes.is_empty()
            && self.static_rules.is_empty())
    }

    /// The virtual router at this place of the text.
    #[must_use]
    pub fn instance(&self, place: usize) -> Option<&InstanceConfig> {
        self.instances.get(place).map(|shared| &**shared)
    }
}
