//! What is worth knowing of an instance: label, key and where the value is.

use super::InstanceView;
use crate::dump::fact::{Fact, FlagForm, Value};
use crate::vrrp::authentication::Authentication;
use crate::vrrp::config::InstanceConfig;
use crate::vrrp::fsm::{FaultKind, FaultSet, Peer, State, Version};

pub(super) type Row = Fact<for<'a, 'b> fn(&'b InstanceView<'a>) -> Value<'b>>;

macro_rules! facts {
    ($($name:ident = $label:literal, $key:literal, |$view:pat_param| $value:expr;)*) => {
        $(pub(super) const $name: Row = Fact { label: $label, key: $key, get: |$view| $value };)*
    };
}

const NUMBER: FlagForm = FlagForm::Number;
const BOOL: FlagForm = FlagForm::Bool;

facts! {
    NAME = "", "iname", |v| Value::Word(&v.config.name.value);
    VERSION = "VRRP Version", "version", |v| Value::Number(version(v.config.version));
    SYNC_GROUP = "Sync group", "", |v| v.sync_group.map_or(Value::Absent, Value::Word);
    STATE = "State", "state", |v| state(v.state);
    WANTED = "Wantstate", "wantstate", |v| state(v.wanted);
    CONFIG_FAULTS = "Number of config faults", "", |v| Value::Number(config_faults(v.faults));
    TRACKS_AWAITED = "Number of track scripts init", "",
        |v| Value::Number(v.awaited as u64);
    TRACK_FAULTS = "Number of interface and track script faults", "",
        |v| Value::Number(track_faults(v.faults));
    LAST_TRANSITION = "Last transition", "last_transition",
        |v| Value::Moment(Some(v.history.last()));
    DEADLINE = "Read timeout", "", |v| Value::Moment(v.deadline);
    DOWN_INTERVAL = "Master down timer", "", |v| Value::Micros(v.down_interval);
    INTERFACE = "", "ifp_ifname",
        |v| v.interface().map_or(Value::Absent, |name| Value::Word(name.as_str()));
    GARP_DELAY = "Gratuitous ARP delay", "garp_delay", |v| Value::seconds(v.config.garp.delay);
    GARP_REPEAT = "Gratuitous ARP repeat", "garp_rep",
        |v| Value::Number(v.config.garp.repeat.into());
    GARP_REFRESH = "Gratuitous ARP refresh", "garp_refresh",
        |v| Value::seconds(v.config.garp.refresh);
    GARP_REFRESH_REPEAT = "Gratuitous ARP refresh repeat", "garp_refresh_rep",
        |v| Value::Number(v.config.garp.refresh_repeat.into());
    GARP_LOWER_DELAY = "Gratuitous ARP lower priority delay", "garp_lower_prio_delay",
        |v| Value::seconds(v.config.garp.lower_prio_delay);
    GARP_LOWER_REPEAT = "Gratuitous ARP lower priority repeat", "garp_lower_prio_rep",
        |v| Value::Number(v.config.garp.lower_prio_repeat.into());
    DOWN_ADVERTS = "Down timer adverts", "",
        |v| Value::Number(v.config.down_timer_adverts.into());
    LOWER_SENDS = "Send advert after receive lower priority advert", "lower_prio_no_advert",
        |v| Value::truth(!v.config.lower_prio_no_advert, FlagForm::OppositeNumber);
    HIGHER_SENDS = "Send advert after receive higher priority advert", "higher_prio_send_advert",
        |v| Value::truth(v.config.higher_prio_send_advert, NUMBER);
    VRID = "Virtual Router ID", "vrid", |v| Value::Number(v.config.vrid.0.into());
    PRIORITY = "Priority", "base_priority", |v| Value::Number(v.config.priority.0.into());
    EFFECTIVE = "Effective priority", "effective_priority",
        |v| Value::Number(v.effective_priority.0.into());
    TOTAL = "Total priority", "", |v| Value::Signed(v.total_priority.into());
    ADVERT_INTERVAL = "Advert interval", "adver_int", |v| Value::Interval {
        time: v.config.advert_interval,
        millis: v.config.version == Version::V3,
    };
    ACCEPT = "Accept", "accept", |v| Value::switch(v.config.accept, NUMBER);
    PREEMPT = "Preempt", "nopreempt",
        |v| Value::switch(!v.config.nopreempt, FlagForm::OppositeBool);
    PREEMPT_DELAY = "Preempt delay", "preempt_delay",
        |v| Value::Seconds { time: v.config.preempt_delay, unit: " secs" };
    PROMOTE = "Promote_secondaries", "promote_secondaries",
        |v| Value::switch(v.config.promote_secondaries, BOOL);
    AUTH_TYPE = "Authentication type", "auth_type", |v| authentication(v.config);
    AUTH_DATA = "Password", "auth_data", |v| password(v.config);
    MASTER = "Master router", "", |v| master(v).map_or(Value::Absent, |m| Value::Address(m.address));
    MASTER_PRIORITY = "Master priority", "",
        |v| master(v).map_or(Value::Absent, |m| Value::Number(m.priority.0.into()));
    MASTER_INTERVAL = "Master advert interval", "master_adver_int", |v| Value::Interval {
        time: v.master_interval,
        millis: true,
    };
    PRIORITY_CHANGES = "Notify priority changes", "",
        |v| Value::truth(v.config.notify.priority_changes, BOOL);
    DONT_TRACK = "", "dont_track_primary", |v| Value::truth(v.config.dont_track_primary, NUMBER);
    SKIP_CHECK = "", "skip_check_adv_addr", |v| Value::truth(v.config.skip_check_adv_addr, NUMBER);
    STRICT = "", "strict_mode", |v| Value::truth(v.config.strict, NUMBER);
    VMAC_INTERFACE = "", "vmac_ifname", |v| {
        Value::Word(v.config.virtual_link.as_ref().map_or("", |link| link.name.as_str()))
    };
    MASTER_PRIORITY_KEY = "", "master_priority",
        |v| Value::Number(master(v).map_or(0, |m| m.priority.0.into()));
    VIPS_SET = "", "vipset", |v| Value::truth(v.vips().any(|(_, is_set)| is_set), BOOL);
    SMTP = "Using smtp notification", "smtp_alert", |v| Value::answer(v.config.notify.alert, BOOL);
    FOREIGN = "Foreign announcements of its addresses", "foreign_announcements",
        |v| Value::Number(v.foreign);
    NOTIFY_DELETED = "Notify deleted", "notify_deleted", |v| Value::Flag {
        is_set: v.config.notify.tells_deleted,
        words: ["Fault", "Deleted"],
        json: BOOL,
    };
}

pub(super) const fn state(state: State) -> Value<'static> {
    let number = match state {
        State::Init => 0,
        State::Backup => 1,
        State::Master => 2,
        State::Fault => 3,
    };
    Value::Choice {
        word: state.as_str(),
        number,
    }
}

const fn version(version: Version) -> u64 {
    match version {
        Version::V2 => 2,
        Version::V3 => 3,
    }
}

/// Only a backup has a master that is not itself.
pub(super) fn master(view: &InstanceView<'_>) -> Option<Peer> {
    view.master.filter(|_| view.state == State::Backup)
}

fn config_faults(faults: FaultSet) -> u64 {
    let kinds = [FaultKind::Configuration, FaultKind::Duplicate];
    kinds
        .into_iter()
        .map(|kind| u64::from(faults.contains(kind)))
        .sum()
}

fn track_faults(faults: FaultSet) -> u64 {
    let kinds = [FaultKind::Interface, FaultKind::Source, FaultKind::Tracker];
    let kinds = kinds
        .into_iter()
        .map(|kind| u64::from(faults.contains(kind)));
    kinds.sum::<u64>() + u64::from(faults.trackers())
}

const fn authentication(config: &InstanceConfig) -> Value<'static> {
    let word = match config.authentication {
        Authentication::None => "none",
        Authentication::Pass(_) => "SIMPLE_PASSWORD",
        Authentication::Ah(_) => "IPSEC_AH",
    };
    let number = config.authentication.number();
    Value::Choice {
        word,
        number: number as u64,
    }
}

/// Eight asterisks: dumps are sent around in reports of faults.
const fn password(config: &InstanceConfig) -> Value<'static> {
    match config.authentication {
        Authentication::None => Value::Absent,
        Authentication::Pass(_) | Authentication::Ah(_) => Value::Word("********"),
    }
}
