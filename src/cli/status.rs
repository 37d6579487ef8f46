//! `keepalived --status`: ask the running daemon how it is.

use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::global::watch::StatusSocket;
use crate::status::node::Node;
use crate::status::record::Field as _;
use crate::status::snapshot::{FORM, Snapshot};
use crate::status::table::{self, Paint};
use crate::watchdog::config;
use crate::watchdog::launch::paths::{PidPaths, RUN_DIR};
use crate::watchdog::names::Names;
use crate::watchdog::settings::Settings;

use super::complain;
use super::parse::Parsed;

/// How long the daemon has for the next part of its answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// No answer is longer than this, in octets.
const ANSWER_MAX: u64 = 1 << 30;
/// Between two looks, unless said otherwise.
const INTERVAL: Duration = Duration::from_secs(2);
/// To the first line, and away with what was there (ECMA-48).
const CLEAR: &str = "\x1b[H\x1b[J";

/// How it is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Form {
    Json,
    Table(Paint),
}

/// Show the state of the daemon, once or again and again; the exit status.
pub(super) fn run(settings: &Settings, parsed: &Parsed) -> u8 {
    let socket = match parsed.value("status") {
        Some(path) => PathBuf::from(path),
        None => match usual_socket(settings) {
            Some(path) => path,
            None => return complain("the configuration has status_socket off"),
        },
    };
    let is_terminal = io::stdout().is_terminal();
    let form = match (parsed.has("json"), is_terminal) {
        (true, _) => Form::Json,
        (false, true) => Form::Table(Paint::Coloured),
        (false, false) => Form::Table(Paint::Plain),
    };
    if !parsed.has("watch") {
        return match shown(&socket, form) {
            Ok(text) => print(&text),
            Err(why) => complain(&why),
        };
    }
    match interval(parsed.value("watch")) {
        Some(interval) => watch(&socket, form, interval, is_terminal),
        None => complain("--watch takes a number of seconds, at least 0.5"),
    }
}

fn interval(given: Option<String>) -> Option<Duration> {
    let Some(text) = given else {
        return Some(INTERVAL);
    };
    let seconds = text.parse::<f64>().ok().filter(|n| *n >= 0.5)?;
    Duration::try_from_secs_f64(seconds).ok()
}

/// Look until the output is closed, or somebody ends it. A daemon that does not answer
/// may be one that is started again.
fn watch(socket: &Path, form: Form, interval: Duration, is_terminal: bool) -> u8 {
    loop {
        let text = shown(socket, form).unwrap_or_else(|why| format!("{why}\n"));
        let clear = match (form, is_terminal) {
            (Form::Table(_), true) => CLEAR,
            _ => "",
        };
        let gap = if is_terminal || form == Form::Json {
            ""
        } else {
            "\n"
        };
        if print(&format!("{clear}{text}{gap}")) != 0 {
            return 0;
        }
        pause(interval);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a command that looks at intervals has nothing else to wait for"
)]
fn pause(interval: Duration) {
    std::thread::sleep(interval);
}

/// Where the daemon of this configuration listens; nothing if it does not.
fn usual_socket(settings: &Settings) -> Option<PathBuf> {
    // Whoever may not read the configuration may know the daemon by its usual name.
    let config = config::read_anywhere(settings);
    let names = config.as_ref().map_or_else(
        || Names::of_settings(settings),
        |config| Names::new(settings, config),
    );
    let own_dir = config
        .as_ref()
        .is_some_and(|config| config.global.use_pid_dir);
    let given = settings.pid_files.clone();
    let usual = PidPaths::new(Path::new(RUN_DIR), given, &names, own_dir).status_socket();
    let usual = seen_from_outside(usual, &names);
    let Some(config) = config else {
        return Some(usual);
    };
    match &config.global.watch.status {
        StatusSocket::Off => None,
        StatusSocket::Usual => Some(usual),
        StatusSocket::At(socket) => Some(socket.path.as_ref().map_or(usual, PathBuf::from)),
    }
}

/// A daemon in a network namespace has a folder of its own in the place of
/// `/run/keepalived`; from outside it has the name of the namespace.
fn seen_from_outside(path: PathBuf, names: &Names) -> PathBuf {
    let own = Path::new(RUN_DIR).join("keepalived");
    match (&names.namespace, path.strip_prefix(&own)) {
        (Some(namespace), Ok(rest)) => own.join(namespace).join(rest),
        (None, _) | (_, Err(_)) => path,
    }
}

fn shown(socket: &Path, form: Form) -> Result<String, String> {
    let asked = ask(socket);
    let text =
        asked.map_err(|error| format!("No daemon answers at {}: {error}", socket.display()))?;
    let Form::Table(paint) = form else {
        return Ok(text);
    };
    let node = Node::parse(&text).ok_or("The answer of the daemon is not complete")?;
    let snapshot = Snapshot::take(&node);
    if snapshot.form != FORM {
        return Err("The daemon is of another version: use its own program".to_owned());
    }
    Ok(table::text(&snapshot, paint))
}

fn ask(socket: &Path) -> io::Result<String> {
    let stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut text = String::new();
    stream.take(ANSWER_MAX).read_to_string(&mut text)?;
    if text.is_empty() {
        return Err(io::Error::other("it has too much to do"));
    }
    Ok(text)
}

/// 1 when nobody reads it.
fn print(text: &str) -> u8 {
    let mut out = io::stdout();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    u8::from(written.is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_has_a_folder_of_its_own() {
        let mut names = Names::default();
        let path = PathBuf::from("/run/keepalived/keepalived_a.sock");
        assert_eq!(seen_from_outside(path.clone(), &names), path);
        names.namespace = Some("red".to_owned());
        let outside = Path::new("/run/keepalived/red/keepalived_a.sock");
        assert_eq!(seen_from_outside(path, &names), outside);
        let given = PathBuf::from("/x/k.sock");
        assert_eq!(seen_from_outside(given.clone(), &names), given);
    }

    #[test]
    fn intervals_are_seconds() {
        assert_eq!(interval(None), Some(INTERVAL));
        assert_eq!(
            interval(Some("1.5".to_owned())),
            Some(Duration::from_millis(1500))
        );
        for wrong in ["0", "0.1", "-1", "x", "inf", "nan"] {
            assert_eq!(interval(Some(wrong.to_owned())), None, "{wrong}");
        }
    }
}
