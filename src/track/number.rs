//! The number in a tracked file (`protocols.md` section 14).

/// So many octets of the file are looked at.
pub const OCTETS: usize = 127;

/// The number at the beginning of a text, as `strtol` reads it with base 0:
/// blanks, a sign, `0x` for hexadecimal, `0` for octal, what follows is ignored.
/// No number at all is 0; one that does not fit 32 bits is none.
#[must_use]
pub fn parse(text: &[u8]) -> Option<i32> {
    let text = text.get(..OCTETS).unwrap_or(text).trim_ascii_start();
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let (radix, digits) = match digits {
        [b'0', b'x' | b'X', first, ..] if first.is_ascii_hexdigit() => {
            (16, digits.get(2..).unwrap_or_default())
        }
        [b'0', ..] => (8, digits),
        _ => (10, digits),
    };
    let mut value: i64 = 0;
    for octet in digits {
        let Some(digit) = char::from(*octet).to_digit(radix) else {
            break;
        };
        value = value
            .saturating_mul(i64::from(radix))
            .saturating_add(i64::from(digit));
    }
    i32::try_from(if negative { -value } else { value }).ok()
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn numbers() {
        for (text, number) in [
            ("3\n", 3),
            ("  -20 x", -20),
            ("+7", 7),
            ("0x10", 16),
            ("-0Xff", -255),
            ("0x", 0),
            ("0xg", 0),
            ("010", 8),
            ("089", 0),
            ("12abc", 12),
            ("", 0),
            ("abc", 0),
            ("-", 0),
            ("2147483647", i32::MAX),
            ("-2147483648", i32::MIN),
        ] {
            assert_eq!(parse(text.as_bytes()), Some(number), "{text:?}");
        }
        for text in [
            "2147483648",
            "-2147483649",
            "99999999999999999999999",
            "0xffffffff",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn what_lies_behind_is_not_looked_at() {
        let mut text = vec![b' '; 126];
        text.extend(b"12");
        assert_eq!(parse(&text), Some(1));
    }
}
