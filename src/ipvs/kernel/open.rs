//! Opening the sockets, in the network namespace where the services are.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use crate::ipvs::genl;
use crate::netlink::Commander;
use crate::netlink::genl::Family;
use crate::netlink::socket::generic::Inquirer;
use crate::sys::{exec::Program, ns};

/// Where the sockets are opened and how much they hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Options<'a> {
    /// Receive buffer of each socket in the kernel, in octets.
    pub receive_buffer: usize,
    /// Network namespace of the services (`net_namespace_ipvs`): its name, or
    /// the path of a file that stands for it; without one, that of the process.
    pub namespace: Option<&'a str>,
}

/// Why there is no IPVS.
#[derive(Debug)]
pub enum OpenError {
    /// The kernel has none, and loading `ip_vs` did not help.
    NoIpvs,
    /// The system refused a socket, or the namespace.
    System(io::Error),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoIpvs => {
                f.write_str("IPVS: Can't initialize ipvs: the kernel has none and module ip_vs cannot be loaded")
            }
            Self::System(error) => write!(f, "IPVS: Can't initialize ipvs: {error}"),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// The sockets. They stay in the namespace they were opened in; the process returns
/// to its own.
pub(super) fn open(options: &Options<'_>) -> Result<(Commander, Inquirer), OpenError> {
    within(options.namespace, || {
        let inquirer = Inquirer::open(options.receive_buffer)?;
        let commander = Commander::open_generic(options.receive_buffer)?;
        Ok((commander, inquirer))
    })?
}

/// Do something in the network namespace of the services (see
/// [`Options::namespace`]), and return from there.
///
/// # Errors
/// No such namespace, or no permission.
pub fn within<T>(namespace: Option<&str>, work: impl FnOnce() -> T) -> io::Result<T> {
    match namespace {
        None => Ok(work()),
        Some(place) => ns::within_network(&file_of(place)?, work),
    }
}

fn file_of(place: &str) -> io::Result<PathBuf> {
    if place.starts_with('/') {
        return Ok(PathBuf::from(place));
    }
    ns::netns_path(place).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}

/// What the kernel calls IPVS, if it has it now.
pub(super) fn family(inquirer: &mut Inquirer) -> io::Result<Option<Family>> {
    let number = inquirer.family(genl::NAME)?;
    Ok(number.map(|number| Family {
        number,
        version: genl::VERSION,
    }))
}

/// Have the module loaded by the system's program for it. Whether that helped
/// shows in the family.
pub(super) fn load_module() {
    let program = crate::sys::sysctl::read("kernel/modprobe");
    let path = program.as_deref().unwrap_or(MODPROBE);
    if let Ok(program) = Program::new(Path::new(path), ["-s", "--", "ip_vs"], None) {
        // Its status says less than the family does.
        let _ = program.run();
    }
}

/// Where the program is if the kernel does not say.
const MODPROBE: &str = "/sbin/modprobe";
