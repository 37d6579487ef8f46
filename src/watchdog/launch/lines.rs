//! The lines between children.
//!
//! The parent makes them before it starts the first child and keeps all their ends,
//! so they outlive each child: one that is started again goes on with the line of
//! its predecessor, and the child at the other end notices nothing.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd};

use nix::sys::memfd::{MFdFlags, memfd_create};
use scheduler::Instant;

use super::role::Role;
use crate::bfd::feed::{Feed, Line, Teller};
use crate::dbus::line as dbus;

/// All lines.
#[derive(Debug)]
pub struct Lines {
    bfd_to_vrrp: Line,
    bfd_to_check: Line,
    /// Where the BFD process notes its sessions for its successor.
    sessions: File,
    vrrp_to_dbus: dbus::Line,
}

/// Those ends that belong to one child.
#[derive(Debug, Default)]
pub struct Ends {
    /// What the BFD process tells, for the VRRP and the checker process.
    pub feed: Option<Feed>,
    /// For the BFD process.
    pub bfd: Option<BfdEnds>,
    /// What the VRRP process tells the D-Bus process by.
    pub dbus_teller: Option<dbus::Teller>,
    /// Where the D-Bus process hears it.
    pub dbus_hearer: Option<dbus::Hearer>,
}

/// What the BFD process holds.
#[derive(Debug)]
pub struct BfdEnds {
    /// To the VRRP process.
    pub vrrp: Teller,
    /// To the checker process.
    pub check: Teller,
    /// A file in memory that outlives the process.
    pub sessions: File,
}

impl Lines {
    /// Make them.
    ///
    /// # Errors
    /// What making the sockets says.
    pub fn open() -> io::Result<Self> {
        Ok(Self {
            bfd_to_vrrp: Line::open()?,
            bfd_to_check: Line::open()?,
            sessions: File::from(memfd_create("BFD sessions", MFdFlags::MFD_CLOEXEC)?),
            vrrp_to_dbus: dbus::Line::open()?,
        })
    }

    /// What a child of this role gets.
    ///
    /// # Errors
    /// What duplicating descriptors says.
    pub fn of(&self, role: Role) -> io::Result<Ends> {
        let mut ends = Ends::default();
        match role {
            Role::Vrrp => {
                ends.feed = Some(self.bfd_to_vrrp.feed()?);
                ends.dbus_teller = Some(self.vrrp_to_dbus.teller()?);
            }
            Role::Dbus => ends.dbus_hearer = Some(self.vrrp_to_dbus.hearer()?),
            Role::Check => ends.feed = Some(self.bfd_to_check.feed()?),
            Role::Bfd => {
                ends.bfd = Some(BfdEnds {
                    vrrp: self.bfd_to_vrrp.teller()?,
                    check: self.bfd_to_check.teller()?,
                    sessions: self.sessions.try_clone()?,
                });
            }
        }
        Ok(ends)
    }
}

impl Lines {
    /// Where the BFD process notes its sessions.
    ///
    /// # Errors
    /// What duplicating the descriptor says.
    pub fn session_notes(&self) -> io::Result<File> {
        self.sessions.try_clone()
    }

    /// Tell the D-Bus process, in place of the VRRP process, that there are no instances.
    pub fn tell_no_instances(&self) {
        let told = self.vrrp_to_dbus.teller().and_then(|teller| {
            teller.tell(&dbus::News::Begins(dbus::Occasion::default()))?;
            teller.tell(&dbus::News::Ends)
        });
        if let Err(error) = told {
            ::log::debug!("cannot tell the D-Bus process that there are no instances: {error}");
        }
    }

    /// Tell of a session in place of the BFD process.
    pub fn tell_session(&self, now: Instant, name: &str, is_up: bool) {
        for line in [&self.bfd_to_vrrp, &self.bfd_to_check] {
            let told = line
                .teller()
                .and_then(|teller| teller.tell(now, name, is_up));
            if let Err(error) = told {
                ::log::warn!("cannot tell of the BFD session {name}: {error}");
            }
        }
    }
}

impl Ends {
    /// The descriptors that a child keeps.
    pub(super) fn descriptors(&self) -> Vec<BorrowedFd<'_>> {
        let bfd = self.bfd.iter();
        let bfd = bfd.flat_map(|bfd| [bfd.vrrp.as_fd(), bfd.check.as_fd(), bfd.sessions.as_fd()]);
        let feed = self.feed.iter().map(|feed| feed.as_fd());
        let teller = self.dbus_teller.iter().map(|teller| teller.as_fd());
        let hearer = self.dbus_hearer.iter().map(|hearer| hearer.as_fd());
        feed.chain(bfd).chain(teller).chain(hearer).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_child_of_a_role_goes_on_with_the_line_of_the_first() {
        let lines = Lines::open().unwrap();
        let bfd = lines.of(Role::Bfd).unwrap().bfd.unwrap();
        drop(lines.of(Role::Vrrp).unwrap());
        bfd.vrrp.tell(Instant::ZERO, "a", true).unwrap();
        drop(bfd);
        let bfd = lines.of(Role::Bfd).unwrap().bfd.unwrap();
        bfd.vrrp.tell(Instant::ZERO, "b", true).unwrap();
        let feed = lines.of(Role::Vrrp).unwrap().feed.unwrap();
        let names: Vec<String> = std::iter::from_fn(|| feed.next()).map(|v| v.name).collect();
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn verdicts_for_one_process_are_not_seen_by_the_other() {
        let lines = Lines::open().unwrap();
        let bfd = lines.of(Role::Bfd).unwrap().bfd.unwrap();
        bfd.check.tell(Instant::ZERO, "a", false).unwrap();
        assert_eq!(lines.of(Role::Vrrp).unwrap().feed.unwrap().next(), None);
        assert!(
            lines
                .of(Role::Check)
                .unwrap()
                .feed
                .unwrap()
                .next()
                .is_some()
        );
    }
}
