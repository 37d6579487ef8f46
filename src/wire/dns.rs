//! DNS messages (RFC 1035 section 4.1): a question, and the head of an answer.

use super::reader::Reader;

/// Octets of a head (section 4.1.1).
pub const HEAD: usize = 12;
/// The longest label (section 2.3.4).
const LABEL_MAX: usize = 63;
/// The longest name, lengths of labels and the root included (section 2.3.4).
const NAME_MAX: usize = 255;
/// Flags of a question: recursion desired.
const RECURSION_DESIRED: u16 = 0x0100;
/// Flag of an answer.
const IS_ANSWER: u16 = 0x8000;
/// Mask of the outcome in the flags.
const OUTCOME: u16 = 0x000f;
/// Class `IN`.
const INTERNET: u16 = 1;

/// Why a name cannot be asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NameError {
    /// Two dots in a row, or one at the beginning.
    EmptyLabel,
    /// A label with more than 63 octets.
    LongLabel,
    /// More than 255 octets on the wire.
    LongName,
}

impl NameError {
    /// What to tell people.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::EmptyLabel => "it has an empty label",
            Self::LongLabel => "it has a label of more than 63 octets",
            Self::LongName => "it has more than 255 octets",
        }
    }
}

/// Write a question of class `IN` for one name and record type behind what `out`
/// holds. The empty name and `.` are the root; a dot at the end changes nothing.
///
/// # Errors
/// If there cannot be such a name; `out` is as before.
pub fn question(id: u16, name: &str, record: u16, out: &mut Vec<u8>) -> Result<(), NameError> {
    let begin = out.len();
    for word in [id, RECURSION_DESIRED, 1, 0, 0, 0] {
        out.extend(word.to_be_bytes());
    }
    if let Err(error) = write_name(name, out) {
        out.truncate(begin);
        return Err(error);
    }
    out.extend(record.to_be_bytes());
    out.extend(INTERNET.to_be_bytes());
    Ok(())
}

fn write_name(name: &str, out: &mut Vec<u8>) -> Result<(), NameError> {
    let begin = out.len();
    let name = name.strip_suffix('.').unwrap_or(name);
    if !name.is_empty() {
        for label in name.split('.') {
            let length = u8::try_from(label.len()).unwrap_or(u8::MAX);
            match usize::from(length) {
                0 => return Err(NameError::EmptyLabel),
                1..=LABEL_MAX => {}
                _ => return Err(NameError::LongLabel),
            }
            out.push(length);
            out.extend(label.as_bytes());
        }
    }
    out.push(0);
    if out.len() - begin > NAME_MAX {
        return Err(NameError::LongName);
    }
    Ok(())
}

/// The head of an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Answer {
    /// Of the question.
    pub id: u16,
    /// `RCODE`: 0 is no error.
    pub outcome: u8,
}

impl Answer {
    /// The head of a message, if it is an answer.
    #[must_use]
    pub fn parse(octets: &[u8]) -> Option<Self> {
        if octets.len() < HEAD {
            return None;
        }
        let mut reader = Reader::new(octets);
        let id = reader.u16()?;
        let flags = reader.u16()?;
        let [_, outcome] = (flags & OUTCOME).to_be_bytes();
        (flags & IS_ANSWER != 0).then_some(Self { id, outcome })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::hex;
    use super::*;

    fn asked(name: &str) -> Result<Vec<u8>, NameError> {
        let mut out = Vec::new();
        question(0xa932, name, 1, &mut out).map(|()| out)
    }

    #[test]
    fn a_question() {
        let want = hex("a932 0100 0001 0000 0000 0000 03 777777 07 6578616d706c65 00 0001 0001");
        assert_eq!(asked("www.example").unwrap(), want);
        assert_eq!(asked("www.example.").unwrap(), want);
    }

    #[test]
    fn the_root_and_short_labels() {
        let root = hex("a932 0100 0001 0000 0000 0000 00 0001 0001");
        assert_eq!(asked("").unwrap(), root);
        assert_eq!(asked(".").unwrap(), root);
        let short = asked("a.b").unwrap();
        assert_eq!(short.get(HEAD..HEAD + 5).unwrap(), b"\x01a\x01b\x00");
    }

    #[test]
    fn names_that_cannot_be() {
        assert_eq!(asked("a..b"), Err(NameError::EmptyLabel));
        assert_eq!(asked(".a"), Err(NameError::EmptyLabel));
        assert_eq!(asked(&"x".repeat(64)), Err(NameError::LongLabel));
        assert_eq!(asked(&"x".repeat(300)), Err(NameError::LongLabel));
        assert!(asked(&"x".repeat(63)).is_ok());
        let long = ["x".repeat(63).as_str(); 4].join(".");
        assert_eq!(asked(&long), Err(NameError::LongName));
        assert!(asked(&long[..253]).is_ok());
    }

    #[test]
    fn heads() {
        let answer = |text| Answer::parse(&hex(text));
        let head = |outcome| Some(Answer { id: 7, outcome });
        assert_eq!(answer("0007 8180 0001 0000 0000 0000"), head(0));
        assert_eq!(answer("0007 8183 0001 0000 0000 0000 00"), head(3));
        assert_eq!(answer("0007 0100 0001 0000 0000 0000"), None);
        assert_eq!(answer("0007 8180 0001 0000 0000 00"), None);
    }

    proptest! {
        #[test]
        fn foreign_octets_do_no_harm(octets: Vec<u8>) {
            let parsed = Answer::parse(&octets);
            prop_assert!(parsed.is_none() || octets.len() >= HEAD);
        }

        #[test]
        fn any_name_is_written_whole_or_not_at_all(name: String) {
            let mut out = vec![1, 2];
            match question(1, &name, 1, &mut out) {
                Ok(()) => prop_assert!(out.len() <= 2 + HEAD + NAME_MAX + 4),
                Err(_) => prop_assert_eq!(out, [1, 2]),
            }
        }
    }
}
