//! Keywords that name a script: `KEYWORD COMMAND [USER [[:]GROUP]]`, where the
//! command has to be quoted to hold arguments (`config-syntax.md` section 4).

use serde::{Deserialize, Serialize};

use super::command;
use super::diag::{Code, Diags};
use super::schema::Call;
use super::show::Sink;
use super::value::Spanned;
use super::words::{self, OpenQuote, Word};
use crate::model::{Command, CommandRequest};

/// Finds what is run for scripts, and takes down what is wrong with them.
pub trait FindCommand {
    /// What to run for a script; `None`, with a message, if it cannot or must not be
    /// run.
    fn command(&mut self, request: &Spanned<CommandRequest>) -> Option<Command>;
    /// Where messages go.
    fn diags(&mut self) -> &mut Diags;
}

/// A script of the configuration. Every instance has room for seven, and few have
/// one: what is not there takes no more than a pointer.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Script {
    /// What the text says.
    pub given: Option<Box<Spanned<CommandRequest>>>,
    /// What is run, filled in by the resolution. Nothing if nothing is given, or
    /// if it cannot or must not be run.
    pub command: Option<Box<Command>>,
}

impl Script {
    /// Take the script of a line.
    pub fn set(&mut self, call: &Call<'_>, diags: &mut Diags) {
        self.given = with_account(call, diags).map(Box::new);
    }

    /// Print it.
    pub fn show(&self, name: &str, out: &mut dyn Sink) {
        if let Some(given) = &self.given {
            let words = show(given);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            out.line(name, &words);
        }
    }
}

/// The argument of a row that fills a [`Script`], by its path.
macro_rules! script {
    ($target:ty, $usage:expr, $($field:ident).+) => {
        $crate::control_plane::arg::command(
            $usage,
            (1, 3),
            |target: &mut $target, call, diags| target.$($field).+.set(call, diags),
            |target: &$target, name, out| target.$($field).+.show(name, out),
        )
    };
}
pub(crate) use script;

/// A script with the account it names.
///
/// Nothing, with a message, if the line is no command.
pub fn with_account(call: &Call<'_>, diags: &mut Diags) -> Option<Spanned<CommandRequest>> {
    let (mut request, rest) = command_of(call, diags)?;
    let mut rest = rest.into_iter();
    request.value.user = rest.next().map(|word| word.text);
    request.value.group = rest.next().map(|word| word.text);
    if let Some(more) = rest.next() {
        surplus(&more, diags);
    }
    Some(request)
}

/// A script whose account is another keyword's matter.
pub fn without_account(call: &Call<'_>, diags: &mut Diags) -> Option<Spanned<CommandRequest>> {
    let (request, rest) = command_of(call, diags)?;
    if let Some(more) = rest.first() {
        surplus(more, diags);
    }
    Some(request)
}

fn surplus(word: &Word, diags: &mut Diags) {
    let text = format!(
        "`{}` is ignored: a command with arguments has to be quoted as a whole",
        word.text
    );
    diags.advise("unquoted-arguments", word.span, text);
}

/// The command, and the words behind it.
fn command_of(call: &Call<'_>, diags: &mut Diags) -> Option<(Spanned<CommandRequest>, Vec<Word>)> {
    let found = match words::script_words(call.line) {
        Ok(found) => found,
        Err(OpenQuote(span)) => {
            diags.error(Code::UnmatchedQuote, span, "the quote has no partner");
            return None;
        }
    };
    let mut found = found.into_iter().skip(1);
    let Some(word) = found.next() else {
        let text = format!("`{}` needs a command", call.keyword.text);
        diags.error(Code::MissingParameter, call.keyword.span, text);
        return None;
    };
    let request = match command::split(&word.text) {
        Ok(words) if !words.is_empty() => CommandRequest {
            words,
            ..CommandRequest::default()
        },
        Ok(_) => {
            diags.error(Code::General, word.span, "the command is empty");
            return None;
        }
        Err(error) => {
            diags.error(Code::UnmatchedQuote, word.span, error.text);
            return None;
        }
    };
    Some((Spanned::new(request, word.span), found.collect()))
}

/// The words as they may stand in a configuration again, account included.
#[must_use]
pub fn show(request: &CommandRequest) -> Vec<String> {
    let words = request.words.iter();
    let command: Vec<String> = words.map(|word| quoted(&word.to_string_lossy())).collect();
    let mut all = vec![command.join(" ")];
    all.extend(request.user.clone());
    if request.user.is_some() {
        all.extend(request.group.clone());
    }
    all
}

/// A word of a command, in quotes if it needs them.
fn quoted(word: &str) -> String {
    let special = |c: char| c.is_whitespace() || matches!(c, '\'' | '"' | '\\');
    if !word.is_empty() && !word.contains(special) {
        return word.to_owned();
    }
    let escaped = word.replace('\\', "\\\\").replace('"', "\\x22");
    format!("'{}'", escaped.replace('\'', "\\x27"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::source::Span;
    use crate::control_plane::words::Line;

    fn read(raw: &str) -> (Option<CommandRequest>, Diags) {
        let span = Span {
            lo: 0,
            hi: u32::try_from(raw.len()).unwrap(),
        };
        let keyword = Word {
            text: "notify".into(),
            span,
            quoted: false,
        };
        let line = Line {
            words: vec![keyword.clone()],
            raw: raw.into(),
            span,
        };
        let call = Call {
            keyword: &keyword,
            args: &[],
            line: &line,
        };
        let mut diags = Diags::default();
        let found = with_account(&call, &mut diags);
        (found.map(|request| request.value), diags)
    }

    #[test]
    fn a_command_its_user_and_its_group() {
        let (request, diags) = read("notify \"/bin/a 'b c' d\" nobody :daemon");
        let request = request.unwrap();
        assert_eq!(request.words, ["/bin/a", "b c", "d"]);
        assert_eq!(request.user.as_deref(), Some("nobody"));
        assert_eq!(request.group.as_deref(), Some(":daemon"));
        assert_eq!(diags.list, []);
        assert_eq!(show(&request), ["/bin/a 'b c' d", "nobody", ":daemon"]);
    }

    #[test]
    fn mistakes() {
        for (raw, code) in [
            ("notify", Code::MissingParameter),
            ("notify \"/bin/a", Code::UnmatchedQuote),
            ("notify \"/bin/a 'b\"", Code::UnmatchedQuote),
            ("notify \"\"", Code::General),
        ] {
            let (request, diags) = read(raw);
            assert_eq!(request, None, "{raw}");
            assert_eq!(
                diags.list.first().map(|diag| diag.code),
                Some(code),
                "{raw}"
            );
        }
        let (request, diags) = read("notify /bin/a b c d");
        assert!(request.is_some() && diags.exit_status() == 0);
        assert_eq!(diags.list.len(), 1);
    }
}
