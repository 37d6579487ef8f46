//! The memory of the process: its heap, and the pages of its code.

/// From how many octets on a block is large: the C library's own limit at the start.
#[cfg(target_env = "gnu")]
const LARGE: libc::c_int = 128 * 1024;

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

/// Have large blocks be mappings of their own, always: they grow without being copied, and
/// are given back when they are freed. The GNU C library takes them from the heap once
/// a block of that size has been freed.
pub fn map_large_blocks() {
    // Others than the GNU C library have no such setting.
    #[cfg(target_env = "gnu")]
    // SAFETY: integers; they concern only what is allocated later.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
    }
}

/// Have the heap keep what is freed, and take large blocks from it as well: pages that are
/// there stay there.
pub fn keep_free() {
    // Others than the GNU C library have no such setting.
    #[cfg(target_env = "gnu")]
    for (parameter, value) in [(libc::M_TRIM_THRESHOLD, -1), (libc::M_MMAP_MAX, 0)] {
        // SAFETY: integers; they concern only what is allocated later.
        unsafe {
            libc::mallopt(parameter, value);
        }
    }
}

/// Let go of the pages of program and libraries that hold code and constants.
///
/// Reading a configuration goes through nearly all of them; who only waits from then
/// on needs few. They stay in the page cache, and those that are used come back
/// by a fault that reads nothing. What may have been written to, relocated
/// addresses among it, is left alone.
pub fn give_back_code() {
    // SAFETY: the callback matches the declared type, keeps nothing, and takes no data.
    unsafe {
        libc::dl_iterate_phdr(Some(give_back_object), std::ptr::null_mut());
    }
}

/// Do it for one object in memory, as `dl_iterate_phdr(3)` hands it out.
unsafe extern "C" fn give_back_object(
    info: *mut libc::dl_phdr_info,
    _: libc::size_t,
    _: *mut libc::c_void,
) -> libc::c_int {
    // SAFETY: the C library passes a valid description that lives during the call.
    let info = unsafe { &*info };
    if info.dlpi_phdr.is_null() {
        return 0;
    }
    // SAFETY: the description says where the headers are, and how many.
    let headers =
        unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
    let Ok(page) = usize::try_from(page_size()) else {
        return 0;
    };
    for header in headers {
        if header.p_type != libc::PT_LOAD || header.p_flags & libc::PF_W != 0 {
            continue;
        }
        let (Ok(base), Ok(at), Ok(length)) = (
            usize::try_from(info.dlpi_addr),
            usize::try_from(header.p_vaddr),
            usize::try_from(header.p_memsz),
        ) else {
            continue;
        };
        let from = base.wrapping_add(at);
        let start = from & !(page - 1);
        let end = from.wrapping_add(length);
        // SAFETY: a private mapping of a file that was never writable has nothing to
        // lose: its pages are read from the file again. Where it is refused, as for
        // locked memory, nothing happens.
        unsafe {
            libc::madvise(
                std::ptr::with_exposed_provenance_mut(start),
                end.saturating_sub(start),
                libc::MADV_DONTNEED,
            );
        }
    }
    0
}

fn page_size() -> libc::c_long {
    // SAFETY: no memory is passed.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    static CONSTANT: [u8; 5] = *b"still";
    static RELOCATED: [&str; 2] = ["here", "and there"];

    #[test]
    fn code_and_constants_come_back_when_they_are_used() {
        give_back_code();
        assert_eq!(CONSTANT, *b"still");
        assert_eq!(RELOCATED.concat(), "hereand there");
        give_back_code();
        assert_eq!(format!("{:?}", std::hint::black_box(1.5_f64)), "1.5");
    }
}
