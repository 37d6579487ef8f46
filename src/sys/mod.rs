//! The only unsafe code.
#![allow(unsafe_code, reason = "system calls live here and nowhere else")]
