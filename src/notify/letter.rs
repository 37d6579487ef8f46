//! A mail as it goes over the wire: header, body and the dot at the end
//! (RFC 5321 section 4.5.2, RFC 5322).

use std::rc::Rc;

use crate::sys::calendar::LocalTime;

/// The longest subject, in octets.
const SUBJECT_MAX: usize = 255;
/// The longest body, in octets.
const BODY_MAX: usize = 511;

/// An address as written in the configuration, maybe with a name: `a@b`,
/// `Name <a@b>`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Mailbox {
    written: String,
    address: String,
}

impl Mailbox {
    /// Control characters are left out, so that no address can add a line.
    #[must_use]
    pub fn new(written: &str) -> Self {
        let written: String = written.chars().filter(|c| !c.is_control()).collect();
        let written = written.trim();
        let inside = written
            .rsplit_once('<')
            .map(|(_, rest)| rest.split_once('>').map_or(rest, |(inside, _)| inside));
        Self {
            written: written.to_owned(),
            address: inside.unwrap_or(written).trim().to_owned(),
        }
    }

    /// For the header, name and all.
    #[must_use]
    pub fn written(&self) -> &str {
        &self.written
    }

    /// For the envelope.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }
}

/// One mail.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Letter {
    /// The date of the event, as [`date`] has it.
    pub date: String,
    /// Who sends it.
    pub from: Mailbox,
    /// Who gets it.
    pub to: Rc<[Mailbox]>,
    /// One line.
    pub subject: String,
    /// The text.
    pub body: String,
}

impl Letter {
    /// The address of the envelope's sender.
    #[must_use]
    pub fn sender(&self) -> &str {
        self.from.address()
    }

    /// The address of a recipient, by number.
    #[must_use]
    pub fn recipient(&self, at: usize) -> Option<&str> {
        self.to.get(at).map(Mailbox::address)
    }

    /// Header, body and final dot.
    #[must_use]
    pub fn octets(&self) -> Vec<u8> {
        let to: Vec<&str> = self.to.iter().map(Mailbox::written).collect();
        let mut text = format!(
            "Date: {}\r\nFrom: {}\r\nSubject: {}\r\nX-Mailer: Keepalived\r\nTo: {}\r\n\r\n",
            self.date,
            self.from.written(),
            one_line(&self.subject, SUBJECT_MAX),
            to.join(",\r\n "),
        );
        for line in cut(&self.body, BODY_MAX).lines() {
            if line.starts_with('.') {
                text.push('.');
            }
            text.push_str(line);
            text.push_str("\r\n");
        }
        text.push_str("\r\n.\r\n");
        text.into_bytes()
    }
}

/// A date for the header, in local time with its distance from UTC (RFC 5322
/// section 3.3).
#[must_use]
pub fn date(time: &LocalTime) -> String {
    let minutes = time.utc_offset / 60;
    format!(
        "{}, {:02} {} {} {:02}:{:02}:{:02} {}{:02}{:02}",
        time.day_name(),
        time.day,
        time.month_name(),
        time.year,
        time.hour,
        time.minute,
        time.second,
        if minutes < 0 { '-' } else { '+' },
        (minutes / 60).abs(),
        (minutes % 60).abs(),
    )
}

fn one_line(text: &str, max: usize) -> String {
    let clean: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    cut(&clean, max).to_owned()
}

/// At most `max` octets of a text, whole letters.
fn cut(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_letter() {
        let letter = Letter {
            date: "Sun, 22 Nov 2026 04:14:26 +0000".into(),
            from: Mailbox::new("Lb <lb@example.net>"),
            to: [Mailbox::new("a@x"), Mailbox::new("B <b@x>")].into(),
            subject: "one\r\nX-Evil: two".into(),
            body: "first\n.\n..x".into(),
        };
        let expected = "Date: Sun, 22 Nov 2026 04:14:26 +0000\r\n\
            From: Lb <lb@example.net>\r\n\
            Subject: one  X-Evil: two\r\n\
            X-Mailer: Keepalived\r\n\
            To: a@x,\r\n B <b@x>\r\n\r\n\
            first\r\n..\r\n...x\r\n\r\n.\r\n";
        assert_eq!(String::from_utf8(letter.octets()).unwrap(), expected);
        assert_eq!(letter.recipient(1), Some("b@x"));
    }

    #[test]
    fn addresses_of_the_envelope() {
        for (written, address) in [
            ("a@b", "a@b"),
            (" a@b ", "a@b"),
            ("Name <a@b>", "a@b"),
            ("<a@b", "a@b"),
            ("\"<x>\" <a@b>", "a@b"),
            ("a@b\r\nRCPT TO:<c@d>", "c@d"),
        ] {
            assert_eq!(Mailbox::new(written).address(), address, "{written}");
        }
    }

    #[test]
    fn dates_have_the_distance_from_utc() {
        let mut time = LocalTime {
            year: 2026,
            month: 10,
            day: 2,
            weekday: 1,
            hour: 4,
            minute: 5,
            second: 6,
            utc_offset: 19_800,
        };
        assert_eq!(date(&time), "Mon, 02 Nov 2026 04:05:06 +0530");
        time.utc_offset = -12_600;
        assert_eq!(date(&time), "Mon, 02 Nov 2026 04:05:06 -0330");
    }

    #[test]
    fn long_texts_are_cut_between_letters() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
        assert_eq!(one_line(&"x".repeat(300), SUBJECT_MAX).len(), SUBJECT_MAX);
    }
}
