//! The manual page of the configuration file.

use super::HISTORY;
use super::top::TOP;
use crate::control_plane::manual;

/// `keepalived.conf(5)` as roff.
#[must_use]
pub fn page() -> String {
    manual::page(INTRODUCTION, &TOP, HISTORY)
}

const INTRODUCTION: &str = r#".\" Generated from the tables of keywords: change those, not this file.
.TH KEEPALIVED.CONF 5
.SH NAME
keepalived.conf \- configuration of keepalived
.SH DESCRIPTION
.B keepalived
reads /etc/keepalived/keepalived.conf, or the file of the option \fB\-f\fR. Test a
file with \fBkeepalived \-t \-f\fR \fIFILE\fR: every mistake is shown with its place.
A running daemon reads it again on SIGHUP; what a reload would do is said before by
\fBkeepalived \-\-reload\-plan \-f\fR \fIFILE\fR.
.PP
First the language is described, then each block in a section of its own, and at last an
index says in which blocks a word may stand.
.SH EXAMPLE
An address that two routers share. On the other one, only the priority differs:
.PP
.nf
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    virtual_router_id 51
    version 3
    priority 150
    advert_int 1
    virtual_ipaddress {
        192.0.2.100/24
    }
}
.fi
.SH SYNTAX
A line is a keyword and its arguments. \fB#\fR and \fB!\fR begin a comment; \fB\e#\fR and
\fB\e!\fR are these signs themselves. A word in double quotes may have blanks, and there are
no escapes in it. Keywords with a block have it in braces, which may stand
on lines of their own. Two keywords on one line need a brace between them; without one the line
is read as several only where nothing else can be meant, and a warning tells so. Upper and lower
case differ. A line has at most 1022 octets.
.PP
A keyword that is given again takes the place of the earlier one, unless its description says
that the first definition stays. An unknown keyword is reported, and its line is left out.
.SH VALUES
.TP
.I SECONDS
Seconds, with decimals as far as the keyword allows. There are no units in the file.
.TP
.I N
A decimal number; where it says so also hexadecimal (0x...) or octal (0...). Nothing may stand
behind the digits.
.TP
\fBon\fR, \fBtrue\fR, \fByes\fR; \fBoff\fR, \fBfalse\fR, \fBno\fR
The values of a switch, in lower case. A switch without a value is on.
.TP
.IR ADDRESS [/ LENGTH ]
An IPv4 address, or an IPv6 one if there is a colon in it. Without a length, a virtual address is
a single one (/32 or /128).
.TP
.I SCRIPT
A command as one word: in double quotes if it has arguments. Inside, single quotes and
backslashes keep blanks together. It is a path, or a name that PATH finds. Behind it may stand
the user and the group that it runs as.
.TP
.I NAME
A name of your own choice, without blanks.
.SH INCLUDED FILES
.TP
\fBinclude\fR, \fBincluder\fR, \fBincludem\fR, \fBincludew\fR, \fBincludeb\fR, \fBincludea\fR \fIPATTERN\fR
Read the files that match, as if they stood here. Patterns are those of the shell: \fB*\fR,
\fB?\fR, \fB[\fR...\fB]\fR, and alternatives in braces. A relative name counts from the folder of
the file that has the line. Folders and files that may be executed are left out. With
\fBinclude\fR nothing has to match; with the others a file
that cannot be read is an error, and so is: \fBincludem\fR: a name without wildcard that
matches nothing; \fBincludew\fR: any pattern that matches nothing; \fBincludeb\fR: a brace
alternative that matches nothing; \fBincludea\fR: all of that. \fBinclude_check\fR in
global_defs says the same for lines that follow, and the option \fB\-\-all\-config\fR for all.
.PP
Includes cannot be made by a condition or a definition. A file that includes itself is an error.
\fBinclude\fR came with keepalived 1.1.14, the others with 2.2.0.
.SH CONDITIONS
.TP
\fB@\fIID\fR ..., \fB@^\fIID\fR ...
The rest of the line counts only if the option \fB\-i\fR says \fIID\fR, or does not. Without the
option, the name of the machine to its first dot is taken. So routers may share a file:
.PP
.nf
    @r1 priority 150
    @^r1 priority 100
.fi
.PP
A line has one condition, which stands first. Since keepalived 1.3.0; \fB@^\fR since 1.3.7.
.SH DEFINITIONS
.TP
\fB$\fINAME\fB=\fIVALUE\fR
Defines a word; \fB$\fINAME\fR and \fB${\fINAME\fB}\fR stand for it from here on, the former only
in front of a blank, a comma, a closing parenthesis or the end of the line. Values are put in when
they are used, and may use others. A value that ends with
a backslash goes on in the next line, until a line without one.
.TP
\fB${_PWD}\fR, \fB${_INSTANCE}\fR, \fB${_RANDOM \fR[\fIMIN\fR [\fIMAX\fR]]\fB}\fR, \fB${_ENV \fINAME\fB}\fR, \fB${_HASH}\fR, \fB${_BANG}\fR
The folder of the file, the identity of \fB\-i\fR, a random number (0 to 32767 by default), a
variable of the environment, the signs # and !.
.TP
\fB~SEQ(\fINAME\fB, \fR[\fIFIRST\fB, \fR[\fISTEP\fB, \fR]]\fILAST\fB)\fR ..., \fB~LST(\fINAME\fB, \fIVALUE\fB, \fR...\fB)\fR ...
The rest of the line once for each number or value, with \fINAME\fR defined as it. \fB~SEQx\fR
writes numbers in hexadecimal. A second one may follow the first; the last one varies fastest.
Lists of several names are \fB~LST({\fIA\fB,\fIB\fB}, {\fI1\fB,\fI2\fB}, \fR...\fB)\fR.
.PP
.nf
    ~SEQ(N, 1, 10) 192.0.2.${N}/24
.fi
.PP
Definitions came with keepalived 1.4.0, \fB~SEQ\fR with 2.0.9, \fB~SEQx\fR and \fB~LST\fR with
2.1.0; of the words with an underscore \fB_PWD\fR came with 1.4.3, \fB_INSTANCE\fR with 2.0.1,
\fB_RANDOM\fR with 2.0.15, \fB_HASH\fR and \fB_BANG\fR with 2.1.4 and \fB_ENV\fR with 2.4.0.
.SH SCRIPTS
Scripts run with the environment of the daemon, in their own process group, with the standard
descriptors on /dev/null. IFS, LD_PRELOAD and LD_LIBRARY_PATH are taken away. Scripts of
transitions have two variables more: KEEPALIVED_CAUSE says why, in the words of the log, and
KEEPALIVED_SEQUENCE counts; they run one after the other for each instance, in the order of
events. What is called with which arguments is told with each keyword.
.PP
Run scripts as a user who is not root (\fBscript_user\fR), and let only root change those that
root runs (\fBenable_script_security\fR): a script that others may change is told, or refused, with
the folder or file, its owner, its mode and what to do.
.SH PIPES
Lines in a pipe of \fBnotify_fifo\fR and its relatives:
.PP
.nf
INSTANCE "\fINAME\fP" \fISTATE\fP \fIPRIORITY\fP
GROUP "\fINAME\fP" \fISTATE\fP 0
VS [\fIADDRESS\fP]:\fIPROTOCOL\fP:\fIPORT\fP UP|DOWN
RS [\fIADDRESS\fP]:\fIPROTOCOL\fP:\fIPORT\fP [\fIADDRESS\fP]:\fIPROTOCOL\fP:\fIPORT\fP UP|DOWN
.fi
.PP
A state is MASTER, BACKUP, FAULT, STOP or DELETED, and also MASTER_RX_LOWER_PRI, MASTER_PRIORITY
and BACKUP_PRIORITY. A pipe that nobody reads loses lines and holds nothing up. Lines of VS and RS
end with a zero octet behind the line feed.
.SH DESCRIPTION OF KEYWORDS
With each keyword stand the values it takes, the value without it (Default), the release of
keepalived that brought it (Since; some of the older ones are known as \(lqthis or before\(rq), and
older names. What is obligatory says so. A keyword that takes nothing tells what holds when it
stands there; without it that is not so.
"#;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::page;
    use crate::control_plane::manual::describe;
    use crate::control_plane::schema::{Describe, RowFacts};
    use crate::global::top::TOP;

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

    /// Rows whose value is a number or a time, and that do not say what holds without them.
    #[derive(Debug, Default)]
    struct Silent {
        depth: usize,
        names: Vec<&'static str>,
    }

    impl Describe for Silent {
        fn row(&mut self, row: &RowFacts<'_>) {
            let said = row.meta.default.is_some()
                || row.meta.replaced_by.is_some()
                || row.doc.contains("Obligatory")
                || row.doc.starts_with("Another word for");
            if row.domain.is_some() && !said && !self.names.contains(&row.name) {
                self.names.push(row.name);
            }
            assert!(row.doc.ends_with('.'), "{}: {}", row.name, row.doc);
        }

        fn open(&mut self) {
            self.depth += 1;
        }

        fn close(&mut self) {
            self.depth -= 1;
        }
    }

    #[test]
    fn every_value_says_what_holds_without_it() {
        let mut silent = Silent::default();
        describe(&TOP, &mut silent);
        assert_eq!(silent.names, [""; 0], "give them a .default(...)");
        assert_eq!(silent.depth, 0);
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
