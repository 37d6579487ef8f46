//! The kinds of checks, a file for each: how an attempt goes ([`super::probe::Probe`]).
