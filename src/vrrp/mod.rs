//! The virtual router.
#![forbid(unsafe_code)]
