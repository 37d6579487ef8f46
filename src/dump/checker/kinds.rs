//! What is particular to each kind of check.

use super::{answer, connection, item};
use crate::check::checker::{
    Checker, HttpSettings, HttpVersion, Kind, MiscSettings, Page, UdpSettings,
};
use crate::dump::command::quoted;
use crate::dump::fact::Value;
use crate::dump::text::Text;

fn method(name: &str, out: &mut Text) {
    out.property("Keepalive method", Value::Word(name));
}

/// What a check does. `host` is what real and virtual server say of whom to ask for.
pub(super) fn kind(checker: &Checker, host: Option<&str>, out: &mut Text) {
    let name = checker.kind.keyword();
    match &checker.kind {
        Kind::Tcp(endpoint) | Kind::Ping(endpoint) => {
            connection(endpoint, out);
            method(name, out);
        }
        Kind::Http(settings) => http(settings, name, host, out),
        Kind::Smtp(settings) => {
            connection(&settings.endpoint, out);
            method(name, out);
            out.property("helo", Value::Word(&settings.helo));
        }
        Kind::Dns(settings) => {
            connection(&settings.endpoint, out);
            method(name, out);
            let record = crate::check::config::record_name(settings.record);
            out.property("Type", Value::Word(record));
            out.property("Name", Value::Word(&settings.name));
        }
        Kind::Udp(settings) => {
            connection(&settings.endpoint, out);
            method(name, out);
            udp(settings, out);
        }
        Kind::Misc(settings) => {
            method(name, out);
            misc(settings, out);
        }
        Kind::File(settings) => {
            method(name, out);
            item("Tracked file", &settings.name, out);
        }
        Kind::Bfd(settings) => {
            method(name, out);
            out.property("Name", Value::Word(&settings.session));
            let alpha = if checker.alpha { "ON" } else { "OFF" };
            out.line(&format!("Alpha is {alpha}"));
        }
    }
}

fn http(settings: &HttpSettings, name: &str, inherited: Option<&str>, out: &mut Text) {
    connection(&settings.endpoint, out);
    let version = match settings.version {
        HttpVersion::V1_0 => "1.0",
        HttpVersion::V1_0Close => "1.0C",
        HttpVersion::V1_1 => "1.1",
    };
    method(&format!("{name}, http protocol {version}"), out);
    let set = |is| if is { "set" } else { "unset" };
    let host = settings.said.virtualhost.as_deref();
    out.property("Virtualhost", host.map_or(Value::Absent, Value::Word));
    out.line(&format!("Enable SNI {}", set(settings.said.sni)));
    out.line(&format!("Fast recovery {}", set(settings.fast_recovery)));
    if settings.tls.as_ref().is_some_and(|tls| tls.compliant) {
        out.line("TLS compliant set");
    }
    for page in &settings.pages {
        out.property("Checked url", Value::Word(&page.path));
        page_text(page, host.or(inherited), out);
    }
}

/// A page; the host that all of them ask for has been told.
fn page_text(page: &Page, told: Option<&str>, out: &mut Text) {
    if let Some(digest) = &page.digest {
        let digits: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
        item("digest", &digits, out);
    }
    out.item(|out| out.push("HTTP Status Code(s)"));
    let default = [(200, 299)];
    let ranges = if page.statuses.is_empty() {
        &default[..]
    } else {
        &page.statuses
    };
    let mut ranges = ranges.to_vec();
    ranges.sort_unstable();
    for (first, last) in ranges {
        if first == last {
            out.show(format_args!("       {first}\n"));
        } else {
            out.show(format_args!("       {first}-{last}\n"));
        }
    }
    if let Some(host) = page.host.as_deref().filter(|host| Some(*host) != told) {
        item("Virtual host", host, out);
    }
    if let Some(sni) = &page.sni {
        item("SNI name", sni, out);
    }
    let Some(pattern) = &page.pattern else { return };
    item("Regex", &format!("\"{}\"", pattern.text), out);
    if pattern.inverted {
        out.item(|out| out.push("Regex no match"));
    }
    if pattern.min_offset > 0 || pattern.max_offset.is_some() {
        let most = pattern.max_offset;
        let most = most.map(|most| format!(", max_offset = {most}"));
        let text = format!("{}{}", pattern.min_offset, most.unwrap_or_default());
        item("Regex min offset", &text, out);
    }
    let options = format!("Regex options: {}", pattern.options.join(" "));
    out.item(|out| out.push(options.trim_end()));
    if let Some((start, most)) = pattern.stack {
        out.item(|out| out.push(&format!("Regex stack start {start}, max {most}")));
    }
}

fn udp(settings: &UdpSettings, out: &mut Text) {
    match &settings.payload {
        Some(payload) => out.property("Payload len", Value::Number(payload.len() as u64)),
        None => out.property("Payload specified", Value::Word("no")),
    }
    answer("Require reply", settings.reply.is_some(), out);
    let Some(reply) = &settings.reply else { return };
    item("Min reply length", &settings.min_length.to_string(), out);
    item("Max reply length", &settings.max_length.to_string(), out);
    item("Reply data len", &reply.len().to_string(), out);
    if !reply.is_empty() {
        let mask = reply.iter().any(|(_, counts)| *counts != 0xff);
        item("Reply data mask", if mask { "yes" } else { "no" }, out);
    }
}

fn misc(settings: &MiscSettings, out: &mut Text) {
    let command = quoted(&settings.command);
    out.property("script", Value::Word(&command));
    out.property("timeout", Value::seconds(settings.timeout));
    let dynamic = if settings.dynamic { "YES" } else { "NO" };
    out.property("dynamic", Value::Word(dynamic));
    let account = &settings.command.account;
    let ids = format!("{}:{}", account.uid, account.gid);
    out.property("uid:gid", Value::Word(&ids));
}
