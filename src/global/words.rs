//! Arguments of global keywords that have a rule of their own.

use std::time::Duration;

use super::{DynamicInterfaces, GlobalConfig, ReceivePolicy, VrrpDefaults};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::Call;
use crate::control_plane::show::Sink;
use crate::control_plane::value::Spanned;
use crate::vrrp::config::ExtraAnnouncements;

const BITS: &[(&str, u32)] = &[
    ("IRWXU", 0o700),
    ("IRUSR", 0o400),
    ("IWUSR", 0o200),
    ("IXUSR", 0o100),
    ("IRWXG", 0o070),
    ("IRGRP", 0o040),
    ("IWGRP", 0o020),
    ("IXGRP", 0o010),
    ("IRWXO", 0o007),
    ("IROTH", 0o004),
    ("IWOTH", 0o002),
    ("IXOTH", 0o001),
];

pub(super) fn set_umask(global: &mut GlobalConfig, call: &Call<'_>, diags: &mut Diags) {
    let text: Vec<&str> = call.args.iter().map(|word| word.text.as_str()).collect();
    // Names may have blanks around the `|`; two numbers are not one.
    let is_one = text.len() < 2 || text.iter().any(|word| word.contains('|'));
    match umask(&text.concat()).filter(|_| is_one) {
        Some(mask) => global.umask = Some(mask),
        None => {
            let span = call
                .args
                .first()
                .map_or(call.keyword.span, |word| word.span);
            let text = "umask: neither a number of 0 to 0777 nor names of bits joined by `|`";
            diags.error(Code::General, span, text);
        }
    }
}

/// The mask of a text in the form of the `umask` keyword and of `-u`.
#[must_use]
pub fn umask(text: &str) -> Option<u32> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        let mask = match (text.strip_prefix("0x"), text.strip_prefix('0')) {
            (Some(hexadecimal), _) => u32::from_str_radix(hexadecimal, 16),
            (None, Some(octal)) if !octal.is_empty() => u32::from_str_radix(octal, 8),
            (None, _) => text.parse(),
        };
        return mask.ok().filter(|mask| *mask <= 0o777);
    }
    text.split('|')
        .map(|name| {
            BITS.iter()
                .find(|(bit, _)| *bit == name)
                .map(|(_, value)| *value)
        })
        .try_fold(0, |mask, bit| bit.map(|bit| mask | bit))
}

pub(super) fn show_umask(global: &GlobalConfig, name: &str, out: &mut dyn Sink) {
    if let Some(mask) = global.umask {
        out.line(name, &[&format!("0{mask:o}")]);
    }
}

pub(super) fn set_script_user(global: &mut GlobalConfig, call: &Call<'_>, _: &mut Diags) {
    let mut words = call.args.iter().map(|word| word.text.clone());
    global.scripts.user = words.next().map(|user| (user, words.next()));
    global.script_user_at = Spanned::new((), call.span());
}

pub(super) fn show_script_user(global: &GlobalConfig, name: &str, out: &mut dyn Sink) {
    match &global.scripts.user {
        Some((user, Some(group))) => out.line(name, &[user, group]),
        Some((user, None)) => out.line(name, &[user]),
        None => (),
    }
}

pub(super) fn set_dynamic_interfaces(
    global: &mut GlobalConfig,
    call: &Call<'_>,
    diags: &mut Diags,
) {
    global.dynamic_interfaces = match call.args.first() {
        None => DynamicInterfaces::Yes,
        Some(word) if word.text == "allow_if_changes" => DynamicInterfaces::AllowChanges,
        Some(word) => {
            let text = format!("`{}` is not `allow_if_changes`", word.text);
            return refuse(diags, word.span, Refusal::general(text));
        }
    };
}

pub(super) fn show_dynamic_interfaces(global: &GlobalConfig, name: &str, out: &mut dyn Sink) {
    match global.dynamic_interfaces {
        DynamicInterfaces::No => (),
        DynamicInterfaces::Yes => out.line(name, &[]),
        DynamicInterfaces::AllowChanges => out.line(name, &["allow_if_changes"]),
    }
}

/// More processors than any machine has; an affinity mask of the kernel holds 1024.
const CPU_MAX: i64 = 1023;

pub(super) fn set_cpus(global: &mut GlobalConfig, call: &Call<'_>, diags: &mut Diags) {
    if let Some(cpus) = cpus(call, diags) {
        global.vrrp_process.cpus = cpus;
    }
}

pub(super) fn set_checker_cpus(global: &mut GlobalConfig, call: &Call<'_>, diags: &mut Diags) {
    if let Some(cpus) = cpus(call, diags) {
        global.checker_process.cpus = cpus;
    }
}

pub(super) fn set_bfd_cpus(global: &mut GlobalConfig, call: &Call<'_>, diags: &mut Diags) {
    if let Some(cpus) = cpus(call, diags) {
        global.bfd_process.cpus = cpus;
    }
}

fn cpus(call: &Call<'_>, diags: &mut Diags) -> Option<Spanned<Vec<u32>>> {
    let mut cpus = Vec::new();
    for word in call.args {
        match read::integer(&word.text, 0, CPU_MAX, "(the number of a processor)") {
            Ok(cpu) => cpus.push(u32::try_from(cpu).unwrap_or_default()),
            Err(refusal) => {
                refuse(diags, word.span, refusal);
                return None;
            }
        }
    }
    Some(Spanned::new(cpus, call.span()))
}

impl GlobalConfig {
    /// Processors that the machine does not have: none of the line is used then, as by the C
    /// daemon.
    pub fn without_missing_processors(&mut self, online: u32, diags: &mut Diags) {
        let processes = [
            &mut self.vrrp_process,
            &mut self.checker_process,
            &mut self.bfd_process,
        ];
        for limits in processes {
            let Some(missing) = limits.cpus.iter().find(|cpu| **cpu >= online) else {
                continue;
            };
            let text = format!(
                "there is no processor {missing}, but 0 to {}",
                online.saturating_sub(1)
            );
            diags.error(Code::InvalidNumber, limits.cpus.span, text);
            limits.cpus.value.clear();
        }
    }
}

pub(super) fn show_cpus(cpus: &[u32], name: &str, out: &mut dyn Sink) {
    let cpus: Vec<String> = cpus.iter().map(u32::to_string).collect();
    let words: Vec<&str> = cpus.iter().map(String::as_str).collect();
    if !words.is_empty() {
        out.line(name, &words);
    }
}

/// A number goes before MTU, and MTU before ADVERT.
pub(super) fn set_policy(global: &mut GlobalConfig, call: &Call<'_>, diags: &mut Diags) {
    let mut policy = ReceivePolicy::System;
    for word in call.args {
        let new = match word.text.to_ascii_uppercase().as_str() {
            "MTU" => ReceivePolicy::Mtu,
            "ADVERT" => ReceivePolicy::Advert,
            number => match read::integer(number, 0, i64::from(u32::MAX), "octets") {
                Ok(octets) => ReceivePolicy::Octets(u32::try_from(octets).unwrap_or(u32::MAX)),
                Err(refusal) => return refuse(diags, word.span, refusal),
            },
        };
        let rank = |policy: &ReceivePolicy| match policy {
            ReceivePolicy::System => 0,
            ReceivePolicy::Advert => 1,
            ReceivePolicy::Mtu => 2,
            ReceivePolicy::Octets(_) => 3,
        };
        let is_number = |policy: &ReceivePolicy| matches!(policy, ReceivePolicy::Octets(_));
        if rank(&policy) > 0 && (is_number(&new) || is_number(&policy)) {
            let text = "vrrp_rx_bufs_policy: of a number and other words the number counts";
            diags.error(Code::General, word.span, text);
        }
        if rank(&new) > rank(&policy) {
            policy = new;
        }
    }
    global.buffers.receive_policy = policy;
}

pub(super) fn show_policy(global: &GlobalConfig, name: &str, out: &mut dyn Sink) {
    match global.buffers.receive_policy {
        ReceivePolicy::System => (),
        ReceivePolicy::Advert => out.line(name, &["ADVERT"]),
        ReceivePolicy::Mtu => out.line(name, &["MTU"]),
        ReceivePolicy::Octets(octets) => out.line(name, &[&octets.to_string()]),
    }
}

pub(super) fn set_extra_if(global: &mut GlobalConfig, call: &Call<'_>, diags: &mut Diags) {
    let extra = extra_if(1, call, diags);
    global.vrrp.garp.extra = extra.or(global.vrrp.garp.extra);
}

/// `[all] SECONDS`; nothing if it is wrong.
pub fn extra_if(min: i64, call: &Call<'_>, diags: &mut Diags) -> Option<ExtraAnnouncements> {
    let (all, words) = match call.args {
        [all, rest @ ..] if all.text == "all" => (true, rest),
        other => (false, other),
    };
    let [time, rest @ ..] = words else {
        let text = format!("`{}` needs a time", call.keyword.text);
        diags.error(Code::General, call.keyword.span, text);
        return None;
    };
    if let (Some(word), false) = (rest.first(), all) {
        let text = "only `all` may stand before the time";
        diags.error(Code::General, word.span, text);
        return None;
    }
    match read::integer(&time.text, min, 86400, "seconds") {
        Ok(seconds) => Some(ExtraAnnouncements {
            every: Duration::from_secs(u64::try_from(seconds).unwrap_or_default()),
            everywhere: all,
        }),
        Err(refusal) => {
            refuse(diags, time.span, refusal);
            None
        }
    }
}

/// The same, printed.
pub fn show_extra_if(extra: Option<ExtraAnnouncements>, name: &str, out: &mut dyn Sink) {
    let Some(extra) = extra else { return };
    let seconds = extra.every.as_secs().to_string();
    if extra.everywhere {
        out.line(name, &["all", &seconds]);
    } else {
        out.line(name, &[&seconds]);
    }
}

pub(super) fn check_groups(global: &mut GlobalConfig, diags: &mut Diags) {
    let defaults = VrrpDefaults::default();
    let vrrp = &mut global.vrrp;
    if !vrrp.multicast_group4.is_multicast() {
        let text = "vrrp_mcast_group4: no IPv4 multicast group";
        diags.error(Code::General, vrrp.multicast_group4.span, text);
        vrrp.multicast_group4 = defaults.multicast_group4;
    }
    let group6 = vrrp.multicast_group6;
    if !group6.is_multicast() {
        let text = "vrrp_mcast_group6: no IPv6 multicast group";
        diags.error(Code::General, group6.span, text);
        vrrp.multicast_group6 = defaults.multicast_group6;
    } else if group6.octets()[1] & 0x0f != 2 {
        let text = "vrrp_mcast_group6: not of link-local scope";
        diags.warn(Code::Warning, group6.span, text);
    }
}

/// A new table begins with the default priority.
pub(super) fn set_nftables(global: &mut GlobalConfig, call: &Call<'_>, diags: &mut Diags) {
    let Some(table) = super::firewall_rows::table_name(call, diags) else {
        return;
    };
    let nftables = &mut global.nftables;
    nftables.is_given = true;
    nftables.table = table;
    nftables.priority = super::Nftables::default().priority;
}

pub(super) fn show_nftables(global: &GlobalConfig, name: &str, out: &mut dyn Sink) {
    if global.nftables.is_given {
        let table: Vec<&str> = global.nftables.table.iter().map(String::as_str).collect();
        out.line(name, &table);
    }
}
