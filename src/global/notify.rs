//! What is told to scripts, pipes and people: the global part.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::GlobalConfig;
use crate::control_plane::arg::{boolean, flag, lines, seconds, text, to_keyword, words};
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::read::{self, refuse};
use crate::control_plane::schema::{self, Call, at};
use crate::control_plane::script::{Script, script};
use crate::control_plane::show::Sink;
use crate::control_plane::source::Span;
use crate::control_plane::value::Spanned;
use crate::model::Account;

/// The port of SMTP (RFC 5321 section 4.5.4.2).
const SMTP: u16 = 25;
const SCRIPT: &str = "SCRIPT [USER [[:]GROUP]]";
const FIFO: &str = "PATH [USER [GROUP]]";

/// Who is told what.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct GlobalNotify {
    /// Mails.
    pub mail: MailConfig,
    /// `notify_fifo`: the pipe for the events of all processes.
    pub fifo: FifoConfig,
    /// `vrrp_notify_fifo`: the pipe for the events of instances and groups.
    pub vrrp_fifo: FifoConfig,
    /// `lvs_notify_fifo`: the pipe for the events of virtual and real servers.
    pub lvs_fifo: FifoConfig,
    /// `vrrp_notify_priority_changes`: write changes of priorities to pipes.
    pub priority_changes: bool,
    /// `startup_script`: run before the children start.
    pub startup: LifeScript,
    /// `shutdown_script`: run after the children have ended.
    pub shutdown: LifeScript,
}

/// How mails are sent, and to whom.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct MailConfig {
    /// `smtp_server`: host and port.
    pub server: Option<Spanned<(String, u16)>>,
    /// Its addresses, found by the resolution; without any there are no mails.
    pub addresses: Vec<SocketAddr>,
    /// `notification_email`: the recipients; without any there are no mails.
    pub to: Vec<String>,
    /// `notification_email_from`
    pub from: Option<String>,
    /// `smtp_helo_name`
    pub hello: Option<String>,
    /// `smtp_connect_timeout`
    pub connect_timeout: Duration,
    /// `smtp_alert`: the default of everything that can send mails.
    pub alert: Option<bool>,
    /// `smtp_alert_vrrp`: the same for instances and groups.
    pub alert_vrrp: Option<bool>,
    /// `no_email_faults`: no mails of FAULT.
    pub no_faults: bool,
}

impl Default for MailConfig {
    fn default() -> Self {
        Self {
            server: None,
            addresses: Vec::new(),
            to: Vec::new(),
            from: None,
            hello: None,
            connect_timeout: Duration::from_secs(30),
            alert: None,
            alert_vrrp: None,
            no_faults: false,
        }
    }
}

/// A pipe, and the script that reads it.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct FifoConfig {
    /// Its path.
    pub path: Option<Spanned<String>>,
    /// `USER [GROUP]`: whose it is.
    pub owner: Option<(String, Option<String>)>,
    /// The same as numbers, filled in by the resolution; `None`: who runs the daemon.
    pub account: Option<Account>,
    /// Started with the path as its last argument.
    pub script: Script,
}

/// A script of the parent process.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct LifeScript {
    /// What is run.
    pub script: Script,
    /// It is killed after this time.
    pub timeout: Duration,
}

impl Default for LifeScript {
    fn default() -> Self {
        Self {
            script: Script::default(),
            timeout: Duration::from_secs(10),
        }
    }
}

/// A keyword of `global_defs`.
type Row = schema::Row<GlobalConfig>;

pub(super) const MAIL: &[Row] = &[
    Row::new(
        "notification_email",
        lines(
            "ADDRESS ...",
            |global: &mut GlobalConfig, line, _| {
                let words = line.words.iter().map(|word| word.text.clone());
                global.notify.mail.to.extend(words);
            },
            |global, out| {
                for address in &global.notify.mail.to {
                    out.line("", &[address]);
                }
            },
            |_| (),
        ),
        "Who gets mails, one address a word; a word with a name besides has to be quoted. Without \
         anybody there are no mails.",
    ),
    Row::new(
        "notification_email_from",
        text("ADDRESS", at!(notify.mail.from)),
        "The sender of mails.",
    )
    .skipped_bare()
    .default("the user that runs the daemon, at the name of the host"),
    Row::new(
        "smtp_server",
        to_keyword(words("HOST [PORT]", 1, 2, set_server, show_server)),
        "The server that takes mails, and its port, 1 to 65535. A name is looked up when the \
         configuration is read; all of its addresses are tried.",
    )
    .default("none; port 25"),
    Row::new(
        "smtp_helo_name",
        words(
            "[NAME]",
            0,
            1,
            |global: &mut GlobalConfig, call, _| {
                let name = call.args.first().map(|word| word.text.clone());
                global.notify.mail.hello = name.or_else(|| global.notify.mail.hello.take());
            },
            |global, name, out| {
                if let Some(hello) = &global.notify.mail.hello {
                    out.line(name, &[hello]);
                }
            },
        ),
        "The name of this machine that the mail server is told (HELO).",
    )
    .default("the name of the host"),
    Row::new(
        "smtp_connect_timeout",
        seconds(1, 4294, at!(notify.mail.connect_timeout)),
        "How long a connection to the mail server may take.",
    )
    .nearest()
    .default("30"),
    Row::new(
        "smtp_alert",
        boolean(at!(notify.mail.alert)),
        "Send mails of every kind.",
    )
    .default("off"),
    Row::new(
        "smtp_alert_vrrp",
        boolean(at!(notify.mail.alert_vrrp)),
        "Send mails of the transitions of instances and groups.",
    )
    .default("as smtp_alert"),
    Row::new(
        "no_email_faults",
        flag(at!(notify.mail.no_faults)),
        "Send no mails of transitions to FAULT.",
    ),
];

pub(super) const SCRIPTS: &[Row] = &[
    Row::new(
        "startup_script",
        script!(GlobalConfig, SCRIPT, notify.startup.script),
        "Run before the other processes start, which wait for its end.",
    )
    .skipped_bare()
    .once(),
    Row::new(
        "startup_script_timeout",
        seconds(1, 1000, at!(notify.startup.timeout)),
        "How long startup_script may take; then it is killed, and the start goes on.",
    )
    .skipped_bare()
    .default("10"),
    Row::new(
        "shutdown_script",
        script!(GlobalConfig, SCRIPT, notify.shutdown.script),
        "Run after the other processes have ended.",
    )
    .skipped_bare()
    .once(),
    Row::new(
        "shutdown_script_timeout",
        seconds(1, 1000, at!(notify.shutdown.timeout)),
        "How long shutdown_script may take; then it is killed.",
    )
    .skipped_bare()
    .default("10"),
];

/// A pipe, and who may write to it.
macro_rules! pipe {
    ($name:literal, $fifo:ident, $doc:literal) => {
        Row::new(
            $name,
            words(
                FIFO,
                1,
                3,
                |global: &mut GlobalConfig, call, _| global.notify.$fifo.set(call),
                |global, name, out| global.notify.$fifo.show(name, out),
            ),
            $doc,
        )
        .default("none")
        .once()
        .skipped_bare()
    };
}

/// The script that reads a pipe.
macro_rules! reader {
    ($name:literal, $fifo:ident) => {
        Row::new(
            $name,
            script!(GlobalConfig, SCRIPT, notify.$fifo.script),
            "Started to read that pipe, whose path is its last argument.",
        )
        .once()
        .skipped_bare()
    };
}

pub(super) const PIPES: &[Row] = &[
    pipe!(
        "notify_fifo",
        fifo,
        "A pipe for the events of all processes. It is created if it is missing, for USER or the \
         user of scripts."
    ),
    reader!("notify_fifo_script", fifo),
    pipe!(
        "vrrp_notify_fifo",
        vrrp_fifo,
        "A pipe for the events of instances and groups."
    ),
    reader!("vrrp_notify_fifo_script", vrrp_fifo),
    pipe!(
        "lvs_notify_fifo",
        lvs_fifo,
        "A pipe for the events of virtual and real servers."
    ),
    reader!("lvs_notify_fifo_script", lvs_fifo),
    Row::new(
        "vrrp_notify_priority_changes",
        boolean(at!(notify.priority_changes)),
        "Write changes of effective priorities to pipes.",
    ),
];

impl FifoConfig {
    fn set(&mut self, call: &Call<'_>) {
        let mut words = call.args.iter();
        self.path = words
            .next()
            .map(|word| Spanned::new(word.text.clone(), word.span));
        let mut words = words.map(|word| word.text.clone());
        self.owner = words.next().map(|user| (user, words.next()));
    }

    fn show(&self, name: &str, out: &mut dyn Sink) {
        let Some(path) = &self.path else { return };
        let mut words = vec![path.value.as_str()];
        if let Some((user, group)) = &self.owner {
            words.push(user);
            words.extend(group.as_deref());
        }
        out.line(name, &words);
    }
}

fn set_server(global: &mut GlobalConfig, call: &Call<'_>, diags: &mut Diags) {
    let Some(host) = call.args.first() else {
        return;
    };
    let port = match call.args.get(1) {
        None => SMTP,
        Some(word) => match read::integer(&word.text, 1, 65535, "") {
            Ok(port) => u16::try_from(port).unwrap_or(SMTP),
            Err(refusal) => return refuse(diags, word.span, refusal),
        },
    };
    global.notify.mail.server = Some(Spanned::new((host.text.clone(), port), call.span()));
}

fn show_server(global: &GlobalConfig, name: &str, out: &mut dyn Sink) {
    if let Some(server) = &global.notify.mail.server {
        let (host, port) = &server.value;
        out.line(name, &[host, &port.to_string()]);
    }
}

impl MailConfig {
    /// Look up the server.
    pub fn find_server(
        &mut self,
        addresses: impl FnOnce(&str) -> Result<Vec<IpAddr>, String>,
        diags: &mut Diags,
    ) {
        let Some(Spanned { value, span }) = &self.server else {
            return;
        };
        let (host, port) = value;
        match addresses(host) {
            Ok(found) => {
                self.addresses = found.into_iter().map(|ip| (ip, *port).into()).collect();
            }
            Err(why) => {
                let text = format!("smtp_server {host}: {why}: no mails are sent");
                diags.error(Code::General, *span, text);
            }
        }
    }

    /// Whether mails of instances and groups are sent unless they say otherwise.
    #[must_use]
    pub fn of_vrrp(&self) -> bool {
        self.alert_vrrp.or(self.alert).unwrap_or(false)
    }
}

impl GlobalNotify {
    /// One pipe is not written twice, and a script needs a pipe.
    pub fn check(&mut self, diags: &mut Diags) {
        let path = |fifo: &FifoConfig| fifo.path.as_ref().map(|path| path.value.clone());
        let all = path(&self.fifo);
        let of_processes = [
            ("vrrp_notify_fifo", &mut self.vrrp_fifo),
            ("lvs_notify_fifo", &mut self.lvs_fifo),
        ];
        for (name, fifo) in of_processes {
            if let Some(own) = &fifo.path
                && all.as_ref() == Some(&own.value)
            {
                let text = format!("{name} is the same as notify_fifo: ignored");
                diags.error(Code::General, own.span, text);
                fifo.path = None;
            }
        }
        for fifo in [&mut self.fifo, &mut self.vrrp_fifo, &mut self.lvs_fifo] {
            if let (None, Some(script)) = (&fifo.path, &fifo.script.given) {
                let text = "a script without a pipe to read: not started";
                diags.warn(Code::Warning, script.span, text);
                fifo.script.command = None;
            }
        }
    }

    /// Every script, to be resolved.
    pub fn scripts(&mut self) -> impl Iterator<Item = &mut Script> {
        [
            &mut self.startup.script,
            &mut self.shutdown.script,
            &mut self.fifo.script,
            &mut self.vrrp_fifo.script,
            &mut self.lvs_fifo.script,
        ]
        .into_iter()
    }

    /// Where something about a pipe is said.
    #[must_use]
    pub fn place(fifo: &FifoConfig) -> Span {
        fifo.path.as_ref().map(|path| path.span).unwrap_or_default()
    }
}
