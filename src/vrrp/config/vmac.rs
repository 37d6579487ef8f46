//! `use_vmac` and `use_ipvlan`: an interface of its own for an instance.

use serde::{Deserialize, Serialize};

use super::InstanceConfig;
use crate::control_plane::arg::{flag, words};
use crate::control_plane::diag::Diags;
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::{Call, at};
use crate::control_plane::show::Sink;
use crate::control_plane::value::Spanned;
use crate::control_plane::words::Word;
use crate::model::{Family, IfName, IpNet, MacAddr, Vrid};

/// The interface that an instance has made for itself.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct VirtualLink {
    /// Its name.
    pub name: IfName,
    /// Whether the text left the name to us.
    pub is_generated: bool,
    /// What it is.
    pub kind: VirtualLinkKind,
    /// `vmac_xmit_base`: adverts go through the interface below all the same.
    pub xmit_base: bool,
    /// `group`: the link group; without it that of the interface below.
    pub group: Option<u32>,
}

/// An interface for those addresses of an instance that are not on its own one
/// (`use_vmac_addr`, `use_vmac` of an address).
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct AddressLink {
    /// The interface below it.
    pub below: IfName,
    /// The family of its addresses.
    pub family: Family,
    /// The interface.
    pub link: VirtualLink,
}

/// A virtual interface of an instance, and what it is for.
#[derive(Clone, Copy, Debug)]
pub struct LinkUse<'a> {
    /// The interface.
    pub link: &'a VirtualLink,
    /// The interface below it.
    pub below: &'a IfName,
    /// The family of its MAC address.
    pub family: Family,
    /// Whether it is the one of the instance, and not of some addresses only.
    pub is_own: bool,
}

/// What a [`VirtualLink`] is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum VirtualLinkKind {
    /// A macvlan in private mode with this address.
    Macvlan(MacAddr),
    /// An ipvlan in mode L2.
    Ipvlan {
        /// Who may talk to whom on the same interface below.
        mode: IpvlanMode,
        /// Its own address, the source of adverts.
        address: Option<IpNet>,
    },
}

/// `bridge`, `private` and `vepa` of an ipvlan.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum IpvlanMode {
    /// All on one interface reach each other.
    #[default]
    Bridge,
    /// None does.
    Private,
    /// Through the switch only.
    Vepa,
}

impl IpvlanMode {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bridge => "bridge",
            Self::Private => "private",
            Self::Vepa => "vepa",
        }
    }
}

/// The MAC address of a virtual router (RFC 9568 section 7.3).
#[must_use]
pub const fn virtual_mac(family: Family, vrid: Vrid) -> MacAddr {
    let block = match family {
        Family::V4 => 1,
        Family::V6 => 2,
    };
    MacAddr([0, 0, 0x5e, 0, block, vrid.0])
}

/// The words of `use_vmac`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct VmacGiven {
    /// The name.
    pub name: Option<IfName>,
    /// The address, or its first 5 octets: the last one is then the VRID.
    pub mac: Option<Spanned<GivenMac>>,
    /// `group`
    pub group: Option<u32>,
}

/// A MAC address of 5 or 6 octets.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct GivenMac {
    /// The first octets.
    pub first: [u8; 5],
    /// The last one, if it is given.
    pub last: Option<u8>,
}

/// The words of `use_ipvlan`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct IpvlanGiven {
    /// The name.
    pub name: Option<IfName>,
    /// The address.
    pub address: Option<IpNet>,
    /// `bridge`, `private` or `vepa`.
    pub mode: IpvlanMode,
    /// `group`
    pub group: Option<u32>,
}

/// A keyword of `vrrp_instance`.
type Row = crate::control_plane::schema::Row<InstanceConfig>;

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "use_vmac",
        words(
            "[[name] INTERFACE] [MAC] [netlink_notify_msg] [group GROUP]",
            0,
            6,
            set_vmac,
            show_vmac,
        ),
        "Run on an own interface with the MAC address of the virtual router, 00:00:5e:00:01:VRID \
         or 00:00:5e:00:02:VRID. The interface is made at the start and removed at the end.",
    ),
    Row::new(
        "use_vmac_addr",
        flag(at!(given.use_vmac_addr)),
        "Interfaces with a virtual MAC address also for addresses on other interfaces than that \
         of the instance, and for those of the other family.",
    ),
    Row::new(
        "vmac_xmit_base",
        flag(at!(given.vmac_xmit_base)),
        "Adverts go through the interface below the virtual one, with its MAC address; for \
         switches and hypervisors that drop others.",
    ),
    Row::new(
        "use_ipvlan",
        words(
            "[[name] INTERFACE] [ADDRESS[/LENGTH]] [bridge|private|vepa] [group GROUP]",
            0,
            6,
            set_ipvlan,
            show_ipvlan,
        ),
        "Run on an own ipvlan interface, which has the MAC address of the one below. IPv4 needs \
         an address for it.",
    ),
];

fn set_vmac(instance: &mut InstanceConfig, call: &Call<'_>, diags: &mut Diags) {
    let mut given = VmacGiven::default();
    let mut words = call.args.iter();
    while let Some(word) = words.next() {
        let outcome = match word.text.as_str() {
            "netlink_notify_msg" => Ok(()),
            "name" => argument(&mut words, word).and_then(|word| set_name(&mut given.name, word)),
            "group" => {
                argument(&mut words, word).and_then(|word| set_group(&mut given.group, word))
            }
            text if text.contains(':') => mac(text).map(|mac| {
                given.mac = Some(Spanned::new(mac, word.span));
            }),
            _ => set_name(&mut given.name, word),
        };
        if let Err(refusal) = outcome {
            return refuse(diags, word.span, refusal);
        }
    }
    instance.given.use_vmac = Some(Spanned::new(given, call.keyword.span));
}

fn set_ipvlan(instance: &mut InstanceConfig, call: &Call<'_>, diags: &mut Diags) {
    let mut given = IpvlanGiven::default();
    let mut words = call.args.iter();
    while let Some(word) = words.next() {
        let outcome = match word.text.as_str() {
            "bridge" => {
                given.mode = IpvlanMode::Bridge;
                Ok(())
            }
            "private" => {
                given.mode = IpvlanMode::Private;
                Ok(())
            }
            "vepa" => {
                given.mode = IpvlanMode::Vepa;
                Ok(())
            }
            "name" => argument(&mut words, word).and_then(|word| set_name(&mut given.name, word)),
            "group" => {
                argument(&mut words, word).and_then(|word| set_group(&mut given.group, word))
            }
            text => match read::network(text) {
                Ok(address) => {
                    given.address = Some(address);
                    Ok(())
                }
                Err(_) => set_name(&mut given.name, word),
            },
        };
        if let Err(refusal) = outcome {
            return refuse(diags, word.span, refusal);
        }
    }
    if instance.given.use_ipvlan.is_some() {
        let text = "use_ipvlan is given twice: the first one counts";
        return refuse(diags, call.keyword.span, Refusal::general(text));
    }
    instance.given.use_ipvlan = Some(Spanned::new(given, call.keyword.span));
}

fn argument<'w>(
    words: &mut std::slice::Iter<'w, Word>,
    keyword: &Word,
) -> Result<&'w Word, Refusal> {
    words
        .next()
        .ok_or_else(|| Refusal::general(format!("nothing follows `{}`", keyword.text)))
}

fn set_name(name: &mut Option<IfName>, word: &Word) -> Result<(), Refusal> {
    if name.is_some() {
        let text = format!("`{}` is a second name", word.text);
        return Err(Refusal::general(text));
    }
    *name = Some(read::interface(&word.text)?);
    Ok(())
}

fn set_group(group: &mut Option<u32>, word: &Word) -> Result<(), Refusal> {
    let number = match word.text.as_str() {
        "default" => 0,
        text => read::integer(text, 0, i64::from(u32::MAX), "")?,
    };
    *group = u32::try_from(number).ok();
    Ok(())
}

fn mac(text: &str) -> Result<GivenMac, Refusal> {
    let wrong = || Refusal::general(format!("`{text}` is no MAC address of 5 or 6 octets"));
    let octet = |part: &str| {
        let digits = (1..=2).contains(&part.len());
        u8::from_str_radix(part, 16).ok().filter(|_| digits)
    };
    let octets: Option<Vec<u8>> = text.split(':').map(octet).collect();
    let octets = octets.ok_or_else(wrong)?;
    let (first, rest) = octets.split_first_chunk::<5>().ok_or_else(wrong)?;
    let last = match rest {
        [] => None,
        [last] => Some(*last),
        _ => return Err(wrong()),
    };
    Ok(GivenMac {
        first: *first,
        last,
    })
}

fn show_vmac(instance: &InstanceConfig, name: &str, out: &mut dyn Sink) {
    let Some(given) = &instance.given.use_vmac else {
        return;
    };
    let mut words: Vec<String> = Vec::new();
    words.extend(given.name.as_ref().map(ToString::to_string));
    if let Some(mac) = &given.mac {
        let octets = mac.first.into_iter().chain(mac.last);
        let octets: Vec<String> = octets.map(|octet| format!("{octet:02x}")).collect();
        words.push(octets.join(":"));
    }
    show_group(given.group, &mut words);
    line(name, &words, out);
}

fn show_ipvlan(instance: &InstanceConfig, name: &str, out: &mut dyn Sink) {
    let Some(given) = &instance.given.use_ipvlan else {
        return;
    };
    let mut words: Vec<String> = Vec::new();
    words.extend(given.name.as_ref().map(ToString::to_string));
    words.extend(given.address.as_ref().map(ToString::to_string));
    match given.mode {
        IpvlanMode::Bridge => {}
        IpvlanMode::Private => words.push("private".to_owned()),
        IpvlanMode::Vepa => words.push("vepa".to_owned()),
    }
    show_group(given.group, &mut words);
    line(name, &words, out);
}

fn show_group(group: Option<u32>, words: &mut Vec<String>) {
    if let Some(group) = group {
        words.extend(["group".to_owned(), group.to_string()]);
    }
}

fn line(name: &str, words: &[String], out: &mut dyn Sink) {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    out.line(name, &words);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_virtual_routers() {
        let mac = |family| virtual_mac(family, Vrid(0x2a)).to_string();
        assert_eq!(mac(Family::V4), "00:00:5e:00:01:2a");
        assert_eq!(mac(Family::V6), "00:00:5e:00:02:2a");
    }

    #[test]
    fn five_or_six_octets() {
        let five = mac("02:00:00:00:aa").unwrap();
        assert_eq!((five.first, five.last), ([2, 0, 0, 0, 0xaa], None));
        assert_eq!(mac("2:0:0:0:0:ff").unwrap().last, Some(0xff));
        for text in [
            "02:00:00:00",
            "02:00:00:00:00:00:00",
            "02:00:00:00:g0",
            "02::00:00:00",
        ] {
            assert!(mac(text).is_err(), "{text}");
        }
    }
}
