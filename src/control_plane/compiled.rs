//! A configuration as octets, for another process of the same program.
//!
//! The parent reads, checks and compiles the files once. Its children take over what
//! came out: they look at no file, no resolver and no list of users, and cannot come to
//! anything else. The octets are those of this build of the program and of no other:
//!
//! ```text
//! length │ all but the instances │ length │ an instance │ length │ an instance │ ...
//! ```
//!
//! A process that has a configuration already compares octets: an instance with those
//! it had before is the one it has, and is neither built nor compared again.

mod octets;

use std::collections::HashMap;
use std::io::{self, Write};

use self::octets::Octets;
use super::load::Config;
use super::value::Shared;
use crate::vrrp::config::InstanceConfig;

/// Write a configuration.
///
/// # Errors
/// What writing says.
pub fn write(config: &Config, to: &mut impl Write) -> io::Result<()> {
    let mut octets = Octets::default();
    octets.part(config)?;
    for instance in &config.vrrp.instances {
        octets.part(instance)?;
    }
    to.write_all(octets.as_slice())
}

/// The configuration that was written; nothing if these are not its octets. Instances
/// as in the configuration `before` are shared with it.
#[must_use]
pub fn read(octets: &[u8], before: Option<Before<'_>>) -> Option<Config> {
    let mut parts = Parts(octets);
    let mut config: Config = postcard::from_bytes(parts.next()??).ok()?;
    config.check.share();
    let mut known = before.and_then(Known::new);
    for part in parts {
        let part = part?;
        let shared = known.as_mut().and_then(|known| known.find(part));
        config.vrrp.instances.push(match shared {
            Some(shared) => shared.clone(),
            None => Shared::new(postcard::from_bytes(part).ok()?),
        });
    }
    Some(config)
}

/// A configuration, and the octets it came from or went into.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    /// The configuration.
    pub config: &'a Config,
    /// Its octets.
    pub octets: &'a [u8],
}

/// Splits octets where lengths say; nothing where they do not fit.
struct Parts<'a>(&'a [u8]);

impl<'a> Iterator for Parts<'a> {
    type Item = Option<&'a [u8]>;

    fn next(&mut self) -> Option<Self::Item> {
        let octets = std::mem::take(&mut self.0);
        if octets.is_empty() {
            return None;
        }
        let split = octets.split_first_chunk().and_then(|(length, rest)| {
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            rest.split_at_checked(length)
        });
        Some(split.map(|(part, rest)| {
            self.0 = rest;
            part
        }))
    }
}

/// The instances of a configuration by their octets.
struct Known<'a> {
    instances: &'a [Shared<InstanceConfig>],
    parts: Vec<&'a [u8]>,
    /// The place behind the last one that was found: most stay in their order.
    next: usize,
    /// The places of all, once one was not in order.
    places: Option<HashMap<&'a [u8], usize>>,
}

impl<'a> Known<'a> {
    fn new(before: Before<'a>) -> Option<Self> {
        let parts: Vec<&[u8]> = Parts(before.octets).skip(1).collect::<Option<_>>()?;
        let instances = before.config.vrrp.instances.as_slice();
        (parts.len() == instances.len()).then_some(Self {
            instances,
            parts,
            next: 0,
            places: None,
        })
    }

    fn find(&mut self, part: &[u8]) -> Option<&'a Shared<InstanceConfig>> {
        let place = match self.parts.get(self.next) {
            Some(&next) if next == part => self.next,
            _ => {
                let all = || self.parts.iter().copied().zip(0..).collect();
                let place = self.places.get_or_insert_with(all).get(part);
                place.copied().unwrap_or(self.next)
            }
        };
        self.next = place + 1;
        let is_it = self.parts.get(place).is_some_and(|found| *found == part);
        self.instances.get(place).filter(|_| is_it)
    }
}

#[cfg(test)]
mod tests;
