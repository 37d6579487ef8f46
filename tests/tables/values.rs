//! Values at the bounds of a row and beyond them, missing ones, and keywords with a slip.

use keepalived::control_plane::diag::Code;

use crate::{Found, read, rows};

/// Words behind the keyword of a block, by what the manual calls them.
fn head(row: &Found) -> &'static str {
    match row.usage.trim_end_matches("{ ... }").trim() {
        "" => "",
        "NAME" => "name",
        "ADDRESS [PORT]" => "10.9.9.9 80",
        "ADDRESS [PORT] | fwmark N | group NAME" => "10.9.9.8 80",
        other => panic!("no words for the head of {} {other}", row.name),
    }
}

/// The text that has one line in the block of a row.
fn around(all: &[Found], row: &Found, line: &str) -> String {
    let mut text = String::new();
    for depth in 0..row.path.len() {
        let block = all
            .iter()
            .find(|other| other.path == row.path[..depth] && other.name == row.path[depth])
            .expect("the row of a block");
        text.push_str(&format!("{} {} {{\n", block.name, head(block)));
    }
    text.push_str(line);
    text.push('\n');
    text.push_str(&"}\n".repeat(row.path.len()));
    text
}

/// Whether the rows of a path are keywords rather than option words of list lines.
fn is_keyword(all: &[Found], row: &Found) -> bool {
    let lists = |usage: &str| usage.starts_with('{') && usage != "{ ... }";
    (0..row.path.len()).all(|depth| {
        all.iter().any(|other| {
            other.path == row.path[..depth]
                && other.name == row.path[depth]
                && other.braces
                && !lists(&other.usage)
        })
    })
}

#[test]
fn bounds_are_accepted_and_what_is_beyond_is_refused_at_the_word() {
    let all = rows();
    let mut checked = 0;
    for row in all.iter().filter(|row| is_keyword(&all, row)) {
        for good in &row.samples.good {
            let text = around(&all, row, &format!("{} {good}", row.name));
            let loaded = read(&text);
            let bad = loaded.diags.list.iter().find(|diag| {
                matches!(
                    diag.code,
                    Code::InvalidNumber | Code::UnknownKeyword | Code::MissingParameter
                )
            });
            assert!(bad.is_none(), "{text}{bad:?}");
            checked += 1;
        }
        for bad in &row.samples.bad {
            let quoted = if bad.is_empty() { "\"\"" } else { bad };
            let text = around(&all, row, &format!("{} {quoted}", row.name));
            let loaded = read(&text);
            let found = loaded.diags.list.iter().any(|diag| {
                let words = diag.span.map(|span| loaded.map.text(span));
                diag.code != Code::Ok && words.as_deref() == Some(quoted)
            });
            assert!(found, "{text}{:?}", loaded.diags.list);
            assert!(loaded.diags.exit_status() != 0, "{text}");
            checked += 1;
        }
    }
    assert!(checked > 1000, "only {checked} values");
}

#[test]
fn a_missing_argument_is_told_at_the_keyword() {
    let all = rows();
    for row in all
        .iter()
        .filter(|row| is_keyword(&all, row) && !row.samples.bad.is_empty())
    {
        if row.usage.starts_with('[') {
            continue;
        }
        let text = around(&all, row, row.name);
        let loaded = read(&text);
        assert_eq!(
            loaded.diags.exit_status(),
            if row.skipped_bare { 5 } else { 2 },
            "{text}{:?}",
            loaded.diags.list
        );
    }
}

#[test]
fn a_misspelt_keyword_is_an_error_with_advice() {
    let all = rows();
    for row in all
        .iter()
        .filter(|row| is_keyword(&all, row) && row.name.len() > 5)
    {
        let (start, end) = row.name.split_at(row.name.len() - 2);
        let slip = format!("{start}q{end}");
        let text = around(&all, row, &slip);
        let loaded = read(&text);
        let found = loaded
            .diags
            .list
            .iter()
            .find(|diag| diag.code == Code::UnknownKeyword)
            .unwrap_or_else(|| panic!("{text}"));
        let help = found.help.as_deref().unwrap_or_default();
        assert!(help.starts_with("did you mean `"), "{text}{found:?}");
    }
}
