//! Whether an interface has a link, asked for where its driver does not tell the
//! kernel (`linux/mii.h`, `linux/ethtool.h`).

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};

use super::check;
use super::sock::{self, Kind};

/// `ETHTOOL_GLINK`
const ETHTOOL_LINK: u32 = 0x0a;
const SIOCETHTOOL: libc::Ioctl = 0x8946;
const SIOCGMIIPHY: libc::Ioctl = 0x8947;
const SIOCGMIIREG: libc::Ioctl = 0x8948;
/// Basic mode status register (IEEE 802.3 clause 22.2.4.2).
const STATUS_REGISTER: u16 = 1;
/// Its bit that tells of a link. It stays 0 after a loss until it is read.
const LINK_STATUS: u16 = 1 << 2;

/// A socket to ask by.
#[derive(Debug)]
pub struct LinkAsker {
    fd: OwnedFd,
}

/// `struct ifreq` with what the three questions need behind the name.
#[repr(C)]
struct Request {
    name: [u8; 16],
    rest: Rest,
}

/// The kernel copies the whole union, whichever part is meant.
#[repr(C)]
union Rest {
    mii: Mii,
    flags: i16,
    data: *mut EthtoolValue,
    room: [u64; 3],
}

/// `struct mii_ioctl_data`
#[derive(Clone, Copy)]
#[repr(C)]
struct Mii {
    transceiver: u16,
    register: u16,
    value_in: u16,
    value_out: u16,
}

/// `struct ethtool_value`
#[repr(C)]
struct EthtoolValue {
    command: u32,
    data: u32,
}

impl Request {
    fn new(name: &str) -> Self {
        let mut octets = [0; 16];
        for (to, from) in octets.iter_mut().zip(name.bytes().take(15)) {
            *to = from;
        }
        Self {
            name: octets,
            rest: Rest { room: [0; 3] },
        }
    }
}

impl LinkAsker {
    /// Open the socket.
    ///
    /// # Errors
    /// What `socket(2)` says.
    pub fn open() -> io::Result<Self> {
        let fd = sock::socket(Kind::Packet)?;
        Ok(Self { fd })
    }

    /// The link bit of the transceiver.
    ///
    /// # Errors
    /// `EOPNOTSUPP` where there is none, and what else `ioctl(2)` says.
    pub fn mii(&self, name: &str) -> io::Result<bool> {
        let mut request = Request::new(name);
        self.ask(SIOCGMIIPHY, &mut request)?;
        let mut value = 0;
        // The first reading may tell of a loss in the past.
        for _ in 0..2 {
            // SAFETY: every part of the union is plain integers, and all octets are set.
            let mut mii = unsafe { request.rest.mii };
            mii.register = STATUS_REGISTER;
            request.rest = Rest { room: [0; 3] };
            request.rest.mii = mii;
            self.ask(SIOCGMIIREG, &mut request)?;
            // SAFETY: as above.
            value = unsafe { request.rest.mii }.value_out;
        }
        Ok(value & LINK_STATUS != 0)
    }

    /// What the driver says of its link.
    ///
    /// # Errors
    /// `EOPNOTSUPP` where it says nothing, and what else `ioctl(2)` says.
    pub fn ethtool(&self, name: &str) -> io::Result<bool> {
        let mut value = EthtoolValue {
            command: ETHTOOL_LINK,
            data: 0,
        };
        let mut request = Request::new(name);
        request.rest.data = &raw mut value;
        self.ask(SIOCETHTOOL, &mut request)?;
        Ok(value.data != 0)
    }

    /// The flag `IFF_RUNNING`.
    ///
    /// # Errors
    /// `ENODEV` for an interface that is gone.
    pub fn running(&self, name: &str) -> io::Result<bool> {
        let mut request = Request::new(name);
        self.ask(libc::SIOCGIFFLAGS as libc::Ioctl, &mut request)?;
        // SAFETY: the kernel has filled this part in, and all octets were set before.
        let flags = unsafe { request.rest.flags };
        Ok(i32::from(flags) & libc::IFF_RUNNING != 0)
    }

    fn ask(&self, what: libc::Ioctl, request: &mut Request) -> io::Result<()> {
        // SAFETY: the kernel reads and writes one `ifreq`, which is 40 octets as
        // `Request` is, and with SIOCETHTOOL the value it points to, which lives in
        // the caller.
        let result = unsafe { libc::ioctl(self.fd.as_raw_fd(), what, std::ptr::from_mut(request)) };
        check(result).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_layout_is_the_kernels() {
        assert_eq!(size_of::<Request>(), size_of::<libc::ifreq>());
    }

    #[test]
    fn loopback_runs_and_has_no_transceiver() {
        let Ok(asker) = LinkAsker::open() else {
            return; // not root
        };
        assert!(asker.mii("lo").is_err());
        assert!(asker.running("lo").is_ok());
        let error = asker.running("nowhere0").expect_err("it is not there");
        assert_eq!(error.raw_os_error(), Some(libc::ENODEV));
    }
}
