//! The process's heap.

/// Give memory that is free in the heap back to the system: after reading a
/// configuration, whose words are many times the size of what they say. A forked
/// child would count the holes as its own, too.
pub fn give_back_free() {
    // The GNU C library keeps what was freed; others give it back by themselves.
    #[cfg(target_env = "gnu")]
    // SAFETY: malloc_trim takes no pointers and may be called at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}
