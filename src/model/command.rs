//! A script as it is run.

use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The account a script runs under.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Account {
    /// The user.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// Supplementary groups, where they are asked for; else there are none.
    pub groups: Vec<u32>,
}

impl Account {
    /// The superuser.
    pub const ROOT: Self = Self {
        uid: 0,
        gid: 0,
        groups: Vec::new(),
    };
}

/// A script or program with its arguments and its account, ready to be run.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub struct Command {
    /// Where it is: absolute, and without symbolic links unless `use_symlink_paths`.
    pub path: PathBuf,
    /// What it is called by (`argv[0]`): the word of the configuration. A program
    /// that is several in one, such as BusyBox, goes by that.
    pub name: OsString,
    /// The arguments behind its name.
    pub args: Vec<OsString>,
    /// Who runs it.
    pub account: Account,
}

/// What a configuration says of a script.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct CommandRequest {
    /// The program and its arguments, quotes and escapes taken away.
    pub words: Vec<OsString>,
    /// `USER`; `None`: that of `script_user`.
    pub user: Option<String>,
    /// `[:]GROUP`; `None`: the user's own.
    pub group: Option<String>,
}

/// The settings of all scripts.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct ScriptRules {
    /// `script_user`: user and group of scripts that name none.
    pub user: Option<(String, Option<String>)>,
    /// `enable_script_security`: scripts of root that others may change are not run.
    pub security: bool,
    /// `set_supplementary_groups`: every user has its supplementary groups.
    pub supplementary: bool,
    /// `use_symlink_paths`: run by the path given, not the resolved one.
    pub keep_symlinks: bool,
}

/// What a request leads to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct CommandFound {
    /// What to run; `None`: nothing, for the reason in `remarks`.
    pub command: Option<Command>,
    /// What is to be said about it.
    pub remarks: Vec<CommandRemark>,
}

impl CommandFound {
    /// The words of a request as a command of root, for looking at a text alone.
    #[must_use]
    pub fn unchecked(request: &CommandRequest) -> Self {
        let command = request.words.split_first().map(|(path, args)| Command {
            path: path.into(),
            name: path.clone(),
            args: args.to_vec(),
            account: Account::ROOT,
        });
        Self {
            command,
            remarks: Vec::new(),
        }
    }
}

/// One thing that is wrong with a script.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CommandRemark {
    /// What kind.
    pub kind: RemarkKind,
    /// In one line.
    pub text: String,
    /// The command that puts it right, where there is one.
    pub help: Option<String>,
}

/// The kinds of [`CommandRemark`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RemarkKind {
    /// It cannot be run: absent, not executable, no such user.
    Unusable,
    /// Somebody else than root may change what root runs.
    Insecure,
}
