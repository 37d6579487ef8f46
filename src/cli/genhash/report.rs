//! The verbose output, as the C program has it.

use std::fmt::Write as _;

use crate::check::http::digest::to_hex;

/// Octets of a line.
const WIDTH: usize = 16;

/// The head, and a line's end after it.
pub(super) fn head(octets: &[u8]) -> String {
    format!(
        "-----------------------[    HTTP Header Buffer    ]-----------------------\n\
         {}\
         -----------------------[ HTTP Header Ascii Buffer ]-----------------------\n\
         {}",
        dump(octets),
        String::from_utf8_lossy(octets)
    )
}

/// A piece of the body, under a title if it is the first one.
pub(super) fn body(octets: &[u8], first: bool) -> String {
    let title = "-----------------------[        HTML Buffer        ]-----------------------\n";
    format!("{}{}", if first { title } else { "" }, dump(octets))
}

/// The digest.
pub(super) fn result(digest: &[u8]) -> String {
    format!(
        "\n-----------------------[    HTML hash resulting    ]-----------------------\n\
         {}\
         -----------------------[ HTML hash final resulting ]-----------------------\n\
         {}",
        dump(digest),
        to_hex(digest)
    )
}

/// Lines of decimal offset, two groups of eight octets, and what is printable.
fn dump(octets: &[u8]) -> String {
    let mut out = String::new();
    for (number, line) in octets.chunks(WIDTH).enumerate() {
        // A text takes everything.
        let _ = write!(out, "{:04}  ", number * WIDTH);
        for at in 0..WIDTH {
            if at == WIDTH / 2 {
                out.push_str("- ");
            }
            let _ = match line.get(at) {
                Some(octet) => write!(out, "{octet:02x} "),
                None => write!(out, "   "),
            };
        }
        let text: String = line.iter().map(|&octet| printable(octet)).collect();
        let _ = writeln!(out, "  {text:<WIDTH$}");
    }
    out
}

const fn printable(octet: u8) -> char {
    match octet {
        b' '..=b'~' => octet as char,
        _ => '.',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_dump() {
        assert_eq!(
            dump(b"HTTP/1.0 404 Not\r\n\r\n"),
            "0000  48 54 54 50 2f 31 2e 30 - 20 34 30 34 20 4e 6f 74   HTTP/1.0 404 Not\n\
             0016  0d 0a 0d 0a             -                           ....            \n"
        );
    }
}
