//! Settings of reloads.

use serde::{Deserialize, Serialize};

use super::GlobalConfig;
use crate::control_plane::arg::{flag, nowhere, text, words};
use crate::control_plane::diag::Diags;
use crate::control_plane::read::{Refusal, refuse};
use crate::control_plane::schema::{self, Call, at};
use crate::control_plane::show::Sink;
use crate::control_plane::value::Spanned;

/// When and how the configuration is read again.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ReloadConfig {
    /// `reload_check_config`: a new file with mistakes is not applied.
    pub check: ReloadCheck,
    /// `reload_time_file`: its first line is the time of a reload to come.
    pub time_file: Option<Spanned<String>>,
    /// `reload_repeat`: a time without a date is for every day.
    pub repeats: bool,
    /// `reload_file`: exists while the configuration is read.
    pub file: ReloadFile,
    /// `config_save_dir`: where copies of configuration and state go.
    pub save_dir: Option<Spanned<String>>,
    /// `fifo_write_vrrp_states_on_reload`
    pub writes_states: bool,
}

/// `reload_check_config`
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum ReloadCheck {
    /// A file with mere mistakes is applied as far as it goes.
    #[default]
    Off,
    /// Mistakes cancel the reload.
    On,
    /// They also go to this file.
    Into(String),
}

/// `reload_file`
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum ReloadFile {
    /// There is none.
    #[default]
    Off,
    /// `keepalived.reload` beside the pid file.
    Usual,
    /// This one.
    At(Spanned<String>),
}

/// A keyword of `global_defs`.
type Row = schema::Row<GlobalConfig>;

pub(super) const ROWS: &[Row] = &[
    Row::new(
        "reload_check_config",
        words("[LOGFILE]", 0, 1, set_check, show_check),
        "A reload with a file that has mistakes is cancelled, and the mistakes are appended to LOGFILE. \
         Without it such a file is used as far as it goes; one that nothing can run with never is.",
    ).default("off; the messages go nowhere without LOGFILE"),
    Row::new(
        "reload_time_file",
        text("FILE", at!(reload.time_file)),
        "The first line of this file is the time of a reload: HH:MM:SS, YY-MM-DD HH:MM:SS or \
         YYYY-MM-DD HH:MM:SS, with a Z behind it for UTC. It may come, change and go at any time, and is \
         removed when the reload happens. Its folder has to exist.",
    ).skipped_bare().default("none"),
    Row::new(
        "reload_repeat",
        flag(at!(reload.repeats)),
        "A time without date in reload_time_file is for every day, and the file stays.",
    ),
    Row::new(
        "reload_file",
        words("[FILE]", 0, 1, set_file, show_file),
        "Made (or emptied) before the configuration is read again, and removed afterwards: who \
         writes the configuration can wait for that.",
    )
    .default("keepalived.reload in the folder of the pid file, if no name is given"),
    Row::new(
        "config_save_dir",
        text("FOLDER", at!(reload.save_dir)),
        "Around reload N, copies go to this folder: keepalived.conf.PID.N is the configuration, \
         keepalived_vrrp.PID.N.pre and .post are the states before and after it. Without secrets.",
    ).default("none"),
    Row::new(
        "fifo_write_vrrp_states_on_reload",
        flag(at!(reload.writes_states)),
        "Write all states to pipes after a reload.",
    ),
    Row::new(
        "tmp_config_directory",
        text("FOLDER", nowhere()),
        "Accepted; processes hand the configuration on in memory.",
    ).skipped_bare()
    .once(),
];

fn set_check(global: &mut GlobalConfig, call: &Call<'_>, _: &mut Diags) {
    global.reload.check = match call.args.first() {
        None => ReloadCheck::On,
        Some(word) => ReloadCheck::Into(word.text.clone()),
    };
}

fn show_check(global: &GlobalConfig, name: &str, out: &mut dyn Sink) {
    match &global.reload.check {
        ReloadCheck::Off => (),
        ReloadCheck::On => out.line(name, &[]),
        ReloadCheck::Into(file) => out.line(name, &[file.as_str()]),
    }
}

fn set_file(global: &mut GlobalConfig, call: &Call<'_>, _: &mut Diags) {
    global.reload.file = match call.args.first() {
        None => ReloadFile::Usual,
        Some(word) => ReloadFile::At(Spanned::new(word.text.clone(), word.span)),
    };
}

fn show_file(global: &GlobalConfig, name: &str, out: &mut dyn Sink) {
    match &global.reload.file {
        ReloadFile::Off => (),
        ReloadFile::Usual => out.line(name, &[]),
        ReloadFile::At(file) => out.line(name, &[&file.value]),
    }
}

/// The daemon changes its folder, so a name has to say everything.
pub(super) fn check(reload: &mut ReloadConfig, diags: &mut Diags) {
    if let ReloadFile::At(file) = &reload.file
        && !is_absolute(file, "reload_file", diags)
    {
        reload.file = ReloadFile::Off;
    }
    let file = reload.time_file.take();
    reload.time_file = file.filter(|file| is_absolute(file, "reload_time_file", diags));
}

fn is_absolute(file: &Spanned<String>, keyword: &str, diags: &mut Diags) -> bool {
    let is_absolute = file.value.starts_with('/');
    if !is_absolute {
        let text = format!(
            "{keyword}: `{}` is not an absolute path: ignored",
            file.value
        );
        refuse(diags, file.span, Refusal::general(text));
    }
    is_absolute
}
