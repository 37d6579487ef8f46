//! A file in today's words: what the messages of a load say to write instead is put
//! in its place; everything else, comments and layout included, stays.

use std::path::Path;

use super::diag::{Diag, Fix, FixKind};
use super::load::Loaded;
use super::source::{SourceMap, Span};

/// A file after the replacement.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Upgraded {
    /// The text.
    pub text: Vec<u8>,
    /// How many words or statements were replaced.
    pub changed: usize,
    /// Messages about old words, by their number in the load, that are left to do by
    /// hand: in other files, in definitions, or more than a word.
    pub left: Vec<usize>,
}

/// Replace the old words of the main file. `is_old` tells which messages are about
/// such words. Nothing if there is no main file.
#[must_use]
pub fn upgrade(loaded: &Loaded, is_old: impl Fn(&Diag) -> bool) -> Option<Upgraded> {
    let map = &loaded.map;
    let (main, file) = map.file_texts().next()?;
    let mut out = Upgraded::default();
    let mut edits = Edits::default();
    for (number, diag) in loaded.diags.list.iter().enumerate() {
        if !is_old(diag) {
            continue;
        }
        match placed(map, main, diag) {
            Some(fixes) if fixes.iter().all(|new| edits.fits(new)) => {
                out.changed += 1;
                fixes.into_iter().for_each(|fix| edits.add(fix));
            }
            // The same line again, by a sequence or a repeated definition.
            Some(fixes) if fixes.iter().all(|new| edits.has(new)) => (),
            Some(_) | None => out.left.push(number),
        }
    }
    out.text = edited(map, file, &edits.0);
    Some(out)
}

/// The replacements of a message, as places of the main file.
fn placed(map: &SourceMap, main: &Path, diag: &Diag) -> Option<Vec<Fix>> {
    let mut all = Vec::new();
    for fix in &diag.fixes {
        let span = map.verbatim(fix.span)?;
        if map.file(span) != Some(main) {
            return None;
        }
        match fix.kind {
            FixKind::Instead => all.push(Fix::instead(span, fix.text.clone())),
            FixKind::Above => {
                let line = map.line_of(span)?;
                // Nothing may stand before the block whose line it is.
                let before = map.bytes(Span {
                    lo: line.lo,
                    hi: span.lo,
                });
                let words = before.split(u8::is_ascii_whitespace);
                if words.filter(|word| !word.is_empty()).count() > 1 {
                    return None;
                }
                all.push(Fix::instead(line.part(0..0), fix.text.clone()));
            }
            FixKind::Unwrap => all.extend(unwrapped(map, span)?),
            FixKind::Apart => all.extend(apart(map, span)?),
        }
    }
    (!all.is_empty()).then_some(all)
}

/// Line breaks around a statement that does not stand alone: before it, and before a `}` that
/// follows. What stands behind a brace of its line is further in than the line.
fn apart(map: &SourceMap, statement: Span) -> Option<Vec<Fix>> {
    let line = map.line_of(statement)?;
    let before = Span {
        hi: statement.lo,
        ..line
    };
    let behind = Span {
        lo: statement.hi.min(line.hi),
        ..line
    };
    let text = map.bytes(before);
    let blanks = |text: &[u8]| text.iter().take_while(|octet| is_blank(octet)).count();
    let mut found = Vec::new();
    let indent = blanks(text);
    let depth = depth(text);
    let broken = |span: Span, depth: usize| {
        let (indent, _) = text.split_at(indent);
        let indent = String::from_utf8_lossy(indent);
        let step = if indent.contains('\t') { "\t" } else { "    " };
        let end = if map.bytes(line).ends_with(b"\r") {
            "\r\n"
        } else {
            "\n"
        };
        Fix::instead(span, format!("{end}{indent}{}", step.repeat(depth)))
    };
    if indent < text.len() {
        let kept = text.len()
            - text
                .iter()
                .rev()
                .take_while(|octet| is_blank(octet))
                .count();
        found.push(broken(before.part(kept..text.len()), depth));
    }
    let rest = map.bytes(behind);
    let gap = blanks(rest);
    if rest.get(gap) == Some(&b'}') {
        found.push(broken(behind.part(0..gap), depth.saturating_sub(1)));
    }
    Some(found)
}

/// How many braces are open at the end of a text that began with none.
fn depth(text: &[u8]) -> usize {
    let mut quoted = false;
    text.iter().fold(0, |depth: usize, octet| match octet {
        b'"' => {
            quoted = !quoted;
            depth
        }
        b'{' if !quoted => depth + 1,
        b'}' if !quoted => depth.saturating_sub(1),
        _ => depth,
    })
}

const fn is_blank(octet: &u8) -> bool {
    matches!(*octet, b' ' | b'\t')
}

/// Without a keyword and the braces of its block, which has to follow at once: braces
/// further on are those of another one.
fn unwrapped(map: &SourceMap, keyword: Span) -> Option<[Fix; 2]> {
    let (_, file) = map
        .file_texts()
        .find(|(_, file)| file.lo <= keyword.lo && keyword.hi <= file.hi)?;
    let text = map.bytes(file);
    let from = usize::try_from(keyword.lo.checked_sub(file.lo)?).ok()?;
    let behind = usize::try_from(keyword.hi.checked_sub(file.lo)?).ok()?;
    let mut rest = text.iter().enumerate().skip(behind);
    let (mut quoted, mut depth, mut opened) = (false, 0_u32, None);
    while let Some((at, octet)) = rest.next() {
        match octet {
            b'"' if opened.is_some() => quoted = !quoted,
            b'#' | b'!' if !quoted => {
                rest.by_ref().find(|(_, octet)| **octet == b'\n')?;
            }
            b'{' if !quoted => {
                opened.get_or_insert(at);
                depth += 1;
            }
            b'}' if !quoted => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some([
                        Fix::remove(file.part(from..opened? + 1)),
                        Fix::remove(file.part(at..at + 1)),
                    ]);
                }
            }
            _ if opened.is_none() && !octet.is_ascii_whitespace() => return None,
            _ => (),
        }
    }
    None
}

/// Replacements in the order of the text, none of which overlaps another one. Files of
/// tens of thousands of old words are written by programs, so no look is at all of them.
#[derive(Debug, Default)]
struct Edits(Vec<Fix>);

impl Edits {
    /// Whether a replacement overlaps none of those there are, and is not there itself.
    fn fits(&self, new: &Fix) -> bool {
        let (before, behind) = self.around(new);
        let is_apart = before.last().is_none_or(|old| old.span.hi <= new.span.lo)
            && behind.first().is_none_or(|old| new.span.hi <= old.span.lo);
        is_apart && !self.has(new)
    }

    /// Whether it is there.
    fn has(&self, new: &Fix) -> bool {
        let (_, behind) = self.around(new);
        let mut there = behind.iter().take_while(|old| old.span == new.span);
        there.any(|old| old == new)
    }

    /// At the same place those that come first stay first.
    fn add(&mut self, new: Fix) {
        let at = self.0.partition_point(|old| place(old) <= place(&new));
        self.0.insert(at, new);
    }

    /// Those that begin before a replacement, and the others.
    fn around(&self, new: &Fix) -> (&[Fix], &[Fix]) {
        let at = self.0.partition_point(|old| place(old) < place(new));
        self.0.split_at_checked(at).unwrap_or((&self.0, &[]))
    }
}

const fn place(fix: &Fix) -> (u32, u32) {
    (fix.span.lo, fix.span.hi)
}

fn edited(map: &SourceMap, file: Span, edits: &[Fix]) -> Vec<u8> {
    let mut text = Vec::new();
    let mut from = file.lo;
    for fix in edits {
        text.extend_from_slice(map.bytes(Span {
            lo: from,
            hi: fix.span.lo.max(from),
        }));
        from = fix.span.hi.max(from);
        if fix.text.is_empty() {
            from = without_rest(map, file, &mut text, fix.span);
        }
        // A line of its own for what follows: there may be one already, since what stood
        // there is gone.
        let breaks = fix.text.starts_with(['\r', '\n']);
        if !(breaks && is_at_start(&text)) {
            text.extend_from_slice(fix.text.as_bytes());
        }
    }
    text.extend_from_slice(map.bytes(Span {
        lo: from,
        hi: file.hi,
    }));
    text
}

/// What is removed takes its blanks along, and its line if nothing else stands there. Tells where
/// the text goes on.
fn without_rest(map: &SourceMap, file: Span, text: &mut Vec<u8>, gone: Span) -> u32 {
    let after = map.bytes(Span {
        lo: gone.hi,
        hi: file.hi,
    });
    let blanks = after.iter().take_while(|octet| is_blank(octet)).count();
    let ends = matches!(after.get(blanks), None | Some(b'\n' | b'\r'));
    let skip = |count: usize| {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        gone.hi.saturating_add(count).min(file.hi)
    };
    if !ends {
        return skip(blanks);
    }
    let begins = is_at_start(text);
    while text.pop_if(|octet| is_blank(octet)).is_some() {}
    if !begins {
        return gone.hi;
    }
    let line = after.iter().position(|octet| *octet == b'\n');
    skip(line.map_or(after.len(), |at| at + 1))
}

/// Whether a text ends with an empty line.
fn is_at_start(text: &[u8]) -> bool {
    let mut last = text.iter().rev().skip_while(|octet| is_blank(octet));
    matches!(last.next(), None | Some(b'\n'))
}

#[cfg(test)]
mod tests {
    use super::super::files::Memory;
    use super::super::load::{AnyMachine, LoadOptions, load};
    use super::*;
    use crate::lint::OLD_WORD;

    const MAIN: &str = "/etc/keepalived/keepalived.conf";

    fn upgraded(text: &str) -> (String, usize) {
        let files = Memory::with(MAIN, text);
        let machine = AnyMachine::default();
        let loaded = load(&files, Path::new(MAIN), &LoadOptions::default(), &machine);
        let upgraded = upgrade(&loaded, |diag| diag.lint == Some(OLD_WORD)).unwrap();
        let text = String::from_utf8_lossy(&upgraded.text).into_owned();
        (text, upgraded.left.len())
    }

    fn smtp_check(lines: &str) -> String {
        format!(
            "virtual_server 192.0.2.1 25 {{\n lb_algo rr\n lb_kind NAT\n \
             real_server 10.0.0.2 25 {{\n  SMTP_CHECK {{\n{lines}  }}\n }}\n}}\n"
        )
    }

    #[test]
    fn the_braces_of_a_block_go_with_its_keyword() {
        let old = smtp_check("   host # the second\n   {\n    connect_port 26\n   }\n");
        let new = smtp_check("    connect_port 26\n");
        assert_eq!(upgraded(&old), (new, 0));
    }

    /// What takes time for each old word and each other one takes minutes here.
    #[test]
    fn as_many_old_words_as_a_program_writes() {
        let text =
            |masks: &str| format!("virtual_server 192.0.2.1 25 {{\n{masks} delay_loop 5\n}}\n");
        let old = text(&" nat_mask 255.0.0.0\n".repeat(30_000));
        assert_eq!(upgraded(&old), (text(""), 0));
    }

    #[test]
    fn replacements_do_not_overlap() {
        let fix = |lo, hi, text: &str| Fix::instead(Span { lo, hi }, text);
        let mut edits = Edits::default();
        for fix in [
            fix(5, 9, "b"),
            fix(2, 4, "a"),
            fix(9, 9, "c"),
            fix(9, 9, "d"),
        ] {
            assert!(edits.fits(&fix) && !edits.has(&fix), "{fix:?}");
            edits.add(fix);
        }
        let order: Vec<&str> = edits.0.iter().map(|fix| fix.text.as_str()).collect();
        assert_eq!(order, ["a", "b", "c", "d"]);
        let overlapping = [
            fix(3, 5, ""),
            fix(6, 7, ""),
            fix(0, 20, ""),
            fix(8, 10, ""),
            fix(7, 7, ""),
            fix(5, 9, "other"),
            fix(9, 9, "d"),
        ];
        for fix in overlapping {
            assert!(!edits.fits(&fix), "{fix:?}");
        }
        assert!(edits.has(&fix(9, 9, "d")) && !edits.has(&fix(9, 9, "e")));
        assert!(edits.fits(&fix(4, 5, "")) && edits.fits(&fix(5, 5, "")));
    }

    #[test]
    fn braces_of_another_block_stay() {
        let text = smtp_check("   host x\n   connect_port 26\n  }\n  SMTP_CHECK {\n");
        assert_eq!(upgraded(&text), (text.clone(), 1));
    }
}
