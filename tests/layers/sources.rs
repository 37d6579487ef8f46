//! The sources as text, and the imports they write.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) module: String,
    pub(crate) code: String,
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .expect("a folder of sources")
        .map(|e| e.expect("an entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// `src/vrrp/config/mod.rs` is `vrrp::config`.
fn module_of(path: &Path, src: &Path) -> String {
    let relative = path
        .strip_prefix(src)
        .expect("below src")
        .with_extension("");
    let mut parts: Vec<_> = relative
        .iter()
        .map(|p| p.to_string_lossy().into_owned())
        .collect();
    if parts.len() > 1 && parts.last().is_some_and(|p| p == "mod") {
        parts.pop();
    }
    parts.join("::")
}

/// The file without comments and without what comes after a `#[cfg(test)]` (tests end a file).
fn code_of(text: &str) -> String {
    let mut code = String::new();
    let mut test = false;
    for line in text.lines() {
        if line.starts_with("#[cfg(test)]") {
            test = true;
            continue;
        }
        if test {
            // A declaration of a test module in another file; anything else is the tests themselves.
            if line.starts_with("mod ") && line.ends_with(';') || line.starts_with("use ") {
                test = false;
                continue;
            }
            break;
        }
        code.push_str(line.split("//").next().unwrap_or_default());
        code.push('\n');
    }
    code
}

pub(crate) fn sources() -> Vec<Source> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    rust_files(&src, &mut files);
    files
        .into_iter()
        .map(|path| Source {
            module: module_of(&path, &src),
            code: code_of(&fs::read_to_string(&path).expect("UTF-8")),
            path,
        })
        .filter(|s| {
            !s.module
                .split("::")
                .any(|part| matches!(part, "tests" | "testing"))
        })
        .collect()
}

pub(crate) fn is_below(module: &str, prefix: &str) -> bool {
    prefix.is_empty()
        || module == prefix
        || module
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with("::"))
}

/// Every `crate::a::b` of a piece of code, and those in braces after `crate::`.
pub(crate) fn arrows(code: &str) -> BTreeSet<String> {
    let path_end = |c: char| !(c.is_alphanumeric() || c == '_' || c == ':');
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = code.get(at + "crate::".len()..).unwrap_or_default();
        if let Some(group) = rest.strip_prefix('{') {
            let inside = group.split("};").next().unwrap_or_default();
            for item in inside.split(',') {
                let item = item.trim();
                found.insert(
                    item.split(path_end)
                        .next()
                        .unwrap_or_default()
                        .trim_end_matches(':')
                        .to_owned(),
                );
            }
        } else {
            found.insert(
                rest.split(path_end)
                    .next()
                    .unwrap_or_default()
                    .trim_end_matches(':')
                    .to_owned(),
            );
        }
    }
    found.retain(|path| path.starts_with(char::is_lowercase));
    found
}
