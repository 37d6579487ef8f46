//! What a word was probably meant to be.

/// The candidate that `word` was probably meant to be, for "did you mean ...?":
/// the nearest one by insertions, deletions, replacements and swaps of neighbours,
/// of which a third of the length is allowed, else the only one that begins with it.
#[must_use]
pub fn suggest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = |text: &str| -> Vec<char> { text.chars().flat_map(char::to_lowercase).collect() };
    let word = letters(word.get(..64).unwrap_or(word));
    let allowed = (word.len() / 3).clamp(1, 4);
    let mut nearest: Option<(usize, &str)> = None;
    let mut longer = Vec::new();
    for candidate in candidates {
        let name = letters(candidate);
        if word.len() >= 3 && name.starts_with(&word) {
            longer.push(candidate);
        }
        if name.len().abs_diff(word.len()) > allowed {
            continue;
        }
        let steps = distance(&word, &name);
        let good = steps <= allowed && steps < name.len().min(word.len());
        if good && nearest.is_none_or(|(best, _)| steps < best) {
            nearest = Some((steps, candidate));
        }
    }
    match (nearest, longer.as_slice()) {
        (Some((_, candidate)), _) => Some(candidate),
        (None, [only]) => Some(only),
        _ => None,
    }
}

/// Damerau-Levenshtein distance (each neighbour swap counts once).
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, a) in left.iter().enumerate() {
        let mut next = vec![above + 1];
        for (at, b) in right.iter().enumerate() {
            let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
            let mut best = (cell(&row, at + 1) + 1)
                .min(cell(&next, at) + 1)
                .min(cell(&row, at) + usize::from(a != b));
            let swapped = at > 0
                && above > 0
                && left.get(above - 1) == Some(b)
                && right.get(at - 1) == Some(a);
            if swapped {
                best = best.min(cell(&before, at - 1) + 1);
            }
            next.push(best);
        }
        before = std::mem::replace(&mut row, next);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggestions() {
        let known = [
            "nopreempt",
            "priority",
            "advert_int",
            "interface",
            "state",
            "dont_track_primary",
        ];
        for (word, expected) in [
            ("no_preempt", Some("nopreempt")),
            ("prioirty", Some("priority")),
            ("interfase", Some("interface")),
            ("advertint", Some("advert_int")),
            ("sate", Some("state")),
            ("dont_track_primery", Some("dont_track_primary")),
            ("prio", Some("priority")),
            ("STATE", Some("state")),
            ("in", None),
            ("x", None),
            ("", None),
            ("wibble", None),
        ] {
            assert_eq!(suggest(word, known), expected, "{word}");
        }
        assert_eq!(suggest("ac", ["ab", "abc"]), Some("ab"));
    }
}
