//! Classic packet filters (`SO_ATTACH_FILTER`): instructions as values.
//!
//! The kernel checks every program it is given, so a wrong one is an error and
//! not a danger. What is filtered is decided in `net`.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use super::check;

/// One instruction of the classic machine: an accumulator A, an index X and
/// sixteen words of memory M.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(transparent)]
pub struct Instruction(libc::sock_filter);

const fn plain(code: u16, k: u32) -> Instruction {
    Instruction(libc::sock_filter {
        code,
        jt: 0,
        jf: 0,
        k,
    })
}

const fn jump(code: u16, k: u32, jt: u8, jf: u8) -> Instruction {
    Instruction(libc::sock_filter { code, jt, jf, k })
}

impl Instruction {
    /// A = octet at `offset`.
    #[must_use]
    pub const fn load_octet(offset: u32) -> Self {
        plain(0x30, offset)
    }
    /// A = two octets at `offset`, the first the more significant one.
    #[must_use]
    pub const fn load_half(offset: u32) -> Self {
        plain(0x28, offset)
    }
    /// A = four octets at `offset`, the first the most significant one.
    #[must_use]
    pub const fn load_word(offset: u32) -> Self {
        plain(0x20, offset)
    }
    /// A = octet at X + `offset`.
    #[must_use]
    pub const fn load_octet_indexed(offset: u32) -> Self {
        plain(0x50, offset)
    }
    /// X = 4 * (low half of the octet at `offset`): an IPv4 header's length.
    #[must_use]
    pub const fn load_header_length(offset: u32) -> Self {
        plain(0xb1, offset)
    }
    /// A = `value`.
    #[must_use]
    pub const fn load(value: u32) -> Self {
        plain(0x00, value)
    }
    /// A = how the packet came, `PACKET_HOST` and so on.
    #[must_use]
    pub const fn load_packet_type() -> Self {
        #[expect(
            clippy::cast_sign_loss,
            reason = "the kernel takes negative offsets as words"
        )]
        plain(0x30, (libc::SKF_AD_OFF + libc::SKF_AD_PKTTYPE) as u32)
    }
    /// M[`slot`] = A.
    #[must_use]
    pub const fn store(slot: u32) -> Self {
        plain(0x02, slot)
    }
    /// A = M[`slot`].
    #[must_use]
    pub const fn recall(slot: u32) -> Self {
        plain(0x60, slot)
    }
    /// X = A.
    #[must_use]
    pub const fn to_index() -> Self {
        plain(0x07, 0)
    }
    /// A += X.
    #[must_use]
    pub const fn add_index() -> Self {
        plain(0x0c, 0)
    }
    /// A += `value`.
    #[must_use]
    pub const fn add(value: u32) -> Self {
        plain(0x04, value)
    }
    /// A &= `mask`.
    #[must_use]
    pub const fn and(mask: u32) -> Self {
        plain(0x54, mask)
    }
    /// A <<= `bits`.
    #[must_use]
    pub const fn shift_left(bits: u32) -> Self {
        plain(0x64, bits)
    }
    /// A >>= `bits`.
    #[must_use]
    pub const fn shift_right(bits: u32) -> Self {
        plain(0x74, bits)
    }
    /// A >>= X.
    #[must_use]
    pub const fn shift_right_index() -> Self {
        plain(0x7c, 0)
    }
    /// Skip `then` instructions if A = `value`, else `otherwise`.
    #[must_use]
    pub const fn if_equal(value: u32, then: u8, otherwise: u8) -> Self {
        jump(0x15, value, then, otherwise)
    }
    /// Skip `then` instructions if A = X, else `otherwise`.
    #[must_use]
    pub const fn if_equal_index(then: u8, otherwise: u8) -> Self {
        jump(0x1d, 0, then, otherwise)
    }
    /// Skip `count` instructions.
    #[must_use]
    pub const fn skip(count: u32) -> Self {
        plain(0x05, count)
    }
    /// Take the whole packet.
    #[must_use]
    pub const fn accept() -> Self {
        plain(0x06, u32::MAX)
    }
    /// Drop the packet.
    #[must_use]
    pub const fn reject() -> Self {
        plain(0x06, 0)
    }
}

/// Give a socket a filter in place of its present one, at once.
///
/// # Errors
/// `EINVAL` for a program the kernel does not take.
pub fn attach(fd: BorrowedFd<'_>, program: &[Instruction]) -> io::Result<()> {
    let length =
        u16::try_from(program.len()).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    let filter = libc::sock_fprog {
        len: length,
        filter: program.as_ptr().cast::<libc::sock_filter>().cast_mut(),
    };
    // SAFETY: `filter` points to `len` instructions that live during the call
    // (`Instruction` is transparent), and the kernel only reads them.
    let result = unsafe {
        libc::setsockopt(
            fd.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_ATTACH_FILTER,
            (&raw const filter).cast(),
            size_of_u32::<libc::sock_fprog>(),
        )
    };
    check(result).map(drop)
}

/// Let a socket receive nothing.
///
/// # Errors
/// As [`attach`].
pub fn reject_all(fd: BorrowedFd<'_>) -> io::Result<()> {
    attach(fd, &[Instruction::reject()])
}

/// Take a socket's filter away: it receives everything again.
///
/// # Errors
/// `ENOENT` if it has none.
pub fn detach(fd: BorrowedFd<'_>) -> io::Result<()> {
    super::sock::set_option(fd, libc::SOL_SOCKET, libc::SO_DETACH_FILTER, 0)
}

/// The size of a small type as the socket calls want it.
pub(crate) const fn size_of_u32<T>() -> libc::socklen_t {
    assert!(size_of::<T>() < 4096);
    #[expect(clippy::cast_possible_truncation, reason = "checked in the line above")]
    {
        size_of::<T>() as libc::socklen_t
    }
}
