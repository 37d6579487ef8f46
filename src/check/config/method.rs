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
    let options = options(words, diags)?;
    if name == "TUN" {
        return tunnel(&options, call, diags).map(Forwarding::Tunnel);
    }
    if let Some(word) = words.first() {
        let text = format!("{name} takes no options: only tunnels have some");
        refuse(diags, word.span, Refusal::general(text));
        return None;
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

fn options(mut words: &[Word], diags: &mut Diags) -> Option<Options> {
    let mut options = Options::default();
    while let Some((word, rest)) = words.split_first() {
        words = rest;
        match (word.text.as_str(), rest.split_first()) {
            ("type", Some((kind, rest))) => {
                words = rest;
                match read::choice(&kind.text, &["ipip", "gue", "gre"]) {
                    Ok(kind) => options.kind = Some(kind),
                    Err(refusal) => {
                        refuse(diags, kind.span, refusal);
                        return None;
                    }
                }
            }
            ("port", Some((port, rest))) => {
                words = rest;
                options.port = Some(super::port(port, diags)?);
            }
            ("type" | "port", None) => {
                let text = format!("`{}` needs a value", word.text);
                diags.error(Code::General, word.span, text);
                return None;
            }
            ("nocsum", _) => options.checksum = Some(Checksum::None),
            ("csum", _) => options.checksum = Some(Checksum::Outer),
            ("remcsum", _) => options.checksum = Some(Checksum::Remote),
            (other, _) => {
                let text = format!("unknown option `{other}`");
                refuse(diags, word.span, Refusal::general(text));
                return None;
            }
        }
    }
    Some(options)
}

fn tunnel(options: &Options, call: &Call<'_>, diags: &mut Diags) -> Option<Tunnel> {
    let checksum = options.checksum.unwrap_or_default();
    let (tunnel, mistake) = match (options.kind.unwrap_or("ipip"), options.port) {
        ("gue", Some(port)) => (Some(Tunnel::Gue { port, checksum }), ""),
        ("gue", None) => (None, "gue tunnels need a port"),
        (_, Some(_)) => (None, "only gue tunnels have a port"),
        ("gre", None) if checksum == Checksum::Remote => {
            (None, "gre tunnels have no remote checksums")
        }
        ("gre", None) => (Some(Tunnel::Gre { checksum }), ""),
        (_, None) if options.checksum.is_some() => (None, "ipip tunnels have no checksums"),
        (_, None) => (Some(Tunnel::Ipip), ""),
    };
    if tunnel.is_none() {
        refuse(diags, call.span(), Refusal::general(mistake));
    }
    tunnel
}

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
