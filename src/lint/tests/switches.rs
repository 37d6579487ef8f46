//! How strictly a user is told, and how a lint is switched off.

use std::collections::BTreeSet;

use super::cases::cases;
use super::{judged, sound, told};
use crate::lint::LintOptions;

#[test]
fn strict_makes_a_failure_of_what_is_only_unwise() {
    let strict = LintOptions {
        strict: true,
        ..LintOptions::default()
    };
    for (lint, text, _) in cases() {
        let status = judged(&text, &strict).diags.exit_status();
        let expected = if lint == "scripts-as-root" { 6 } else { 5 };
        assert_eq!(status, expected, "{lint}");
    }
}

#[test]
fn each_lint_can_be_switched_off_by_the_command_line() {
    for (lint, text, _) in cases() {
        let options = LintOptions {
            allowed: BTreeSet::from([lint.to_owned()]),
            strict: true,
        };
        let loaded = judged(&text, &options);
        assert_eq!(told(&loaded), Vec::<String>::new(), "{lint}");
        assert_eq!(loaded.diags.exit_status(), 0, "{lint}");
    }
}

#[test]
fn each_lint_can_be_switched_off_by_a_comment() {
    for (lint, text, expected) in cases() {
        let line: usize = expected.split_once(':').unwrap().0.parse().unwrap();
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let comment = format!("# keepalived: allow {lint}");
        let mut on_it = lines.clone();
        let last = on_it.get_mut(line - 1).unwrap();
        last.push_str(&format!(" {comment}"));
        lines.insert(line - 1, format!("   {comment}, equal-priorities"));
        // A comment is no word of the line that it is on.
        let of_line = !matches!(
            lint,
            "comment-in-word" | "unknown-warning" | "include-without-match"
        );
        for lines in [Some(lines), of_line.then_some(on_it)]
            .into_iter()
            .flatten()
        {
            let text = lines.join("\n");
            let loaded = judged(&text, &LintOptions::default());
            assert_eq!(told(&loaded), Vec::<String>::new(), "{text}");
            assert_eq!(loaded.diags.exit_status(), 0, "{text}");
        }
    }
}

#[test]
fn a_comment_allows_what_it_names_where_it_stands() {
    let text = sound("# keepalived: allow surplus-words\n\nadvert_int 1 2\nstrict_mode on");
    let loaded = judged(&text, &LintOptions::default());
    assert_eq!(
        told(&loaded),
        [
            "6:14 warning surplus-words",
            "7:1 advice strict-drops-traffic"
        ]
    );
    let text = sound(
        "# keepalived: allow strict-drops-traffic\n# for reasons\nadvert_int 1\nstrict_mode on",
    );
    let loaded = judged(&text, &LintOptions::default());
    assert_eq!(told(&loaded), ["7:1 advice strict-drops-traffic"]);
}
