//! What the machine has that a configuration names: interfaces, scripts, accounts.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::path::Path;

use super::key_file;
use crate::control_plane::Machine;
use crate::lint::Host;
use crate::model::{
    Account, CommandFound, CommandRequest, IfIndex, IfName, IpNet, KeyFile, MacAddr, NameKind,
    ScriptRules,
};
use crate::netlink::header::{Message, kind};
use crate::netlink::link::LinkFlags;
use crate::netlink::{AddressMessage, Mirror, Origin, socket};
use crate::notify::command;
use crate::sys::ns;

/// The kernel's answer needs no more at once.
const RECEIVE_BUFFER: usize = 1 << 20;

/// The interfaces of the present network namespace.
#[derive(Debug, Default)]
pub struct Interfaces {
    links: Mirror,
    /// By interface, and for each in the kernel's order.
    addresses: Vec<(IfIndex, IpNet)>,
    /// The kernel has told all of it.
    is_known: bool,
}

impl Interfaces {
    /// Ask the kernel. Without an answer there are none, which the checks then say.
    #[must_use]
    pub fn read() -> Self {
        let mut found = Self::default();
        let listed = socket::list(RECEIVE_BUFFER, &mut |message| found.hear(message));
        match listed {
            Ok(()) => found.is_known = true,
            Err(error) => ::log::error!("Cannot read the interfaces: {error}"),
        }
        found.addresses.sort_by_key(|(index, _)| index.0);
        found
    }

    fn hear(&mut self, message: &Message<'_>) {
        match message.header.kind {
            kind::NEW_ADDRESS => {
                let address = AddressMessage::parse(message);
                let found = address.and_then(|it| Some((IfIndex(it.index), it.net()?)));
                self.addresses.extend(found);
            }
            _ => self.links.hear(message, Origin::Foreign),
        }
    }
}

impl Machine for Interfaces {
    fn interface_exists(&self, name: &str) -> bool {
        self.links.link_of_text(name).is_some()
    }

    fn interface_mtu(&self, name: &str) -> Option<u32> {
        self.links.link_of_text(name).map(|link| link.mtu)
    }

    fn interface_is_loopback(&self, name: &str) -> bool {
        let link = self.links.link_of_text(name);
        link.is_some_and(|link| link.flags.has(LinkFlags::LOOPBACK))
    }

    fn find_script(&self, request: &CommandRequest, rules: &ScriptRules) -> CommandFound {
        command::find(request, rules)
    }

    fn account(&self, user: &str, group: Option<&str>) -> Result<Account, String> {
        command::account(user, group, false)
    }

    fn vmac_fits(&self, name: &str, parent: &str, mac: MacAddr) -> bool {
        let Some(found) = self.links.link_of_text(name) else {
            return true;
        };
        let below = self.links.link_of_text(parent).map(|parent| parent.index);
        found.kind.as_deref() == Some("macvlan") && found.parent == below && found.mac == Some(mac)
    }

    fn processors(&self) -> u32 {
        let text = std::fs::read_to_string("/sys/devices/system/cpu/online");
        // `0-3`, or `0,2-3` where some are off.
        let last = text.ok().and_then(|text| {
            let last = text.trim().rsplit(['-', ',']).next()?;
            last.parse::<u32>().ok()
        });
        last.map_or(u32::MAX, |last| last.saturating_add(1))
    }

    fn key_file(&self, path: &Path) -> io::Result<KeyFile> {
        key_file::read(path)
    }

    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        let found = (host, 0)
            .to_socket_addrs()
            .map_err(|error| error.to_string())?;
        let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
        addresses.dedup();
        Ok(addresses)
    }

    fn number_names(&self, kind: NameKind, folders: [&Path; 2]) -> Vec<String> {
        number_names(kind, folders)
    }
}

impl Host for Interfaces {
    fn networks(&self, interface: &IfName) -> Option<Vec<IpNet>> {
        let IfIndex(index) = self.links.link_named(interface)?.index;
        let first = self.addresses.partition_point(|(on, _)| on.0 < index);
        let behind = self.addresses.get(first..).unwrap_or_default();
        let own = behind.iter().take_while(|(on, _)| on.0 == index);
        Some(own.map(|(_, net)| *net).collect())
    }

    fn has_address(&self, address: IpAddr) -> Option<bool> {
        let found = self.addresses.iter().any(|(_, net)| net.addr == address);
        self.is_known.then_some(found)
    }

    fn has_namespace(&self, name: &str) -> bool {
        ns::netns_path(name).is_some_and(|path| path.exists())
    }
}

/// The file of a kind, then the `*.conf` of its folder of more files, by name.
fn number_names(kind: NameKind, folders: [&Path; 2]) -> Vec<String> {
    let read = |name: &Path| {
        let mut paths = folders.iter().map(|folder| folder.join(name));
        paths.find_map(|path| std::fs::read_to_string(path).ok())
    };
    let more = format!("{}.d", kind.file());
    let mut names: BTreeSet<OsString> = BTreeSet::new();
    for folder in folders {
        let entries = std::fs::read_dir(folder.join(&more));
        let files = entries.into_iter().flatten().flatten();
        names.extend(files.map(|entry| entry.file_name()));
    }
    let is_conf = |name: &&OsString| Path::new(name).extension() == Some("conf".as_ref());
    let more = names
        .iter()
        .filter(is_conf)
        .map(|name| Path::new(&more).join(name));
    std::iter::once(Path::new(kind.file()).to_path_buf())
        .chain(more)
        .filter_map(|name| read(&name))
        .collect()
}

/// A machine that has everything, to read names before the namespace is entered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Anything;

impl Machine for Anything {
    fn interface_exists(&self, _: &str) -> bool {
        true
    }

    fn interface_mtu(&self, _: &str) -> Option<u32> {
        None
    }

    fn interface_is_loopback(&self, _: &str) -> bool {
        false
    }

    fn find_script(&self, request: &CommandRequest, _: &ScriptRules) -> CommandFound {
        CommandFound::unchecked(request)
    }

    fn account(&self, _: &str, _: Option<&str>) -> Result<Account, String> {
        Ok(Account::ROOT)
    }
}
