//! `virtual_server_group NAME { entries }`: a list with a name.

use std::net::IpAddr;

use super::group::{GroupEntry, ServiceGroup};
use crate::control_plane::arg::lines;
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::parse::Parser;
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::{Arg, Block, Call, Describe, SubBlock};
use crate::control_plane::show::Sink;
use crate::control_plane::value::Spanned;
use crate::control_plane::words::{Line, Word};
use crate::global::draft::Draft;
use crate::ipvs::range::AddressRange;
use crate::model::Family;

/// The list of a group: its entries are lines, so its block has no keywords.
#[derive(Debug)]
pub(super) struct NamedList;

impl SubBlock<Draft> for NamedList {
    fn parse(&self, parent: &mut Draft, call: &Call<'_>, parser: &mut Parser<'_>) {
        let [name] = call.args else {
            let text = "`virtual_server_group` needs one name";
            let code = if call.args.is_empty() {
                Code::MissingParameter
            } else {
                Code::General
            };
            parser.diags.error(code, call.keyword.span, text);
            return parser.skip_block();
        };
        let mut group = ServiceGroup {
            name: Spanned::new(name.text.clone(), name.span),
            entries: Vec::new(),
        };
        let Arg::Lines(entries) = &ENTRIES else {
            return;
        };
        let head = Call { args: &[], ..*call };
        let block = Block {
            rows: &[],
            finish: None,
        };
        parser.list(&block, entries, &mut group, &head);
        let groups = &mut parent.check.groups;
        if groups.iter().any(|other| other.name == group.name) {
            let text = format!("virtual_server_group `{}` is defined twice", name.text);
            return parser.diags.warn(Code::Warning, name.span, text);
        }
        groups.push(group);
    }

    fn show(&self, parent: &Draft, name: &str, out: &mut dyn Sink) {
        for group in &parent.check.groups {
            out.open(name, &[&group.name]);
            group.entries.iter().for_each(|entry| show(entry, out));
            out.close();
        }
    }

    fn describe(&self, _: &mut dyn Describe) {}

    fn usage(&self) -> &'static str {
        "NAME"
    }
}

static ENTRIES: Arg<ServiceGroup> = lines(
    "ADDRESS[-END][/LENGTH] [PORT] | fwmark N [inet|inet6]",
    |group, line, diags| group.entries.extend(entry(line, diags)),
    |_, _| (),
    |_| (),
);

fn entry(line: &Line, diags: &mut Diags) -> Option<GroupEntry> {
    match line.words.as_slice() {
        [word] if word.text == "fwmark" => {
            let text = "`fwmark` needs a number";
            diags.error(Code::MissingParameter, word.span, text);
            None
        }
        [word, number, rest @ ..] if word.text == "fwmark" => mark(number, rest.first(), diags),
        [range, rest @ ..] => {
            let addresses = match addresses(&range.text) {
                Ok(addresses) => addresses,
                Err(text) => {
                    refuse(diags, range.span, Refusal::general(text));
                    return None;
                }
            };
            let port = match rest.first() {
                Some(port) => super::port(port, diags)?,
                None => 0,
            };
            Some(GroupEntry::Range {
                range: addresses,
                port,
            })
        }
        [] => None,
    }
}

fn mark(number: &Word, family: Option<&Word>, diags: &mut Diags) -> Option<GroupEntry> {
    let mark = super::number(number, 0, super::NUMBER_MAX, diags)?;
    let family = match family {
        Some(word) => match read::choice(&word.text, &["inet", "inet6"]) {
            Ok(name) => Some(super::family(name)),
            Err(refusal) => {
                refuse(diags, word.span, refusal);
                return None;
            }
        },
        None => None,
    };
    Some(GroupEntry::Mark {
        mark: u32::try_from(mark).unwrap_or(u32::MAX),
        family,
    })
}

/// `ADDRESS`, `ADDRESS-END`, `ADDRESS/LENGTH`; the end is a whole address, or what is
/// behind the last dot or colon of one.
fn addresses(text: &str) -> Result<AddressRange, String> {
    let bad = || format!("`{text}` is no range of addresses");
    if let Some((first, last)) = text.split_once('-') {
        let first: IpAddr = first.parse().map_err(|_| bad())?;
        let range = match last.parse::<IpAddr>() {
            Ok(last) => AddressRange::between(first, last),
            Err(_) => AddressRange::until(first, last_part(first, last).ok_or_else(bad)?),
        };
        return range.ok_or_else(bad);
    }
    let net = read::network(text).map_err(|refusal| refusal.text)?;
    let host_bits = net.family().host_prefix() - net.prefix;
    if host_bits >= 32 {
        return Err(format!("{text} are too many addresses"));
    }
    let below = (1_u128 << host_bits) - 1;
    let last = match net.addr {
        IpAddr::V4(address) => {
            let bits = u128::from(address.to_bits());
            if bits & below != 0 {
                return Err(format!("{text} has bits behind its prefix length"));
            }
            let last = u32::try_from(bits | below).unwrap_or(u32::MAX);
            IpAddr::from(last.to_be_bytes())
        }
        IpAddr::V6(address) => {
            if address.to_bits() & below != 0 {
                return Err(format!("{text} has bits behind its prefix length"));
            }
            IpAddr::from((address.to_bits() | below).to_be_bytes())
        }
    };
    AddressRange::between(net.addr, last).ok_or_else(|| format!("{text} are too many addresses"))
}

fn last_part(first: IpAddr, text: &str) -> Option<u16> {
    match first {
        IpAddr::V4(_) => text.parse::<u8>().ok().map(u16::from),
        IpAddr::V6(_) => u16::from_str_radix(text, 16).ok(),
    }
}

fn show(entry: &GroupEntry, out: &mut dyn Sink) {
    match entry {
        GroupEntry::Range { range, port } => {
            let mut text = range.first().to_string();
            if range.count() > 1 {
                text.push('-');
                text.push_str(&range.last().to_string());
            }
            match port {
                0 => out.line(&text, &[]),
                port => out.line(&text, &[&port.to_string()]),
            }
        }
        GroupEntry::Mark { mark, family } => {
            let mark = mark.to_string();
            let family = family.map(|family| match family {
                Family::V4 => "inet",
                Family::V6 => "inet6",
            });
            let words = [Some(mark.as_str()), family];
            out.line("fwmark", &words.into_iter().flatten().collect::<Vec<_>>());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_in_all_their_forms() {
        for (text, first, last) in [
            ("10.0.0.1", "10.0.0.1", "10.0.0.1"),
            ("10.0.0.1-9", "10.0.0.1", "10.0.0.9"),
            ("10.77.4.254-10.77.5.1", "10.77.4.254", "10.77.5.1"),
            ("10.0.0.8/29", "10.0.0.8", "10.0.0.15"),
            ("0.0.0.0/24", "0.0.0.0", "0.0.0.255"),
            ("2001:db8::2-f", "2001:db8::2", "2001:db8::f"),
            ("2001:db8::/120", "2001:db8::", "2001:db8::ff"),
        ] {
            let range = addresses(text).unwrap();
            assert_eq!(range.first().to_string(), first, "{text}");
            assert_eq!(range.last().to_string(), last, "{text}");
        }
        for bad in [
            "10.0.0.1/24",
            "10.0.0.9-1",
            "10.0.0.1-256",
            "10.0.0.0/8",
            "2001:db8::/64",
            "::/0",
            "0.0.0.0/0",
            "10.0.0.1-fd00::1",
            "host",
            "",
        ] {
            assert!(addresses(bad).is_err(), "{bad}");
        }
    }
}
