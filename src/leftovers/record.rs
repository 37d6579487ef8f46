//! The record as text, and what of it is to go.
//!
//! ```text
//! keepalived record 1
//! 6f1c...-9a net:[4026531840]
//! address eth0 192.0.2.1/24
//! former address eth0 192.0.2.2/24
//! end 2
//! ```
//!
//! The second line is the boot and the network namespace it is of. *Former* things are
//! of a configuration that a reload has replaced, and may still be there. The last line
//! has the number of things: without it the text is cut off.

use std::collections::BTreeSet;
use std::fmt;

use super::item::{Item, Party};

const TITLE: &str = "keepalived record 1";
const FORMER: &str = "former ";
const END: &str = "end ";
/// Room for the line breaks of the first lines, and for the last line.
const FRAME: usize = 32;

/// Things by their lines.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Record {
    /// Those of the configuration in force.
    present: BTreeSet<String>,
    /// Those of configurations before, without those of the present one.
    former: BTreeSet<String>,
}

/// Why a text is no record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flaw {
    /// It is of another boot or network namespace.
    Elsewhere,
    /// It ends too early.
    CutOff,
    /// This line, counted from 1, is not understood.
    Line(usize),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elsewhere => f.write_str("it is of another boot or network namespace"),
            Self::CutOff => f.write_str("it is cut off"),
            Self::Line(number) => write!(f, "line {number} is not understood"),
        }
    }
}

impl Record {
    /// That of a configuration, by [`super::survey::lines`].
    #[must_use]
    pub const fn of(present: BTreeSet<String>) -> Self {
        Self {
            present,
            former: BTreeSet::new(),
        }
    }

    /// That of a configuration that takes over from the one of this record.
    #[must_use]
    pub fn replaced_by(&self, present: BTreeSet<String>) -> Self {
        let former = self.all().filter(|line| !present.contains(*line));
        Self {
            former: former.cloned().collect(),
            present,
        }
    }

    /// The lines of the things of the configuration in force.
    #[must_use]
    pub fn into_present(self) -> BTreeSet<String> {
        self.present
    }

    /// The former things of a party are gone.
    pub fn forget_former(&mut self, party: Party) {
        self.former.retain(|line| party_of(line) != Some(party));
    }

    /// The former things of a party.
    #[must_use]
    pub fn former(&self, party: Party) -> Vec<Item> {
        let items = self.former.iter().filter_map(|line| Item::parse(line));
        items.filter(|item| item.party() == party).collect()
    }

    /// Whether anything former is left of a party.
    #[must_use]
    pub fn has_former(&self, party: Party) -> bool {
        let mut lines = self.former.iter();
        lines.any(|line| party_of(line) == Some(party))
    }

    /// All things of a party.
    #[must_use]
    pub fn of_party(&self, party: Party) -> Vec<Item> {
        let items = self.all().filter_map(|line| Item::parse(line));
        items.filter(|item| item.party() == party).collect()
    }

    /// The things that are not among these.
    #[must_use]
    pub fn without(&self, kept: &[&BTreeSet<String>]) -> Vec<Item> {
        let is_kept = |line: &String| kept.iter().any(|lines| lines.contains(line));
        let gone = self.all().filter(|line| !is_kept(line));
        gone.filter_map(|line| Item::parse(line)).collect()
    }

    /// The lines of all things.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.present.iter().chain(&self.former)
    }

    /// The text; `world` is this boot and this network namespace.
    #[must_use]
    pub fn write(&self, world: &str) -> String {
        let lines: usize = self.all().map(|line| FORMER.len() + line.len() + 1).sum();
        let mut text = String::with_capacity(TITLE.len() + world.len() + lines + FRAME);
        text.extend([TITLE, "\n", world, "\n"]);
        for line in &self.present {
            text.push_str(line);
            text.push('\n');
        }
        for line in &self.former {
            text.push_str(FORMER);
            text.push_str(line);
            text.push('\n');
        }
        let count = self.present.len() + self.former.len();
        text.push_str(&format!("{END}{count}\n"));
        text
    }

    /// The record of a text.
    ///
    /// # Errors
    /// What is wrong with the text: then nothing of it counts.
    pub fn parse(text: &str, world: &str) -> Result<Self, Flaw> {
        Self::read(text, world, |line| Item::parse(line).is_some())
    }

    /// The record of a text that this daemon has written: it has only written lines that
    /// can be understood.
    ///
    /// # Errors
    /// It is not as this daemon writes it.
    pub fn parse_own(text: &str, world: &str) -> Result<Self, Flaw> {
        Self::read(text, world, |_| true)
    }

    fn read(text: &str, world: &str, is_understood: fn(&str) -> bool) -> Result<Self, Flaw> {
        let body = text.strip_suffix('\n').ok_or(Flaw::CutOff)?;
        let mut lines = body.split('\n').zip(1..);
        if lines.next().is_none_or(|(line, _)| line != TITLE) {
            return Err(Flaw::Line(1));
        }
        match lines.next() {
            None => return Err(Flaw::CutOff),
            Some((line, _)) if line != world => return Err(Flaw::Elsewhere),
            Some(_) => {}
        }
        let mut record = Self::default();
        for (line, number) in lines.by_ref() {
            if let Some(count) = line.strip_prefix(END) {
                let is_whole = count == record.all().count().to_string();
                let is_last = lines.next().is_none();
                let whole = (is_whole && is_last).then_some(record);
                return whole.ok_or(Flaw::Line(number));
            }
            let (line, things) = match line.strip_prefix(FORMER) {
                Some(line) => (line, &mut record.former),
                None => (line, &mut record.present),
            };
            // A line that is there twice was not written by a daemon.
            if !is_understood(line) || !things.insert(line.to_owned()) {
                return Err(Flaw::Line(number));
            }
        }
        Err(Flaw::CutOff)
    }
}

fn party_of(line: &str) -> Option<Party> {
    Item::parse(line).map(|item| item.party())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WORLD: &str = "boot net:[1]";
    const A: &str = "address eth0 192.0.2.1/24";
    const B: &str = "address eth0 192.0.2.2/24";
    const MARKS: &str = "marks keepalived_ipvs";
    const ROUTE: &str = "route prepend 198.51.100.0/24 dev eth0 protocol 18";

    fn lines(all: &[&str]) -> BTreeSet<String> {
        all.iter().map(|line| (*line).to_owned()).collect()
    }

    fn shown(items: &[Item]) -> Vec<String> {
        items.iter().map(ToString::to_string).collect()
    }

    fn example() -> Record {
        Record::of(lines(&[A, MARKS, ROUTE])).replaced_by(lines(&[B, ROUTE]))
    }

    #[test]
    fn a_text_is_read_as_it_was_written() {
        let text = example().write(WORLD);
        let expected = "keepalived record 1\nboot net:[1]\naddress eth0 192.0.2.2/24\n\
             route prepend 198.51.100.0/24 dev eth0 protocol 18\n\
             former address eth0 192.0.2.1/24\nformer marks keepalived_ipvs\nend 4\n";
        assert_eq!(text, expected);
        assert_eq!(Record::parse(&text, WORLD), Ok(example()));
        let empty = Record::default();
        assert_eq!(Record::parse(&empty.write(WORLD), WORLD), Ok(empty));
    }

    #[test]
    fn what_is_configured_no_more_goes() {
        let record = example();
        let new = lines(&[A, "table keepalived"]);
        assert_eq!(shown(&record.without(&[&new])), [B, ROUTE, MARKS]);
        let living = lines(&[B, MARKS]);
        assert_eq!(shown(&record.without(&[&new, &living])), [ROUTE]);
        assert_eq!(shown(&record.of_party(Party::Vrrp)), [B, ROUTE, A]);
    }

    #[test]
    fn a_party_that_has_gone_over_leaves_the_former_things_of_others() {
        let mut record = example();
        assert!(record.has_former(Party::Vrrp) && record.has_former(Party::Check));
        assert_eq!(shown(&record.former(Party::Vrrp)), [A]);
        record.forget_former(Party::Vrrp);
        assert!(!record.has_former(Party::Vrrp) && record.has_former(Party::Check));
        // What is configured again is former no more.
        let again = record.replaced_by(lines(&[MARKS]));
        assert_eq!(shown(&again.former(Party::Vrrp)), [B, ROUTE]);
        assert!(!again.has_former(Party::Check));
    }

    #[test]
    fn a_text_with_a_flaw_says_nothing() {
        let text = example().write(WORLD);
        assert_eq!(Record::parse(&text, "boot net:[2]"), Err(Flaw::Elsewhere));
        for end in 0..text.len() {
            assert!(Record::parse(&text[..end], WORLD).is_err(), "{end}");
        }
        let cases = [
            (text.replace("end 4", "end 3"), Flaw::Line(7)),
            (text.replace("former marks", "former mark"), Flaw::Line(6)),
            (text.replace("192.0.2.2/24", "192.0.2.2"), Flaw::Line(3)),
            (text.replace("record 1", "record 2"), Flaw::Line(1)),
            (format!("{text}{A}\n"), Flaw::Line(7)),
            (text.replace("end 4", "former\nend 4"), Flaw::Line(7)),
            (
                text.replace("former address eth0 192.0.2.1/24", B),
                Flaw::Line(5),
            ),
            ("\n".to_owned(), Flaw::Line(1)),
            (String::new(), Flaw::CutOff),
        ];
        for (text, flaw) in cases {
            assert_eq!(Record::parse(&text, WORLD), Err(flaw), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text: String) {
            let _ = Record::parse(&text, WORLD);
            let _ = Record::parse(&format!("{TITLE}\n{WORLD}\n{text}\nend 1\n"), WORLD);
        }

        #[test]
        fn a_changed_octet_makes_no_other_thing_of_another_kind(at in 0..200usize, new in 32..127u8) {
            let text = example().write(WORLD);
            let mut octets = text.clone().into_bytes();
            let at = at % octets.len();
            octets[at] = new;
            let changed = String::from_utf8(octets).unwrap();
            if let Ok(record) = Record::parse(&changed, WORLD) {
                prop_assert_eq!(record.all().count(), 4);
            }
        }
    }
}
