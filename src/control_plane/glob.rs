//! File name patterns: `*`, `?`, `[...]`, `\`, and `{a,b}` alternatives, as the
//! shell knows them.

use std::path::{Path, PathBuf};

use super::files::Files;

/// How many alternatives a pattern may stand for.
const ALTERNATIVES_LIMIT: usize = 4096;

/// Whether a pattern has a wildcard (braces are none).
pub(super) fn has_wildcard(pattern: &str) -> bool {
    pattern.contains(['*', '?', '['])
}

/// The patterns that the braces of a pattern stand for; the pattern itself
/// without any. Braces without partner or comma are ordinary letters.
pub(super) fn alternatives(pattern: &str) -> Vec<String> {
    let mut done = Vec::new();
    let mut open = vec![pattern.to_owned()];
    while let Some(next) = open.pop() {
        match first_braces(&next) {
            Some(parts) if done.len() + open.len() + parts.len() <= ALTERNATIVES_LIMIT => {
                open.extend(parts.into_iter().rev());
            }
            _ => done.push(next),
        }
    }
    done
}

/// The first `{a,b}` of a pattern replaced by each of its parts.
fn first_braces(pattern: &str) -> Option<Vec<String>> {
    let mut from = 0;
    loop {
        let open = from + pattern.get(from..)?.find('{')?;
        if let Some((parts, close)) = parts(pattern, open) {
            let (before, after) = (pattern.get(..open)?, pattern.get(close + 1..)?);
            return Some(
                parts
                    .iter()
                    .map(|part| format!("{before}{part}{after}"))
                    .collect(),
            );
        }
        from = open + 1;
    }
}

/// The parts of the braces that open at an octet, and where these close.
fn parts(pattern: &str, open: usize) -> Option<(Vec<&str>, usize)> {
    let mut parts = Vec::new();
    let mut depth = 0_usize;
    let mut start = open + 1;
    for (at, letter) in pattern.char_indices().skip_while(|(at, _)| *at < open) {
        match letter {
            '{' => depth += 1,
            '}' if depth == 1 => {
                parts.push(pattern.get(start..at)?);
                return (parts.len() > 1).then_some((parts, at));
            }
            '}' => depth -= 1,
            ',' if depth == 1 => {
                parts.push(pattern.get(start..at)?);
                start = at + 1;
            }
            _ => {}
        }
    }
    None
}

/// The existing paths that match a pattern without braces, sorted. Relative
/// patterns count from `directory`.
pub(super) fn glob(files: &dyn Files, directory: &Path, pattern: &str) -> Vec<PathBuf> {
    let start = if pattern.starts_with('/') {
        Path::new("/")
    } else {
        directory
    };
    let mut found = vec![start.to_owned()];
    for component in pattern.split('/').filter(|component| !component.is_empty()) {
        found = found
            .into_iter()
            .flat_map(|directory| below(files, &directory, component))
            .collect();
    }
    found.retain(|path| files.exists(path));
    found.sort();
    found
}

fn below(files: &dyn Files, directory: &Path, component: &str) -> Vec<PathBuf> {
    if !has_wildcard(component) {
        return vec![directory.join(component.replace('\\', ""))];
    }
    let pattern: Vec<char> = component.chars().collect();
    let names = files.list(directory).into_iter();
    let shown = |name: &String| !name.starts_with('.') || component.starts_with('.');
    names
        .filter(|name| shown(name) && matches(&pattern, name))
        .map(|name| directory.join(name))
        .collect()
}

/// Whether a name matches one component of a pattern.
fn matches(pattern: &[char], name: &str) -> bool {
    let name: Vec<char> = name.chars().collect();
    let (mut at, mut from) = (0, 0);
    // Where to go on after the last `*`: behind it, with one more letter taken by it.
    let mut star: Option<(usize, usize)> = None;
    while from < name.len() || at < pattern.len() {
        let letter = name.get(from).copied();
        match (pattern.get(at), letter) {
            (Some('*'), _) => {
                star = Some((at + 1, from));
                at += 1;
                continue;
            }
            (Some(_), Some(letter)) => {
                if let Some(len) = one(pattern.get(at..).unwrap_or(&[]), letter) {
                    at += len;
                    from += 1;
                    continue;
                }
            }
            _ => {}
        }
        match &mut star {
            Some((behind, taken)) if *taken < name.len() => {
                *taken += 1;
                (at, from) = (*behind, *taken);
            }
            _ => return false,
        }
    }
    true
}

/// How many letters of the pattern match one letter of the name, `None` if none.
fn one(pattern: &[char], letter: char) -> Option<usize> {
    match pattern {
        ['?', ..] => Some(1),
        ['\\', escaped, ..] => (*escaped == letter).then_some(2),
        ['[', rest @ ..] => match set(rest, letter) {
            Some((len, true)) => Some(len + 1),
            Some((_, false)) => None,
            None => (letter == '[').then_some(1),
        },
        [plain, ..] => (*plain == letter).then_some(1),
        [] => None,
    }
}

/// The length of a `[...]` behind its `[`, and whether it holds the letter.
fn set(pattern: &[char], letter: char) -> Option<(usize, bool)> {
    let negated = matches!(pattern.first(), Some('!' | '^'));
    let start = usize::from(negated);
    // A `]` that comes first is an ordinary member.
    let len = pattern
        .iter()
        .skip(start + 1)
        .position(|member| *member == ']')?
        + start
        + 1;
    let members = pattern.get(start..len)?;
    let mut held = false;
    let mut at = 0;
    while let Some(first) = members.get(at) {
        match (members.get(at + 1), members.get(at + 2)) {
            (Some('-'), Some(last)) => {
                held |= (*first..=*last).contains(&letter);
                at += 3;
            }
            _ => {
                held |= *first == letter;
                at += 1;
            }
        }
    }
    Some((len + 1, held != negated))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control_plane::files::Memory;

    #[test]
    fn letters_and_wildcards() {
        let cases = [
            ("*", "a.conf", true),
            ("*.conf", "a.conf", true),
            ("*.conf", "a.con", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("[ab]x", "bx", true),
            ("[!ab]x", "bx", false),
            ("[a-c]x", "bx", true),
            ("[]]x", "]x", true),
            ("[x", "[x", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            (r"\*", "*", true),
            (r"\*", "a", false),
            ("", "", true),
        ];
        for (pattern, name, expected) in cases {
            let letters: Vec<char> = pattern.chars().collect();
            assert_eq!(matches(&letters, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn braces_are_alternatives() {
        let cases: [(&str, &[&str]); 6] = [
            ("a", &["a"]),
            ("{a,b}.c", &["a.c", "b.c"]),
            ("{a,b{c,d}}", &["a", "bc", "bd"]),
            ("{a}", &["{a}"]),
            ("{a,b", &["{a,b"]),
            ("x{,y}", &["x", "xy"]),
        ];
        for (pattern, expected) in cases {
            assert_eq!(alternatives(pattern), expected, "{pattern}");
        }
        assert!(alternatives(&"{a,b}".repeat(40)).len() <= ALTERNATIVES_LIMIT);
    }

    #[test]
    fn paths_are_sorted_and_hidden_names_left_out() {
        let files = Memory::with("/d/b.conf", "")
            .and("/d/a.conf", "")
            .and("/d/.h.conf", "")
            .and("/e/x/a.conf", "");
        let found = |pattern: &str| -> Vec<String> {
            glob(&files, Path::new("/d"), pattern)
                .into_iter()
                .map(|path| path.display().to_string())
                .collect()
        };
        assert_eq!(found("/d/*.conf"), ["/d/a.conf", "/d/b.conf"]);
        assert_eq!(found("/?/*/a.conf"), ["/e/x/a.conf"]);
        assert_eq!(found("/d/.*"), ["/d/.h.conf"]);
        assert_eq!(found("a*"), ["/d/a.conf"]);
        assert_eq!(found("../e/x/*"), ["/d/../e/x/a.conf"]);
        assert_eq!(found("/d/none"), Vec::<String>::new());
    }
}
