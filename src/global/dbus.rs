//! Keywords of `global_defs` that concern D-Bus.

use serde::{Deserialize, Serialize};

use super::GlobalConfig;
use crate::control_plane::arg::{flag, text};
use crate::control_plane::schema::{self, at};

/// A keyword of `global_defs`.
type Row = schema::Row<GlobalConfig>;

/// The daemon on D-Bus.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct DbusConfig {
    /// `enable_dbus`
    pub is_enabled: bool,
    /// `dbus_service_name`; `None`: `org.keepalived.Vrrp1`.
    pub service_name: Option<String>,
    /// `dbus_no_interface_name`: in paths of instances without interface; `None`: `none`.
    pub no_interface_name: Option<String>,
}

const SERVICE_NAME: &str = "org.keepalived.Vrrp1";
const NO_INTERFACE: &str = "none";

impl DbusConfig {
    /// The name on the bus.
    #[must_use]
    pub fn service_name(&self) -> &str {
        self.service_name.as_deref().unwrap_or(SERVICE_NAME)
    }

    /// The element of paths in place of an interface.
    #[must_use]
    pub fn no_interface_name(&self) -> &str {
        self.no_interface_name.as_deref().unwrap_or(NO_INTERFACE)
    }
}

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "enable_dbus",
        flag(at!(dbus.is_enabled)),
        "Show instances as objects on the system bus of D-Bus, with signals when their state \
         changes. A process of its own does it, so that a bus that stalls delays no advert.",
    ),
    Row::new(
        "dbus_service_name",
        text("NAME", at!(dbus.service_name)),
        "The name on the bus, for several daemons on one machine. Paths and interfaces stay \
         the same; the policy of the bus has to allow the name.",
    )
    .skipped_bare()
    .default(SERVICE_NAME),
    Row::new(
        "dbus_no_interface_name",
        text("NAME", at!(dbus.no_interface_name)),
        "What stands for the interface in the paths of instances that have none.",
    )
    .skipped_bare()
    .default(NO_INTERFACE),
];
