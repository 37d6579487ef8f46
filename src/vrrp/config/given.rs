//! What the text of an instance says of all that has a default elsewhere.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::garp::GarpGiven;
use super::hmac::HmacGiven;
use super::instance::InitialState;
use super::interface::TrackedInterface;
use super::names::Tracked;
use super::vmac::{IpvlanGiven, VmacGiven};
use crate::control_plane::value::Spanned;
use crate::control_plane::words::Line;
use crate::model::{IfName, Priority, Vrid};
use crate::vrrp::authentication::Password;
use crate::wire::vrrp::Version;

/// Settings of an instance whose default depends on others; `None` is unset.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Given {
    /// `virtual_router_id`.
    pub vrid: Option<Spanned<Vrid>>,
    /// `priority`.
    pub priority: Option<Spanned<Priority>>,
    /// `state`.
    pub state: Option<Spanned<InitialState>>,
    /// `state BACKUP` behind `state MASTER`.
    pub other_state: Option<Spanned<InitialState>>,
    /// `version`.
    pub version: Option<Spanned<Version>>,
    /// `version` given again, with another number.
    pub other_version: Option<Spanned<Version>>,
    /// `native_ipv6`.
    pub native_ipv6: Option<Spanned<bool>>,
    /// `advert_int`.
    pub advert_int: Option<Spanned<Duration>>,
    /// `down_timer_adverts`.
    pub down_timer_adverts: Option<u8>,
    /// `nopreempt`.
    pub nopreempt: Option<Spanned<bool>>,
    /// `preempt_delay`.
    pub preempt_delay: Option<Spanned<Duration>>,
    /// `mcast_dst_ip`.
    pub mcast_dst_ip: Option<Spanned<IpAddr>>,
    /// `unicast_peer` or another word that asks for unicast.
    pub unicast: Option<Spanned<bool>>,
    /// `unicast_ttl`.
    pub unicast_ttl: Option<Spanned<u8>>,
    /// `unicast_fault_no_peer`.
    pub unicast_fault_no_peer: bool,
    /// `check_unicast_src`.
    pub check_unicast_src: Option<bool>,
    /// `v3_checksum_as_v2`.
    pub v3_checksum_as_v2: Option<bool>,
    /// `track_interface`, without what the sync group adds and takes.
    pub interfaces: Vec<TrackedInterface>,
    /// `skip_check_adv_addr`.
    pub skip_check_adv_addr: Option<bool>,
    /// `owner_ignore_adverts`.
    pub owner_ignore_adverts: Option<Spanned<bool>>,
    /// `lower_prio_no_advert`.
    pub lower_prio_no_advert: Option<bool>,
    /// `higher_prio_send_advert`.
    pub higher_prio_send_advert: Option<Spanned<bool>>,
    /// `accept` (true) and `no_accept` (false).
    pub accept: Option<Spanned<bool>>,
    /// `strict_mode`.
    pub strict: Option<Spanned<bool>>,
    /// `auth_type`.
    pub auth_type: Option<Spanned<AuthType>>,
    /// `auth_pass`.
    pub auth_pass: Option<Spanned<Password>>,
    /// `auth_hmac`
    pub hmac: HmacGiven,
    /// `use_vmac`
    pub use_vmac: Option<Spanned<VmacGiven>>,
    /// `vmac_xmit_base`
    pub vmac_xmit_base: Option<Spanned<bool>>,
    /// `use_vmac_addr`
    pub use_vmac_addr: bool,
    /// `use_ipvlan`
    pub use_ipvlan: Option<Spanned<IpvlanGiven>>,
    /// `no_virtual_ipaddress`.
    pub no_virtual_ipaddress: bool,
    /// `garp_*`.
    pub garp: GarpGiven,
    /// Whether a peer has `min_ttl` or `max_ttl`.
    pub peer_ttl: bool,
    /// `virtual_routes`, until all names are known.
    #[serde(skip)]
    pub routes: Vec<Line>,
    /// `virtual_rules`, as well.
    #[serde(skip)]
    pub rules: Vec<Line>,
    /// `timer_expired_backup`
    pub timer_expired_backup: Option<Spanned<Priority>>,
    /// `lvs_sync_daemon_interface`
    pub sync_daemon_interface: Option<Spanned<IfName>>,
    /// `linkbeat_use_polling` of the own interface.
    pub linkbeat: Option<Spanned<bool>>,
    /// Trackers without effect so far.
    pub tracked: Tracked,
}

/// `auth_type`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum AuthType {
    /// `PASS`: a password in clear text.
    Pass,
    /// `AH`: an authentication header.
    Ah,
}
