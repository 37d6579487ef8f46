//! HTTP as a checking client speaks it (RFC 9112): all machines, in bounded memory
//! whatever the server sends.
//!
//! ```text
//! octets ─► response ─┬─ status, framing ──────────────► kinds::http
//!                     └─ body, piece by piece ─┬► digest
//!                                              └► pattern
//! ```
//!
//! * [`request`]: what is asked
//! * [`response`]: head and framing of the answer
//! * [`digest`]: MD5 and SHA-1 of a body
//! * [`pattern`]: a PCRE2 pattern searched in a body that is never in memory as a whole

pub mod digest;
pub mod pattern;
pub mod request;
pub mod response;
