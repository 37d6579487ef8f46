//! Lists of names with options: tracked things, peers, interfaces.

use super::names::TrackEntry;
use super::{InstanceConfig, TrackedInterface, TrackerKind, UnicastPeer};
use crate::control_plane::arg::{flag, int, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::manual::describe_options;
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::at;
use crate::control_plane::schema::{Call, Describe, Lens, Row};
use crate::control_plane::show::Sink;
use crate::control_plane::value::Spanned;
use crate::control_plane::words::{Line, Word};
use crate::model::Family;

/// How a line of `track_interface` looks.
pub(super) const INTERFACE_USAGE: &str = "INTERFACE [weight N [reverse]]";
/// How a line of the other trackers looks.
pub(super) const TRACK_USAGE: &str = "NAME [weight N [reverse|noreverse]]";
/// How a line of `unicast_peer` looks.
pub(super) const PEER_USAGE: &str = "ADDRESS [min_ttl N] [max_ttl N]";

/// `track_interface` of a target that keeps the interfaces at a path.
macro_rules! tracked_interfaces {
    ($target:ty, $($list:ident).+, $doc:literal) => {
        $crate::control_plane::schema::Row::<$target>::new(
            "track_interface",
            $crate::control_plane::arg::lines(
                $crate::vrrp::config::lists::INTERFACE_USAGE,
                |target: &mut $target, line, diags| {
                    $crate::vrrp::config::lists::add_interface(&mut target.$($list).+, line, diags);
                },
                |target, out| {
                    $crate::vrrp::config::lists::show_interfaces(&target.$($list).+, out);
                },
                $crate::vrrp::config::lists::describe_interface,
            ),
            $doc,
        )
    };
}
pub(super) use tracked_interfaces;

/// The keyword of another kind of tracker, for a target that keeps them at a path.
macro_rules! tracked {
    ($name:literal, $kind:ident, $target:ty, $($list:ident).+, $doc:literal) => {
        $crate::control_plane::schema::Row::<$target>::new(
            $name,
            $crate::control_plane::arg::lines(
                $crate::vrrp::config::lists::TRACK_USAGE,
                |target: &mut $target, line, diags| {
                    let kind = $crate::vrrp::config::TrackerKind::$kind;
                    let list = &mut target.$($list).+;
                    $crate::vrrp::config::lists::track(kind, list, line, diags);
                },
                |target, out| $crate::vrrp::config::lists::show_tracks(&target.$($list).+, out),
                $crate::vrrp::config::lists::describe_track,
            ),
            $doc,
        )
    };
}
pub(super) use tracked;

static INTERFACE_OPTIONS: &[Row<TrackedInterface>] = &[
    Row::<TrackedInterface>::new(
        "weight",
        words("N", 1, 1, set_interface_weight, |_, _, _| ()),
        "Added to the priority while the interface is up if positive, while it is down if negative. \
         0: FAULT while it is down. From -253 to 253.",
    ).skipped_bare()
    .once()
    .default("0"),
    Row::new(
        "reverse",
        flag(at!(reverse)),
        "Up counts as down, and down as up.",
    ),
];

static TRACK_OPTIONS: &[Row<TrackEntry>] = &[
    Row::<TrackEntry>::new(
        "weight",
        words("N", 1, 1, set_weight, |_, _, _| ()),
        "Takes the place of the weight of the definition. From -254 to 254.",
    )
    .skipped_bare()
    .once()
    .default("that of the definition"),
    Row::new("reverse", flag(at!(reverse)), "Turns the weight round."),
    Row::new(
        "noreverse",
        flag(NOREVERSE),
        "Takes a `reverse` of the definition back.",
    ),
];

const NOREVERSE: Lens<TrackEntry, bool> = Lens {
    get: |entry| entry.reverse.map(|reverse| !reverse),
    set: |entry, noreverse, _| entry.reverse = Some(!noreverse),
};

static PEER_OPTIONS: &[Row<UnicastPeer>] = &[
    Row::<UnicastPeer>::new(
        "min_ttl",
        int(0, 255, "", at!(min_ttl)),
        "Drop adverts of this peer with a smaller TTL or hop limit. Turns check_unicast_src on.",
    )
    .skipped_bare()
    .default("0"),
    Row::<UnicastPeer>::new(
        "max_ttl",
        int(0, 255, "", at!(max_ttl)),
        "Drop adverts of this peer with a greater one. Turns check_unicast_src on.",
    )
    .skipped_bare()
    .default("255"),
];

pub(super) fn describe_interface(out: &mut dyn Describe) {
    describe_options(&[INTERFACE_OPTIONS], out);
}

pub(super) fn describe_track(out: &mut dyn Describe) {
    describe_options(&[TRACK_OPTIONS], out);
}

pub(super) fn describe_peer(out: &mut dyn Describe) {
    describe_options(&[PEER_OPTIONS], out);
}

/// A line of `track_interface`.
pub(super) fn interface(line: &Line, diags: &mut Diags) -> Option<TrackedInterface> {
    let (first, options) = line.words.split_first()?;
    let name = match read::interface(&first.text) {
        Ok(name) => Spanned::new(name, first.span),
        Err(refusal) => {
            refuse(diags, first.span, refusal);
            return None;
        }
    };
    let mut entry = TrackedInterface {
        name,
        weight: 0,
        reverse: false,
    };
    read::options(&[INTERFACE_OPTIONS], &mut entry, line, options, diags);
    begins_with_weight(options, diags).then_some(entry)
}

/// Whether a line says something that is meant for it: a name with anything else than a weight
/// behind it is not tracked, a mistake in a weight makes it the usual one.
fn begins_with_weight(options: &[Word], diags: &mut Diags) -> bool {
    let Some((first, rest)) = options.split_first() else {
        return true;
    };
    if matches!(first.text.as_str(), "reverse" | "noreverse") {
        let text = format!("`{}` stands behind a weight only: not tracked", first.text);
        diags.error(Code::General, first.span, text);
    }
    first.text == "weight" && !rest.is_empty()
}

/// Not every kind can have a weight of 254: of scripts 253 of it count, as of interfaces, and a BFD
/// session has the weight of its definition.
fn within(kind: TrackerKind, entry: &mut TrackEntry, line: &Line, diags: &mut Diags) {
    let Some(weight) = entry.weight.filter(|weight| weight.abs() > WEIGHT_MAX) else {
        return;
    };
    entry.weight = match kind {
        TrackerKind::Script => Some(weight.clamp(-WEIGHT_MAX, WEIGHT_MAX)),
        TrackerKind::Bfd => None,
        TrackerKind::File | TrackerKind::Process => return,
    };
    let used = match entry.weight {
        Some(used) => format!("{used} is used"),
        None => "that of the definition is used".to_owned(),
    };
    let text = format!("weight {weight} is not within -253 to 253: {used}");
    diags.error(Code::InvalidNumber, line.span, text);
}

/// The largest weight, where 254 is one that can only have been meant as the largest.
const WEIGHT_MAX: i16 = 253;

fn set_interface_weight(entry: &mut TrackedInterface, call: &Call<'_>, diags: &mut Diags) {
    entry.weight = read_weight(call, diags).unwrap_or(0);
    if entry.weight.abs() > WEIGHT_MAX {
        let used = entry.weight.clamp(-WEIGHT_MAX, WEIGHT_MAX);
        let text = format!(
            "weight {} is not within -253 to 253: {used} is used",
            entry.weight
        );
        diags.error(Code::General, call.span(), text);
        entry.weight = used;
    }
}

fn set_weight(entry: &mut TrackEntry, call: &Call<'_>, diags: &mut Diags) {
    entry.weight = read_weight(call, diags);
}

/// A number that is none is reported.
fn read_weight(call: &Call<'_>, diags: &mut Diags) -> Option<i16> {
    let [word] = call.args else { return None };
    match read::integer(&word.text, -254, 254, "") {
        Ok(number) => i16::try_from(number).ok(),
        Err(refusal) => {
            refuse(diags, word.span, refusal);
            None
        }
    }
}

/// Keep a line of `track_interface`, unless the interface is there already.
pub(super) fn add_interface(list: &mut Vec<TrackedInterface>, line: &Line, diags: &mut Diags) {
    let Some(entry) = interface(line, diags) else {
        return;
    };
    if list.iter().any(|other| other.name == entry.name) {
        let text = format!("interface `{}` is tracked twice", entry.name.value);
        return refuse(diags, entry.name.span, Refusal::general(text));
    }
    list.push(entry);
}

/// A line of one of the other lists of trackers.
pub(super) fn track(kind: TrackerKind, list: &mut Vec<TrackEntry>, line: &Line, diags: &mut Diags) {
    let Some((first, options)) = line.words.split_first() else {
        return;
    };
    let mut entry = TrackEntry {
        name: Spanned::new(first.text.clone(), first.span),
        ..TrackEntry::default()
    };
    read::options(&[TRACK_OPTIONS], &mut entry, line, options, diags);
    if begins_with_weight(options, diags) {
        within(kind, &mut entry, line, diags);
        list.push(entry);
    }
}

pub(super) fn show_interfaces(list: &[TrackedInterface], out: &mut dyn Sink) {
    for entry in list {
        let weight = entry.weight.to_string();
        let words: &[&str] = match (entry.weight, entry.reverse) {
            (0, false) => &[],
            (_, false) => &["weight", &weight],
            (_, true) => &["weight", &weight, "reverse"],
        };
        out.line(entry.name.as_str(), words);
    }
}

pub(super) fn show_tracks(list: &[TrackEntry], out: &mut dyn Sink) {
    for entry in list {
        let weight = entry.weight.map(|weight| weight.to_string());
        let mut words = Vec::new();
        if let Some(weight) = &weight {
            words.extend(["weight", weight]);
        }
        match entry.reverse {
            Some(true) => words.push("reverse"),
            Some(false) => words.push("noreverse"),
            None => (),
        }
        out.line(&entry.name, &words);
    }
}

/// A line of `unicast_peer`.
pub(super) fn add_peer(instance: &mut InstanceConfig, line: &Line, diags: &mut Diags) {
    if let Some((first, options)) = line.words.split_first() {
        peer(instance, first, options, line, diags);
    }
}

/// The word of a line of `unicast_peer` that begins another peer.
pub(super) fn next_peer(words: &[Word]) -> Option<usize> {
    let is_peer = |word: &str| read::network(word).is_ok();
    read::another_entry(&[PEER_OPTIONS], words, is_peer)
}

/// The same as the argument of a keyword.
pub(super) fn add_peer_word(instance: &mut InstanceConfig, call: &Call<'_>, diags: &mut Diags) {
    if let Some((first, options)) = call.args.split_first() {
        peer(instance, first, options, call.line, diags);
    }
}

fn peer(
    instance: &mut InstanceConfig,
    first: &Word,
    options: &[Word],
    line: &Line,
    diags: &mut Diags,
) {
    let address = match read::address(without_length(first, diags)) {
        Ok(address) => address,
        Err(refusal) => return refuse(diags, first.span, refusal),
    };
    let mut peer = UnicastPeer {
        address: Spanned::new(address, first.span),
        min_ttl: 0,
        max_ttl: 255,
    };
    // A router that is not told of is a second master: bounds that are none leave the peer.
    read::options(&[PEER_OPTIONS], &mut peer, line, options, diags);
    if !options.is_empty() {
        instance.given.peer_ttl = true;
    }
    if peer.min_ttl > peer.max_ttl {
        let text = format!(
            "min_ttl {} is above max_ttl {}: every advert of this peer would be dropped",
            peer.min_ttl, peer.max_ttl
        );
        diags.error(Code::General, first.span, text);
    }
    let family = instance
        .unicast_peers
        .first()
        .map(|first| Family::of(&first.address));
    if family.is_some_and(|family| family != Family::of(&address)) {
        let text = format!("peer {address} is of another family than the first one");
        return refuse(diags, first.span, Refusal::general(text));
    }
    if instance
        .unicast_peers
        .iter()
        .any(|other| other.address == peer.address)
    {
        let text = format!("peer {address} is named twice");
        return refuse(diags, first.span, Refusal::general(text));
    }
    instance.unicast_peers.push(peer);
}

/// The address of a word that is written as a network.
fn without_length<'w>(word: &'w Word, diags: &mut Diags) -> &'w str {
    match word.text.split_once('/') {
        Some((address, _)) if read::network(&word.text).is_ok() => {
            let text = "a peer has no prefix length: it is ignored";
            diags.warn(Code::Warning, word.span, text);
            address
        }
        Some(_) | None => &word.text,
    }
}

/// A line of names of instances.
pub(super) fn add_members(list: &mut Vec<Spanned<String>>, line: &Line) {
    let names = line.words.iter();
    list.extend(names.map(|word| Spanned::new(word.text.clone(), word.span)));
}

pub(super) fn show_members(list: &[Spanned<String>], out: &mut dyn Sink) {
    for member in list {
        out.line(member, &[]);
    }
}

pub(super) fn show_peers(instance: &InstanceConfig, out: &mut dyn Sink) {
    for peer in &instance.unicast_peers {
        let (min, max) = (peer.min_ttl.to_string(), peer.max_ttl.to_string());
        let mut words = Vec::new();
        if peer.min_ttl > 0 {
            words.extend(["min_ttl", &min]);
        }
        if peer.max_ttl < 255 {
            words.extend(["max_ttl", &max]);
        }
        out.line(&peer.address.to_string(), &words);
    }
}
