//! Clients that stay with their server.

use std::net::Ipv4Addr;

use super::{Row, Rows};
use crate::check::config::draft::ServiceDraft;
use crate::check::config::number;
use crate::check::config::service::PERSISTENCE;
use crate::control_plane::arg::{int_or, short_text, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::{Call, at};
use crate::control_plane::show::Sink;
use crate::control_plane::words::Word;
use crate::ipvs::{Granularity, Name};
use crate::model::Family;

pub(super) const PERSISTENT: Rows = &[
    Row::new(
        "persistence_engine",
        short_text("NAME", Name::MAX, at!(engine)),
        "What tells clients apart beside their address; the kernel has sip.",
    ).default("none"),
    Row::new(
        "persistence_timeout",
        int_or(PERSISTENCE as i64, 1, 2_678_400, at!(persistence)),
        "A client stays with its server that many seconds after its last connection; 360 without a number.",
    ).default("no persistence"),
    Row::new(
        "persistence_granularity",
        words("NETMASK|LENGTH", 1, 1, set_granularity, show_granularity),
        "Which clients count as one: those whose addresses agree in these bits.",
    )
    .default("255.255.255.255 or 128"),
];

fn set_granularity(service: &mut ServiceDraft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    let family = service.own_family();
    if family != Some(Family::V6)
        && let Ok(mask) = word.text.parse::<Ipv4Addr>()
    {
        mind_gaps(word, mask.to_bits(), diags);
        service.granularity = Some(Granularity::Mask(mask.to_bits()));
    } else if family == Some(Family::V4) {
        service.granularity = prefix_as_mask(word, diags).or(service.granularity);
    } else if let Some(length) = number(word, 1, 128, diags) {
        service.granularity = Some(Granularity::Prefix(u8::try_from(length).unwrap_or(128)));
    }
}

/// The kernel takes any mask, but only one that begins with all its ones stands for a network.
fn mind_gaps(word: &Word, mask: u32, diags: &mut Diags) {
    if mask.leading_ones() != mask.count_ones() {
        let text = format!(
            "`{}` is not the mask of a network: clients far apart count as one",
            word.text
        );
        diags.advise("granularity-not-a-mask", word.span, text);
        diags.help("write a mask such as 255.255.255.0");
    }
}

/// The C daemon takes `24` as the mask 0.0.0.24, without a word.
fn prefix_as_mask(word: &Word, diags: &mut Diags) -> Option<Granularity> {
    let length = match read::integer(&word.text, 1, 32, "") {
        Ok(length) => u32::try_from(length).unwrap_or(32),
        Err(_) => {
            let text = format!("`{}` is no IPv4 netmask", word.text);
            refuse(diags, word.span, Refusal::general(text));
            return None;
        }
    };
    let mask = u32::MAX << (32 - length);
    let text = format!(
        "a netmask is needed here: taken as {}",
        Ipv4Addr::from_bits(mask)
    );
    diags.warn(Code::Warning, word.span, text);
    diags.lint("granularity-not-a-mask");
    Some(Granularity::Mask(mask))
}

fn show_granularity(service: &ServiceDraft, name: &str, out: &mut dyn Sink) {
    match service.granularity {
        Some(Granularity::Mask(mask)) => {
            out.line(name, &[&Ipv4Addr::from_bits(mask).to_string()]);
        }
        Some(Granularity::Prefix(length)) => out.line(name, &[&length.to_string()]),
        None => (),
    }
}
