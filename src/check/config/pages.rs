//! The rows of `HTTP_GET` and `SSL_GET`.

use std::os::unix::ffi::OsStrExt;

use super::draft::{CheckerDraft, PageDraft};
use super::{NUMBER_MAX, number};
use crate::control_plane::arg::{block, boolean, choice, flag, int, text, to_keyword, words};
use crate::control_plane::command;
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::{self, Block, Call, Child, Lens, at, no_head};
use crate::control_plane::show::Sink;
use crate::control_plane::source::Span;
use crate::control_plane::value::Spanned;

type CheckRow = schema::Row<CheckerDraft>;
type Row = schema::Row<PageDraft>;

pub(super) const HTTP: &[CheckRow] = &[
    CheckRow::new(
        "nb_get_retry",
        int(
            0,
            NUMBER_MAX,
            "",
            Lens {
                get: |_: &CheckerDraft| None,
                set: |check, number, _| check.given.retry = u32::try_from(number).ok(),
            },
        ),
        "How many more attempts are made before a server that was up is down.",
    )
    .replaced_by("retry"),
    CheckRow::new(
        "virtualhost",
        text("NAME", at!(given.virtualhost)),
        "The host that pages are asked from.",
    )
    .skipped_bare()
    .default("that of the real server"),
    CheckRow::new(
        "http_protocol",
        choice(&["1.0", "1.0C", "1.0c", "1.1"], at!(special.version)),
        "The version of HTTP. 1.0C is 1.0 with `Connection: close`, which 1.1 has, too.",
    )
    .skipped_bare()
    .default("1.0"),
    CheckRow::new(
        "enable_sni",
        boolean(at!(special.sni)),
        "Name the host in TLS: sni_name, else the virtualhost of page, check or virtual server.",
    ),
    CheckRow::new(
        "sni_name",
        words(
            "[NAME]",
            0,
            1,
            |check: &mut CheckerDraft, call, _| {
                check.special.sni = Some(true);
                check.special.sni_name = call.args.first().map(|word| word.text.clone());
            },
            |check, name, out| {
                if let Some(sni) = &check.special.sni_name {
                    out.line(name, &[sni]);
                }
            },
        ),
        "The name of the host in TLS; sets enable_sni.",
    ),
    CheckRow::new(
        "fast_recovery",
        boolean(at!(special.fast_recovery)),
        "Fetch pages one after the other without delay while starting and recovering.",
    ),
    CheckRow::new(
        "url",
        block(&URL),
        "A page to fetch; the check has succeeded when all pages are good.",
    ),
];

pub(super) const TLS: &[CheckRow] = &[CheckRow::new(
    "tls_compliant",
    boolean(at!(special.tls_compliant)),
    "End TLS with close-notify as its standard says.",
)];

static URL: Child<CheckerDraft, PageDraft> = Child {
    block: &Block {
        rows: &[PAGE, PATTERN],
        finish: Some(finish),
    },
    usage: "",
    open: |check, call, diags| {
        no_head(check, call, diags);
        Some(PageDraft {
            span: call.keyword.span,
            ..PageDraft::default()
        })
    },
    close: |check, page| {
        if page.tls_compliant.is_some() {
            check.special.tls_compliant = page.tls_compliant;
        }
        if page.path.is_some() {
            check.special.pages.push(page);
        }
    },
    each: |check, show| {
        for page in &check.special.pages {
            show(&[], page);
        }
    },
};

fn finish(page: &mut PageDraft, span: Span, diags: &mut Diags) {
    if page.path.is_none() {
        diags.error(Code::General, span, "the url has no path");
    }
    if let (Some(min), Some(max)) = (page.min_offset, page.max_offset)
        && min >= max
    {
        let text = "regex_min_offset has to be below regex_max_offset: neither is used";
        diags.warn(Code::Warning, span, text);
        (page.min_offset, page.max_offset) = (None, None);
    }
}

const PAGE: &[Row] = &[
    Row::new(
        "path",
        text("PATH", at!(path)),
        "The path of the page on the server. Obligatory.",
    ),
    Row::new(
        "digest",
        words("HEX", 1, 1, set_digest, |page, name, out| {
            if let Some(digest) = &page.digest {
                let digits: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
                out.line(name, &[&digits]);
            }
        }),
        "The digest of the page as genhash prints it: MD5, or SHA-1 with 40 digits.",
    )
    .once(),
    Row::new(
        "status_code",
        to_keyword(words(
            "N[-N] ...",
            0,
            usize::MAX,
            set_statuses,
            show_statuses,
        )),
        "The status codes of a good answer, 100 to 599, alone or as ranges.",
    )
    .default("200-299"),
    Row::new(
        "virtualhost",
        text("NAME", at!(virtualhost)),
        "The host that the page is asked from.",
    )
    .skipped_bare()
    .default("that of the check"),
    Row::new(
        "tls_compliant",
        boolean(Lens {
            get: |_: &PageDraft| None,
            set: |page, value, span| page.tls_compliant = Some(Spanned::new(value, span)),
        }),
        "As tls_compliant of the check.",
    ),
];

fn set_digest(page: &mut PageDraft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    let text = word.text.as_bytes();
    let digit = |octet: &u8| {
        let value = char::from(*octet).to_digit(16);
        value.and_then(|value| u8::try_from(value).ok())
    };
    let octets: Option<Vec<u8>> = text
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect();
    match octets {
        Some(octets) if [16, 20].contains(&octets.len()) => page.digest = Some(octets),
        _ => {
            let text = "digest: neither 32 (MD5) nor 40 (SHA-1) hexadecimal digits";
            refuse(diags, word.span, Refusal::general(text));
        }
    }
}

fn set_statuses(page: &mut PageDraft, call: &Call<'_>, diags: &mut Diags) {
    if call.args.is_empty() {
        let text = "`status_code` needs a status";
        diags.error(Code::General, call.keyword.span, text);
    }
    for word in call.args {
        let (first, last) = word
            .text
            .split_once('-')
            .unwrap_or((&word.text, &word.text));
        let status = |text| read::integer(text, 100, 599, "");
        let range = status(first).and_then(|first| Ok((first, status(last)?)));
        match range {
            Ok((first, last)) if first <= last => {
                let narrow = |number| u16::try_from(number).unwrap_or(u16::MAX);
                page.statuses.push((narrow(first), narrow(last)));
            }
            Ok(_) => {
                let text = format!("`{}` ends before it begins", word.text);
                refuse(diags, word.span, Refusal::general(text));
            }
            Err(refusal) => refuse(diags, word.span, refusal),
        }
    }
}

fn show_statuses(page: &PageDraft, name: &str, out: &mut dyn Sink) {
    let words: Vec<String> = page
        .statuses
        .iter()
        .map(|(first, last)| {
            if first == last {
                first.to_string()
            } else {
                format!("{first}-{last}")
            }
        })
        .collect();
    if !words.is_empty() {
        out.line(name, &words.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

const PATTERN: &[Row] = &[
    Row::new(
        "regex",
        words("PATTERN", 1, usize::MAX, set_pattern, |page, name, out| {
            if let Some(pattern) = &page.pattern {
                out.line(name, &[&escaped(pattern)]);
            }
        }),
        "A PCRE2 pattern that the page has to match. Quote it, and write each backslash twice.",
    )
    .skipped_bare(),
    Row::new(
        "regex_no_match",
        flag(Lens {
            get: |page: &PageDraft| Some(page.inverted),
            set: |page, value, _| page.inverted = value,
        }),
        "The page is good if it does not match the pattern of regex.",
    ),
    Row::new(
        "regex_options",
        words("WORD ...", 1, usize::MAX, set_options, |page, name, out| {
            if !page.options.is_empty() {
                let options: Vec<&str> = page.options.iter().map(String::as_str).collect();
                out.line(name, &options);
            }
        }),
        "Options of the pattern of regex, as pcre2api(3) names them.",
    )
    .skipped_bare(),
    Row::new(
        "regex_min_offset",
        int(0, NUMBER_MAX, "octets", at!(min_offset)),
        "Where in the page the search for regex begins.",
    )
    .skipped_bare()
    .default("0"),
    Row::new(
        "regex_max_offset",
        int(0, NUMBER_MAX, "octets", at!(max_offset)),
        "The last octet of the page that a match of regex may begin at.",
    )
    .skipped_bare()
    .default("no limit"),
    Row::new(
        "regex_stack",
        words("START MAX", 2, 2, set_stack, |page, name, out| {
            if let Some((start, most)) = page.stack {
                out.line(name, &[&start.to_string(), &most.to_string()]);
            }
        }),
        "Octets of memory for the match of regex, at the beginning and at most.",
    )
    .skipped_bare(),
];

/// The raw line by the rules of scripts, escapes included.
fn set_pattern(page: &mut PageDraft, call: &Call<'_>, diags: &mut Diags) {
    let words = match command::split(&call.line.raw) {
        Ok(words) => words,
        Err(error) => {
            return diags.error(Code::UnmatchedQuote, call.span(), error.text);
        }
    };
    let Some(word) = words.get(1) else { return };
    if words.len() > 2 {
        let text = "a pattern with blanks has to be quoted: it is not used";
        return refuse(diags, call.span(), Refusal::general(text));
    }
    match std::str::from_utf8(word.as_bytes()) {
        Ok(text) => page.pattern = Some(Spanned::new(text.to_owned(), call.span())),
        Err(_) => refuse(
            diags,
            call.span(),
            Refusal::general("the pattern is no UTF-8"),
        ),
    }
}

/// A pattern so that the rules of the raw line give it again.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for letter in text.chars() {
        let plain = !letter.is_ascii()
            || letter.is_ascii_alphanumeric()
            || "^.*+?()[]|-_/:=<>,;%&".contains(letter);
        if plain {
            out.push(letter);
        } else {
            out.push_str(&format!("\\x{:02x}", u32::from(letter)));
        }
    }
    out
}

fn set_options(page: &mut PageDraft, call: &Call<'_>, diags: &mut Diags) {
    for word in call.args {
        if OPTIONS.contains(&word.text.as_str()) {
            page.options.push(word.text.clone());
        } else {
            let text = format!("`{}` is no option of patterns", word.text);
            refuse(diags, word.span, Refusal::general(text));
        }
    }
}

fn set_stack(page: &mut PageDraft, call: &Call<'_>, diags: &mut Diags) {
    let [start, most] = call.args else { return };
    let (Some(first), Some(last)) = (
        number(start, 1, NUMBER_MAX, diags),
        number(most, 1, NUMBER_MAX, diags),
    ) else {
        return;
    };
    if first > last {
        let text = "regex_stack begins with more than it may have";
        return refuse(diags, start.span, Refusal::general(text));
    }
    let narrow = |number| usize::try_from(number).unwrap_or(usize::MAX);
    page.stack = Some((narrow(first), narrow(last)));
}

const OPTIONS: &[&str] = &[
    "allow_empty_class",
    "alt_bsux",
    "auto_callout",
    "caseless",
    "dollar_endonly",
    "dotall",
    "dupnames",
    "extended",
    "firstline",
    "match_unset_backref",
    "multiline",
    "never_ucp",
    "never_utf",
    "no_auto_capture",
    "no_auto_possess",
    "no_dotstar_anchor",
    "no_start_optimize",
    "ucp",
    "ungreedy",
    "utf",
    "never_backslash_c",
    "alt_circumflex",
    "alt_verbnames",
    "use_offset_limit",
];
