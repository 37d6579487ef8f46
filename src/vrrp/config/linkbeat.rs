//! `linkbeat_interfaces`: interfaces whose state is asked for once a second,
//! because their drivers do not tell the kernel.

use serde::{Deserialize, Serialize};

use crate::control_plane::arg::{flag, lines};
use crate::control_plane::diag::Diags;
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::{Row, at};
use crate::control_plane::value::Spanned;
use crate::control_plane::words::Line;
use crate::global::draft::Draft;
use crate::model::IfName;

/// Which interfaces are asked.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Linkbeat {
    /// `linkbeat_use_polling`: all that instances use.
    pub all: bool,
    /// `linkbeat_interfaces`
    pub interfaces: Vec<LinkbeatInterface>,
}

/// One line of `linkbeat_interfaces`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LinkbeatInterface {
    /// The interface.
    pub name: Spanned<IfName>,
    /// The way to be tried first; `None`: in the order of [`Way::ALL`].
    pub way: Option<Way>,
}

/// How an interface is asked.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Way {
    /// The link status of its transceiver (IEEE 802.3 clause 22, register 1).
    Mii,
    /// What its driver says.
    Ethtool,
    /// The flags of the interface.
    Ioctl,
}

impl Way {
    /// In the order in which they are tried.
    pub const ALL: [Self; 3] = [Self::Mii, Self::Ethtool, Self::Ioctl];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mii => "MII",
            Self::Ethtool => "ETHTOOL",
            Self::Ioctl => "IOCTL",
        }
    }
}

pub const ROWS: &[Row<Draft>] = &[
    Row::new(
        "linkbeat_use_polling",
        flag(at!(vrrp.linkbeat.all)),
        "Ask for the state of every interface that instances use, once a second.",
    ),
    Row::new(
        "linkbeat_interfaces",
        lines(
            "INTERFACE [MII|ETHTOOL|IOCTL]",
            add,
            |draft, out| {
                for asked in &draft.vrrp.linkbeat.interfaces {
                    let way: Vec<&str> = asked.way.iter().map(|way| way.word()).collect();
                    out.line(asked.name.as_str(), &way);
                }
            },
            |_| (),
        ),
        "Ask for the state of these interfaces once a second, in this way if that is possible.",
    ),
];

fn add(draft: &mut Draft, line: &Line, diags: &mut Diags) {
    let Some((name, kinds)) = line.words.split_first() else {
        return;
    };
    let interface = match read::interface(&name.text) {
        Ok(interface) => Spanned::new(interface, name.span),
        Err(refusal) => return refuse(diags, name.span, refusal),
    };
    let mut way = None;
    for kind in kinds {
        match Way::ALL.into_iter().find(|way| way.word() == kind.text) {
            Some(known) => way = Some(known),
            None => {
                let text = format!("`{}` is none of MII, ETHTOOL and IOCTL", kind.text);
                refuse(diags, kind.span, Refusal::general(text));
            }
        }
    }
    let list = &mut draft.vrrp.linkbeat.interfaces;
    if list.iter().any(|other| other.name == interface) {
        let text = format!("interface `{}` is listed twice", interface.value);
        return refuse(diags, interface.span, Refusal::general(text));
    }
    list.push(LinkbeatInterface {
        name: interface,
        way,
    });
}
