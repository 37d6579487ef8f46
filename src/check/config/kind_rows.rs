//! The rows that only one kind of check has; those of pages are in [`super::pages`].

use std::fmt::Write as _;

use super::checkers::PLAIN;
use super::draft::{CheckKind, CheckerDraft};
use super::number;
use crate::control_plane::arg::{block, command, flag, int, seconds, text, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::{self, Call, Child, Lens, at, no_head};
use crate::control_plane::script;
use crate::control_plane::show::Sink;
use crate::control_plane::value::Spanned;
use crate::control_plane::words::Word;
use crate::wire::dns;

type Row = schema::Row<CheckerDraft>;
type Rows = &'static [Row];

/// The longest name of a `bfd_instance`.
const SESSION_MAX: usize = 31;

pub(super) const MISC: Rows = &[
    Row::new(
        "misc_path",
        command(
            "COMMAND",
            (1, 1),
            |check: &mut CheckerDraft, call, diags| {
                check.special.script = script::without_account(call, diags);
            },
            |check, name, out| {
                if let Some(request) = &check.special.script {
                    let words = script::show(request);
                    if let Some(command) = words.first() {
                        out.line(name, &[command]);
                    }
                }
            },
        ),
        "The script to run, in quotes with its arguments. Obligatory.",
    )
    .skipped_bare(),
    Row::new(
        "misc_timeout",
        seconds(0, 4294, at!(special.timeout)),
        "How long the script may run; after that it has failed and is ended. 0: as without this \
         line.",
    )
    .default("delay_loop of the virtual server"),
    Row::new(
        "misc_dynamic",
        flag(Lens {
            get: |check: &CheckerDraft| Some(check.special.dynamic),
            set: |check, value, _| check.special.dynamic = value,
        }),
        "Exit status 2 to 255 is success, too, and sets the weight to two less.",
    ),
    Row::new(
        "user",
        words("USER [[:]GROUP]", 1, 2, set_user, show_user),
        "The user that runs the script.",
    )
    .skipped_bare()
    .default("that of script_user"),
];

fn set_user(check: &mut CheckerDraft, call: &Call<'_>, _: &mut Diags) {
    let mut words = call.args.iter().map(|word| word.text.clone());
    check.special.user = words.next().map(|user| (user, words.next()));
}

fn show_user(check: &CheckerDraft, name: &str, out: &mut dyn Sink) {
    if let Some((user, group)) = &check.special.user {
        let words = [Some(user), group.as_ref()].into_iter().flatten();
        out.line(name, &words.map(String::as_str).collect::<Vec<_>>());
    }
}

pub(super) const SMTP: Rows = &[
    Row::new(
        "helo_name",
        text("NAME", at!(special.helo)),
        "The name of this machine that the server is told (HELO).",
    )
    .skipped_bare()
    .default("smtpchecker.keepalived.org"),
    Row::new(
        "host",
        block(&HOST),
        "The old form: each such block is a check of its own.",
    ),
];

static HOST: Child<CheckerDraft, CheckerDraft> = Child {
    block: &PLAIN,
    usage: "",
    open: |check, call, diags| {
        no_head(check, call, diags);
        Some(CheckerDraft {
            kind: CheckKind::Smtp,
            span: call.keyword.span,
            ..CheckerDraft::default()
        })
    },
    close: |check, host| check.special.hosts.push(host),
    each: |check, show| {
        for host in &check.special.hosts {
            show(&[], host);
        }
    },
};

pub(super) const UDP: Rows = &[
    Row::new(
        "payload",
        words(
            "HEX ...",
            1,
            usize::MAX,
            |check: &mut CheckerDraft, call, diags| {
                if let Some(octets) = some_hex(call, false, diags) {
                    let octets = octets.into_iter().map(|(octet, _)| octet);
                    check.special.payload = Some(octets.collect());
                }
            },
            |check, name, out| {
                if let Some(octets) = &check.special.payload {
                    let octets = octets.iter().map(|octet| (*octet, 0xff));
                    out.line(name, &[&hex_text(octets)]);
                }
            },
        ),
        "The octets to send, in hexadecimal.",
    )
    .skipped_bare()
    .default("32 octets of text"),
    Row::new(
        "require_reply",
        words(
            "[HEX ...]",
            0,
            usize::MAX,
            |check: &mut CheckerDraft, call, diags| {
                let octets = match call.args {
                    [] => None,
                    _ => some_hex(call, true, diags),
                };
                // An answer is wanted, even if it is not said well which one.
                check.special.reply = Some(octets.unwrap_or_default());
            },
            |check, name, out| match check.special.reply.as_deref() {
                None => (),
                Some([]) => out.line(name, &[]),
                Some(octets) => out.line(name, &[&hex_text(octets.iter().copied())]),
            },
        ),
        "There must be an answer, and how it begins; X stands for any digit.",
    )
    .default("any answer, or none, will do"),
    Row::new(
        "min_reply_length",
        int(0, 65535, "octets", at!(special.min_length)),
        "The shortest answer that is good.",
    )
    .default("0"),
    Row::new(
        "max_reply_length",
        int(0, 65535, "octets", at!(special.max_length)),
        "The longest answer that is good.",
    )
    .default("255 if the answer is compared with a pattern, else any length"),
];

/// At least one octet.
fn some_hex(call: &Call<'_>, wildcards: bool, diags: &mut Diags) -> Option<Vec<(u8, u8)>> {
    let octets = hex(call, wildcards, diags)?;
    if octets.is_empty() {
        refuse(diags, call.span(), Refusal::general("there are no octets"));
        return None;
    }
    Some(octets)
}

/// Octets with the bits that count: pairs of digits within each word, also of those that
/// are quoted together; the odd one at the end of a word is an octet by itself.
fn hex(call: &Call<'_>, wildcards: bool, diags: &mut Diags) -> Option<Vec<(u8, u8)>> {
    let mut octets = Vec::new();
    for word in call.args {
        for group in word.text.split_ascii_whitespace() {
            let Some(digits) = hex_digits(group, wildcards) else {
                let text = format!("`{group}` is not hexadecimal");
                refuse(diags, word.span, Refusal::general(text));
                return None;
            };
            octets.extend(digits.chunks(2).map(|pair| match *pair {
                [(high, counts), (low, also)] => (high << 4 | low, counts << 4 | also),
                [(low, counts)] => (low, 0xf0 | counts),
                _ => (0, 0),
            }));
        }
    }
    Some(octets)
}

/// Digits with the bits that count.
fn hex_digits(text: &str, wildcards: bool) -> Option<Vec<(u8, u8)>> {
    let digits = text.chars().map(|letter| match letter.to_digit(16) {
        Some(value) => u8::try_from(value).ok().map(|value| (value, 0xf)),
        None if wildcards && matches!(letter, 'x' | 'X') => Some((0, 0)),
        None => None,
    });
    digits.collect()
}

fn hex_text(octets: impl Iterator<Item = (u8, u8)>) -> String {
    let mut text = String::new();
    for (octet, counts) in octets {
        for (value, counts) in [(octet >> 4, counts >> 4), (octet & 0xf, counts & 0xf)] {
            // Writing to a string cannot fail.
            let _ = if counts == 0 {
                text.write_char('X')
            } else {
                write!(text, "{value:x}")
            };
        }
    }
    text
}

pub(super) const DNS: Rows = &[
    Row::new(
        "type",
        words(
            "TYPE",
            1,
            1,
            |check: &mut CheckerDraft, call, diags| {
                let [word] = call.args else { return };
                let name = word.text.to_ascii_uppercase();
                match TYPES.iter().find(|(known, _)| *known == name) {
                    Some((known, _)) => check.special.record = Some(known),
                    None => {
                        let names: Vec<_> = TYPES.iter().map(|(name, _)| *name).collect();
                        let text = format!("`{}` is none of {}", word.text, names.join(", "));
                        refuse(diags, word.span, Refusal::general(text));
                    }
                }
            },
            |check, name, out| {
                if let Some(record) = check.special.record {
                    out.line(name, &[record]);
                }
            },
        ),
        "The type of record that is asked for: A, NS, CNAME, SOA, MX, TXT, AAAA, RRSIG or DNSKEY.",
    )
    .default("SOA"),
    Row::new(
        "name",
        words("NAME", 1, 1, set_domain, |check, name, out| {
            if let Some(domain) = &check.special.name {
                out.line(name, &[domain]);
            }
        }),
        "The domain name that is asked for.",
    )
    .once()
    .default("the root"),
];

fn set_domain(check: &mut CheckerDraft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    match dns::question(0, &word.text, 0, &mut Vec::new()) {
        Ok(()) => check.special.name = Some(word.text.clone()),
        Err(why) => {
            let text = format!("`{}` is no domain name: {}", word.text, why.words());
            refuse(diags, word.span, Refusal::general(text));
        }
    }
}

/// Types of records and their numbers (RFC 1035 3.2.2, RFC 3596, RFC 4034).
pub(super) const TYPES: &[(&str, u16)] = &[
    ("A", 1),
    ("NS", 2),
    ("CNAME", 5),
    ("SOA", 6),
    ("MX", 15),
    ("TXT", 16),
    ("AAAA", 28),
    ("RRSIG", 46),
    ("DNSKEY", 48),
];

pub(super) const FILE: Rows = &[
    Row::new(
        "track_file",
        words("NAME", 1, 1, set_target, show_target),
        "The name of the track_file, which has to be defined before. Obligatory.",
    ),
    Row::new(
        "weight",
        words(
            "N [reverse|noreverse]",
            1,
            2,
            set_weight,
            |check, name, out| {
                if let Some((weight, reverse)) = check.special.weight {
                    let number = weight.to_string();
                    let reverse = if reverse { "reverse" } else { "noreverse" };
                    out.line(name, &[&number, reverse]);
                }
            },
        ),
        "The number in the file times this is added to the weight of the server. 0: a number other \
         than 0 means down.",
    )
    .skipped_bare()
    .default("that of the track_file"),
];

pub(super) const BFD: Rows = &[Row::new(
    "name",
    words("NAME", 1, 1, set_session, show_target),
    "The name of the bfd_instance, which has to be defined before. Obligatory.",
)
.skipped_bare()];

fn set_session(check: &mut CheckerDraft, call: &Call<'_>, diags: &mut Diags) {
    if let Some(word) = call.args.first() {
        if let Err(refusal) = read::text(&word.text, SESSION_MAX) {
            return refuse(diags, word.span, refusal);
        }
        if check.special.target.is_some() {
            let text = "a check follows one session: the first one stays";
            return diags.error(Code::General, word.span, text);
        }
    }
    set_target(check, call, diags);
}

fn set_target(check: &mut CheckerDraft, call: &Call<'_>, _: &mut Diags) {
    let named = |word: &Word| Spanned::new(word.text.clone(), word.span);
    check.special.target = call.args.first().map(named);
}

fn show_target(check: &CheckerDraft, name: &str, out: &mut dyn Sink) {
    if let Some(target) = &check.special.target {
        out.line(name, &[target]);
    }
}

fn set_weight(check: &mut CheckerDraft, call: &Call<'_>, diags: &mut Diags) {
    let Some((weight, rest)) = call.args.split_first() else {
        return;
    };
    let most = i64::from(i32::MAX);
    let Some(weight) = number(weight, -most, most, diags) else {
        return;
    };
    let reverse = match rest.first() {
        Some(word) => match read::choice(&word.text, &["reverse", "noreverse"]) {
            Ok(name) => name == "reverse",
            Err(refusal) => return refuse(diags, word.span, refusal),
        },
        None => false,
    };
    check.special.weight = Some((i32::try_from(weight).unwrap_or(0), reverse));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::source::Span;
    use crate::control_plane::words::Line;

    #[test]
    fn hexadecimal_as_the_manual_has_it() {
        let word = |text: &str| Word {
            text: text.into(),
            span: Span::default(),
            quoted: false,
        };
        let words: Vec<Word> = ["Ab12f", "3", "456 xa", "0X", "x"].map(word).into();
        let line = Line {
            words: words.clone(),
            raw: String::new(),
            span: Span::default(),
        };
        let call = Call {
            keyword: &words[0],
            args: &words,
            line: &line,
        };
        let mut diags = Diags::default();
        let octets = hex(&call, true, &mut diags).unwrap();
        assert_eq!(
            octets,
            [
                (0xab, 0xff),
                (0x12, 0xff),
                (0x0f, 0xff),
                (0x03, 0xff),
                (0x45, 0xff),
                (0x06, 0xff),
                (0x0a, 0x0f),
                (0x00, 0xf0),
                (0x00, 0xf0),
            ]
        );
        assert_eq!(hex_text(octets.into_iter()), "ab120f034506Xa0X0X");
        assert_eq!(hex(&call, false, &mut diags), None);
    }
}
