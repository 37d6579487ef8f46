//! A compiled configuration in memory outside the process, for children.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt as _;
use std::rc::Rc;

use super::ipc::memory_file;
use crate::control_plane::Config;
use crate::control_plane::compiled::{self, Before};
use crate::memory::account::{self, Tag};
use crate::model::Secret;
use crate::sys::memory::give_back_free;

/// A configuration as a file in memory ([`crate::control_plane::compiled`]).
#[derive(Clone, Debug)]
pub struct Compiled(Rc<File>);

impl Compiled {
    /// Write it down.
    ///
    /// # Errors
    /// No memory for it.
    pub fn new(config: &Config) -> io::Result<Self> {
        let mut file = memory_file("keepalived configuration")?;
        compiled::write(config, &mut file)?;
        Ok(Self(Rc::new(file)))
    }

    /// What is in it. The file may be closed afterwards.
    ///
    /// # Errors
    /// What reading says.
    pub fn octets(&self) -> io::Result<Secret> {
        let length = usize::try_from(self.0.metadata()?.len()).map_err(io::Error::other)?;
        let mut octets = vec![0; length];
        self.0.read_exact_at(&mut octets, 0)?;
        Ok(Secret::new(octets))
    }
}

/// The configuration that these octets are. What is as in the one `before` is shared
/// with that.
///
/// # Errors
/// They are none.
pub fn configuration(
    octets: Secret,
    before: Option<(&Config, &Compiled)>,
) -> io::Result<Rc<Config>> {
    let _config = account::enter(Tag::Config);
    let known = before.map(|(config, compiled)| (config, compiled.octets()));
    let known = match &known {
        Some((config, Ok(octets))) => Some(Before {
            config,
            octets: octets.expose(),
        }),
        Some((_, Err(_))) | None => None,
    };
    let config = compiled::read(octets.expose(), known);
    drop(octets);
    give_back_free();
    let config = config.ok_or_else(|| io::Error::other("the configuration is not understood"))?;
    Ok(Rc::new(config))
}

impl From<File> for Compiled {
    fn from(file: File) -> Self {
        Self(Rc::new(file))
    }
}

impl AsFd for Compiled {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
