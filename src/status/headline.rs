//! The line that a service manager shows: `VI_1 MASTER, VI_2 BACKUP; 12/12 real servers
//! up`. Each process says its part; many instances are only counted.

use std::fmt::Write as _;

/// More octets than this are not easily read in a line.
const LENGTH_MAX: usize = 120;

/// The part of the VRRP process: each instance with its state, or how many are in which
/// state. Nothing without instances.
#[must_use]
pub fn of_instances<'a>(instances: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> String {
    let mut text = String::new();
    for (name, state) in instances.clone() {
        let comma = if text.is_empty() { "" } else { ", " };
        // Writing to a string cannot fail.
        let _ = write!(text, "{comma}{name} {state}");
        if text.len() > LENGTH_MAX {
            return counted(instances);
        }
    }
    text
}

fn counted<'a>(instances: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for (_, state) in instances {
        match counts.iter_mut().find(|(known, _)| *known == state) {
            Some((_, count)) => *count += 1,
            None => counts.push((state, 1)),
        }
    }
    counts.sort_unstable_by_key(|(state, _)| std::cmp::Reverse(*state == "MASTER"));
    let words = counts
        .iter()
        .map(|(state, count)| format!("{count} {state}"));
    words.collect::<Vec<_>>().join(", ")
}

/// The part of a process with things that are up or not: `11/12 real servers up`.
/// Nothing if there are none.
#[must_use]
pub fn of_many(up: usize, all: usize, what: &str) -> String {
    if all == 0 {
        return String::new();
    }
    format!("{up}/{all} {what} up")
}

/// The parts together.
#[must_use]
pub fn whole<'a>(parts: impl Iterator<Item = &'a str>) -> String {
    let parts = parts.filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_are_named_and_many_are_counted() {
        let few = [("VI_1", "MASTER"), ("VI_2", "BACKUP")];
        let vrrp = of_instances(few.into_iter());
        let check = of_many(12, 12, "real servers");
        let line = whole([vrrp.as_str(), "", check.as_str()].into_iter());
        assert_eq!(line, "VI_1 MASTER, VI_2 BACKUP; 12/12 real servers up");
        let many = (0..1000).map(|n| ("VI", if n % 4 == 3 { "MASTER" } else { "BACKUP" }));
        assert_eq!(of_instances(many), "250 MASTER, 750 BACKUP");
        assert_eq!(whole(["", ""].into_iter()), "");
        assert_eq!(of_many(0, 0, "real servers"), "");
    }
}
