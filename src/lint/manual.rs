//! The table of lints as text: for people who ask, for the manual, for `doc/`.

use std::fmt::Write as _;

use super::{LINTS, Lint};

/// A lint in full, for `--explain`.
#[must_use]
pub fn explain(lint: &Lint) -> String {
    format!(
        "warning {}\n    {}\n    {}\n    What to do: {}.\n    Switched off by: --no-warn {}, or in \
         the file by the comment `# keepalived: allow {}` on the line or above it.\n",
        lint.name, lint.what, lint.why, lint.remedy, lint.name, lint.name
    )
}

/// The section of the manual, as roff.
#[must_use]
pub fn section() -> String {
    let mut out = String::from(INTRODUCTION);
    for lint in LINTS {
        let (what, why) = (roff(lint.what), roff(lint.why));
        // Writing to a string cannot fail.
        let _ = writeln!(
            out,
            ".TP\n\\fB{}\\fR\n{what} {why} Remedy: {}.",
            roff(lint.name),
            roff(lint.remedy)
        );
    }
    out
}

/// The table of `doc/config-quality.md`.
#[must_use]
pub fn markdown() -> String {
    let mut out =
        String::from("| name | what is found, and why it is told | remedy |\n|---|---|---|\n");
    for lint in LINTS {
        let _ = writeln!(
            out,
            "| `{}` | {} {} | {} |",
            lint.name, lint.what, lint.why, lint.remedy
        );
    }
    out
}

fn roff(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}

const INTRODUCTION: &str = r#".SH WARNINGS
.B keepalived \-t
also tells what is legal and surely not meant, with its place, the reason, and what to do. Such
a message ends with its name in brackets. What is only unwise leaves the exit status 0; with
\fB\-\-strict\fR it is 5. A warning is switched off by the option \fB\-\-no\-warn\fR \fINAME\fR, or in
the file by a comment at the end of the line it concerns, or on a line of its own above:
.RS
# keepalived: allow \fINAME\fR
.RE
"#;
