//! The completion for bash, from the tables of options and keywords: `dist/keepalived.bash`.

#![cfg(test)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use crate::cli::genhash::options::TABLE;
use crate::cli::options::{Argument, CliOption, OPTIONS};
use crate::control_plane::manual::describe;
use crate::control_plane::schema::{Describe, RowFacts};
use crate::global::top::TOP;

/// What completes the argument of an option, by the option's word.
const ARGUMENTS: &[(&str, &str)] = &[
    (
        "signum",
        "-W 'STOP RELOAD DATA STATS STATS_CLEAR JSON TDUMP'",
    ),
    ("explain", "-W \"$keywords\""),
    (
        "namespace",
        "-W \"$(ip netns list 2>/dev/null | cut -d' ' -f1)\"",
    ),
    (
        "log-facility",
        "-W 'daemon user local0 local1 local2 local3 local4 local5 local6 local7'",
    ),
    ("protocol", "-W '1.0 1.0c 1.1'"),
    ("hash", "-W 'md5 sha1'"),
];

/// Every keyword, once.
#[derive(Debug, Default)]
struct Keywords(BTreeSet<&'static str>);

impl Describe for Keywords {
    fn row(&mut self, row: &RowFacts<'_>) {
        if row.name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            self.0.insert(row.name);
        }
    }

    fn open(&mut self) {}

    fn close(&mut self) {}
}

fn script() -> String {
    let mut keywords = Keywords::default();
    describe(&TOP, &mut keywords);
    let keywords: Vec<&str> = keywords.0.into_iter().collect();
    let mut out = String::from(HEAD);
    let _ = writeln!(out, "_keepalived_keywords='{}'\n", keywords.join(" "));
    function(&mut out, "keepalived", OPTIONS);
    function(&mut out, "genhash", TABLE);
    out.push_str("complete -F _keepalived keepalived\ncomplete -F _genhash genhash\n");
    out
}

/// A function that completes what stands at the cursor.
fn function(out: &mut String, program: &str, table: &[CliOption]) {
    let _ = writeln!(
        out,
        "_{program}() {{\n\tlocal word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]-}} option=\n\
         \tlocal keywords=$_keepalived_keywords\n\
         \tCOMPREPLY=()\n\
         \tif [[ $word == = ]]; then option=$before word=\n\
         \telif [[ $before == = ]]; then option=${{COMP_WORDS[COMP_CWORD - 2]-}}\n\
         \telse option=$before; fi\n\
         \tcase $option in"
    );
    for option in table {
        if let Argument::Required(name) = option.argument {
            let names = names(option).join("|");
            let action = ARGUMENTS.iter().find(|(word, _)| *word == option.long);
            let action = match action {
                Some((_, action)) => (*action).to_owned(),
                None if is_a_path(name) => "-f".to_owned(),
                None => "-W ''".to_owned(),
            };
            let _ = writeln!(
                out,
                "\t{names}) mapfile -t COMPREPLY < <(compgen {action} -- \"$word\"); return ;;"
            );
        }
    }
    let words: Vec<String> = table.iter().flat_map(names).collect();
    let _ = writeln!(
        out,
        "\tesac\n\tmapfile -t COMPREPLY < <(compgen -W '{}' -- \"$word\")\n}}\n",
        words.join(" ")
    );
}

fn is_a_path(argument: &str) -> bool {
    matches!(argument, "FILE" | "PATH" | "SOCKET")
}

/// The letter and the word of an option, as they are typed.
fn names(option: &CliOption) -> Vec<String> {
    let short = option.short.map(|letter| format!("-{letter}"));
    let long = Some(format!("--{}", option.long));
    short.into_iter().chain(long).collect()
}

const HEAD: &str = "# Completion of keepalived and genhash for bash.\n\
                    # Generated from the tables of options and keywords: change those, not this file.\n\
                    # shellcheck shell=bash\n\n";

#[test]
fn completion_is_up_to_date() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/dist/keepalived.bash");
    if std::env::var_os("GOLDEN_UPDATE").is_some() {
        fs::write(path, script()).expect("keepalived.bash");
    }
    let found = fs::read_to_string(path).expect("dist/keepalived.bash");
    assert!(
        found == script(),
        "dist/keepalived.bash is stale: run the tests with GOLDEN_UPDATE=1"
    );
}

/// A misspelt one would complete nothing, and nobody would be told.
#[test]
fn special_arguments_are_those_of_options() {
    for (word, _) in ARGUMENTS {
        let known = OPTIONS.iter().chain(TABLE).any(|o| o.long == *word);
        assert!(known, "{word}");
    }
}
