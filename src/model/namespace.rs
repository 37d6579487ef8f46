//! Network namespaces of things that outlive their process.

use std::fmt;

/// A network namespace that is not that of the daemon: its name, or the path of a file
/// that stands for it. In records it is `in NAMESPACE`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OtherNamespace(String);

impl OtherNamespace {
    /// The word before it.
    pub const WORD: &'static str = "in";

    /// Of this name, or at this path.
    #[must_use]
    pub fn of(place: &str) -> Self {
        Self(place.to_owned())
    }

    /// The name or the path.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.0
    }

    /// What [`fmt::Display`] has written: two words, and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let place = text.strip_prefix(Self::WORD)?.strip_prefix(' ')?;
        let is_one_word = !place.contains(|c: char| c.is_whitespace() || c.is_control());
        (is_one_word && !place.is_empty()).then(|| Self::of(place))
    }

    /// The text before it, if the text ends with one, and that; nothing if its word
    /// stands there and no namespace follows.
    #[must_use]
    pub fn split_end(text: &str) -> Option<(&str, Option<Self>)> {
        let mut blanks = text.rmatch_indices(' ').map(|(at, _)| at);
        let at = blanks.nth(1);
        let (before, end) = match at.and_then(|at| text.split_at_checked(at)) {
            Some((before, end)) if end.split(' ').nth(1) == Some(Self::WORD) => (before, end),
            _ => return Some((text, None)),
        };
        Some((before, Some(Self::parse(end.strip_prefix(' ')?)?)))
    }
}

impl fmt::Display for OtherNamespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", Self::WORD, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_was_written() {
        for place in ["balancers", "/proc/1/ns/net", "in"] {
            let written = OtherNamespace::of(place).to_string();
            assert_eq!(written, format!("in {place}"));
            assert_eq!(
                OtherNamespace::parse(&written),
                Some(OtherNamespace::of(place))
            );
        }
        for text in ["", "in", "in ", "in a b", "in\ta", "on a", "inside a"] {
            assert_eq!(OtherNamespace::parse(text), None, "{text}");
        }
    }

    #[test]
    fn it_ends_a_longer_text() {
        let a = Some(OtherNamespace::of("a"));
        assert_eq!(OtherNamespace::split_end("x y in a"), Some(("x y", a)));
        for text in ["x", "x y z", "in a", "x on a", "in a b"] {
            assert_eq!(OtherNamespace::split_end(text), Some((text, None)));
        }
        assert_eq!(OtherNamespace::split_end("x in "), None);
    }
}
