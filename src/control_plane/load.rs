//! From files to a configuration.

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use super::diag::Diags;
use super::files::Files;
use super::parse::Parser;
use super::reader::{Reader, ReaderOptions};
use super::show::{self, Text};
use super::source::SourceMap;
use crate::bfd::config::SessionConfig;
use crate::check::config::{self as check, CheckConfig};
use crate::global::GlobalConfig;
use crate::global::draft::Draft;
use crate::global::top::TOP;
use crate::model::{
    Account, CommandFound, CommandRequest, KeyFile, MacAddr, NameKind, ScriptRules,
};
use crate::vrrp::config::VrrpConfig;
use crate::vrrp::config::resolve::resolve;

/// The whole configuration: built once, never changed.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Config {
    /// `global_defs` and the other global keywords.
    pub global: GlobalConfig,
    /// The virtual routers and what belongs to them.
    pub vrrp: VrrpConfig,
    /// The virtual servers and what belongs to them.
    pub check: CheckConfig,
    /// The BFD sessions.
    pub bfd: Vec<SessionConfig>,
    /// Which processes have something to do.
    pub presence: Presence,
}

impl Config {
    /// The configuration as text that can be read again, in the order of the tables.
    /// Without `secrets` passwords are not in it.
    #[must_use]
    pub fn print(&self, secrets: bool) -> String {
        let out = if secrets {
            Text::with_secrets()
        } else {
            Text::new()
        };
        let draft = Draft {
            global: self.global.clone(),
            vrrp: self.vrrp.clone(),
            bfd: self.bfd.clone(),
            check: check::given(&self.check, &self.global.lvs),
            ..Draft::default()
        };
        show::text(&TOP, &draft, out)
    }

    /// What `-d` writes to the log: the text, and what each instance came out as.
    #[must_use]
    pub fn dump(&self) -> String {
        let mut out = self.print(false);
        for instance in &self.vrrp.instances {
            out.push_str(&instance.summary());
        }
        out
    }
}

/// Which processes the configuration has work for.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Presence {
    /// Instances, static addresses and the like.
    pub vrrp: bool,
    /// Virtual servers.
    pub checkers: bool,
    /// BFD instances.
    pub bfd: bool,
    /// Instances and the like that are to be on D-Bus.
    pub dbus: bool,
}

/// What a load depends on besides the files and the machine.
#[derive(Clone, Debug, Default)]
pub struct LoadOptions {
    /// How the text is read: `-i`, `-e`, the environment.
    pub reader: ReaderOptions,
}

/// What the machine has that the configuration names.
pub trait Machine {
    /// Whether there is an interface of this name.
    fn interface_exists(&self, name: &str) -> bool;
    /// The interface's largest packet in octets, if known.
    fn interface_mtu(&self, name: &str) -> Option<u32>;
    /// Whether it is the loopback interface.
    fn interface_is_loopback(&self, name: &str) -> bool;
    /// What would be run for a script.
    fn find_script(&self, request: &CommandRequest, rules: &ScriptRules) -> CommandFound;
    /// The account of `USER [[:]GROUP]`, or why there is none.
    ///
    /// # Errors
    /// In words, if there is no such user or group.
    fn account(&self, user: &str, group: Option<&str>) -> Result<Account, String>;
    /// Whether an interface of this name may become the macvlan on `parent` with
    /// this address: there is none, or it is that one already.
    fn vmac_fits(&self, name: &str, parent: &str, mac: MacAddr) -> bool {
        let _ = (name, parent, mac);
        true
    }
    /// How many processors there are.
    fn processors(&self) -> u32 {
        u32::MAX
    }
    /// The key in a file; any key will do where only the text counts.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn key_file(&self, path: &Path) -> io::Result<KeyFile> {
        let _ = path;
        Ok(KeyFile::sample())
    }
    /// The addresses of a host.
    ///
    /// # Errors
    /// In words, if it has none or nobody tells. Without an answer from elsewhere
    /// only addresses are understood.
    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        let address = host.parse::<IpAddr>();
        address
            .map(|address| vec![address])
            .map_err(|_| "names are not looked up here".to_owned())
    }
    /// The texts with names of a kind of numbers, those that go before others
    /// first. `folders` are searched in order: a file of the first one hides that
    /// of the same name in the second one.
    fn number_names(&self, _kind: NameKind, _folders: [&Path; 2]) -> Vec<String> {
        Vec::new()
    }
}

/// The result of a load.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The configuration; `None` when nothing can run with it.
    pub config: Option<Rc<Config>>,
    /// All messages, also when there is a configuration.
    pub diags: Diags,
    /// For the places of the messages.
    pub map: SourceMap,
}

/// Read a configuration with everything it includes.
pub fn load(
    files: &dyn Files,
    root: &Path,
    options: &LoadOptions,
    machine: &dyn Machine,
) -> Loaded {
    let mut diags = Diags::default();
    let Some(mut reader) = Reader::open(files, root, options.reader.clone(), &mut diags) else {
        return Loaded {
            diags,
            ..Loaded::default()
        };
    };
    let mut draft = Draft::default();
    Parser::new(&mut reader, &mut diags).top(&TOP, &mut draft);
    let config = resolve(draft, machine, &mut diags);
    Loaded {
        config: config.map(Rc::new),
        diags,
        map: reader.into_map(),
    }
}

/// A machine with every interface, for looking at a text alone and for tests.
#[derive(Clone, Debug, Default)]
pub struct AnyMachine {
    /// Interfaces that are not there after all.
    pub missing: Vec<String>,
}

impl Machine for AnyMachine {
    fn interface_exists(&self, name: &str) -> bool {
        !self.missing.iter().any(|missing| missing == name)
    }

    fn interface_mtu(&self, _: &str) -> Option<u32> {
        None
    }

    fn interface_is_loopback(&self, name: &str) -> bool {
        name == "lo"
    }

    fn find_script(&self, request: &CommandRequest, _: &ScriptRules) -> CommandFound {
        CommandFound::unchecked(request)
    }

    fn account(&self, _: &str, _: Option<&str>) -> Result<Account, String> {
        Ok(Account::ROOT)
    }

    fn addresses(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        Ok(host.parse().into_iter().collect())
    }
}
