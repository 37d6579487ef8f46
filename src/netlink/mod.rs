//! The netlink reflector: what the kernel has, and what we ask of it.
//!
//! ```text
//!             Monitor (socket.rs)                    Commander (socket.rs)
//!   kernel ──► messages ──► Mirror ──► Changes    Requests ──► Batch ──► kernel
//!                                                 Outcomes ◄── Batch ◄── replies
//! ```
//!
//! * The **codec** ([`header`], [`attr`], [`link`], [`addr`], [`route`] with
//!   [`metrics`] and [`encapsulation`], [`rule`], [`error`]) turns octets into typed
//!   messages and back. Views borrow from the buffer, check each length once, and end at
//!   octets that are not well-formed; nothing here panics on what the kernel sends.
//! * [`genl`]: generic netlink, whose families are numbered at run time; [`nft`]: the few
//!   messages of nftables that are sent.
//! * [`mirror`] is a machine: links and addresses as the kernel has them. It
//!   folds the messages of one round into net changes, and after a loss
//!   reports only the difference.
//! * [`batch`] is a machine: requests queued with a ticket each, many per
//!   system call, every ticket answered with its own outcome.
//! * [`socket`] gives both their descriptors; [`dump`] fills the mirror before
//!   the loop starts.
//!
//! [`process_event`] and [`socket::ProcessMonitor`] are about processes, which the
//! kernel reports by netlink, too.
//!
//! **What is asynchronous.** The kernel works requests off during the send: the
//! replies lie in the socket when it returns. So a long list is sent in parts
//! by the caller ([`socket::Commander::flush`] has a limit), or an advert would
//! wait behind thousands of addresses. Reading never waits. A receive buffer
//! that overran is noticed as `ENOBUFS`; the monitor empties it, then asks for
//! dumps on the same socket, so that dump and events stay in order.
//!
//! **Our own changes** come back from the kernel with our port number. They
//! are reported with `ours: true`, because some have consequences nobody asked
//! for (removing a primary address removes its secondaries).
//! While many addresses are handed over, a filter in the kernel leaves the echoes
//! out ([`socket::Monitor::mute`]), and a dump of the addresses makes up for them.
//!
//! Layouts: `linux/netlink.h`, `linux/rtnetlink.h`, `linux/if_link.h`,
//! `linux/if_addr.h`, `linux/fib_rules.h`. Numbers are in host byte order
//! except where a field is an address.
#![forbid(unsafe_code)]
#![warn(clippy::indexing_slicing)]

pub mod addr;
pub mod attr;
pub mod batch;
pub mod dump;
pub mod encapsulation;
pub mod error;
pub mod genl;
pub mod header;
pub mod link;
pub mod metrics;
pub mod mirror;
pub mod nft;
pub mod process_event;
pub mod route;
pub mod rule;
pub mod socket;

pub use addr::{AddressMessage, AddressRequest, Operation};
pub use batch::{Batch, Outcome, Outcomes, Tolerate};
pub use error::NetlinkError;
pub use mirror::{Change, Changes, Mirror, Origin};
pub use socket::{Commander, Mended, Monitor, ProcessMonitor, ProcessRead, ReadStatus};

#[cfg(test)]
mod tests;
