//! Where the daemon is watched: the socket of `keepalived --status`, and that of
//! metrics.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::GlobalConfig;
use crate::control_plane::arg::words;
use crate::control_plane::diag::Diags;
use crate::control_plane::read::{Refusal, refuse};
use crate::control_plane::schema::{self, Call};
use crate::control_plane::show::Sink;
use crate::control_plane::words::Word;

/// Sockets are for their owner only, unless said otherwise.
const MODE: u32 = 0o600;
/// The most a mode of a socket may say.
const MODE_MAX: u32 = 0o777;

/// Where the daemon is watched.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct WatchConfig {
    /// `status_socket`
    pub status: StatusSocket,
    /// `metrics_listen`
    pub metrics: MetricsListen,
}

/// `status_socket`
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum StatusSocket {
    /// Beside the pid file, for root.
    #[default]
    Usual,
    /// None.
    Off,
    /// As given.
    At(LocalSocket),
}

/// `metrics_listen`
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum MetricsListen {
    /// Nowhere.
    #[default]
    Off,
    /// On a socket of the file system.
    Local(LocalSocket),
    /// On a TCP port of the machine's own addresses.
    Port(SocketAddr),
}

/// A socket of the file system.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LocalSocket {
    /// Its path; `None`: beside the pid file.
    pub path: Option<String>,
    /// Its file mode.
    pub mode: u32,
    /// Its group; `None`: that of the daemon.
    pub group: Option<String>,
}

impl Default for LocalSocket {
    fn default() -> Self {
        Self {
            path: None,
            mode: MODE,
            group: None,
        }
    }
}

type Row = schema::Row<GlobalConfig>;

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "status_socket",
        words(
            "off | [PATH] [mode MODE] [group GROUP]",
            1,
            5,
            set_status,
            show_status,
        ),
        "The socket that `keepalived --status` asks, beside the pid file unless there is a path. Whoever \
         may write to it by its file mode (octal) may see the state of everything.",
    )
    .default("beside the pid file, ending in .sock, mode 0600"),
    Row::new(
        "metrics_listen",
        words(
            "off | unix:PATH [mode MODE] [group GROUP] | ADDRESS:PORT",
            1,
            5,
            set_metrics,
            show_metrics,
        ),
        "Answer GET /metrics there, in the OpenMetrics form. An address must be one of the machine's own \
         (127.0.0.0/8, [::1]): there is no authentication.",
    )
    .default("off"),
];

fn set_status(global: &mut GlobalConfig, call: &Call<'_>, diags: &mut Diags) {
    let words = match call.args {
        [word] if word.text == "off" => {
            global.watch.status = StatusSocket::Off;
            return;
        }
        words => words,
    };
    let (path, rest) = match words {
        [first, rest @ ..] if first.text.starts_with('/') => (Some(first.text.clone()), rest),
        rest => (None, rest),
    };
    if let Some(socket) = local_socket(path, rest, diags) {
        global.watch.status = StatusSocket::At(socket);
    }
}

fn set_metrics(global: &mut GlobalConfig, call: &Call<'_>, diags: &mut Diags) {
    let Some((first, rest)) = call.args.split_first() else {
        return;
    };
    if let Some(path) = first.text.strip_prefix("unix:") {
        if !path.starts_with('/') {
            let text = "the path of a socket begins with `/`";
            return refuse(diags, first.span, Refusal::general(text));
        }
        if let Some(socket) = local_socket(Some(path.to_owned()), rest, diags) {
            global.watch.metrics = MetricsListen::Local(socket);
        }
        return;
    }
    if let Some(word) = rest.first() {
        let text = format!("`{}` is for a socket of the file system only", word.text);
        return refuse(diags, word.span, Refusal::general(text));
    }
    if first.text == "off" {
        global.watch.metrics = MetricsListen::Off;
        return;
    }
    match first.text.parse::<SocketAddr>() {
        Ok(at) if at.ip().is_loopback() && at.port() != 0 => {
            global.watch.metrics = MetricsListen::Port(at);
        }
        Ok(at) => {
            let text = format!("{at} is not a port of the machine's own addresses");
            refuse(diags, first.span, Refusal::general(text));
        }
        Err(_) => {
            let text = format!(
                "`{}` is neither unix:PATH, ADDRESS:PORT nor off",
                first.text
            );
            refuse(diags, first.span, Refusal::general(text));
        }
    }
}

/// What is said of a socket behind its path; nothing if that is wrong.
fn local_socket(path: Option<String>, words: &[Word], diags: &mut Diags) -> Option<LocalSocket> {
    let mut socket = LocalSocket {
        path,
        ..LocalSocket::default()
    };
    for pair in words.chunks(2) {
        let (keyword, value) = match pair {
            [keyword, value] => (keyword, value),
            [single] => {
                let text = format!(
                    "`{}` is neither a path, mode MODE nor group GROUP",
                    single.text
                );
                refuse(diags, single.span, Refusal::general(text));
                return None;
            }
            _ => return None,
        };
        match keyword.text.as_str() {
            "mode" => match u32::from_str_radix(&value.text, 8) {
                Ok(mode) if mode <= MODE_MAX => socket.mode = mode,
                _ => {
                    let text = format!("`{}` is no octal file mode", value.text);
                    refuse(diags, value.span, Refusal::general(text));
                    return None;
                }
            },
            "group" => socket.group = Some(value.text.clone()),
            _ => {
                let text = format!("`{}` is neither `mode` nor `group`", keyword.text);
                refuse(diags, keyword.span, Refusal::general(text));
                return None;
            }
        }
    }
    Some(socket)
}

fn show_status(global: &GlobalConfig, name: &str, out: &mut dyn Sink) {
    match &global.watch.status {
        StatusSocket::Usual => (),
        StatusSocket::Off => out.line(name, &["off"]),
        StatusSocket::At(socket) => show_socket(socket.path.as_deref(), socket, name, out),
    }
}

fn show_metrics(global: &GlobalConfig, name: &str, out: &mut dyn Sink) {
    match &global.watch.metrics {
        MetricsListen::Off => (),
        MetricsListen::Port(at) => out.line(name, &[&at.to_string()]),
        MetricsListen::Local(socket) => {
            let path = socket.path.as_ref().map(|path| format!("unix:{path}"));
            show_socket(path.as_deref(), socket, name, out);
        }
    }
}

fn show_socket(path: Option<&str>, socket: &LocalSocket, name: &str, out: &mut dyn Sink) {
    let mode = format!("{:04o}", socket.mode);
    let mut words: Vec<&str> = path.into_iter().collect();
    words.extend(["mode", &mode]);
    if let Some(group) = &socket.group {
        words.extend(["group", group]);
    }
    out.line(name, &words);
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::control_plane::diag::Severity;
    use crate::control_plane::files::Memory;
    use crate::control_plane::{AnyMachine, LoadOptions, Loaded, load};

    fn read(line: &str) -> Loaded {
        let files = Memory::with("/k.conf", format!("global_defs {{\n{line}\n}}\n"));
        let (options, machine) = (LoadOptions::default(), AnyMachine::default());
        load(&files, Path::new("/k.conf"), &options, &machine)
    }

    fn watch(line: &str) -> WatchConfig {
        let config = read(line).config.expect("a configuration");
        config.global.watch.clone()
    }

    fn errors(line: &str) -> usize {
        let loaded = read(line);
        let list = loaded.diags.list.iter();
        list.filter(|diag| diag.severity == Severity::Error).count()
    }

    #[test]
    fn a_socket_has_a_path_a_mode_and_a_group() {
        assert_eq!(watch("").status, StatusSocket::Usual);
        assert_eq!(watch("status_socket off").status, StatusSocket::Off);
        let StatusSocket::At(socket) = watch("status_socket /run/x.sock mode 660 group adm").status
        else {
            panic!("a socket");
        };
        assert_eq!(socket.path.as_deref(), Some("/run/x.sock"));
        assert_eq!((socket.mode, socket.group.as_deref()), (0o660, Some("adm")));
        let StatusSocket::At(socket) = watch("status_socket mode 0666").status else {
            panic!("a socket");
        };
        assert_eq!((socket.path, socket.mode), (None, 0o666));
    }

    #[test]
    fn metrics_are_for_the_machine_only() {
        assert_eq!(watch("").metrics, MetricsListen::Off);
        let port = |text: &str| MetricsListen::Port(text.parse().expect("a port"));
        for at in ["127.0.0.1:9650", "[::1]:9650"] {
            assert_eq!(watch(&format!("metrics_listen {at}")).metrics, port(at));
        }
        let MetricsListen::Local(socket) = watch("metrics_listen unix:/run/m mode 0666").metrics
        else {
            panic!("a socket");
        };
        assert_eq!(socket.path.as_deref(), Some("/run/m"));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for line in [
            "status_socket run/x.sock",
            "status_socket mode",
            "status_socket mode 999",
            "status_socket owner me",
            "metrics_listen 0.0.0.0:9650",
            "metrics_listen 192.0.2.1:9650",
            "metrics_listen 127.0.0.1:0",
            "metrics_listen 127.0.0.1:9650 mode 0666",
            "metrics_listen unix:run/m",
            "metrics_listen 9650",
        ] {
            assert_eq!(errors(line), 1, "{line}");
        }
    }
}
