//! Diagnostics as text: for a terminal with the source line, for a log in one line.

use std::fmt::Write as _;

use super::diag::{Diag, Severity};
use super::source::{Origin, SourceMap};

/// `FILE:LINE:COLUMN: error: text`, the source line with a caret under the words
/// meant, where the text came from if not from there, and the advice.
#[must_use]
pub fn full(diag: &Diag, map: &SourceMap) -> String {
    let mut out = headline(diag, map);
    out.push('\n');
    if let Some(span) = diag.span {
        let (line, columns) = map.line_text(span);
        if !line.is_empty() {
            let width = columns.len().max(1);
            // Tabs stay tabs, so that the caret stands below whatever a tab is wide.
            let blanks: String = printable(&line)
                .chars()
                .take(columns.start)
                .map(|letter| if letter == '\t' { letter } else { ' ' })
                .collect();
            let _ = writeln!(
                out,
                "    {}\n    {blanks}{}",
                printable(&line),
                "^".repeat(width)
            );
        }
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

/// `FILE:LINE:COLUMN: error: text`
#[must_use]
pub fn headline(diag: &Diag, map: &SourceMap) -> String {
    let severity = match diag.severity {
        Severity::Note => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    match diag.span.filter(|span| map.contains(*span)) {
        Some(span) => {
            let place = map.place(span);
            format!(
                "{}:{}:{}: {severity}: {}",
                place.file, place.line, place.column, diag.text
            )
        }
        None => format!("{severity}: {}", diag.text),
    }
}

/// `(FILE: Line N) text`, the form of the C daemon, with the advice in the same line.
#[must_use]
pub fn log_line(diag: &Diag, map: &SourceMap) -> String {
    let mut out = String::new();
    if let Some(span) = diag.span.filter(|span| map.contains(*span)) {
        let place = map.place(span);
        let _ = write!(out, "({}: Line {}) ", place.file, place.line);
    }
    out.push_str(&diag.text);
    if let Some(help) = &diag.help {
        let _ = write!(out, " - {help}");
    }
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
