//! Small texts that others write: numbers of tracked files, `/proc` of any process, names
//! of iproute2, times of reloads, commands of scripts, and what a killed run has left.
#![no_main]

use keepalived::control_plane::command;
use keepalived::model::iproute::{NameKind, NumberNames};
use keepalived::track::number;
use keepalived::vrrp::track::process::{Parameters, Pattern, task_name};
use keepalived::watchdog::schedule::When;
use keepalived_fuzz::Choices;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    tracked(octets);
    processes(octets);
    let text = String::from_utf8_lossy(octets);
    names(&text);
    if let Ok(words) = command::split(&text) {
        assert!(words.iter().map(|word| word.len()).sum::<usize>() <= text.len());
    }
    for line in text.lines() {
        if let Some(when) = When::parse(line) {
            for now in [0, 1_000_000_000, 4_000_000_000] {
                let next = when.next(now, &|at| if at % 7 < 3 { 3600 } else { 7200 });
                assert!(next.is_none_or(|at| at > now));
            }
        }
    }
});

/// As `strtol` has it.
fn tracked(octets: &[u8]) {
    let found = number::parse(octets);
    let text = octets.get(..number::OCTETS).unwrap_or(octets);
    let plain = std::str::from_utf8(text).ok().map(str::trim_ascii);
    if let Some(plain) = plain
        && let Ok(number) = plain.parse::<i64>()
        && !plain.trim_start_matches(['-', '+']).starts_with('0')
    {
        assert_eq!(found, i32::try_from(number).ok(), "{plain}");
    }
}

fn processes(octets: &[u8]) {
    if let Some(name) = task_name(octets) {
        assert!(name.len() < octets.len());
    }
    let mut choices = Choices::new(octets);
    let parameters = choices.pick(&[
        Parameters::Any,
        Parameters::Exact,
        Parameters::Partial,
        Parameters::Initial,
    ]);
    let pattern = Pattern {
        command: (0..=choices.below(3))
            .map(|_| choices.octets().to_vec())
            .collect(),
        parameters,
        full: choices.truth() || parameters != Parameters::Any,
    };
    let name = choices.octets();
    let line = choices.rest();
    let _ = pattern.matches(name, line);
    // A process that runs just this is one of those.
    let own = pattern.command.join(&0);
    let has_zero = pattern.command.iter().any(|word| word.contains(&0));
    if pattern.full && !has_zero && !pattern.command[0].is_empty() {
        let own = [&own[..], &[0]].concat();
        assert!(pattern.matches(name, &own), "{pattern:?}");
    }
}

fn names(text: &str) {
    let names = NumberNames::new(|_| vec![text.to_owned()]);
    for kind in NameKind::ALL {
        for word in text.split_ascii_whitespace().take(50) {
            if let Some(number) = names.number(kind, word) {
                assert!(number <= kind.max());
            }
        }
    }
}
