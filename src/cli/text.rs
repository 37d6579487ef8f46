//! What the program prints about itself: help, version, manual page.

use std::fmt::Write as _;

use crate::model::version::{self, COMPATIBLE};

use super::options::{Argument, CliOption, OPTIONS};

/// The text of `-v`.
#[must_use]
pub fn version() -> String {
    format!(
        "{}\n\n\
         keepalived-rs {}: the Rust implementation, with the interfaces of keepalived {COMPATIBLE}\n\n\
         Running on {}\n\n\
         Config options:  VRRP VRRP_AUTH SNMP_RFCV2 SNMP_RFCV3\n",
        version::line(),
        env!("CARGO_PKG_VERSION"),
        version::running_on()
    )
}

/// The text of `-h`.
#[must_use]
pub fn help(program: &str) -> String {
    let mut out = format!("Usage: {program} [OPTION...]\n");
    for option in OPTIONS {
        let left = match option.short {
            Some(letter) => format!("  -{letter}, --{}", option.long),
            None => format!("      --{}", option.long),
        };
        let left = format!("{left}{}", argument_suffix(option));
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{left:<30} {}", first_sentence(option));
    }
    out
}

fn argument_suffix(option: &CliOption) -> String {
    match option.argument {
        Argument::None => String::new(),
        Argument::Required(name) => format!("={name}"),
        Argument::Optional(name) => format!("[={name}]"),
    }
}

fn first_sentence(option: &CliOption) -> &'static str {
    let end = option.doc.find(". ").unwrap_or(option.doc.len() - 1);
    option.doc.get(..end).unwrap_or(option.doc)
}

/// The manual page `keepalived.8`.
#[must_use]
pub fn manual() -> String {
    let mut out = String::from(MANUAL_HEAD);
    for option in OPTIONS {
        let _ = writeln!(out, ".TP\n{}", manual_tag(option));
        let _ = writeln!(out, "{}", escape(option.doc));
    }
    out.push_str(&crate::lint::manual::section());
    out.push_str(MANUAL_TAIL);
    out
}

pub(super) fn manual_tag(option: &CliOption) -> String {
    let argument = match option.argument {
        Argument::None => String::new(),
        Argument::Required(name) => format!("=\\fI{name}\\fR"),
        Argument::Optional(name) => format!("[=\\fI{name}\\fR]"),
    };
    let long = escape(&format!("--{}", option.long));
    match option.short {
        Some(letter) => format!("\\fB\\-{letter}\\fR, \\fB{long}\\fR{argument}"),
        None => format!("\\fB{long}\\fR{argument}"),
    }
}

pub(super) fn escape(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}

const MANUAL_HEAD: &str = r#".\" Generated from src/cli: change the option table, not this file.
.TH KEEPALIVED 8
.SH NAME
keepalived \- failover of virtual addresses with VRRP, load balancing with IPVS
.SH SYNOPSIS
.B keepalived
[\fIOPTION\fR...]
.SH DESCRIPTION
.B keepalived
keeps addresses alive: routers that share a virtual address elect a master with
the Virtual Router Redundancy Protocol, and another one takes the address over
when the master fails. The configuration is described in
.BR keepalived.conf (5).
.SH OPTIONS
Optional arguments must be attached to their option. Words may be shortened as
long as they are clear.
"#;

const MANUAL_TAIL: &str = r#".SH PROCESSES
The parent process reads the configuration, supervises the others and writes their files. VRRP,
health checks (if there are virtual servers) and BFD (if there are sessions) have a process each.
A process that dies is started again at once, and after 1, 2, 4 ... up to 60 seconds while it goes
on dying within a minute. If the parent dies, the others stop in order.
.SH SIGNALS
Signals are sent to the parent process, which passes them on.
.TP
.B SIGTERM, SIGINT
Stop: addresses are removed, and other routers are told to take over.
.TP
.B SIGHUP
Read the configuration again. What did not change goes on as if nothing had happened; a file that
cannot be used changes nothing. A signal that comes during a reload is remembered.
.TP
.B SIGUSR1
Write configuration and state to keepalived.data, keepalived_check.data, keepalived_bfd.data and
keepalived_parent.data in $TMPDIR or /tmp.
.TP
.B SIGUSR2
Write the statistics to keepalived.stats in $TMPDIR or /tmp.
.TP
.B SIGRTMAX\-1
Write the statistics and set them to zero.
.TP
.B SIGRTMIN+2
Write the state to keepalived.json in $TMPDIR or /tmp. Numbers 36 and 37 are both
taken, whatever the C library of the program is.
.PP
The option \fB\-\-signum\fR prints the numbers. A dump has its name only when it is complete.
.SH EXIT STATUS
.TP
.B 0
Stopped as told, the daemon has started (without \fB\-\-dont\-fork\fR), or the configuration test
found nothing.
.TP
.B 1
Bad command line, or a fatal error; with \fB\-\-reload\-plan\fR: the reload would be refused.
.TP
.B 2
The configuration cannot be used, or an argument is missing in it.
.TP
.B 4
A permission is missing; in the configuration test: an interface is missing.
.TP
.B 5
The configuration test found mistakes.
.TP
.B 6
There is no configuration file, or an included file is missing that has to be there; in the
configuration test: scripts that others may change, or that root would run without
enable_script_security.
.TP
.B 70
The program found a mistake in itself, and has logged it. A child process that ends so is started
again.
.TP
.B 204
There is no memory left.
.SH ENVIRONMENT
.TP
.B TMPDIR
The folder of dump files and of the log file, if it is an absolute path of a folder. Otherwise /tmp.
.TP
.B PATH
Where scripts without a slash in their name are found.
.TP
.B NOTIFY_SOCKET
Set by systemd for a service of Type=notify: it is told when the daemon is ready, reloads and stops,
and the states of instances and servers in a line.
.TP
.B WATCHDOG_USEC
Set by systemd with WatchdogSec=: it gets a sign of life while all processes answer.
.TP
.B CREDENTIALS_DIRECTORY
Set by systemd with LoadCredential=: a key of auth_hmac in file:\fINAME\fR, without a slash in front,
is the credential of this name.
.PP
Configurations read variables with ${_ENV \fINAME\fR}. Scripts get the environment without IFS,
LD_PRELOAD and LD_LIBRARY_PATH.
.SH FILES
.TP
.I /etc/keepalived/keepalived.conf
The configuration.
.TP
.I /etc/default/keepalived, /etc/sysconfig/keepalived
Options for the service, as DAEMON_ARGS or KEEPALIVED_OPTIONS.
.TP
.I /run/keepalived.pid, /run/vrrp.pid, /run/checkers.pid, /run/bfd.pid
Numbers of the parent process and of the others; locked while the daemon runs. With use_pid_dir, a
network namespace or an instance name they are below /run/keepalived/.
.TP
.I /run/keepalived.record, /run/vrrp.kept, /run/checkers.ipvs
What the daemon has in the kernel, while it runs. If it is killed, the next start removes what is
there and configured no more. Beside the pid files, with their names.
.TP
.I /run/keepalived.sock
Where \fB\-\-status\fR asks; beside the pid file, with its name.
.TP
.I /tmp/keepalived.data, /tmp/keepalived.stats, /tmp/keepalived.json
What signals make the daemon write, readable by its user only. See state_dump_file,
stats_dump_file, json_dump_file and umask in
.BR keepalived.conf (5).
.TP
.I /usr/share/doc/keepalived/samples
Configurations to begin with.
.SH CAPABILITIES
The daemon is started as root. It needs NET_ADMIN (addresses, routes, interfaces, IPVS, nftables)
and NET_RAW (adverts, announcements); NET_BIND_SERVICE for checks from ports below 1024; SETUID,
SETGID and KILL for scripts of other users; CHOWN, DAC_OVERRIDE and FOWNER for pipes and files of
other users; SYS_NICE, SYS_RESOURCE and IPC_LOCK for priorities, limits and locked memory;
SYS_ADMIN only for net_namespace. The unit for systemd that comes with it grants this, without
SYS_ADMIN. Scripts have no more than the daemon.
.SH SEE ALSO
.BR keepalived.conf (5),
.BR genhash (1),
.BR ipvsadm (8)
"#;

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn first_line_is_what_consumers_match() {
        let text = version();
        let first = text.lines().next().expect("a first line");
        assert!(first.starts_with("Keepalived v2.4.3 ("), "{first}");
        assert!(first.ends_with(')'));
        assert!(text.contains("Rust") && text.contains(env!("CARGO_PKG_VERSION")));
    }

    #[test]
    fn help_has_every_option() {
        let text = help("keepalived");
        for option in OPTIONS {
            assert!(text.contains(&format!("--{}", option.long)));
        }
    }

    #[test]
    fn manual_page_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/doc/man/keepalived.8");
        if std::env::var_os("GOLDEN_UPDATE").is_some() {
            let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/doc/man");
            fs::create_dir_all(dir).expect("doc/man");
            fs::write(path, manual()).expect("keepalived.8");
        }
        let found = fs::read_to_string(path).expect("doc/man/keepalived.8");
        assert!(
            found == manual(),
            "doc/man/keepalived.8 is stale: run the tests with GOLDEN_UPDATE=1"
        );
    }
}
