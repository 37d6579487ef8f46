//! The configuration as the parent keeps it.
//!
//! The parent needs little of it: what concerns processes, files and scripts. The rest
//! is for its children, which are forked while it is whole. Once they are up the
//! parent keeps the notes of the load instead, outside its own memory; a child
//! that is started later comes to the same configuration from them, whatever the
//! files say by then.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::os::unix::fs::FileExt as _;
use std::rc::Rc;

use super::ipc::in_memory;
use super::settings::Settings;
use crate::control_plane::transcript::Player;
use crate::control_plane::{Config, load};
use crate::memory::account::{self, Tag};

/// The configuration in use.
#[derive(Debug)]
pub struct KeptConfig {
    config: Rc<Config>,
    /// How the load went, and how many octets that is; nothing if they cannot be kept.
    notes: Option<(File, usize)>,
    is_whole: bool,
}

impl KeptConfig {
    /// A configuration and the notes of its load
    /// ([`crate::control_plane::transcript`]).
    #[must_use]
    pub fn new(config: Rc<Config>, notes: &[u8]) -> Self {
        let kept = in_memory("configuration", notes);
        let kept = kept.map(|file| (file, notes.len()));
        Self {
            config,
            notes: kept.ok(),
            is_whole: true,
        }
    }

    /// Forget what only children need.
    pub fn shrink(&mut self) {
        if self.notes.is_none() || !self.is_whole {
            return;
        }
        self.config = Rc::new(Config {
            global: self.config.global.clone(),
            presence: self.config.presence,
            ..Config::default()
        });
        self.is_whole = false;
    }

    /// What a child needs to come to the whole of it, before it closes what it does not
    /// need.
    ///
    /// # Errors
    /// What reading the notes says.
    pub fn for_child(&self) -> io::Result<ForChild> {
        match &self.notes {
            Some((notes, length)) if !self.is_whole => {
                let mut octets = vec![0; *length];
                notes.read_exact_at(&mut octets, 0)?;
                Ok(ForChild::Notes(octets))
            }
            _ => Ok(ForChild::Whole(Rc::clone(&self.config))),
        }
    }
}

impl Deref for KeptConfig {
    type Target = Config;

    fn deref(&self) -> &Config {
        &self.config
    }
}

/// The configuration on its way to a child.
#[derive(Debug)]
pub enum ForChild {
    /// As it is.
    Whole(Rc<Config>),
    /// To be read again.
    Notes(Vec<u8>),
}

impl ForChild {
    /// The whole configuration.
    ///
    /// # Errors
    /// In words, if the notes do not lead to it.
    pub fn configuration(self, settings: &Settings) -> Result<Rc<Config>, String> {
        match self {
            Self::Whole(config) => Ok(config),
            Self::Notes(notes) => {
                let config = repeat_load(&notes, settings)?;
                drop(notes);
                crate::sys::memory::give_back_free();
                Ok(config)
            }
        }
    }
}

/// Come to the configuration that the notes of a load lead to.
///
/// # Errors
/// In words, if they are not those of such a load.
pub fn repeat_load(notes: &[u8], settings: &Settings) -> Result<Rc<Config>, String> {
    let _config = account::enter(Tag::Config);
    let player = Player::new(notes);
    let loaded = load(&player, &settings.config_file, &settings.load, &player);
    let config = loaded.config.filter(|_| player.is_faithful());
    config.ok_or_else(|| "the new configuration is not understood".to_owned())
}
