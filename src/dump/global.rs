//! `------< Global definitions >------`: the settings of the whole daemon.

use std::time::Duration;

use super::fact::{FlagForm, Value};
use super::telling;
use super::text::Text;
use crate::control_plane::show;
use crate::global::lvs::{FlushOnStop, IpvsNamespace, SyncDaemon};
use crate::global::{DynamicInterfaces, GlobalConfig, ProcessLimits, UMASK, VrrpDefaults};
use crate::wire::vrrp::Version;

/// `RLIMIT_RTTIME` of a process under a real-time policy, in microseconds.
const REALTIME_LIMIT: u32 = 10_000;

/// All of it.
pub fn definitions(global: &GlobalConfig, out: &mut Text) {
    out.title("Global definitions");
    let namespace = global.net_namespace.as_ref();
    let namespace = namespace.map_or("(default)", |name| name.value.as_str());
    out.setting("Network namespace", Value::Word(namespace));
    if let Some(instance) = &global.instance {
        out.setting("Instance name", Value::Word(&instance.value));
    }
    telling::mails(global, out);
    let dynamic = match global.dynamic_interfaces {
        DynamicInterfaces::No => "false",
        DynamicInterfaces::Yes => "true",
        DynamicInterfaces::AllowChanges => "allow_if_changes",
    };
    out.setting("Dynamic interfaces", Value::Word(dynamic));
    if let Some(interface) = &global.default_interface {
        out.setting("Default interface", Value::Word(interface.value.as_str()));
    }
    let igmp = Value::answer(global.disable_local_igmp, FlagForm::Bool);
    out.setting("Disable local IGMP", igmp);
    load_balancing(global, out);
    telling::pipes(global, out);
    defaults(&global.vrrp, out);
    processes(global, out);
    telling::snmp_and_scripts(global, out);
    flag("DBus", global.dbus.is_enabled, out);
    if global.dbus.is_enabled {
        let name = Value::Word(global.dbus.service_name());
        out.setting("DBus service name", name);
    }
    files(global, out);
}

/// What concerns virtual servers.
fn load_balancing(global: &GlobalConfig, out: &mut Text) {
    let lvs = &global.lvs;
    let namespace = match &lvs.namespace {
        IpvsNamespace::Same => None,
        IpvsNamespace::Host => Some("(main namespace)"),
        IpvsNamespace::Named(name) => Some(name.value.as_str()),
    };
    let namespace = namespace.map_or(Value::Absent, Value::Word);
    out.setting("Network namespace ipvs", namespace);
    let alert = lvs.smtp_alert.map_or("unset", show::on_off);
    out.setting("Default smtp_alert_checker", Value::Word(alert));
    flag("Checkers log all failures", lvs.log_all_failures, out);
    let seconds = |time: Option<u32>| time.map_or(Value::Absent, |n| Value::Number(n.into()));
    out.setting("LVS TCP timeout", seconds(lvs.timeouts.tcp));
    out.setting("LVS TCP FIN timeout", seconds(lvs.timeouts.tcp_fin));
    out.setting("LVS UDP timeout", seconds(lvs.timeouts.udp));
    if let Some(daemon) = &lvs.sync_daemon {
        sync_daemon(daemon, out);
    }
    flag("LVS flush", lvs.flush, out);
    let on_stop = match lvs.flush_on_stop {
        FlushOnStop::No => "disabled",
        FlushOnStop::Services => "VS",
        FlushOnStop::Everything => "full",
    };
    out.setting("LVS flush on stop", Value::Word(on_stop));
    let interval = Value::seconds(lvs.table_check_interval);
    out.setting("LVS table check interval", interval);
    flag("Identical checks run once", lvs.dedupe_checks, out);
    let number = |is_set: bool| Value::Number(is_set.into());
    out.setting("rs_init_notifies", number(lvs.init_notifies));
    out.setting("no_checker_emails", number(lvs.no_checker_emails));
}

fn sync_daemon(daemon: &SyncDaemon, out: &mut Text) {
    let parameters = &daemon.parameters;
    let interface = Value::Word(parameters.interface.as_str());
    out.setting("LVS syncd interface", interface);
    if let Some(instance) = &daemon.instance {
        out.setting("LVS syncd vrrp instance", Value::Word(&instance.value));
    }
    out.setting("LVS syncd syncid", Value::Number(parameters.id.into()));
    let number = |number: Option<u16>| number.map_or(Value::Absent, |n| Value::Number(n.into()));
    out.setting("LVS syncd maxlen", number(parameters.maximum_length));
    let group = parameters.group.map_or(Value::Absent, Value::Address);
    out.setting("LVS mcast group", group);
    out.setting("LVS syncd mcast port", number(parameters.port));
    out.setting("LVS syncd mcast ttl", number(parameters.ttl.map(u16::from)));
}

/// Defaults of instances.
fn defaults(vrrp: &VrrpDefaults, out: &mut Text) {
    out.setting(
        "VRRP IPv4 mcast group",
        Value::Address((*vrrp.multicast_group4).into()),
    );
    out.setting(
        "VRRP IPv6 mcast group",
        Value::Address((*vrrp.multicast_group6).into()),
    );
    announcements(vrrp, out);
    out.setting(
        "Num adverts before down",
        Value::Number(vrrp.down_timer_adverts.into()),
    );
    let lower = !vrrp.lower_prio_no_advert.unwrap_or(vrrp.strict);
    flag(
        "Send advert after receive lower priority advert",
        lower,
        out,
    );
    let higher = vrrp.higher_prio_send_advert;
    flag(
        "Send advert after receive higher priority advert",
        higher,
        out,
    );
    interval("Gratuitous ARP interval", vrrp.garp_interval, out);
    interval("Gratuitous NA interval", vrrp.gna_interval, out);
    let version = match vrrp.version {
        Version::V2 => 2,
        Version::V3 => 3,
    };
    out.setting("VRRP default protocol version", Value::Number(version));
    flag("VRRP check unicast_src", vrrp.check_unicast_src, out);
    flag(
        "VRRP skip check advert addresses",
        vrrp.skip_check_adv_addr,
        out,
    );
    flag("VRRP strict mode", vrrp.strict, out);
}

fn announcements(vrrp: &VrrpDefaults, out: &mut Text) {
    let garp = &vrrp.garp;
    let seconds = |time: Option<Duration>| time.map_or(Value::Absent, Value::seconds);
    let number = |number: Option<u32>| number.map_or(Value::Absent, |n| Value::Number(n.into()));
    let delay = garp.delay.unwrap_or(Duration::from_secs(5));
    out.setting("Gratuitous ARP delay", Value::seconds(delay));
    let repeat = garp.repeat.unwrap_or(5).max(1);
    out.setting("Gratuitous ARP repeat", Value::Number(repeat.into()));
    let refresh = garp.refresh.unwrap_or_default();
    out.setting("Gratuitous ARP refresh timer", Value::seconds(refresh));
    let repeat = garp.refresh_repeat.unwrap_or(1).max(1);
    out.setting(
        "Gratuitous ARP refresh repeat",
        Value::Number(repeat.into()),
    );
    // Without a setting they are those of the instance's first burst.
    let lower = seconds(garp.lower_prio_delay);
    out.setting("Gratuitous ARP lower priority delay", lower);
    let lower = number(garp.lower_prio_repeat);
    out.setting("Gratuitous ARP lower priority repeat", lower);
}

fn processes(global: &GlobalConfig, out: &mut Text) {
    limits("VRRP", &global.vrrp_process, out);
    limits("Checker", &global.checker_process, out);
    limits("BFD", &global.bfd_process, out);
    let wait = Value::seconds(global.child_wait_time);
    out.setting("Child wait time", wait);
    if !global.startup_delay.is_zero() {
        out.setting("VRRP startup delay", Value::seconds(global.startup_delay));
    }
}

fn limits(title: &str, limits: &ProcessLimits, out: &mut Text) {
    let nice = Value::Signed(limits.nice.unwrap_or(0).into());
    out.setting(&format!("{title} process priority"), nice);
    flag(&format!("{title} don't swap"), limits.no_swap, out);
    let realtime = Value::Number(limits.realtime.unwrap_or(0).into());
    out.setting(&format!("{title} realtime priority"), realtime);
    let limit = limits.rttime.unwrap_or(REALTIME_LIMIT);
    out.setting(
        &format!("{title} realtime limit"),
        Value::Number(limit.into()),
    );
}

fn files(global: &GlobalConfig, out: &mut Text) {
    let dumps = &global.dump_files;
    let named = [
        ("State dump file", &dumps.state),
        ("Statistics dump file", &dumps.stats),
        ("JSON dump file", &dumps.json),
    ];
    for (label, name) in named {
        out.setting(label, name.as_deref().map_or(Value::Absent, Value::Word));
    }
    let umask = global.umask.unwrap_or(UMASK);
    out.setting(
        "umask",
        Value::Text(format!("{umask:#05o}").replace("0o", "0").into()),
    );
}

fn flag(label: &str, is_set: bool, out: &mut Text) {
    out.setting(label, Value::truth(is_set, FlagForm::Bool));
}

/// Six decimals, whatever the value.
fn interval(label: &str, time: Duration, out: &mut Text) {
    out.setting(
        label,
        Value::Text(format!("{:.6}", time.as_secs_f64()).into()),
    );
}
