//! Diagnostics as text: for a terminal with the source line, for a log in one line.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use super::diag::{Diag, Severity};
use super::source::{Origin, SourceMap};

/// How many characters of a source line are shown.
const WIDTH: usize = 100;
/// Room for the place and the name of a lint in a line of a log.
const LOG_LINE_REST: usize = 100;

/// `FILE:LINE:COLUMN: error: text`, the source line with a caret under the words
/// meant, where the text came from if not from there, and the advice.
#[must_use]
pub fn full(diag: &Diag, map: &SourceMap) -> String {
    let mut out = headline(diag, map);
    out.push('\n');
    if let Some(span) = diag.span {
        excerpt(&mut out, &map.line_text(span));
        for origin in map.origins(span) {
            let (text, at) = match origin {
                Origin::Defined(at) => ("the value was defined", at),
                Origin::Used(at) => ("the definition was used", at),
                Origin::Included(at) => ("the file was included", at),
            };
            let place = map.place(at);
            let _ = writeln!(
                out,
                "{}:{}:{}: note: {text} here",
                place.file, place.line, place.column
            );
        }
    }
    if let Some(help) = &diag.help {
        let _ = writeln!(out, "help: {help}");
    }
    out
}

/// The source line, or what is around the columns of a long one, and the carets.
fn excerpt(out: &mut String, (line, columns): &(String, Range<usize>)) {
    if line.is_empty() {
        return;
    }
    let start = columns.start.saturating_sub(WIDTH / 2);
    let skipped = if columns.end > WIDTH { start } else { 0 };
    let shown: String = printable(line).chars().skip(skipped).take(WIDTH).collect();
    // Tabs stay tabs, so that the caret stands below whatever a tab is wide.
    let blank = |letter| if letter == '\t' { letter } else { ' ' };
    let before = columns.start - skipped;
    let blanks: String = shown.chars().take(before).map(blank).collect();
    let carets = columns.len().clamp(1, WIDTH.saturating_sub(before).max(1));
    let _ = writeln!(out, "    {shown}\n    {blanks}{}", "^".repeat(carets));
}

/// `FILE:LINE:COLUMN: error: text`, behind it in brackets the name that switches the
/// message off.
#[must_use]
pub fn headline(diag: &Diag, map: &SourceMap) -> String {
    let severity = match diag.severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let mut out = match diag.span.filter(|span| map.contains(*span)) {
        Some(span) => {
            let place = map.place(span);
            format!("{}:{}:{}: ", place.file, place.line, place.column)
        }
        None => String::new(),
    };
    let _ = write!(out, "{severity}: {}", diag.text);
    name(&mut out, diag);
    out
}

/// The name that a message can be switched off by.
fn name(out: &mut String, diag: &Diag) {
    if let Some(lint) = diag.lint {
        out.extend([" [", lint, "]"]);
    }
}

/// `(FILE: Line N) text`, the form of the C daemon, with the advice in the same line.
#[must_use]
pub fn log_line(diag: &Diag, map: &SourceMap) -> String {
    let help = diag.help.as_ref().map_or(0, |help| help.len());
    let mut out = String::with_capacity(diag.text.len() + help + LOG_LINE_REST);
    if let Some(span) = diag.span.filter(|span| map.contains(*span)) {
        let (path, line) = map.line_number(span).unwrap_or_else(|| (Path::new(""), 0));
        let _ = write!(out, "({}: Line {line}) ", path.display());
    }
    out.push_str(&diag.text);
    if let Some(help) = &diag.help {
        out.push_str(" - ");
        out.push_str(help);
    }
    name(&mut out, diag);
    out
}

/// Without control characters, which could do things to a terminal.
fn printable(line: &str) -> String {
    line.chars()
        .map(|letter| {
            if letter.is_control() && letter != '\t' {
                '\u{fffd}'
            } else {
                letter
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::diag::{Code, Diags};
    use std::path::Path;

    fn shown(text: &str, range: Range<usize>, help: Option<&str>) -> (String, String) {
        let mut map = SourceMap::default();
        let file = map.add_file(Path::new("a.conf"), text.as_bytes(), None);
        let mut diags = Diags::default();
        diags.error(Code::General, file.unwrap_or_default().part(range), "wrong");
        if let Some(help) = help {
            diags.help(help.to_owned());
        }
        let diag = diags.list.first().unwrap();
        (full(diag, &map), log_line(diag, &map))
    }

    #[test]
    fn carets_stand_below_the_words() {
        let (full, log) = shown("x\n\tab cd\x1b ef\n", 6..9, Some("do it right"));
        assert_eq!(
            full,
            "a.conf:2:5: error: wrong\n    \tab cd\u{fffd} ef\n    \t   ^^^\nhelp: do it right\n"
        );
        assert_eq!(log, "(a.conf: Line 2) wrong - do it right");
        let (full, _) = shown("ab\n", 2..2, None);
        assert_eq!(full, "a.conf:1:3: error: wrong\n    ab\n      ^\n");
    }

    #[test]
    fn long_lines_are_cut() {
        let text = format!("{} here {}\n", "x".repeat(300), "y".repeat(300));
        let (full, _) = shown(&text, 301..305, None);
        let lines: Vec<&str> = full.lines().collect();
        assert!(lines.iter().all(|line| line.len() <= WIDTH + 4), "{full}");
        let at = lines.get(1).and_then(|line| line.find("here"));
        assert_eq!(at, lines.get(2).and_then(|line| line.find("^^^^")));
        let (full, _) = shown(&text, 0..500, None);
        assert!(full.lines().all(|line| line.len() <= WIDTH + 4), "{full}");
    }

    #[test]
    fn without_a_place() {
        let diag = Diag::new(Code::General, Severity::Warning, None, "odd");
        let map = SourceMap::default();
        assert_eq!(full(&diag, &map), "warning: odd\n");
        assert_eq!(log_line(&diag, &map), "odd");
    }
}
