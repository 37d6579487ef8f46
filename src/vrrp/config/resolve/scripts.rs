//! Scripts: what is run for them, and whether that is safe.

use super::Resolver;
use crate::control_plane::diag::{Code, Diags};
use crate::control_plane::script::FindCommand;
use crate::control_plane::value::Spanned;
use crate::model::command::RemarkKind;
use crate::model::{Command, CommandRequest};

impl FindCommand for Resolver<'_> {
    fn command(&mut self, request: &Spanned<CommandRequest>) -> Option<Command> {
        Resolver::command(self, request)
    }

    fn diags(&mut self) -> &mut Diags {
        self.diags
    }
}

impl Resolver<'_> {
    /// The account of `script_user` has to exist.
    pub(super) fn script_user(&mut self) {
        if let Some((user, group)) = &self.global.scripts.user
            && let Err(text) = self.machine.account(user, group.as_deref())
        {
            self.error(
                self.global.script_user_at.span,
                format!("script_user: {text}"),
            );
        }
    }

    /// What to run for a script; `None`, with a message, if it cannot or must not
    /// be run.
    pub(super) fn command(&mut self, request: &Spanned<CommandRequest>) -> Option<Command> {
        let rules = &self.global.scripts;
        let found = self.machine.find_script(request, rules);
        for remark in found.remarks {
            let code = match remark.kind {
                RemarkKind::Insecure if !rules.security => Code::Security,
                RemarkKind::Insecure | RemarkKind::Unusable => Code::General,
            };
            let is_no_user = remark.text.contains("there is no user");
            if found.command.is_some() {
                self.diags.warn(code, request.span, remark.text);
            } else {
                self.diags.error(code, request.span, remark.text);
            }
            if let Some(help) = remark.help {
                self.diags.help(help);
            } else if is_no_user && request.user.is_some() {
                self.diags.help(
                    "behind a command stand user and group; with arguments it has to be quoted as a whole",
                );
            }
            self.diags.lint(match remark.kind {
                RemarkKind::Insecure => "script-insecure",
                RemarkKind::Unusable => "script-unusable",
            });
        }
        if found.command.as_ref().is_some_and(|c| c.account.uid == 0) {
            self.runs_as_root.get_or_insert(request.span);
        }
        found.command
    }

    /// Said once, at the first script of root.
    pub(super) fn script_security(&mut self) {
        if let Some(span) = self.runs_as_root
            && !self.global.scripts.security
        {
            let text = "SECURITY VIOLATION - scripts are run as root, and enable_script_security \
                        is not set";
            self.diags.warn(Code::Security, span, text);
            self.diags.lint("scripts-as-root");
        }
    }
}
