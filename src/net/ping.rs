//! Who may open echo sockets: `net.ipv4.ping_group_range`.
//!
//! An [echo socket](super::connect::Kind::Echo) needs no capability, but the group of
//! the process has to be within the range. That of the daemon is 0, which the default
//! of most systems leaves out, so the range is widened while the daemon runs. The
//! setting is for ICMP and `ICMPv6` alike, and belongs to the network namespace.

use std::io;

use crate::sys::sysctl;
use crate::sys::sysctl::Remembered;

/// First and last group, divided by a tabulator.
const RANGE: &str = "net/ipv4/ping_group_range";

/// The range as it was, while it is another one.
#[derive(Debug, Default)]
pub struct PingGroups {
    remembered: Remembered,
}

impl PingGroups {
    /// Have group 0 in the range. Says what the range was if it had to be changed.
    ///
    /// # Errors
    /// If the setting cannot be read or written.
    pub fn widen(&mut self) -> io::Result<Option<String>> {
        let old = sysctl::read(RANGE)?;
        let Some(wide) = widened(&old) else {
            return Ok(None);
        };
        self.remembered.set(RANGE, &wide)?;
        Ok(Some(old))
    }

    /// Put the range back, if it was changed.
    ///
    /// # Errors
    /// If the setting cannot be written.
    pub fn restore(&mut self) -> io::Result<()> {
        self.remembered.restore(RANGE)
    }
}

/// The range with group 0 in it, if it has not; `1 0`, the default, is empty.
fn widened(range: &str) -> Option<String> {
    let mut groups = range.split_ascii_whitespace();
    let (first, last) = (groups.next()?, groups.next()?);
    (first != "0").then(|| format!("0\t{last}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_lower_end_moves() {
        assert_eq!(widened("1\t0"), Some("0\t0".to_owned()));
        assert_eq!(widened("100\t2147483647"), Some("0\t2147483647".to_owned()));
        assert_eq!(widened("0\t2147483647"), None);
        assert_eq!(widened(""), None);
    }

    #[test]
    fn what_was_not_changed_is_not_put_back() {
        assert!(PingGroups::default().restore().is_ok());
    }
}
