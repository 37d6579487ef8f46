//! The configuration as the parent keeps it.
//!
//! The parent needs little of it: what concerns processes, files and scripts. The rest
//! is for its children, which are forked while it is whole. Once they are up the
//! parent keeps it compiled, outside its own memory; a child that is started later
//! has the same configuration from there, whatever the files say by then.

use std::io;
use std::ops::Deref;
use std::rc::Rc;

use super::compiled::{self, Compiled};
use crate::control_plane::Config;
use crate::model::Secret;

/// The configuration in use.
#[derive(Debug)]
pub struct KeptConfig {
    config: Rc<Config>,
    /// All of it; nothing if there was no memory for that.
    compiled: Option<Compiled>,
    is_whole: bool,
}

impl KeptConfig {
    /// A configuration, whole.
    #[must_use]
    pub fn new(config: Rc<Config>) -> Self {
        Self {
            compiled: Compiled::new(&config).ok(),
            config,
            is_whole: true,
        }
    }

    /// All of it for children that run.
    ///
    /// # Errors
    /// No memory for it.
    pub fn compiled(&self) -> io::Result<Compiled> {
        let kept = self.compiled.clone();
        kept.map_or_else(|| Compiled::new(&self.config), Ok)
    }

    /// All of it as it was kept.
    #[must_use]
    pub const fn kept(&self) -> Option<&Compiled> {
        self.compiled.as_ref()
    }

    /// Forget what only children need.
    pub fn shrink(&mut self) {
        if self.compiled.is_none() || !self.is_whole {
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
    /// What reading it says.
    pub fn for_child(&self) -> io::Result<ForChild> {
        match &self.compiled {
            Some(compiled) if !self.is_whole => compiled.octets().map(ForChild::Compiled),
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
    /// As octets.
    Compiled(Secret),
}

impl ForChild {
    /// The whole configuration.
    ///
    /// # Errors
    /// The octets are none.
    pub fn configuration(self) -> io::Result<Rc<Config>> {
        match self {
            Self::Whole(config) => Ok(config),
            Self::Compiled(octets) => compiled::configuration(octets, None),
        }
    }
}
