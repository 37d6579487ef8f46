//! The names that iproute2 has for numbers: tables, scopes, protocols and others.
//!
//! Numbers are always taken. A name is looked up in the files of iproute2, then
//! among the built-in ones (`config-syntax.md` section 11). Reading the files is
//! the caller's; here they are text.

use std::collections::HashMap;

/// What a name is looked up for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum NameKind {
    /// Routing tables.
    Table,
    /// Scopes of routes.
    Scope,
    /// Who has set a route.
    Protocol,
    /// Types of service.
    Dsfield,
    /// Realms.
    Realm,
    /// Groups of interfaces.
    Group,
}

impl NameKind {
    /// All kinds.
    pub const ALL: [Self; 6] = [
        Self::Table,
        Self::Scope,
        Self::Protocol,
        Self::Dsfield,
        Self::Realm,
        Self::Group,
    ];

    /// The file below the folders of iproute2; with `.d` the folder of more files.
    #[must_use]
    pub const fn file(self) -> &'static str {
        match self {
            Self::Table => "rt_tables",
            Self::Scope => "rt_scopes",
            Self::Protocol => "rt_protos",
            Self::Dsfield => "rt_dsfield",
            Self::Realm => "rt_realms",
            Self::Group => "group",
        }
    }

    /// What it is, in messages.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Scope => "scope",
            Self::Protocol => "protocol",
            Self::Dsfield => "type of service",
            Self::Realm => "realm",
            Self::Group => "group of interfaces",
        }
    }

    /// The greatest number.
    #[must_use]
    pub const fn max(self) -> u32 {
        match self {
            Self::Table | Self::Group => u32::MAX,
            Self::Scope | Self::Protocol | Self::Dsfield | Self::Realm => 255,
        }
    }

    /// Names that need no file.
    const fn built_in(self) -> &'static [(&'static str, u32)] {
        match self {
            Self::Table => &[("default", 253), ("main", 254), ("local", 255)],
            Self::Scope => &[
                ("global", 0),
                ("site", 200),
                ("link", 253),
                ("host", 254),
                ("nowhere", 255),
            ],
            Self::Protocol => &[
                ("redirect", 1),
                ("kernel", 2),
                ("boot", 3),
                ("static", 4),
                ("gated", 8),
                ("ra", 9),
                ("mrt", 10),
                ("zebra", 11),
                ("bird", 12),
                ("dnrouted", 13),
                ("xorp", 14),
                ("ntk", 15),
                ("dhcp", 16),
                ("keepalived", 18),
                ("babel", 42),
                ("bgp", 186),
                ("isis", 187),
                ("ospf", 188),
                ("rip", 189),
                ("eigrp", 192),
            ],
            Self::Dsfield => &[("default", 0)],
            Self::Realm => &[("cosmos", 0)],
            Self::Group => &[("default", 0)],
        }
    }
}

/// The names of all kinds.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct NumberNames {
    read: HashMap<NameKind, HashMap<String, u32>>,
}

impl NumberNames {
    /// The built-in names and those of the files; `texts` gives the texts for a
    /// kind, of which the first that has a name counts.
    #[must_use]
    pub fn new(mut texts: impl FnMut(NameKind) -> Vec<String>) -> Self {
        let mut names = Self::default();
        for kind in NameKind::ALL {
            for text in texts(kind) {
                names.add(kind, &text);
            }
        }
        names
    }

    /// Take over the lines `NUMBER NAME` of a file; a line with more columns is
    /// none, and a name known already stays.
    fn add(&mut self, kind: NameKind, text: &str) {
        let known = self.read.entry(kind).or_default();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let mut columns = line.split_ascii_whitespace();
            if let (Some(number), Some(name), None) =
                (columns.next(), columns.next(), columns.next())
                && let Some(number) = any_base(number)
                && let Ok(number) = u32::try_from(number)
                && number <= kind.max()
            {
                known.entry(name.to_owned()).or_insert(number);
            }
        }
    }

    /// The number of a word, which may be a number itself.
    #[must_use]
    pub fn number(&self, kind: NameKind, word: &str) -> Option<u32> {
        if word.starts_with(|first: char| first.is_ascii_digit()) {
            let number = any_base(word).and_then(|number| u32::try_from(number).ok());
            return number.filter(|&number| number <= kind.max());
        }
        let read = self.read.get(&kind).and_then(|names| names.get(word));
        let built_in = || {
            let mut names = kind.built_in().iter();
            names.find(|(name, _)| *name == word).map(|(_, n)| n)
        };
        read.or_else(built_in).copied()
    }

    /// All names of a kind, for suggestions.
    pub fn names(&self, kind: NameKind) -> impl Iterator<Item = &str> {
        let read = self.read.get(&kind).into_iter().flat_map(HashMap::keys);
        let built_in = kind.built_in().iter().map(|(name, _)| *name);
        read.map(String::as_str).chain(built_in)
    }
}

/// A whole number: decimal, hexadecimal with `0x`, octal with `0`.
#[must_use]
pub fn any_base(text: &str) -> Option<u64> {
    let is_digits = |digits: &str| digits.starts_with(|c: char| c.is_ascii_alphanumeric());
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u64::from_str_radix(digits, 16)
            .ok()
            .filter(|_| is_digits(digits));
    }
    match text.strip_prefix('0') {
        Some(digits) if !digits.is_empty() => u64::from_str_radix(digits, 8)
            .ok()
            .filter(|_| is_digits(digits)),
        _ => text.parse().ok().filter(|_| is_digits(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> NumberNames {
        NumberNames::new(|kind| {
            let texts = [text.to_owned(), "9 own\n".to_owned()];
            let is_table = kind == NameKind::Table;
            texts.into_iter().filter(|_| is_table).collect()
        })
    }

    #[test]
    fn numbers_need_no_file() {
        let none = NumberNames::default();
        assert_eq!(none.number(NameKind::Table, "1234"), Some(1234));
        assert_eq!(none.number(NameKind::Dsfield, "0x10"), Some(16));
        assert_eq!(none.number(NameKind::Scope, "256"), None);
        assert_eq!(none.number(NameKind::Table, "12x"), None);
    }

    #[test]
    fn built_in_names_are_the_last_resort() {
        let none = NumberNames::default();
        assert_eq!(none.number(NameKind::Table, "main"), Some(254));
        assert_eq!(none.number(NameKind::Protocol, "keepalived"), Some(18));
        assert_eq!(names("7 main").number(NameKind::Table, "main"), Some(7));
    }

    #[test]
    fn the_first_text_counts_and_odd_lines_are_skipped() {
        let names = names("# none\n5\town # why\n6 too many columns\nx y\n0x10 hex\n");
        assert_eq!(names.number(NameKind::Table, "own"), Some(5));
        assert_eq!(names.number(NameKind::Table, "too"), None);
        assert_eq!(names.number(NameKind::Table, "hex"), Some(16));
    }

    #[test]
    fn a_sign_is_no_digit() {
        for text in ["", "+1", "-1", "0x", "0x+1", "0+1", "1 "] {
            assert_eq!(any_base(text), None, "{text:?}");
        }
        assert_eq!(any_base("010"), Some(8));
        assert_eq!(any_base("0"), Some(0));
    }
}
