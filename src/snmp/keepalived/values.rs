//! Values of the MIB from those of the configuration.

use std::ffi::OsStr;
use std::net::IpAddr;
use std::time::Duration;

use crate::control_plane::script::Script;
use crate::model::{Command, IfName, IpNet};
use crate::vrrp::fsm::State;
use crate::wire::agentx::Value;

/// `DisplayString`
pub(super) fn text(text: impl AsRef<str>) -> Option<Value> {
    Some(Value::text(text.as_ref()))
}

/// The name of an interface.
pub(super) fn name(name: &IfName) -> Option<Value> {
    text(name.as_str())
}

/// `INTEGER`, `Integer32`
pub(super) fn integer(number: impl TryInto<i32>) -> Option<Value> {
    Some(Value::integer(number))
}

/// `Unsigned32`, `Gauge32`
pub(super) fn unsigned(number: impl TryInto<u32>) -> Option<Value> {
    Some(Value::gauge32(number))
}

/// `TruthValue`, and enumerations like `{ enabled(1), disabled(2) }`.
pub(super) fn truth(is_true: bool) -> Option<Value> {
    Some(Value::truth(is_true))
}

/// `InetAddressType`
pub(super) fn address_type(address: IpAddr) -> Option<Value> {
    Some(Value::inet_address_type(address))
}

/// `InetAddress`
pub(super) fn address(address: IpAddr) -> Option<Value> {
    Some(Value::inet_address(address))
}

/// `InetAddressPrefixLength`
pub(super) fn prefix_length(net: IpNet) -> Option<Value> {
    unsigned(net.prefix)
}

/// Whole seconds.
pub(super) fn seconds(time: Duration) -> Option<Value> {
    unsigned(time.as_secs())
}

/// Microseconds.
pub(super) fn microseconds(time: Duration) -> Option<Value> {
    unsigned(time.as_micros())
}

/// `VrrpState` of something that runs.
pub(super) const fn state_number(state: State) -> i32 {
    match state {
        State::Init => 0,
        State::Backup => 1,
        State::Master => 2,
        State::Fault => 3,
    }
}

/// `VrrpState`
pub(super) fn state(state: State) -> Option<Value> {
    integer(state_number(state))
}

/// `InetScopeType` (RFC 4001) of the kernel's scope.
pub(super) fn scope(kernel: u8) -> Option<Value> {
    integer(match kernel {
        0 => 14,
        200 => 5,
        253 => 2,
        254 => 1,
        _ => 0,
    })
}

/// Who made a route or rule: the kernel's number and one, except for us.
pub(super) fn protocol(kernel: u8) -> Option<Value> {
    const KEEPALIVED: u8 = crate::netlink::addr::PROTOCOL_KEEPALIVED;
    integer(match kernel {
        KEEPALIVED => 112,
        other => i32::from(other) + 1,
    })
}

/// Realms: that of the destination, and that of the source.
pub(super) fn realms(kernel: u32) -> [Option<u32>; 2] {
    [kernel & 0xffff, kernel >> 16].map(|realm| Some(realm).filter(|&realm| realm != 0))
}

/// What a script is run as, each word in quotes.
pub(super) fn script(script: &Script) -> Option<Value> {
    command(script.command.as_deref()?)
}

/// The file of a script, if that is not its first word.
pub(super) fn script_path(script: &Script) -> Option<Value> {
    command_path(script.command.as_deref()?)
}

/// What is run, each word in quotes.
pub(super) fn command(command: &Command) -> Option<Value> {
    let words = std::iter::once(&command.name).chain(&command.args);
    let quoted = |word: &std::ffi::OsString| format!("'{}'", word.to_string_lossy());
    text(words.map(quoted).collect::<Vec<_>>().join(" "))
}

/// The file of a command, if that is not its first word.
pub(super) fn command_path(command: &Command) -> Option<Value> {
    let path: &OsStr = command.path.as_os_str();
    (path != command.name).then(|| Value::text(&path.to_string_lossy()))
}
