//! `lvs_method`: how packets get to a real server.

use crate::control_plane::diag::{Code, Diags, Fix, Old};
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::Call;
use crate::control_plane::show::Sink;
use crate::control_plane::words::Word;
use crate::ipvs::{Checksum, Forwarding, Tunnel};

/// What follows the keyword.
pub(super) const USAGE: &str = "NAT|DR|TUN [type ipip|gue|gre] [port N] [nocsum|csum|remcsum]";

/// The options of a tunnel while they are read.
#[derive(Default)]
struct Options {
    kind: Option<&'static str>,
    port: Option<u16>,
    checksum: Option<Checksum>,
}

/// The method of a line; nothing, with a message, if it is none.
pub(super) fn read(call: &Call<'_>, diags: &mut Diags) -> Option<Forwarding> {
    let (method, words) = call.args.split_first()?;
    let name = name(method, diags)?;
    if name == "TUN" {
        let options = options(words, diags);
        return Some(Forwarding::Tunnel(tunnel(&options, call, diags)));
    }
    if let Some(word) = words.first() {
        let text = format!("{name} takes no options, only tunnels have some: they are not used");
        refuse(diags, word.span, Refusal::general(text));
    }
    Some(match name {
        "DR" => Forwarding::DirectRoute,
        _ => Forwarding::Masquerade,
    })
}

const NAMES: &[&str] = &["NAT", "DR", "TUN"];

/// The name of the method. Guides also have it in small letters.
fn name(method: &Word, diags: &mut Diags) -> Option<&'static str> {
    let refusal = match read::choice(&method.text, NAMES) {
        Ok(name) => return Some(name),
        Err(refusal) => refusal,
    };
    let same = |name: &&&str| name.eq_ignore_ascii_case(&method.text);
    let Some(name) = NAMES.iter().find(same) else {
        refuse(diags, method.span, refusal);
        return None;
    };
    let old = Old {
        text: format!("`{}` is written `{name}`", method.text),
        help: None,
        deprecated: true,
        fixes: vec![Fix::instead(method.span, *name)],
    };
    diags.old(method.span, old);
    Some(name)
}

/// What the words behind `TUN` say; those that say nothing are told, and left out.
fn options(mut words: &[Word], diags: &mut Diags) -> Options {
    let mut options = Options::default();
    while let Some((word, rest)) = words.split_first() {
        words = rest;
        match (word.text.as_str(), rest.split_first()) {
            ("type", Some((kind, rest))) => {
                words = rest;
                match read::choice(&kind.text, &["ipip", "gue", "gre"]) {
                    Ok(kind) => options.kind = Some(kind),
                    Err(refusal) => refuse(diags, kind.span, refusal),
                }
            }
            ("port", Some((port, rest))) => {
                words = rest;
                options.port = super::port(port, diags);
            }
            ("type" | "port", None) => {
                let text = format!("`{}` needs a value", word.text);
                diags.error(Code::General, word.span, text);
            }
            ("nocsum", _) => options.checksum = Some(Checksum::None),
            ("csum", _) => options.checksum = Some(Checksum::Outer),
            ("remcsum", _) => options.checksum = Some(Checksum::Remote),
            (other, _) => {
                let text = format!("unknown option `{other}`");
                refuse(diags, word.span, Refusal::general(text));
            }
        }
    }
    options
}

/// The tunnel that is meant. What does not fit the kind is left out, and without its
/// port a gue tunnel is an ipip one, as with the C daemon: any tunnel is nearer to what
/// was meant than the address translation of a line that is ignored.
fn tunnel(options: &Options, call: &Call<'_>, diags: &mut Diags) -> Tunnel {
    let checksum = options.checksum.unwrap_or_default();
    let (tunnel, mistake) = match (options.kind.unwrap_or("ipip"), options.port) {
        ("gue", Some(port)) => (Tunnel::Gue { port, checksum }, None),
        ("gue", None) => (
            Tunnel::Ipip,
            Some("gue tunnels need a port: an ipip tunnel is used"),
        ),
        ("gre", _) if checksum == Checksum::Remote => (
            Tunnel::Gre {
                checksum: Checksum::None,
            },
            Some("gre tunnels have no remote checksums: none are used"),
        ),
        ("gre", None) => (Tunnel::Gre { checksum }, None),
        ("gre", Some(_)) => (Tunnel::Gre { checksum }, Some(NO_PORT)),
        (_, Some(_)) => (Tunnel::Ipip, Some(NO_PORT)),
        (_, None) if options.checksum.is_some() => (
            Tunnel::Ipip,
            Some("ipip tunnels have no checksums: none are used"),
        ),
        (_, None) => (Tunnel::Ipip, None),
    };
    if let Some(mistake) = mistake {
        refuse(diags, call.span(), Refusal::general(mistake));
    }
    tunnel
}

/// Said of the other kinds.
const NO_PORT: &str = "only gue tunnels have a port: it is not used";

/// Print it.
pub(super) fn show(forwarding: Option<Forwarding>, name: &str, out: &mut dyn Sink) {
    let Some(forwarding) = forwarding else { return };
    let words = words(forwarding);
    out.line(name, &words.iter().map(String::as_str).collect::<Vec<_>>());
}

fn words(forwarding: Forwarding) -> Vec<String> {
    let checksum = |checksum| match checksum {
        Checksum::None => None,
        Checksum::Outer => Some("csum"),
        Checksum::Remote => Some("remcsum"),
    };
    let tunnel = |words: &[&str], sum: Option<&str>| {
        let words = ["TUN", "type"].into_iter().chain(words.iter().copied());
        words.chain(sum).map(str::to_owned).collect()
    };
    match forwarding {
        Forwarding::DirectRoute => vec!["DR".into()],
        Forwarding::Tunnel(Tunnel::Ipip) => vec!["TUN".into()],
        Forwarding::Tunnel(Tunnel::Gue {
            port,
            checksum: sum,
        }) => tunnel(&["gue", "port", &port.to_string()], checksum(sum)),
        Forwarding::Tunnel(Tunnel::Gre { checksum: sum }) => tunnel(&["gre"], checksum(sum)),
        // The others are the kernel's own and never configured.
        Forwarding::Masquerade | Forwarding::Local | Forwarding::Bypass => vec!["NAT".into()],
    }
}
