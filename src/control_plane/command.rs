//! The command of a script keyword, taken apart into its arguments
//! (`config-syntax.md` section 4).

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

/// Why a command cannot be taken apart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CommandError {
    /// The octet of the command where the mistake is.
    pub at: usize,
    /// What is wrong.
    pub text: &'static str,
}

/// The arguments of a command, the program first. Blanks separate, `'` and `"`
/// quote, text adjoining a quoted part belongs to it, and escapes hold
/// everywhere: `\a \b \E \f \n \r \t \v`, `\cX`, `\xHH`, up to three octal
/// digits; any other character after a backslash stands for itself.
///
/// # Errors
/// A quote without partner, or an octet that no argument can hold.
pub fn split(command: &str) -> Result<Vec<OsString>, CommandError> {
    let bytes = command.as_bytes();
    let mut found = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote: Option<(usize, u8)> = None;
    let mut at = 0;
    while let Some(octet) = bytes.get(at) {
        let (octet, start) = (*octet, at);
        at += 1;
        match quote {
            Some((_, mark)) if octet == mark => quote = None,
            None if matches!(octet, b'\'' | b'"') => {
                quote = Some((start, octet));
                word.get_or_insert_default();
            }
            None if super::lex::is_blank(octet) => found.extend(word.take()),
            _ if octet == b'\\' && at < bytes.len() => {
                let (value, len) = escape(bytes.get(at..).unwrap_or(&[]));
                let octet = u8::try_from(value).ok().filter(|octet| *octet != 0);
                let octet = octet.ok_or(CommandError {
                    at: start,
                    text: "an argument cannot hold this octet",
                })?;
                word.get_or_insert_default().push(octet);
                at += len;
            }
            _ => word.get_or_insert_default().push(octet),
        }
    }
    if let Some((at, _)) = quote {
        return Err(CommandError {
            at,
            text: "the quote within the command has no partner",
        });
    }
    found.extend(word);
    Ok(found.into_iter().map(OsString::from_vec).collect())
}

/// The value of what follows a backslash, and how many octets of it are used.
fn escape(rest: &[u8]) -> (u16, usize) {
    let digits = |text: &[u8], radix: u32, most: usize| {
        let digit = |octet: &u8| char::from(*octet).to_digit(radix);
        let digits: Vec<u32> = text.iter().take(most).map_while(digit).collect();
        let value = digits.iter().fold(0, |value, digit| value * radix + digit);
        (u16::try_from(value).unwrap_or(u16::MAX), digits.len())
    };
    let plain = |octet: u8| (u16::from(octet), 1);
    match rest {
        [b'a', ..] => plain(7),
        [b'b', ..] => plain(8),
        [b'E', ..] => plain(0x1b),
        [b'f', ..] => plain(0x0c),
        [b'n', ..] => plain(b'\n'),
        [b'r', ..] => plain(b'\r'),
        [b't', ..] => plain(b'\t'),
        [b'v', ..] => plain(0x0b),
        [b'c', letter, ..] => (u16::from(letter & 0x1f), 2),
        [b'x', hex, ..] if hex.is_ascii_hexdigit() => {
            let (value, len) = digits(rest.get(1..).unwrap_or(&[]), 16, 2);
            (value, len + 1)
        }
        [b'0'..=b'7', ..] => digits(rest, 8, 3),
        [other, ..] => plain(*other),
        [] => plain(b'\\'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn arguments() {
        let cases: [(&str, &[&[u8]]); 12] = [
            ("/bin/a", &[b"/bin/a"]),
            ("/a b  c ", &[b"/a", b"b", b"c"]),
            (
                "/a 'two words' third '' x\\\\y",
                &[b"/a", b"two words", b"third", b"", b"x\\y"],
            ),
            ("/a 'x\"y' \"x'y\"", &[b"/a", b"x\"y", b"x'y"]),
            ("/a b' c 'd\" e\"", &[b"/a", b"b c d e"]),
            ("/a\\ b", &[b"/a b"]),
            ("\\a\\b\\E\\f\\n\\r\\t\\v", &[b"\x07\x08\x1b\x0c\n\r\t\x0b"]),
            ("\\cA\\x41\\x4g\\101\\78", &[b"\x01A\x04gA\x078"]),
            ("\\xg\\q\\'", &[b"xgq'"]),
            ("\\xff", &[b"\xff"]),
            ("a\\", &[b"a\\"]),
            ("", &[]),
        ];
        for (text, expected) in cases {
            let found = split(text).unwrap();
            let found: Vec<&[u8]> = found.iter().map(|word| word.as_bytes()).collect();
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn mistakes() {
        for (text, at) in [
            ("/a 'b", 3),
            ("a\"", 1),
            ("a \\400", 2),
            ("a \\0", 2),
            ("\\c@", 0),
        ] {
            assert_eq!(split(text).map_err(|error| error.at), Err(at), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_split(text in ".{0,60}") {
            let _ = split(&text);
        }
    }
}
