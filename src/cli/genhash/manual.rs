//! The manual page `genhash.1`, from the table of options.

#![cfg(test)]

use std::fmt::Write as _;
use std::fs;

use super::options::TABLE;
use crate::cli::text::{escape, manual_tag};

fn manual() -> String {
    let mut out = String::from(HEAD);
    for option in TABLE {
        let doc: Vec<_> = option.doc.split_whitespace().collect();
        let doc = escape(&doc.join(" "));
        writeln!(out, ".TP\n{}\n{doc}", manual_tag(option)).expect("a text");
    }
    out.push_str(TAIL);
    out
}

const HEAD: &str = r#".\" Generated from src/cli/genhash: change the option table, not this file.
.TH GENHASH 1
.SH NAME
genhash \- the digest of a page for the health checks of keepalived
.SH SYNOPSIS
.B genhash
[\fIOPTION\fR...] \fB\-s\fR \fIADDRESS\fR \fB\-p\fR \fIPORT\fR \fB\-u\fR \fIPATH\fR
.br
.B keepalived \-\-genhash
[\fIOPTION\fR...] \fB\-s\fR \fIADDRESS\fR \fB\-p\fR \fIPORT\fR \fB\-u\fR \fIPATH\fR
.SH DESCRIPTION
.B genhash
asks a server for a page, as the checks HTTP_GET and SSL_GET do, and prints the
digest of its body: what belongs into
.B digest
of a
.B url
block in
.BR keepalived.conf (5).
A digest of 32 digits is MD5, one of 40 digits is SHA\-1.
.PP
The body is what is left when the framing is taken away: chunks are put together.
An answer that breaks off has no digest.
.SH OPTIONS
"#;

const TAIL: &str = r#".SH EXIT STATUS
.TP
.B 0
The digest was printed.
.TP
.B 1
The command line is not understood, or there is no digest. The C program has
status 0 in the second case.
.SH EXAMPLE
.nf
genhash \-S \-s 192.0.2.1 \-p 443 \-u /index.html \-V www.example.com
.fi
.SH SEE ALSO
.BR keepalived.conf (5),
.BR keepalived (8)
"#;

#[test]
fn manual_page_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/doc/man/genhash.1");
    if std::env::var_os("GOLDEN_UPDATE").is_some() {
        fs::write(path, manual()).expect("genhash.1");
    }
    let found = fs::read_to_string(path).expect("doc/man/genhash.1");
    assert!(
        found == manual(),
        "doc/man/genhash.1 is stale: run the tests with GOLDEN_UPDATE=1"
    );
}
