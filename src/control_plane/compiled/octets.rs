//! Octets that are gathered, and wiped when they are gone: keys are among them.

use std::io;

use postcard::ser_flavors::Flavor;
use serde::Serialize;

use crate::model::secret::wipe;

/// Grows without leaving a copy behind.
#[derive(Default)]
pub(super) struct Octets(Vec<u8>);

impl Octets {
    /// All that was gathered.
    pub(super) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// A value behind its length.
    pub(super) fn part(&mut self, value: &impl Serialize) -> io::Result<()> {
        let begin = self.0.len();
        self.push(&[0; 4]);
        postcard::serialize_with_flavor(value, Gather(self)).map_err(io::Error::other)?;
        let length = u32::try_from(self.0.len() - begin - 4).map_err(io::Error::other)?;
        if let Some(place) = self.0.get_mut(begin..begin + 4) {
            place.copy_from_slice(&length.to_le_bytes());
        }
        Ok(())
    }

    fn push(&mut self, octets: &[u8]) {
        if self.0.capacity() - self.0.len() < octets.len() {
            self.grow(octets.len());
        }
        self.0.extend_from_slice(octets);
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let wanted = (2 * self.0.capacity())
            .max(self.0.len() + more)
            .max(16 * 1024);
        let mut larger = Vec::with_capacity(wanted);
        larger.extend_from_slice(&self.0);
        wipe(&mut std::mem::replace(&mut self.0, larger));
    }
}

impl Drop for Octets {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// The way there for the serialiser.
struct Gather<'a>(&'a mut Octets);

impl Flavor for Gather<'_> {
    type Output = ();

    fn try_push(&mut self, octet: u8) -> postcard::Result<()> {
        self.0.push(&[octet]);
        Ok(())
    }

    fn try_extend(&mut self, octets: &[u8]) -> postcard::Result<()> {
        self.0.push(octets);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
