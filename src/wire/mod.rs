//! Packets: octets to values and back, without any I/O.
//!
//! Every protocol here has two sides, and both work on slices the caller owns:
//!
//! * a **view** borrows received octets. Its `parse` checks all lengths once
//!   and answers `None` for octets that are too short; afterwards the accessors
//!   cannot fail. A view says what the octets *are*, not whether they are
//!   *welcome*: that is decided by the protocol's machine, such as
//!   [`crate::vrrp::accept`].
//! * an **emitter** writes values into a buffer of the right size, given as an
//!   array wherever the size is fixed, so that it cannot fail either.
//!
//! Nothing here panics whatever the octets are, which the property tests of
//! each file show. All numbers on the wire are in network order; a value that
//! left this module is in host order.
//!
//! | file | what | source |
//! |---|---|---|
//! | [`reader`] | cursor with length-checked reads | |
//! | [`checksum`] | Internet checksum, whole, incremental, with pseudo headers | RFC 1071, 1624, 8200 |
//! | [`ether`] | Ethernet header | IEEE 802.3 |
//! | [`arp`] | gratuitous request | RFC 826, 5227 |
//! | [`ipv4`], [`ipv6`] | IP headers | RFC 791, 8200 |
//! | [`dns`] | question, head of an answer | RFC 1035 |
//! | [`smtp`] | replies of a server | RFC 5321 |
//! | [`ndisc`] | unsolicited neighbour advertisement | RFC 4861 |
//! | [`ah`] | authentication header with HMAC-MD5-96 | RFC 2402, 2403, 2104 |
//! | [`agentx`] | SNMP master agent and subagent | RFC 2741 |
//! | [`bfd`] | control packets | RFC 5880 |
//! | [`vrrp`] | advertisements of versions 2 and 3 | RFC 3768, 5798, 9568 |
//! | [`vrrp_hmac`] | their trailer with HMAC-SHA-256-128 | keepalived's own |
#![forbid(unsafe_code)]
#![cfg_attr(not(test), warn(clippy::indexing_slicing))]

pub mod agentx;
pub mod ah;
pub mod arp;
pub mod bfd;
pub mod checksum;
pub mod dns;
pub mod ether;
pub mod ipv4;
pub mod ipv6;
pub mod ndisc;
pub mod reader;
pub mod smtp;
pub mod vrrp;
pub mod vrrp_hmac;

/// IP protocol number of VRRP (RFC 9568 section 5.1.1.4).
pub const PROTOCOL_VRRP: u8 = 112;
/// IP protocol number of the authentication header (RFC 2402 section 2).
pub const PROTOCOL_AH: u8 = 51;
/// IP protocol number of `ICMPv6` (RFC 4443 section 1).
pub const PROTOCOL_ICMPV6: u8 = 58;

#[cfg(test)]
pub(crate) mod testing {
    //! What tests of packets and messages share.

    /// Octets written in hexadecimal.
    pub(crate) fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
        let octets = digits
            .chunks(2)
            .map(|pair| std::str::from_utf8(pair).unwrap());
        octets
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect()
    }
}
