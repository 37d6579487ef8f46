//! The manual page of the configuration file.

use super::top::TOP;
use crate::control_plane::manual;

/// `keepalived.conf(5)` as roff.
#[must_use]
pub fn page() -> String {
    manual::page(INTRODUCTION, &TOP)
}

const INTRODUCTION: &str = r#".\" Generated from the tables of keywords: change those, not this file.
.TH KEEPALIVED.CONF 5
.SH NAME
keepalived.conf \- configuration of keepalived
.SH DESCRIPTION
.B keepalived
reads /etc/keepalived/keepalived.conf, or the file of the option \fB\-f\fR. Test a
file with \fBkeepalived \-t \-f\fR \fIFILE\fR: every mistake is shown with its place.
.SH SYNTAX
A line is a keyword and its arguments. \fB#\fR and \fB!\fR begin a comment. A word in
double quotes may have blanks. Keywords with a block have it in braces, which may stand
on lines of their own.
.TP
\fBinclude\fR, \fBincluder\fR, \fBincludem\fR, \fBincludew\fR, \fBincludeb\fR, \fBincludea\fR \fIPATTERN\fR
Read the files that match, as if they stood here. A relative name counts from the folder of
the file that has the line. With \fBinclude\fR nothing has to match; with the others a file
that cannot be read is an error, and so is: \fBincludem\fR: a name without wildcard that
matches nothing; \fBincludew\fR: any pattern that matches nothing; \fBincludeb\fR: a brace
alternative that matches nothing; \fBincludea\fR: all of that.
.TP
\fB@\fIID\fR ..., \fB@^\fIID\fR ...
The rest of the line counts only if the option \fB\-i\fR says \fIID\fR, or does not.
.TP
\fB$\fINAME\fB=\fIVALUE\fR
Defines a word; \fB$\fINAME\fR and \fB${\fINAME\fB}\fR stand for it. A value that ends with
a backslash goes on in the next line.
.TP
\fB${_PWD}\fR, \fB${_INSTANCE}\fR, \fB${_RANDOM \fR[\fIMIN\fR [\fIMAX\fR]]\fB}\fR, \fB${_ENV \fINAME\fB}\fR, \fB${_HASH}\fR, \fB${_BANG}\fR
The folder of the file, the identity of \fB\-i\fR, a random number, a variable of the
environment, the signs # and !.
.TP
\fB~SEQ(\fINAME\fB, \fR[\fIFIRST\fB, \fR[\fISTEP\fB, \fR]]\fILAST\fB)\fR ..., \fB~LST(\fINAME\fB, \fIVALUE\fB, \fR...\fB)\fR ...
The rest of the line once for each number or value. \fB~SEQx\fR writes numbers in hexadecimal.
"#;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::page;

    #[test]
    fn manual_page_of_the_configuration_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/doc/man/keepalived.conf.5");
        if std::env::var_os("GOLDEN_UPDATE").is_some() {
            fs::write(path, page()).expect("keepalived.conf.5");
        }
        let found = fs::read_to_string(path).expect("doc/man/keepalived.conf.5");
        assert!(
            found == page(),
            "doc/man/keepalived.conf.5 is stale: run the tests with GOLDEN_UPDATE=1"
        );
    }

    #[test]
    fn every_keyword_of_an_instance_has_a_paragraph() {
        let page = page();
        for word in [
            "virtual_router_id",
            "preempt_delay",
            "\\-nodad",
            "track_bfd",
        ] {
            assert!(page.contains(&format!(".TP\n\\fB{word}\\fR")), "{word}");
        }
    }
}
