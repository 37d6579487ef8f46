//! From what the configuration says of a script to what is run, and as whom
//! (`runtime-interfaces.md` section 6).

use std::env;
use std::ffi::{CString, OsStr};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Group, User, getegid, geteuid, getgrouplist};

use super::path_security;
use crate::model::command::{CommandRemark, RemarkKind};
use crate::model::{Account, Command, CommandFound, CommandRequest, ScriptRules};
use crate::sys::exec::{Credentials, Program};

/// The user of scripts that name none, if there is one of this name.
pub const DEFAULT_USER: &str = "keepalived_script";

/// What may be run for a request, and what is to be said about it.
#[must_use]
pub fn find(request: &CommandRequest, rules: &ScriptRules) -> CommandFound {
    let mut remarks = Vec::new();
    let command = match look_up(request, rules, &mut remarks) {
        Ok(command) => command,
        Err(text) => {
            remarks.push(CommandRemark {
                kind: RemarkKind::Unusable,
                text,
                help: None,
            });
            None
        }
    };
    CommandFound { command, remarks }
}

/// A command made ready to be started any number of times.
///
/// # Errors
/// If a word holds an octet 0.
pub fn program(command: &Command) -> io::Result<Program> {
    let Account { uid, gid, groups } = command.account.clone();
    // Only root may change them; anybody else runs scripts as itself.
    let credentials = geteuid()
        .is_root()
        .then_some(Credentials { uid, gid, groups });
    Program::new(&command.path, &command.args, credentials)?.called(&command.name)
}

fn look_up(
    request: &CommandRequest,
    rules: &ScriptRules,
    remarks: &mut Vec<CommandRemark>,
) -> Result<Option<Command>, String> {
    let (program, args) = request
        .words
        .split_first()
        .ok_or_else(|| "the command is empty".to_owned())?;
    let account = account_of(request, rules)?;
    let given = search(program)?;
    let real = fs::canonicalize(&given).map_err(|error| missing(&given, &error))?;
    executable(&real, &account)?;
    let path = if rules.keep_symlinks { given } else { real };
    let insecure = (account.uid == 0)
        .then(|| path_security::check(&path))
        .flatten();
    let refused = insecure.is_some() && rules.security;
    if let Some(weakness) = insecure {
        let consequence = if rules.security {
            "it is not run"
        } else {
            "root runs it nevertheless (enable_script_security is off)"
        };
        remarks.push(CommandRemark {
            kind: RemarkKind::Insecure,
            text: format!("script {}: {weakness}: {consequence}", path.display()),
            help: Some(weakness.fix()),
        });
    }
    Ok((!refused).then(|| Command {
        path,
        name: program.clone(),
        args: args.to_vec(),
        account,
    }))
}

/// By `PATH` if it is a bare name.
fn search(program: &OsStr) -> Result<PathBuf, String> {
    let path = Path::new(program);
    if program.as_encoded_bytes().contains(&b'/') {
        return Ok(path.to_owned());
    }
    let folders = env::var_os("PATH").unwrap_or_else(|| "/usr/sbin:/usr/bin:/sbin:/bin".into());
    let found = env::split_paths(&folders)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(path))
        .find(|path| path.is_file());
    found.ok_or_else(|| format!("script {}: not found in PATH", path.display()))
}

/// Names the component that is not there.
fn missing(path: &Path, error: &io::Error) -> String {
    if path.is_relative() {
        let path = path.display();
        return format!("script {path}: {error}; the path is relative: write it from / on");
    }
    let component = path
        .ancestors()
        .find(|ancestor| ancestor.parent().is_none_or(Path::exists));
    match component {
        Some(component) if component != path && error.kind() == io::ErrorKind::NotFound => {
            format!(
                "script {}: there is no {}",
                path.display(),
                component.display()
            )
        }
        Some(_) | None => format!("script {}: {error}", path.display()),
    }
}

/// Whether the account may run the file. The folders around are not looked at.
fn executable(path: &Path, account: &Account) -> Result<(), String> {
    let facts =
        fs::metadata(path).map_err(|error| format!("script {}: {error}", path.display()))?;
    if !facts.is_file() {
        return Err(format!("script {}: not a file", path.display()));
    }
    let mode = facts.mode();
    let in_group = account.gid == facts.gid() || account.groups.contains(&facts.gid());
    let may = if account.uid == 0 {
        mode & 0o111 != 0
    } else if account.uid == facts.uid() {
        mode & 0o100 != 0
    } else if in_group {
        mode & 0o010 != 0
    } else {
        mode & 0o001 != 0
    };
    if may {
        return Ok(());
    }
    let (mode, uid) = (mode & 0o7777, account.uid);
    let path = path.display();
    Err(format!(
        "script {path}: not executable for user {uid} (mode {mode:04o}); chmod +x {path}"
    ))
}

/// Who runs a script: its own user, else `script_user`, else [`DEFAULT_USER`],
/// else who runs the daemon, unless scripts are to be secure.
fn account_of(request: &CommandRequest, rules: &ScriptRules) -> Result<Account, String> {
    let group = request.group.as_deref();
    if let Some(user) = &request.user {
        return account(user, group, rules.supplementary);
    }
    if let Some((user, default)) = &rules.user {
        return account(user, group.or(default.as_deref()), rules.supplementary);
    }
    match User::from_name(DEFAULT_USER) {
        Ok(Some(user)) => account(&user.name, group, rules.supplementary),
        _ if rules.security && geteuid().is_root() => Err(format!(
            "no script_user is given and there is no user {DEFAULT_USER}"
        )),
        _ => Ok(Account {
            uid: geteuid().as_raw(),
            gid: getegid().as_raw(),
            groups: Vec::new(),
        }),
    }
}

/// The numbers of `USER [[:]GROUP]`. A colon, or `supplementary`, asks for the
/// user's supplementary groups.
///
/// # Errors
/// In words, if there is no such user or group.
pub fn account(user: &str, group: Option<&str>, supplementary: bool) -> Result<Account, String> {
    let found = User::from_name(user).map_err(|error| format!("user {user}: {error}"))?;
    let found = found.ok_or_else(|| format!("there is no user {user}"))?;
    let (colon, name) = match group.map(|group| (group.strip_prefix(':'), group)) {
        None => (false, ""),
        Some((Some(name), _)) => (true, name),
        Some((None, name)) => (false, name),
    };
    let gid = if name.is_empty() {
        found.gid
    } else {
        group_id(name)?
    };
    let groups = if colon || supplementary {
        supplementary_groups(user, gid)?
    } else {
        Vec::new()
    };
    Ok(Account {
        uid: found.uid.as_raw(),
        gid: gid.as_raw(),
        groups,
    })
}

fn group_id(name: &str) -> Result<Gid, String> {
    let group = Group::from_name(name).map_err(|error| format!("group {name}: {error}"))?;
    group
        .map(|group| group.gid)
        .ok_or_else(|| format!("there is no group {name}"))
}

fn supplementary_groups(user: &str, gid: Gid) -> Result<Vec<u32>, String> {
    let name = CString::new(user).map_err(|_| format!("there is no user {user}"))?;
    let groups = getgrouplist(&name, gid).map_err(|error| format!("groups of {user}: {error}"))?;
    Ok(groups.into_iter().map(Gid::as_raw).collect())
}

#[cfg(test)]
mod tests;
