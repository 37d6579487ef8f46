//! The options of genhash: table, meaning, usage text.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::check::checker::HttpVersion;
use crate::check::http::digest::Algorithm;
use crate::cli::options::{CliOption, flag, value};
use crate::cli::parse::{Parsed, parse};

/// What is to be done.
#[derive(Debug)]
pub(super) enum Task {
    Fetch(Job),
    Release,
    Help,
}

/// The page, and how it is asked for.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) server: SocketAddr,
    pub(super) path: String,
    pub(super) host: Option<String>,
    pub(super) tls: bool,
    pub(super) server_name: Option<String>,
    pub(super) version: HttpVersion,
    pub(super) algorithm: Algorithm,
    /// For each wait.
    pub(super) timeout: Duration,
    pub(super) mark: u32,
    pub(super) verbose: bool,
}

/// In the order of the usage text.
pub(in crate::cli) const TABLE: &[CliOption] = &[
    flag('S', "use-ssl", "Use SSL connection to remote server."),
    flag(
        'I',
        "use-sni",
        "Use SNI during SSL handshake (uses virtualhost setting; see -V).",
    ),
    value(
        's',
        "server",
        "ADDRESS",
        "Use the specified remote server address.",
    ),
    value('p', "port", "PORT", "Use the specified remote server port."),
    value('u', "url", "PATH", "Use the specified remote server url."),
    value(
        'V',
        "use-virtualhost",
        "NAME",
        "Use the specified virtualhost in GET query.",
    ),
    value(
        'H',
        "hash",
        "NAME",
        "Use the specified hash algorithm - 'md5' (default), 'sha1'.",
    ),
    flag('v', "verbose", "Use verbose mode output."),
    flag('h', "help", "Display this short inlined help screen."),
    flag('r', "release", "Display the release number."),
    value('m', "fwmark", "MARK", "Use the specified FW mark."),
    value(
        'P',
        "protocol",
        "VERSION",
        "Use the specified HTTP protocol - '1.0', 1.0c', '1.1'.\n                                \
         1.0c means 1.0 with 'Connection: close'",
    ),
    value('t', "timeout", "SECONDS", "Timeout in seconds"),
];

/// Of each wait, as `connect_timeout` has it.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Understand the command line.
///
/// # Errors
/// What is wrong, if there is something to say besides the usage.
pub(super) fn read(words: &[String]) -> Result<Task, Option<String>> {
    let parsed = parse(TABLE, words).map_err(|mistake| Some(mistake.to_string()))?;
    if parsed.has("help") {
        return Ok(Task::Help);
    }
    if parsed.has("release") {
        return Ok(Task::Release);
    }
    if !parsed.surplus().is_empty() {
        let words = parsed.surplus().join(" ");
        return Err(Some(format!("Unexpected argument(s): {words}")));
    }
    job(&parsed).map(Task::Fetch)
}

fn job(parsed: &Parsed) -> Result<Job, Option<String>> {
    let host = parsed.value("use-virtualhost");
    let algorithm = given(parsed, "hash", "unknown hash algorithm", algorithm)?;
    let version = given(parsed, "protocol", "invalid HTTP protocol version", version)?;
    let timeout = given(parsed, "timeout", "invalid timeout", |t| {
        t.parse::<u32>().ok()
    })?;
    let mark = given(parsed, "fwmark", "invalid fwmark", |t| t.parse().ok())?;
    let port = |text: &str| text.parse().ok().filter(|&port: &u16| port != 0);
    let port = given(parsed, "port", "invalid port number", port)?;
    let address = parsed.value("server").map(|text| {
        let not = Some(format!("server should be an IP, not {text}"));
        text.parse::<IpAddr>().map_err(|_| not)
    });
    let address = address.transpose()?;
    let (Some(address), Some(port), Some(path)) = (address, port, parsed.value("url")) else {
        return Err(None);
    };
    Ok(Job {
        server: (address, port).into(),
        path,
        tls: parsed.has("use-ssl"),
        server_name: host.clone().filter(|_| parsed.has("use-sni")),
        host,
        version: version.unwrap_or_default(),
        algorithm: algorithm.unwrap_or_default(),
        timeout: timeout.map_or(TIMEOUT, |seconds| Duration::from_secs(seconds.into())),
        mark: mark.unwrap_or_default(),
        verbose: parsed.has("verbose"),
    })
}

fn given<T>(
    parsed: &Parsed,
    name: &str,
    mistake: &str,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Option<String>> {
    let Some(text) = parsed.value(name) else {
        return Ok(None);
    };
    match read(&text) {
        Some(value) => Ok(Some(value)),
        None => Err(Some(format!("{mistake} '{text}'"))),
    }
}

fn version(text: &str) -> Option<HttpVersion> {
    match text {
        "1.0" => Some(HttpVersion::V1_0),
        "1.0c" | "1.0C" => Some(HttpVersion::V1_0Close),
        "1.1" => Some(HttpVersion::V1_1),
        _ => None,
    }
}

fn algorithm(text: &str) -> Option<Algorithm> {
    match text.to_ascii_lowercase().as_str() {
        "md5" => Some(Algorithm::Md5),
        "sha1" => Some(Algorithm::Sha1),
        _ => None,
    }
}

/// What there is to be told about the command line.
pub(super) fn usage(program: &str) -> String {
    let mut out = format!(
        "Usage: {program} COMMAND [OPTIONS]\n\
         Commands:\n   \
         -s server-address -p port -u url\n   \
         -S -s server-address -p port -u url\n   \
         -h\n\n\
         Options:\n\
         Either long or short options are allowed.\n"
    );
    for option in TABLE {
        let letter = option.short.map(|letter| format!("-{letter}"));
        let (long, letter) = (option.long, letter.unwrap_or_default());
        // A text takes everything.
        let _ = writeln!(out, "   --{long:<15} {letter:<8} {}", option.doc);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Task, Option<String>> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        read(&words)
    }

    fn job_of(line: &str) -> Job {
        match of(line) {
            Ok(Task::Fetch(job)) => job,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn all_that_is_needed() {
        let job = job_of("-s 10.1.0.1 -p 80 -u /x");
        assert_eq!(job.server, ([10, 1, 0, 1], 80).into());
        assert_eq!((job.path.as_str(), job.host), ("/x", None));
        assert!(!job.tls && !job.verbose && job.server_name.is_none());
        assert_eq!(job.version, HttpVersion::V1_0);
        assert_eq!(job.algorithm, Algorithm::Md5);
    }

    #[test]
    fn all_that_there_is() {
        let job = job_of("-SIs ::1 --port=443 --url / -V a.example -P 1.0c -t 3 -m 7 -v -H sha1");
        assert!(job.tls && job.verbose);
        assert_eq!(job.server_name.as_deref(), Some("a.example"));
        assert_eq!(job.host.as_deref(), Some("a.example"));
        assert_eq!(job.version, HttpVersion::V1_0Close);
        assert_eq!(job.algorithm, Algorithm::Sha1);
        assert_eq!((job.timeout, job.mark), (Duration::from_secs(3), 7));
    }

    #[test]
    fn mistakes_have_the_old_texts() {
        for (line, text) in [
            ("", None),
            ("-s 127.0.0.1 -p 80", None),
            ("-s foo -p 1 -u /", Some("server should be an IP, not foo")),
            ("-s ::1 -p 99999 -u /", Some("invalid port number '99999'")),
            ("-s ::1 -p 0 -u /", Some("invalid port number '0'")),
            (
                "-s ::1 -p 1 -u / -P 2.0",
                Some("invalid HTTP protocol version '2.0'"),
            ),
            ("-s ::1 -p 1 -u / -t x", Some("invalid timeout 'x'")),
            ("-s ::1 -p 1 -u / -m x", Some("invalid fwmark 'x'")),
            (
                "-s ::1 -p 1 -u / -H md4",
                Some("unknown hash algorithm 'md4'"),
            ),
            (
                "-s ::1 -p 1 -u / more",
                Some("Unexpected argument(s): more"),
            ),
            ("-s ::1 -p 1 -u", Some("Missing parameter for option -u")),
            ("-s ::1 -p 1 -u / --bogus", Some("Unknown option --bogus")),
        ] {
            let mistake = of(line).expect_err(line);
            assert_eq!(mistake.as_deref(), text, "{line}");
        }
    }
}
