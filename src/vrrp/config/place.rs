//! On which interface an address goes.

use super::{AddressConfig, InstanceConfig};
use crate::global::GlobalConfig;
use crate::model::IfName;

/// Where addresses go that name no interface and whose instance has none.
const USUAL: &str = "eth0";

/// `default_interface`, or the usual one.
#[must_use]
pub fn default_interface(global: &GlobalConfig) -> Option<IfName> {
    let configured = global.default_interface.as_ref();
    configured
        .map(|name| name.value.clone())
        .or_else(|| IfName::new(USUAL))
}

/// The interface of an address of an instance, or of a static one; `default` is
/// [`default_interface`].
#[must_use]
pub fn place_of<'a>(
    address: &'a AddressConfig,
    instance: Option<&'a InstanceConfig>,
    default: Option<&'a IfName>,
) -> Option<&'a IfName> {
    let named = match instance {
        Some(instance) => instance.interface_of(address),
        None => address.dev.as_ref().map(|name| &name.value),
    };
    named.or(default)
}
