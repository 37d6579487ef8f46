//! The checks of a real server.

use super::{ANY, BOOL, FLAG, NAME, NUMBER_MAX, TIMEOUT, TIMES, number_within};
use crate::control_plane::arg::{
    address, block, choice, int, interface, nowhere, seconds, some_words, words,
};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{self, Refusal, refuse};
use crate::control_plane::schema::{Block, Call, Inner, Row, no_head};
use crate::control_plane::source::Span;
use crate::global::top::Draft;

pub(super) const ROWS: &[Row<Draft>] = &[
    Row::later("MISC_CHECK", block(&MISC), "A script."),
    Row::later("SMTP_CHECK", block(&SMTP), "A mail server."),
    Row::later("TCP_CHECK", block(&TCP), "A connection."),
    Row::later("PING_CHECK", block(&TCP), "An echo."),
    Row::later("UDP_CHECK", block(&UDP), "A datagram and its answer."),
    Row::later("HTTP_GET", block(&HTTP), "A page."),
    Row::later("SSL_GET", block(&TLS), "A page over TLS."),
    Row::later("DNS_CHECK", block(&DNS), "A question to a name server."),
    Row::later("FILE_CHECK", block(&FILE), "A number in a file."),
    Row::later("BFD_CHECK", block(&BFD), "A BFD session."),
];

const COMMON: &[Row<Draft>] = &[
    Row::later(
        "retry",
        int(0, NUMBER_MAX, "", nowhere()),
        "More attempts before the server is down.",
    ),
    Row::later("alpha", BOOL, "The server is down until the first check."),
    Row::later("log_all_failures", BOOL, "Log each failed check."),
];

const CONNECTION: &[Row<Draft>] = &[
    Row::later(
        "connect_ip",
        address(nowhere()),
        "Another address to check.",
    ),
    Row::later(
        "connect_port",
        int(1, 65535, "", nowhere()),
        "Another port to check.",
    ),
    Row::later("bindto", address(nowhere()), "The source address."),
    Row::later(
        "bind_port",
        int(1, 65535, "", nowhere()),
        "The source port.",
    ),
    Row::later("bind_if", interface(nowhere()), "The interface."),
    Row::later("connect_timeout", TIMEOUT, "How long it may take."),
    Row::later(
        "fwmark",
        int(0, NUMBER_MAX, "", nowhere()),
        "The mark of packets.",
    ),
];

type Check = Inner<Draft, Draft>;

const fn check(block: &'static Block<Draft>) -> Check {
    Inner::same(block, "", |draft, call, diags| {
        draft.service.urls = 0;
        draft.service.script = false;
        no_head(draft, call, diags)
    })
}

static TCP: Check = check(&Block {
    rows: &[CONNECTION, COMMON, TIMES],
    finish: None,
});

static MISC: Check = check(&Block {
    rows: &[
        &[
            Row::later(
                "misc_path",
                words(
                    "COMMAND",
                    1,
                    ANY,
                    |draft: &mut Draft, _, _| draft.service.script = true,
                    |_, _, _| (),
                ),
                "What to run; in quotes with its arguments.",
            ),
            Row::later(
                "misc_timeout",
                seconds(0, 4294, nowhere()),
                "How long it may take.",
            ),
            Row::later("misc_dynamic", FLAG, "Its status sets the weight."),
            Row::later("user", some_words("USER [[:]GROUP]", 1, 2), "Who runs it."),
        ],
        COMMON,
        TIMES,
    ],
    finish: Some(finish_script),
});

static SMTP: Check = check(&Block {
    rows: &[
        &[
            Row::later("helo_name", NAME, "The name given."),
            Row::later(
                "host",
                block(&TCP),
                "The old form: a check of its own for each host.",
            ),
        ],
        CONNECTION,
        COMMON,
        TIMES,
    ],
    finish: None,
});

static UDP: Check = check(&Block {
    rows: &[
        &[
            Row::later(
                "payload",
                words(
                    "HEX ...",
                    1,
                    ANY,
                    |_: &mut Draft, call, diags| hex("", call, diags),
                    |_, _, _| (),
                ),
                "What to send.",
            ),
            Row::later(
                "require_reply",
                words(
                    "[HEX ...]",
                    0,
                    ANY,
                    |_: &mut Draft, call, diags| hex("xX", call, diags),
                    |_, _, _| (),
                ),
                "There must be an answer, and how it begins.",
            ),
            Row::later(
                "min_reply_length",
                int(0, 65535, "octets", nowhere()),
                "The shortest answer.",
            ),
            Row::later(
                "max_reply_length",
                int(0, 65535, "octets", nowhere()),
                "The longest answer.",
            ),
        ],
        CONNECTION,
        COMMON,
        TIMES,
    ],
    finish: None,
});

fn hex(more: &str, call: &Call<'_>, diags: &mut Diags) {
    for word in call.args {
        if !word
            .text
            .chars()
            .all(|c| c.is_ascii_hexdigit() || more.contains(c))
        {
            let text = format!("`{}` is not hexadecimal", word.text);
            refuse(diags, word.span, Refusal::general(text));
        }
    }
}

const HTTP_ROWS: &[Row<Draft>] = &[
    Row::later(
        "nb_get_retry",
        int(0, NUMBER_MAX, "", nowhere()),
        "More attempts.",
    )
    .replaced_by("retry"),
    Row::later("virtualhost", NAME, "The host asked for."),
    Row::later(
        "http_protocol",
        choice(&["1.0", "1.0C", "1.0c", "1.1"], nowhere()),
        "The version of HTTP.",
    ),
    Row::later("enable_sni", BOOL, "Name the host in TLS."),
    Row::later("sni_name", some_words("[NAME]", 0, 1), "The name there."),
    Row::later(
        "fast_recovery",
        BOOL,
        "Ask for all pages at once while down.",
    ),
    Row::later("url", block(&URL), "A page."),
];

static HTTP: Check = check(&Block {
    rows: &[HTTP_ROWS, CONNECTION, COMMON, TIMES],
    finish: Some(finish_pages),
});

static TLS: Check = check(&Block {
    rows: &[
        HTTP_ROWS,
        &[Row::later(
            "tls_compliant",
            BOOL,
            "End TLS as its standard says.",
        )],
        CONNECTION,
        COMMON,
        TIMES,
    ],
    finish: Some(finish_pages),
});

fn finish_script(draft: &mut Draft, span: Span, diags: &mut Diags) {
    if !draft.service.script {
        diags.error(Code::General, span, "the check has no misc_path");
    }
}

fn finish_pages(draft: &mut Draft, span: Span, diags: &mut Diags) {
    if draft.service.urls == 0 {
        diags.error(Code::General, span, "the check has no url");
    }
}

static URL: Check = Inner::same(&URL_BLOCK, "", |draft, call, diags| {
    draft.service.urls += 1;
    no_head(draft, call, diags)
});

static URL_BLOCK: Block<Draft> = Block {
    rows: &[&[
        Row::later("path", NAME, "The path."),
        Row::later(
            "digest",
            words("HEX", 1, 1, check_digest, |_, _, _| ()),
            "The MD5 digest of the page.",
        ),
        Row::later(
            "status_code",
            words("N[-N] ...", 0, ANY, check_status, |_, _, _| ()),
            "The status of a good answer.",
        ),
        Row::later("virtualhost", NAME, "The host asked for."),
        Row::later(
            "regex",
            some_words("PATTERN", 1, ANY),
            "A pattern to find in the page.",
        ),
        Row::later("regex_no_match", FLAG, "It must not be found."),
        Row::later(
            "regex_options",
            words("WORD ...", 1, ANY, check_options, |_, _, _| ()),
            "Options of the pattern.",
        ),
        Row::later(
            "regex_min_offset",
            int(0, i64::MAX, "octets", nowhere()),
            "Where to begin to look.",
        ),
        Row::later(
            "regex_max_offset",
            int(0, i64::MAX, "octets", nowhere()),
            "Where to stop.",
        ),
        Row::later(
            "regex_stack",
            some_words("START MAX", 2, 2),
            "Memory of the pattern.",
        ),
        Row::later("tls_compliant", BOOL, "End TLS as its standard says."),
    ]],
    finish: None,
};

fn check_digest(_: &mut Draft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    if word.text.len() != 32 || !word.text.bytes().all(|b| b.is_ascii_hexdigit()) {
        let text = "digest: not 32 hexadecimal digits";
        refuse(diags, word.span, Refusal::general(text));
    }
}

fn check_status(_: &mut Draft, call: &Call<'_>, diags: &mut Diags) {
    if call.args.is_empty() {
        let text = "`status_code` needs a status";
        diags.error(Code::MissingParameter, call.keyword.span, text);
    }
    for word in call.args {
        for part in word.text.split('-') {
            if let Err(refusal) = read::integer(part, 100, 599, "") {
                refuse(diags, word.span, refusal);
                break;
            }
        }
    }
}

const REGEX_OPTIONS: &[&str] = &[
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

fn check_options(_: &mut Draft, call: &Call<'_>, diags: &mut Diags) {
    for word in call.args {
        if !REGEX_OPTIONS.contains(&word.text.as_str()) {
            let text = format!("`{}` is no option of patterns", word.text);
            refuse(diags, word.span, Refusal::general(text));
        }
    }
}

static DNS: Check = check(&Block {
    rows: &[
        &[
            Row::later(
                "type",
                words("TYPE", 1, 1, check_type, |_, _, _| ()),
                "The type asked for.",
            ),
            Row::later("name", NAME, "The name asked for."),
        ],
        CONNECTION,
        COMMON,
        TIMES,
    ],
    finish: None,
});

const TYPES: &[&str] = &[
    "A", "NS", "CNAME", "SOA", "MX", "TXT", "AAAA", "RRSIG", "DNSKEY",
];

fn check_type(_: &mut Draft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    if !TYPES.contains(&word.text.to_ascii_uppercase().as_str()) {
        let text = format!("`{}` is none of {}", word.text, TYPES.join(", "));
        refuse(diags, word.span, Refusal::general(text));
    }
}

static FILE: Check = check(&Block {
    rows: &[&[
        Row::later(
            "track_file",
            words("NAME", 1, 1, check_file, |_, _, _| ()),
            "The file.",
        ),
        Row::later(
            "weight",
            words("N [reverse|noreverse]", 1, 2, check_weight, |_, _, _| ()),
            "The number is multiplied by this.",
        ),
    ]],
    finish: None,
});

fn check_file(draft: &mut Draft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    if !draft.names.files.iter().any(|name| name.value == word.text) {
        let text = format!("track_file `{}` is not defined before", word.text);
        refuse(diags, word.span, Refusal::general(text));
    }
}

fn check_weight(_: &mut Draft, call: &Call<'_>, diags: &mut Diags) {
    let Some((number, rest)) = call.args.split_first() else {
        return;
    };
    number_within(number, -i64::from(i32::MAX), i64::from(i32::MAX), diags);
    if let Some(word) = rest.first()
        && let Err(refusal) = read::choice(&word.text, &["reverse", "noreverse"])
    {
        refuse(diags, word.span, refusal);
    }
}

static BFD: Check = check(&Block {
    rows: &[&[
        Row::later(
            "name",
            words("NAME", 1, 1, check_bfd, |_, _, _| ()),
            "The session.",
        ),
        Row::later("alpha", BOOL, "The server is down until it is up."),
    ]],
    finish: None,
});

fn check_bfd(draft: &mut Draft, call: &Call<'_>, diags: &mut Diags) {
    let [word] = call.args else { return };
    if !draft.names.bfd.iter().any(|name| name.value == word.text) {
        let text = format!("bfd_instance `{}` is not defined before", word.text);
        refuse(diags, word.span, Refusal::general(text));
    }
}
