//! The keywords of `global_defs` that have an effect.

mod identity;
mod process;
mod vrrp;

use std::time::Duration;

use super::{GlobalConfig, words};
use crate::control_plane::decimal;
use crate::control_plane::diag::{Code, Diags, Old};
use crate::control_plane::schema::{Block, Call, Lens, gone};
use crate::control_plane::source::Span;
use identity::IDENTITY;
use process::{BUFFERS, DUMPS, PROCESS};
use vrrp::{ANNOUNCEMENTS, ELECTION, INTERFACES, PACING};

/// A keyword of `global_defs`.
type Row = crate::control_plane::schema::Row<GlobalConfig>;

/// `global_defs`
pub(super) static BLOCK: Block<GlobalConfig> = Block {
    rows: &[
        IDENTITY,
        INTERFACES,
        ANNOUNCEMENTS,
        PACING,
        ELECTION,
        PROCESS,
        BUFFERS,
        super::notify::MAIL,
        super::notify::SCRIPTS,
        super::notify::PIPES,
        DUMPS,
        super::watch::ROWS,
        super::bfd_rows::PROCESS,
        super::lvs_rows::CHECKER,
        super::lvs_rows::CHECKS,
        super::firewall_rows::FIREWALL,
        super::lvs_rows::TABLE,
        super::snmp::ROWS,
        super::dbus::ROWS,
        super::reload::ROWS,
    ],
    finish: Some(finish),
};

const MICROSECOND: Duration = Duration::from_micros(1);

/// The most that the C daemon's microseconds in 32 bits hold.
const LONGEST: Duration = Duration::from_micros(u32::MAX as u64);

const NUMBER_MAX: i64 = u32::MAX as i64;

/// Nothing is printed where there is no interval.
const NO_ARP_SOONER: Lens<GlobalConfig, Duration> = Lens {
    get: |global| Some(global.vrrp.garp_interval).filter(|time| !time.is_zero()),
    set: |global, time, _| global.vrrp.garp_interval = time,
};

const NO_ADVERT_SOONER: Lens<GlobalConfig, Duration> = Lens {
    get: |global| Some(global.vrrp.gna_interval).filter(|time| !time.is_zero()),
    set: |global, time, _| global.vrrp.gna_interval = time,
};

/// Samples of 1.3 have `vrrp_garp_interval 0`, which keepalived of today refuses: no
/// interval is what there is without the line.
fn no_interval(call: &Call<'_>) -> Option<Old> {
    let [word] = call.args else { return None };
    let is_zero = decimal::time(&word.text, Duration::ZERO, LONGEST, MICROSECOND)
        .is_ok_and(|time| time.value.is_zero());
    is_zero.then(|| gone(call, "0 means no interval, as without the line", true))
}

const MILLISECOND: Duration = Duration::from_millis(1);

fn finish(global: &mut GlobalConfig, block: Span, diags: &mut Diags) {
    let repeats = ["vrrp_garp_master_repeat", "vrrp_garp_master_refresh_repeat"];
    for keyword in global.vrrp.garp.zero_repeats(repeats) {
        diags.error(Code::General, block, format!("{keyword} 0: 1 is used"));
    }
    words::check_groups(global, diags);
    super::reload::check(&mut global.reload, diags);
}
