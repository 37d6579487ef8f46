//! A command with its arguments in single quotes: `'/usr/bin/echo' 'x y'`.

use std::ffi::OsStr;

use super::text::Text;
use crate::control_plane::script::Script;
use crate::model::Command;
use crate::vrrp::config::NotifyConfig;

/// Where a script is.
pub type WhereScript = fn(&NotifyConfig) -> &Script;

/// The scripts of an instance or a sync group: what they are called in the text,
/// their keys in JSON, where they are.
pub static SCRIPTS: [(&str, &str, WhereScript); 7] = [
    ("Backup", "script_backup", |notify| &notify.backup),
    ("Master", "script_master", |notify| &notify.master),
    ("Fault", "script_fault", |notify| &notify.fault),
    ("Stop", "script_stop", |notify| &notify.stop),
    ("Deleted", "script_deleted", |notify| &notify.deleted),
    ("Generic", "script", |notify| &notify.any),
    (
        "Master rx lower pri",
        "script_master_rx_lower_pri",
        |notify| &notify.lower_priority,
    ),
];

/// The command as text.
#[must_use]
pub fn quoted(command: &Command) -> String {
    let mut out = String::new();
    push_quoted(&mut out, command.path.as_os_str());
    for word in &command.args {
        out.push(' ');
        push_quoted(&mut out, word);
    }
    out
}

fn push_quoted(out: &mut String, word: &OsStr) {
    out.push('\'');
    out.push_str(&word.to_string_lossy());
    out.push('\'');
}

/// `   Master state transition script = '/usr/bin/echo' 'x y', uid:gid 0:0`
pub fn scripts(notify: &NotifyConfig, out: &mut Text) {
    for (label, _, get) in &SCRIPTS {
        let Some(command) = &get(notify).command else {
            continue;
        };
        let account = &command.account;
        let text = quoted(command);
        out.line(&format!(
            "{label} state transition script = {text}, uid:gid {}:{}",
            account.uid, account.gid
        ));
    }
}
