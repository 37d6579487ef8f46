//! The configuration as it was understood, for the log (`-d`), in the words and
//! indentation of the C daemon's dump.

use std::fmt::{Display, Write as _};
use std::time::Duration;

use crate::control_plane::Config;
use crate::model::IfName;
use crate::vrrp::authentication::Authentication;
use crate::vrrp::config::routes::{route_text, rule_text};
use crate::vrrp::config::{AddressConfig, GarpSettings, InitialState, InstanceConfig};
use crate::wire::vrrp::Version;

/// The text, one item per line.
#[must_use]
pub fn configuration(config: &Config) -> String {
    let mut out = Text::default();
    global(config, &mut out);
    let vrrp = &config.vrrp;
    if !vrrp.static_addresses.is_empty() {
        out.title("Static Addresses");
        for address in &vrrp.static_addresses {
            out.line(1, &address_line(address, None));
        }
    }
    let routes = vrrp.static_routes.iter().map(route_text);
    out.titled_list("Static Routes", routes);
    let rules = vrrp.static_rules.iter().map(rule_text);
    out.titled_list("Static Rules", rules);
    if !vrrp.instances.is_empty() {
        out.title("VRRP Topology");
        for item in &vrrp.instances {
            instance(item, &mut out);
        }
    }
    out.0
}

/// What the parent process goes by.
#[must_use]
pub fn global_definitions(config: &Config) -> String {
    let mut out = Text::default();
    global(config, &mut out);
    out.0
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn title(&mut self, title: &str) {
        self.line(0, &format!("------< {title} >------"));
    }

    /// Writing to a string cannot fail.
    fn line(&mut self, indent: usize, text: &str) {
        let _ = writeln!(self.0, "{:indent$}{text}", "");
    }

    fn item(&mut self, indent: usize, key: &str, value: impl Display) {
        let _ = writeln!(self.0, "{:indent$}{key} = {value}", "");
    }

    fn titled_list(&mut self, title: &str, lines: impl Iterator<Item = String>) {
        let mut lines = lines.peekable();
        if lines.peek().is_some() {
            self.title(title);
        }
        for line in lines {
            self.line(5, &line);
        }
    }

    fn counted(&mut self, title: &str, lines: &[String]) {
        if !lines.is_empty() {
            self.line(3, &format!("{title} ({}):", lines.len()));
        }
        for line in lines {
            self.line(5, line);
        }
    }

    fn list(&mut self, title: &str, instance: &InstanceConfig, list: &[AddressConfig]) {
        if list.is_empty() {
            return;
        }
        self.line(3, &format!("{title} ({}):", list.len()));
        let interface = instance.interface.as_ref().map(|i| &i.value);
        for address in list {
            self.line(5, &address_line(address, interface));
        }
    }
}

fn global(config: &Config, out: &mut Text) {
    let global = &config.global;
    let defaults = &global.vrrp;
    out.title("Global definitions");
    let namespace = global.net_namespace.as_ref();
    out.item(
        1,
        "Network namespace",
        namespace.map_or("(default)", |n| &n.value),
    );
    if let Some(instance) = &global.instance {
        out.item(1, "Instance name", &instance.value);
    }
    if let Some(id) = &global.router_id {
        out.item(1, "Router ID", id);
    }
    out.item(1, "VRRP IPv4 mcast group", *defaults.multicast_group4);
    out.item(1, "VRRP IPv6 mcast group", *defaults.multicast_group6);
    out.item(1, "Num adverts before down", defaults.down_timer_adverts);
    out.item(1, "VRRP default protocol version", number(defaults.version));
    out.item(1, "VRRP check unicast_src", defaults.check_unicast_src);
    out.item(
        1,
        "VRRP skip check advert addresses",
        defaults.skip_check_adv_addr,
    );
    out.item(1, "VRRP strict mode", defaults.strict);
    out.item(
        1,
        "Child wait time",
        format_args!("{}", global.child_wait_time.as_secs()),
    );
    out.item(
        1,
        "umask",
        format_args!("{:#05o}", global.umask.unwrap_or(super::UMASK)),
    );
}

fn instance(instance: &InstanceConfig, out: &mut Text) {
    out.item(1, "VRRP Instance", &instance.name.value);
    out.item(3, "VRRP Version", number(instance.version));
    let wanted = match instance.initial_state {
        InitialState::Master => "MASTER",
        InitialState::Backup => "BACKUP",
    };
    out.item(3, "Wantstate", wanted);
    if let Some(interface) = &instance.interface {
        out.item(3, "Interface", &interface.value);
    }
    if let Some(source) = &instance.source {
        out.item(3, "Using src_ip", source.value);
    }
    if instance.unicast_peers.is_empty() {
        out.line(
            3,
            &format!("Multicast address {}", instance.multicast_group),
        );
    } else {
        out.line(
            3,
            &format!("Unicast Peer ({}):", instance.unicast_peers.len()),
        );
        for peer in &instance.unicast_peers {
            out.line(5, &peer.address.value.to_string());
        }
    }
    announcements(&instance.garp, out);
    out.item(3, "Down timer adverts", instance.down_timer_adverts);
    out.item(3, "Virtual Router ID", instance.vrid);
    out.item(3, "Priority", instance.priority);
    out.item(3, "Advert interval", seconds(instance.advert_interval));
    out.item(3, "Accept", switch(instance.accept));
    out.item(3, "Preempt", switch(!instance.nopreempt));
    if !instance.preempt_delay.is_zero() {
        out.item(3, "Preempt delay", seconds(instance.preempt_delay));
    }
    out.item(
        3,
        "Promote_secondaries",
        switch(instance.promote_secondaries),
    );
    let authentication = match instance.authentication {
        Authentication::None => "none",
        Authentication::Pass(_) => "SIMPLE_PASSWORD",
        Authentication::Ah(_) => "IPSEC_AH",
    };
    out.item(3, "Authentication type", authentication);
    out.list("Virtual IP", instance, &instance.vips);
    out.list("Virtual IP Excluded", instance, &instance.excluded_vips);
    let routes: Vec<_> = instance.routes.iter().map(route_text).collect();
    out.counted("Virtual Routes", &routes);
    let rules: Vec<_> = instance.rules.iter().map(rule_text).collect();
    out.counted("Virtual Rules", &rules);
}

fn announcements(garp: &GarpSettings, out: &mut Text) {
    out.item(3, "Gratuitous ARP delay", garp.delay.as_secs());
    out.item(3, "Gratuitous ARP repeat", garp.repeat);
    out.item(3, "Gratuitous ARP refresh", garp.refresh.as_secs());
    out.item(3, "Gratuitous ARP refresh repeat", garp.refresh_repeat);
    let lower = garp.lower_prio_delay.as_secs();
    out.item(3, "Gratuitous ARP lower priority delay", lower);
    out.item(
        3,
        "Gratuitous ARP lower priority repeat",
        garp.lower_prio_repeat,
    );
}

/// `10.77.0.100/24 dev eth0 scope global`
fn address_line(address: &AddressConfig, default: Option<&IfName>) -> String {
    let net = address.net.value;
    let mut line = if net.prefix == net.family().host_prefix() {
        net.addr.to_string()
    } else {
        net.to_string()
    };
    let own = address.dev.as_ref().map(|d| &d.value);
    // Writing to a string cannot fail.
    if let Some(peer) = address.peer {
        let _ = write!(line, " peer {peer}");
    }
    if let Some(broadcast) = address.broadcast {
        let _ = write!(line, " brd {broadcast}");
    }
    if let Some(dev) = own.or(default) {
        let _ = write!(line, " dev {dev}");
    }
    let _ = write!(line, " scope {}", scope(address.scope));
    if let Some(label) = &address.label {
        let _ = write!(line, " label {label}");
    }
    if !address.track {
        line.push_str(" no_track");
    }
    line
}

fn scope(number: u8) -> String {
    match number {
        0 => "global".to_owned(),
        200 => "site".to_owned(),
        253 => "link".to_owned(),
        254 => "host".to_owned(),
        255 => "nowhere".to_owned(),
        other => other.to_string(),
    }
}

const fn number(version: Version) -> u8 {
    match version {
        Version::V2 => 2,
        Version::V3 => 3,
    }
}

const fn switch(on: bool) -> &'static str {
    if on { "enabled" } else { "disabled" }
}

fn seconds(time: Duration) -> String {
    if time.subsec_nanos() == 0 {
        format!("{} sec", time.as_secs())
    } else {
        format!("{} milli-sec", time.as_millis())
    }
}
