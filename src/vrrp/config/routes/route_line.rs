//! From the words of a line to a route.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::rc::Rc;

use super::option_words::{after_family, find, is_destination, option, unknown};
use super::route::{TABLE_MAIN, TYPES, widest_scope};
use super::route_rows::{ENCAP, HOP, NEXTHOP, ROUTE, STATIC};
use super::{Kind, NextHopConfig, PROTOCOL, Placing, RouteConfig, encapsulation};
use crate::control_plane::diag::{Code, Diags, Severity};
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::Row;
use crate::control_plane::source::Span;
use crate::control_plane::value::Spanned;
use crate::control_plane::words::{Line, Word};
use crate::model::{Family, IpNet, NumberNames};
use crate::netlink::encapsulation::Tunnel;
use crate::netlink::metrics::RouteMetrics;
use crate::netlink::route::route_kind;

/// A route while its line is read.
#[derive(Debug)]
pub(super) struct RouteDraft {
    pub(super) names: Rc<NumberNames>,
    pub(super) route: RouteConfig,
    pub(super) placing: Option<Placing>,
    pub(super) scope: Option<u8>,
    /// The way that is described: that of the route, or one of several.
    pub(super) hop: NextHopConfig,
    /// The tunnel that is described.
    pub(super) tunnel: Tunnel,
    /// Whether `nexthop` was read, which ends what belongs to the route.
    has_hops: bool,
    family: Option<Family>,
    destination: Option<(Option<IpNet>, Span)>,
}

/// The route of a line, unless something about it is wrong.
pub(in crate::vrrp::config) fn read_route(
    kind: Kind,
    line: &Line,
    names: &Rc<NumberNames>,
    diags: &mut Diags,
) -> Option<RouteConfig> {
    let before = diags.list.len();
    let mut draft = RouteDraft::new(Rc::clone(names), line.span);
    draft.read(kind, line, diags);
    if has_error(diags, before) {
        return None;
    }
    let route = draft.finish(line, diags)?;
    (!has_error(diags, before)).then_some(route)
}

/// Whether an error was reported since.
pub(super) fn has_error(diags: &Diags, before: usize) -> bool {
    let mut new = diags.list.iter().skip(before);
    new.any(|diag| diag.severity == Severity::Error)
}

impl RouteDraft {
    fn new(names: Rc<NumberNames>, span: Span) -> Self {
        let everything = IpNet {
            addr: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            prefix: 0,
        };
        let route = RouteConfig {
            destination: Spanned::new(everything, span),
            kind: route_kind::UNICAST,
            placing: Placing::First,
            from: None,
            tos: 0,
            table: TABLE_MAIN,
            vrf: None,
            protocol: PROTOCOL,
            scope: 0,
            metric: None,
            source: None,
            hop: NextHopConfig::default(),
            hops: Vec::new(),
            expires: None,
            metrics: RouteMetrics::default(),
            preference: None,
            propagates_ttl: None,
            track: true,
            track_group: None,
        };
        Self {
            names,
            route,
            placing: None,
            scope: None,
            hop: NextHopConfig::default(),
            tunnel: Tunnel::default(),
            has_hops: false,
            family: None,
            destination: None,
        }
    }

    /// All of the route is of one family; false and a report if this is not.
    pub(super) fn is_of(&mut self, family: Family, span: Span, diags: &mut Diags) -> bool {
        let known = *self.family.get_or_insert(family);
        if known != family {
            let name = |family| match family {
                Family::V4 => "IPv4",
                Family::V6 => "IPv6",
            };
            let text = format!("an {} word in an {} route", name(family), name(known));
            refuse(diags, span, Refusal::general(text));
        }
        known == family
    }

    fn read(&mut self, kind: Kind, line: &Line, diags: &mut Diags) {
        let mut words = line.words.as_slice();
        while let Some((word, rest)) = words.split_first() {
            let Some(rest) = self.one(kind, word, rest, line, diags) else {
                return;
            };
            words = rest;
        }
    }

    /// One option with its words; what is left, or nothing after a mistake.
    fn one<'w>(
        &mut self,
        kind: Kind,
        word: &Word,
        rest: &'w [Word],
        line: &Line,
        diags: &mut Diags,
    ) -> Option<&'w [Word]> {
        let tables = tables(kind, self.has_hops);
        match word.text.as_str() {
            "as" if rest.is_empty() => return without_destination(word, rest, diags),
            "to" if !begins_destination(rest) => {
                return without_destination(word, rest, diags);
            }
            // The C daemon asks for the family before it looks for a value.
            "expires" | "pref" if self.family == Some(Family::V4) => {
                self.is_of(Family::V6, word.span, diags);
                return None;
            }
            "nexthop" => self.next_hop(),
            "encap" => return encapsulation::read(self, word, rest, line, diags),
            "as" => return Some(skip_as(word, rest, diags)),
            "inet" => {
                self.is_of(Family::V4, word.span, diags);
                return Some(after_family(&tables, rest));
            }
            "inet6" => {
                self.is_of(Family::V6, word.span, diags);
                return Some(after_family(&tables, rest));
            }
            text => {
                if let Some(row) = find(&tables, text) {
                    return option(row, self, word, rest, line, diags);
                }
                match kind_of(text) {
                    Some(_) if !self.has_hops && !starts_with_destination(rest) => {
                        return without_destination(word, rest, diags);
                    }
                    Some(kind) if !self.has_hops => self.route.kind = kind,
                    None if is_destination(text) && !self.has_hops => self.to(word, diags),
                    _ => {
                        unknown(&tables, word, diags);
                        return None;
                    }
                }
            }
        }
        Some(rest)
    }

    fn next_hop(&mut self) {
        self.end_hop();
        self.has_hops = true;
    }

    /// The way that was described is complete.
    fn end_hop(&mut self) {
        let hop = std::mem::take(&mut self.hop);
        if self.has_hops {
            self.route.hops.push(hop);
        } else if let Some(second) = self.route.hops.first_mut() {
            // `via ADDRESS or ADDRESS`: two ways, through the same interface if one is named.
            second.dev.clone_from(&hop.dev);
            self.route.hops.insert(0, hop);
        } else {
            self.route.hop = hop;
        }
    }

    fn to(&mut self, word: &Word, diags: &mut Diags) {
        if self.destination.is_some() {
            let text = format!("a second destination, `{}`", word.text);
            return refuse(diags, word.span, Refusal::general(text));
        }
        let net = match word.text.as_str() {
            "default6" => {
                self.is_of(Family::V6, word.span, diags);
                None
            }
            "default" | "any" | "all" => None,
            text => match read::network(text) {
                Ok(net) if self.is_of(net.family(), word.span, diags) => Some(net),
                Ok(_) => return,
                Err(refusal) => return refuse(diags, word.span, refusal),
            },
        };
        self.destination = Some((net, word.span));
    }

    fn finish(mut self, line: &Line, diags: &mut Diags) -> Option<RouteConfig> {
        self.end_hop();
        let Some((net, span)) = self.destination else {
            diags.error(Code::General, line.span, "the route has no destination");
            return None;
        };
        let family = self.family.unwrap_or(Family::V4);
        let net = net.unwrap_or_else(|| everything(family));
        let without_host_bits = masked(net);
        if without_host_bits != net {
            let text = format!("{net} has host bits: {without_host_bits} is used");
            diags.note(span, text);
        }
        self.route.destination = Spanned::new(without_host_bits, span);
        self.of_family(family, span, diags);
        self.protocol(span, diags);
        self.ways(span, diags);
        Some(self.route)
    }

    /// What IPv4 and IPv6 do not share.
    fn of_family(&mut self, family: Family, span: Span, diags: &mut Diags) {
        let route = &mut self.route;
        let is_plain = route.kind == route_kind::UNICAST;
        // The C daemon replaces nothing where the kernel could not tell routes apart.
        let usual = if is_plain {
            Placing::First
        } else {
            Placing::Alone
        };
        route.placing = self.placing.unwrap_or(usual);
        let narrowest = widest_scope(route.kind);
        route.scope = self.scope.unwrap_or(narrowest);
        if family == Family::V6 {
            if route.tos != 0 {
                diags.note(span, "`tos` means nothing for an IPv6 route");
                route.tos = 0;
            }
            if self.scope.is_some() {
                diags.note(span, "`scope` means nothing for an IPv6 route");
            }
            route.scope = 0;
        }
    }

    /// Deletion is told from that of other routes by the protocol.
    fn protocol(&mut self, span: Span, diags: &mut Diags) {
        if self.route.track && self.route.protocol != PROTOCOL {
            let text =
                "a route of another protocol than keepalived (18) needs `no_track`: 18 is used";
            diags.warn(Code::Warning, span, text);
            self.route.protocol = PROTOCOL;
        }
    }

    fn ways(&mut self, span: Span, diags: &mut Diags) {
        let route = &mut self.route;
        let alone = &route.hop;
        if self.has_hops && (alone.via.is_some() || alone.dev.is_some()) {
            let text = "`via` and `dev` of a route with `nexthop` belong behind that word";
            refuse(diags, span, Refusal::general(text));
        }
        if let Some(group) = &route.track_group
            && route.interfaces().next().is_none()
        {
            let text = "`track_group` without an interface is ignored";
            diags.warn(Code::Warning, group.span, text);
            route.track_group = None;
        }
    }
}

/// The type of a route by its name or number.
fn kind_of(text: &str) -> Option<u8> {
    let named = TYPES.iter().find(|(name, _)| *name == text);
    named.map(|(_, kind)| *kind).or_else(|| text.parse().ok())
}

/// Whether `[TYPE] DESTINATION` follows. The name of a type looks for itself.
fn begins_destination(words: &[Word]) -> bool {
    let Some((first, rest)) = words.split_first() else {
        return false;
    };
    let is_number = first.text.parse::<u8>().is_ok();
    is_destination(&first.text)
        || kind_of(&first.text).is_some() && (!is_number || starts_with_destination(rest))
}

fn starts_with_destination(words: &[Word]) -> bool {
    words.first().is_some_and(|word| is_destination(&word.text))
}

/// A word that stands before the destination, and what follows is none.
fn without_destination<'w>(word: &Word, rest: &[Word], diags: &mut Diags) -> Option<&'w [Word]> {
    match rest.first() {
        None => {
            let text = format!("`{}` needs a destination", word.text);
            diags.error(Code::MissingParameter, word.span, text);
        }
        Some(next) => {
            let text = format!("`{}` is no destination", next.text);
            refuse(diags, next.span, Refusal::general(text));
        }
    }
    None
}

/// All addresses of a family.
pub(super) const fn everything(family: Family) -> IpNet {
    let addr = match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        Family::V6 => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    IpNet { addr, prefix: 0 }
}

/// The prefix without host bits: the kernel takes no others.
pub(super) fn masked(net: IpNet) -> IpNet {
    let prefix = u32::from(net.prefix);
    let addr = match net.addr {
        IpAddr::V4(addr) => {
            let mask = u32::MAX.checked_shl(32_u32.saturating_sub(prefix));
            IpAddr::V4(Ipv4Addr::from_bits(addr.to_bits() & mask.unwrap_or(0)))
        }
        IpAddr::V6(addr) => {
            let mask = u128::MAX.checked_shl(128_u32.saturating_sub(prefix));
            IpAddr::V6(Ipv6Addr::from_bits(addr.to_bits() & mask.unwrap_or(0)))
        }
    };
    IpNet { addr, ..net }
}

/// The option words that may stand before (`false`) or behind `nexthop`.
fn tables(kind: Kind, behind: bool) -> [&'static [Row<RouteDraft>]; 4] {
    const NONE: &[Row<RouteDraft>] = &[];
    match (behind, kind) {
        (true, _) => [HOP, NONE, NEXTHOP, ENCAP],
        (false, Kind::Virtual) => [ROUTE, NONE, NEXTHOP, ENCAP],
        (false, Kind::Static) => [ROUTE, STATIC, NEXTHOP, ENCAP],
    }
}

/// `as [to] ADDRESS` has never done anything.
fn skip_as<'w>(word: &Word, rest: &'w [Word], diags: &mut Diags) -> &'w [Word] {
    diags.warn(Code::General, word.span, "`as` is not supported: ignored");
    let skipped = match rest.first() {
        Some(to) if to.text == "to" => 2,
        _ => 1,
    };
    rest.get(skipped..).unwrap_or_default()
}
