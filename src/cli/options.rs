//! The one table of command-line options: the parser, the help text and the
//! manual page come from it.

/// What follows an option.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Argument {
    /// Nothing.
    None,
    /// A mandatory word, named in the help text.
    Required(&'static str),
    /// An optional word, which must be attached (`-tFILE`, `--config-test=FILE`).
    Optional(&'static str),
}

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct CliOption {
    /// The letter, if there is one.
    pub short: Option<char>,
    /// The word, which is also its name in the program.
    pub long: &'static str,
    /// Its argument.
    pub argument: Argument,
    /// What it does: one paragraph of the manual, its first sentence for the help.
    pub doc: &'static str,
    /// What whoever uses it is told: it changes nothing in this program.
    pub note: Option<&'static str>,
}

pub(super) const fn flag(short: char, long: &'static str, doc: &'static str) -> CliOption {
    row(Some(short), long, Argument::None, doc)
}

const fn long_flag(long: &'static str, doc: &'static str) -> CliOption {
    row(None, long, Argument::None, doc)
}

pub(super) const fn value(
    short: char,
    long: &'static str,
    name: &'static str,
    doc: &'static str,
) -> CliOption {
    row(Some(short), long, Argument::Required(name), doc)
}

const fn row(
    short: Option<char>,
    long: &'static str,
    argument: Argument,
    doc: &'static str,
) -> CliOption {
    CliOption {
        short,
        long,
        argument,
        doc,
        note: None,
    }
}

impl CliOption {
    /// An option of the C daemon that makes no sense here: accepted, and its use gets
    /// this remark.
    const fn noted(mut self, note: &'static str) -> Self {
        self.note = Some(note);
        self
    }
}

/// All options, in the order of the help text.
pub const OPTIONS: &[CliOption] = &[
    value(
        'f',
        "use-file",
        "FILE",
        "Read this configuration file. The default is /etc/keepalived/keepalived.conf.",
    ),
    flag(
        'P',
        "vrrp",
        "Run only VRRP. Virtual servers of the configuration are left alone.",
    ),
    flag(
        'C',
        "check",
        "Run only the health checker. VRRP of the configuration is left alone.",
    ),
    flag('B', "no_bfd", "Run no BFD process."),
    long_flag(
        "all",
        "Run all child processes, even those without configuration.",
    ),
    flag(
        'l',
        "log-console",
        "Log also to the standard error output. In effect together with --dont-fork.",
    ),
    flag(
        'D',
        "log-detail",
        "Log every step. Twice gives still more detail.",
    ),
    value(
        'S',
        "log-facility",
        "FACILITY",
        "Use this syslog facility: 0 to 7 or local0 to local7, user, or daemon (the default).",
    ),
    row(
        Some('g'),
        "log-file",
        Argument::Optional("FILE"),
        "Log also to a file. Each process has its own, named after this one; the default is keepalived.log in $TMPDIR or /tmp.",
    ),
    long_flag(
        "flush-log-file",
        "Write each message to the log file at once. That is always so here.",
    ),
    flag('G', "no-syslog", "Do not log to syslog."),
    value(
        'u',
        "umask",
        "MASK",
        "Create files with this umask, a number in decimal, octal (0...) or hexadecimal (0x...). It overrides the configuration.",
    ),
    flag(
        'X',
        "release-vips",
        "Remove the virtual addresses when a signal ends the mastership. An orderly stop always does, and --dont-release-vrrp has the last word: the option changes nothing.",
    ),
    flag(
        'V',
        "dont-release-vrrp",
        "Keep virtual addresses, routes and rules when the daemon stops.",
    ),
    flag(
        'I',
        "dont-release-ipvs",
        "Keep the IPVS configuration when the daemon stops.",
    ),
    flag(
        'R',
        "dont-respawn",
        "End when a child process dies, instead of starting it again.",
    ),
    flag(
        'n',
        "dont-fork",
        "Stay in the foreground. Without it the command returns when the daemon has started.",
    ),
    flag(
        'd',
        "dump-conf",
        "Log the configuration as it was understood, at start.",
    ),
    value(
        'p',
        "pid",
        "FILE",
        "Pid file of the parent process. The default is keepalived.pid in /run.",
    ),
    value(
        'r',
        "vrrp_pid",
        "FILE",
        "Pid file of the VRRP process. The default is vrrp.pid in /run.",
    ),
    value(
        'c',
        "checkers_pid",
        "FILE",
        "Pid file of the health checker. The default is checkers.pid in /run.",
    ),
    value(
        'b',
        "bfd_pid",
        "FILE",
        "Pid file of the BFD process. The default is bfd.pid in /run.",
    ),
    flag(
        'T',
        "genhash",
        "Be the genhash utility. It must be the first option; earlier ones are ignored with a warning.",
    ),
    flag(
        'a',
        "address-monitoring",
        "Log every address that any program adds or removes.",
    ),
    flag(
        'x',
        "snmp",
        "Serve all MIBs by SNMP, as if the configuration enabled each.",
    ),
    value(
        'A',
        "snmp-agent-socket",
        "ADDRESS",
        "Where the SNMP master agent is: unix:PATH or tcp:ADDRESS[:PORT]. It overrides the configuration.",
    ),
    flag('m', "core-dump", "Allow core files."),
    row(
        Some('M'),
        "core-dump-pattern",
        Argument::Optional("PATTERN"),
        "Allow core files and set the kernel's pattern of their names, 'core' by default.",
    ),
    long_flag(
        "no-mem-check",
        "Count no memory, in a program that was built with the feature mem-check. Others never do.",
    ),
    memory::LOG,
    flag(
        'O',
        "openssl-mem-check",
        "Accepted and without effect: the memory of the TLS library is its own.",
    )
    .noted("the memory of the TLS library is its own and is not counted here"),
    value(
        's',
        "namespace",
        "NAME",
        "Run in this network namespace. It overrides the configuration.",
    ),
    value(
        'i',
        "config-id",
        "ID",
        "Use the configuration lines that begin with @ID. The default is the name of this node to its first dot.",
    ),
    flag(
        'e',
        "all-config",
        "It is an error if an included file is missing.",
    ),
    row(
        None,
        "signum",
        Argument::Required("FUNCTION"),
        "Print the number of the signal for STOP, RELOAD, DATA, STATS, STATS_CLEAR, JSON or TDUMP, and end.",
    ),
    row(
        Some('t'),
        "config-test",
        Argument::Optional("FILE"),
        "Check the configuration and end. Messages go to the standard error output, or are appended to FILE.",
    ),
    long_flag(
        "strict",
        "For --config-test: a warning of what is only unwise gives the exit status 5, too.",
    ),
    row(
        None,
        "no-warn",
        Argument::Required("NAME[,NAME...]"),
        "Do not tell the warnings of these names, which stand in brackets behind them. May be given several times.",
    ),
    row(
        None,
        "explain",
        Argument::Required("WORD"),
        "Print what the manual says of a keyword of the configuration, wherever it may stand, or of a warning, and end.",
    ),
    row(
        None,
        "upgrade-config",
        Argument::Required("FILE"),
        "Print FILE with the words of earlier versions replaced by those of today, and end. Comments and layout stay. What has to be done by hand is told on the standard error output, and so are included files with such words, which are to be upgraded by themselves. Lines with @ID count as for the option --config-id.",
    ),
    long_flag(
        "reload-plan",
        "Print what a reload of the running daemon with the configuration of -f would add, remove, restart or change, and which elections it may cause. Nothing is changed. Status 1: there would be no reload.",
    ),
    row(
        None,
        "running",
        Argument::Required("FILE"),
        "For --reload-plan: the configuration that the daemon runs with. The default is /etc/keepalived/keepalived.conf.",
    ),
    row(
        None,
        "status",
        Argument::Optional("SOCKET"),
        "Show how the running daemon is: states, priorities, peers, servers and checks. It is the daemon of the configuration of -f and of the namespace of -s, or the one behind SOCKET.",
    ),
    long_flag("json", "For --status: everything as JSON."),
    row(
        None,
        "watch",
        Argument::Optional("SECONDS"),
        "For --status: show it again and again, every 2 seconds unless said otherwise.",
    ),
    row(
        None,
        "config-fd",
        Argument::Required("N"),
        "With --config-test: read the configuration from this open descriptor instead of a file. The C daemon calls itself so before a reload.",
    ),
    long_flag("ignore-sigint", "Do not stop on SIGINT (for debuggers)."),
    row(
        None,
        "perf",
        Argument::Optional("WHEN"),
        "Accepted and without effect: the C daemon records performance data by itself if it is built for that. Here, use perf record -p PID.",
    )
    .noted("this program does not start perf: use perf record -p PID"),
    row(
        None,
        "debug",
        Argument::Optional("LETTERS"),
        "Log everything, as --log-detail twice does. The categories that the C daemon can be built with do not exist here, the letters are ignored.",
    ),
    flag('v', "version", "Print the version and end."),
    flag('h', "help", "Print this text and end."),
];

/// The option of a table with this letter.
#[must_use]
pub fn by_letter(table: &'static [CliOption], letter: char) -> Option<&'static CliOption> {
    table.iter().find(|o| o.short == Some(letter))
}

/// The option of a table with this word, or with the only word that begins so, as
/// `getopt_long` has it.
#[must_use]
pub fn by_word(table: &'static [CliOption], word: &str) -> Option<&'static CliOption> {
    if let Some(exact) = table.iter().find(|o| o.long == word) {
        return Some(exact);
    }
    let mut candidates = table.iter().filter(|o| o.long.starts_with(word));
    match (candidates.next(), candidates.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// Options that keepalived once had: word, letter unless another option has it now,
/// whether it took an argument, and what became of it.
#[derive(Clone, Copy, Debug)]
pub struct Removed {
    /// The letter, if it has no other meaning today.
    pub short: Option<char>,
    /// The word.
    pub long: &'static str,
    /// Why it is no more.
    pub text: &'static str,
}

/// Options of old versions, which are refused with their reason.
pub const REMOVED: &[Removed] = &[
    Removed {
        short: Some('W'),
        long: "wdog-check",
        text: WATCHDOG,
    },
    Removed {
        short: None,
        long: "wdog-vrrp",
        text: WATCHDOG,
    },
];

const WATCHDOG: &str = "keepalived has it no more: the parent process sees at once when a child \
     ends. Leave it out";

/// The counting of memory, in builds with it.
#[cfg(feature = "mem-check")]
mod memory {
    pub(super) const LOG: super::CliOption = super::flag(
        'L',
        "mem-check-log",
        "Log at the end what memory each part of the program still has, and what was never given back.",
    );
}

/// The same in others.
#[cfg(not(feature = "mem-check"))]
mod memory {
    pub(super) const LOG: super::CliOption = super::flag(
        'L',
        "mem-check-log",
        "Log at the end what memory each part of the program still has. Only in a program that was built with the feature mem-check; this one was not.",
    )
    .noted("this program was built without the feature mem-check: there is nothing to log");
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn letters_and_words_are_unique_and_documented() {
        let words: BTreeSet<_> = OPTIONS.iter().map(|o| o.long).collect();
        assert_eq!(words.len(), OPTIONS.len());
        let letters: Vec<_> = OPTIONS.iter().filter_map(|o| o.short).collect();
        let unique: BTreeSet<_> = letters.iter().collect();
        assert_eq!(letters.len(), unique.len());
        for option in OPTIONS {
            assert!(option.doc.ends_with('.'), "{}", option.long);
        }
    }

    #[test]
    fn words_may_be_shortened_as_long_as_they_are_clear() {
        assert_eq!(by_word(OPTIONS, "vers").map(|o| o.long), Some("version"));
        assert_eq!(by_word(OPTIONS, "vrrp").map(|o| o.long), Some("vrrp"));
        assert!(by_word(OPTIONS, "dont").is_none());
        assert!(by_word(OPTIONS, "bogus").is_none());
    }
}
