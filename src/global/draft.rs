//! What the keywords of all subsystems fill, one after the other.

use super::GlobalConfig;
use crate::bfd::config::SessionConfig;
use crate::check::config::CheckDraft;
use crate::control_plane::words::Line;
use crate::model::FastSet;
use crate::vrrp::config::{Names, VrrpConfig};

/// A configuration while it is read; [`crate::vrrp::config::resolve`] completes it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Draft {
    /// The global keywords.
    pub global: GlobalConfig,
    /// The virtual routers and what belongs to them.
    pub vrrp: VrrpConfig,
    /// The BFD sessions.
    pub bfd: Vec<SessionConfig>,
    /// What other blocks may refer to by name.
    pub names: Names,
    /// Of virtual routers, to find a second one of the same name among thousands.
    pub instance_names: FastSet<String>,
    /// `static_routes`, to be read when all names are known.
    pub static_routes: Vec<Line>,
    /// `static_rules`, as well.
    pub static_rules: Vec<Line>,
    /// The virtual servers and what belongs to them.
    pub check: CheckDraft,
}
