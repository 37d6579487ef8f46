//! Who has how much memory: totals by subsystem, in the data dump and at the end.
//!
//! Only with the feature `mem-check`; without it everything here is empty and costs
//! nothing. A process puts on the account of its own subsystem what it allocates, unless
//! a [`Scope`] says otherwise for a while: reading a configuration, the log, a dump. Blocks
//! stay on the account that they were taken on, wherever they are given back.
//!
//! What is in use when a process ends has leaked, but for the log's own, which is closed
//! last, and what is kept on purpose: [`leaks`] says how much, and `--mem-check-log` has the whole table logged.

use std::fmt;

/// A subsystem with an account of its own. The order is that of the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Tag {
    /// What no other account has.
    Other,
    /// The configuration, as it was read.
    Config,
    /// The parent process.
    Parent,
    /// Virtual routers.
    Vrrp,
    /// Health checks.
    Check,
    /// BFD sessions.
    Bfd,
    /// The daemon on D-Bus.
    Dbus,
    /// What the kernel has told of links, addresses and routes.
    Netlink,
    /// Scripts, pipes and mails.
    Notify,
    /// The log.
    Log,
    /// Texts of dumps, until they are written.
    Dump,
    /// What a process keeps as long as it lives: how it was started, for one.
    Lasting,
}

impl Tag {
    /// Every tag.
    pub const ALL: [Self; 12] = [
        Self::Other,
        Self::Config,
        Self::Parent,
        Self::Vrrp,
        Self::Check,
        Self::Bfd,
        Self::Dbus,
        Self::Netlink,
        Self::Notify,
        Self::Log,
        Self::Dump,
        Self::Lasting,
    ];

    /// In the table.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Other => "Other",
            Self::Config => "Configuration",
            Self::Parent => "Parent",
            Self::Vrrp => "VRRP",
            Self::Check => "Checker",
            Self::Bfd => "BFD",
            Self::Dbus => "D-Bus",
            Self::Netlink => "Netlink",
            Self::Notify => "Notification",
            Self::Log => "Log",
            Self::Dump => "Dump",
            Self::Lasting => "Lasting",
        }
    }
}

/// A line of the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Line {
    /// Whose account.
    pub tag: Tag,
    /// Octets in use.
    pub octets: usize,
    /// Blocks in use.
    pub blocks: usize,
    /// The most octets at one time.
    pub peak: usize,
    /// Blocks taken since the process began.
    pub taken: u64,
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {} octets in {} blocks, at most {} octets, {} blocks taken",
            self.tag.name(),
            self.octets,
            self.blocks,
            self.peak,
            self.taken
        )
    }
}

pub use on_or_off::{Scope, begin, enter, small_blocks, stop, table};

/// Sizes of blocks to name in a leak.
const SIZES: usize = 8;

/// What is in use and should not be, at the end of a process.
#[must_use]
pub fn leaks(table: &[Line]) -> Vec<&Line> {
    let lines = table.iter();
    lines
        .filter(|line| !matches!(line.tag, Tag::Log | Tag::Lasting) && line.blocks > 0)
        .collect()
}

/// Log what is left at the end of a process: leaks always, the whole table if wanted.
pub fn report(title: &str, whole: bool) {
    let table = table();
    if table.is_empty() {
        return;
    }
    let _lasting = enter(Tag::Lasting);
    if whole {
        for line in &table {
            log::info!("{title} memory: {line}");
        }
    }
    for line in leaks(&table) {
        let sizes: Vec<String> = small_blocks(line.tag)
            .take(SIZES)
            .map(|(size, count)| format!("{count} of {size}"))
            .collect();
        log::warn!(
            "{title} process leaks {} octets in {} blocks ({}: {})",
            line.octets,
            line.blocks,
            line.tag.name(),
            sizes.join(", ")
        );
    }
}

#[cfg(feature = "mem-check")]
mod on_or_off {
    use super::{Line, Tag};
    use crate::sys::alloc;

    /// As long as it lives, what is allocated goes on the account it was made for.
    #[derive(Debug)]
    pub struct Scope(u8);

    impl Drop for Scope {
        fn drop(&mut self) {
            alloc::set_tag(self.0);
        }
    }

    /// From now on until the scope ends, allocate for this one.
    #[must_use]
    pub fn enter(tag: Tag) -> Scope {
        Scope(alloc::set_tag(tag as u8))
    }

    /// The process begins here, and all accounts with it: what it has got from its
    /// parent is not its own. What no scope claims is `tag`'s.
    pub fn begin(tag: Tag) {
        alloc::new_generation();
        alloc::set_tag(tag as u8);
    }

    /// Count no more (`--no-mem-check`).
    pub fn stop() {
        alloc::stop_counting();
    }

    /// Small blocks in use: size and number.
    pub fn small_blocks(tag: Tag) -> impl Iterator<Item = (usize, usize)> {
        alloc::small_blocks(tag as u8)
    }

    /// The accounts that have been used.
    #[must_use]
    pub fn table() -> Vec<Line> {
        let _lasting = enter(Tag::Lasting);
        let lines = Tag::ALL.into_iter().map(|tag| {
            let totals = alloc::totals(tag as u8);
            Line {
                tag,
                octets: totals.octets,
                blocks: totals.blocks,
                peak: totals.peak,
                taken: totals.taken,
            }
        });
        lines.filter(|line| line.taken > 0).collect()
    }
}

#[cfg(not(feature = "mem-check"))]
mod on_or_off {
    use super::{Line, Tag};

    /// Nothing, in a program that does not count.
    #[derive(Debug)]
    pub struct Scope;

    /// Nothing is counted.
    #[must_use]
    pub const fn enter(_: Tag) -> Scope {
        Scope
    }

    /// Nothing is counted.
    pub const fn begin(_: Tag) {}

    /// Nothing is counted.
    pub const fn stop() {}

    /// Nothing is counted.
    pub fn small_blocks(_: Tag) -> impl Iterator<Item = (usize, usize)> {
        std::iter::empty()
    }

    /// Nothing is counted.
    #[must_use]
    pub const fn table() -> Vec<Line> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(tag: Tag, blocks: usize) -> Line {
        Line {
            tag,
            octets: 10 * blocks,
            blocks,
            peak: 100,
            taken: 7,
        }
    }

    #[test]
    fn what_is_left_but_the_log_s_has_leaked() {
        let table = [line(Tag::Config, 0), line(Tag::Vrrp, 2), line(Tag::Log, 3)];
        assert_eq!(leaks(&table), [&line(Tag::Vrrp, 2)]);
        assert_eq!(
            table[1].to_string(),
            "VRRP: 20 octets in 2 blocks, at most 100 octets, 7 blocks taken"
        );
    }

    #[test]
    fn tags_are_their_places() {
        for (place, tag) in Tag::ALL.into_iter().enumerate() {
            assert_eq!(tag as usize, place);
        }
    }
}
