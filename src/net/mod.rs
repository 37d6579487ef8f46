//! Sockets as values: raw ones of VRRP ([`vrrp_socket`], [`announce_socket`], with the
//! buffers of [`batch`]), those of BFD ([`bfd_socket`]), and those of checks ([`connect`],
//! [`ping`]).
//!
//! A [`VrrpSocket`] carries the adverts of all instances that share an
//! interface, family and mode; an [`AnnounceSocket`] sends gratuitous ARP and
//! neighbour advertisements as whole frames. Both move many packets per system
//! call and keep no packet buffers of their own: the process has one
//! [`RxBatch`] and one [`TxBatch`] for all its sockets.
//!
//! An [`AddressTap`] hears what others say of addresses.
//!
//! [`filter`] is the kernel's part: a packet filter on each receiving socket,
//! so that adverts of foreign virtual routers never wake the process.
//!
//! [`tls`] is what checks over TLS speak.
#![forbid(unsafe_code)]

pub mod address_tap;
pub mod announce_socket;
pub mod batch;
pub mod bfd_socket;
pub mod connect;
pub mod filter;
pub mod ping;
pub mod tls;
pub mod vrrp_socket;

pub use address_tap::{AddressTap, Claim};
pub use announce_socket::AnnounceSocket;
pub use batch::{Datagram, Received, RxBatch, TxBatch};
pub use filter::{Versions, VridSet};
pub use vrrp_socket::{Mode, Protocol, SocketSpec, VrrpSocket};
