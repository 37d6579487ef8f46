//! The checks of a real server: their blocks, and the rows that several have.

use super::draft::{CheckKind, CheckerDraft, ServerDraft};
use super::times::{connect_timeout, times};
use super::{NUMBER_MAX, kind_rows, pages};
use crate::control_plane::arg::{address, block, boolean, int, interface};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::parse::Parser;
use crate::control_plane::schema::{self, Block, Call, Describe, SubBlock, at, no_head};
use crate::control_plane::show::{self, Sink};
use crate::control_plane::source::Span;

/// A keyword of a check.
type Row = schema::Row<CheckerDraft>;

/// Every kind of check.
pub(super) const ROWS: &[schema::Row<ServerDraft>] = &[
    schema::Row::new(
        "MISC_CHECK",
        block(&MISC),
        "A check by a script: exit status 0 is success.",
    ),
    schema::Row::new(
        "SMTP_CHECK",
        block(&SMTP),
        "A check by the beginning of a conversation with \
         a mail server.",
    ),
    schema::Row::new(
        "TCP_CHECK",
        block(&TCP),
        "A check whether a TCP connection can be made.",
    ),
    schema::Row::new(
        "PING_CHECK",
        block(&PING),
        "A check by an ICMP echo request (ping).",
    ),
    schema::Row::new(
        "UDP_CHECK",
        block(&UDP),
        "A check by a UDP datagram and its answer.",
    ),
    schema::Row::new(
        "HTTP_GET",
        block(&HTTP),
        "A check by pages fetched over HTTP.",
    ),
    schema::Row::new(
        "SSL_GET",
        block(&TLS),
        "A check by pages fetched over TLS (HTTPS).",
    ),
    schema::Row::new(
        "DNS_CHECK",
        block(&DNS),
        "A check by a question to a name server.",
    ),
    schema::Row::new(
        "FILE_CHECK",
        block(&FILE),
        "A check by the number in a tracked file.",
    ),
    schema::Row::new(
        "BFD_CHECK",
        block(&BFD),
        "A check by the state of a BFD session.",
    ),
];

/// A block of one kind of check.
#[derive(Debug)]
pub(super) struct CheckBlock {
    kind: CheckKind,
    block: &'static Block<CheckerDraft>,
}

const KINDS: &[(&str, &CheckBlock)] = &[
    ("MISC_CHECK", &MISC),
    ("SMTP_CHECK", &SMTP),
    ("TCP_CHECK", &TCP),
    ("PING_CHECK", &PING),
    ("UDP_CHECK", &UDP),
    ("HTTP_GET", &HTTP),
    ("SSL_GET", &TLS),
    ("DNS_CHECK", &DNS),
    ("FILE_CHECK", &FILE),
    ("BFD_CHECK", &BFD),
];

impl SubBlock<ServerDraft> for CheckBlock {
    fn parse(&self, server: &mut ServerDraft, call: &Call<'_>, parser: &mut Parser<'_>) {
        let mut check = CheckerDraft {
            kind: self.kind,
            span: call.keyword.span,
            ..CheckerDraft::default()
        };
        no_head(&mut check, call, parser.diags);
        parser.sub_block(self.block, &mut check, call);
        if is_complete(&check) {
            // Most servers have one check, and a list would begin with room for four.
            if server.checks.is_empty() {
                server.checks.reserve_exact(1);
            }
            server.checks.push(check);
        }
    }

    /// The order of the checks is kept: the first kind prints all of them.
    fn show(&self, server: &ServerDraft, _: &str, out: &mut dyn Sink) {
        if !KINDS
            .first()
            .is_some_and(|(_, first)| first.kind == self.kind)
        {
            return;
        }
        for check in &server.checks {
            if let Some((name, kind)) = KINDS.iter().find(|(_, kind)| kind.kind == check.kind) {
                out.open(name, &[]);
                show::rows(kind.block, check, out);
                out.close();
            }
        }
    }

    fn describe(&self, out: &mut dyn Describe) {
        crate::control_plane::manual::describe(self.block, out);
    }

    fn usage(&self) -> &'static str {
        ""
    }
}

/// Whether a check says what it has to; the end of its block has told if not.
fn is_complete(check: &CheckerDraft) -> bool {
    match check.kind {
        CheckKind::Http | CheckKind::Tls => !check.special.pages.is_empty(),
        CheckKind::Misc => check.special.script.is_some(),
        CheckKind::File | CheckKind::Bfd => check.special.target.is_some(),
        CheckKind::Tcp | CheckKind::Smtp | CheckKind::Dns | CheckKind::Udp | CheckKind::Ping => {
            true
        }
    }
}

/// Tells what is missing at the end of a block.
fn finish(check: &mut CheckerDraft, span: Span, diags: &mut Diags) {
    if let (CheckKind::Http, Some(word)) = (check.kind, check.special.tls_compliant) {
        check.special.tls_compliant = None;
        diags.error(Code::General, word.span, "tls_compliant is for SSL_GET");
    }
    let text = match check.kind {
        _ if is_complete(check) => return,
        CheckKind::Misc => "the check has no misc_path",
        CheckKind::File => "the check has no track_file",
        CheckKind::Bfd => "the check has no name of a bfd_instance",
        CheckKind::Tcp
        | CheckKind::Http
        | CheckKind::Tls
        | CheckKind::Smtp
        | CheckKind::Dns
        | CheckKind::Udp
        | CheckKind::Ping => "the check has no url",
    };
    diags.error(Code::General, span, text);
}

/// What all kinds have but those that only watch.
pub(super) const COMMON: &[Row] = &[
    Row::new(
        "retry",
        int(0, NUMBER_MAX, "", at!(given.retry)),
        "How many more attempts are made before a server that was up is down.",
    )
    .default("that of the real server"),
    ALPHA,
    Row::new(
        "log_all_failures",
        boolean(at!(log_all_failures)),
        "Log each failed check, not only those that change something.",
    )
    .default("checker_log_all_failures"),
];

const ALPHA: Row = Row::new(
    "alpha",
    boolean(at!(given.alpha)),
    "The server is down until the check has succeeded once.",
)
.default("that of the real server");

/// How a check connects.
pub(super) const CONNECTION: &[Row] = &[
    Row::new(
        "connect_ip",
        address(at!(connection.address)),
        "The address to check.",
    )
    .default("that of the real server"),
    Row::new(
        "connect_port",
        int(1, 65535, "", at!(connection.port)),
        "The port to check.",
    )
    .default("that of the real server"),
    Row::new(
        "bindto",
        address(at!(connection.bind)),
        "The source address of the check.",
    )
    .default("the kernel's choice"),
    Row::new(
        "bind_port",
        int(1, 65535, "", at!(connection.bind_port)),
        "The source port of the check.",
    )
    .default("the kernel's choice"),
    Row::new(
        "bind_if",
        interface(at!(connection.interface)),
        "The interface that the check goes through; a link-local bindto needs one.",
    )
    .default("the kernel's choice"),
    connect_timeout!(CheckerDraft),
    Row::new(
        "fwmark",
        int(0, NUMBER_MAX, "", at!(connection.mark)),
        "The firewall mark of the packets of the check.",
    )
    .default("0, none"),
];

const TIMES: &[Row] = times!(CheckerDraft);

/// The rows of a block that has nothing of its own; also those of a `host`.
pub(super) static PLAIN: Block<CheckerDraft> = Block {
    rows: &[CONNECTION, COMMON, TIMES],
    finish: None,
};

static TCP: CheckBlock = CheckBlock {
    kind: CheckKind::Tcp,
    block: &PLAIN,
};

static PING: CheckBlock = CheckBlock {
    kind: CheckKind::Ping,
    block: &PLAIN,
};

static MISC: CheckBlock = CheckBlock {
    kind: CheckKind::Misc,
    block: &Block {
        rows: &[kind_rows::MISC, COMMON, TIMES],
        finish: Some(finish),
    },
};

static SMTP: CheckBlock = CheckBlock {
    kind: CheckKind::Smtp,
    block: &Block {
        rows: &[kind_rows::SMTP, CONNECTION, COMMON, TIMES],
        finish: None,
    },
};

static UDP: CheckBlock = CheckBlock {
    kind: CheckKind::Udp,
    block: &Block {
        rows: &[kind_rows::UDP, CONNECTION, COMMON, TIMES],
        finish: None,
    },
};

static DNS: CheckBlock = CheckBlock {
    kind: CheckKind::Dns,
    block: &Block {
        rows: &[kind_rows::DNS, CONNECTION, COMMON, TIMES],
        finish: None,
    },
};

static HTTP: CheckBlock = CheckBlock {
    kind: CheckKind::Http,
    block: &Block {
        rows: &[pages::HTTP, CONNECTION, COMMON, TIMES],
        finish: Some(finish),
    },
};

static TLS: CheckBlock = CheckBlock {
    kind: CheckKind::Tls,
    block: &Block {
        rows: &[pages::HTTP, pages::TLS, CONNECTION, COMMON, TIMES],
        finish: Some(finish),
    },
};

static FILE: CheckBlock = CheckBlock {
    kind: CheckKind::File,
    block: &Block {
        rows: &[kind_rows::FILE],
        finish: Some(finish),
    },
};

static BFD: CheckBlock = CheckBlock {
    kind: CheckKind::Bfd,
    block: &Block {
        rows: &[kind_rows::BFD, &[ALPHA]],
        finish: Some(finish),
    },
};
