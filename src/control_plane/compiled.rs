//! A configuration as octets, for another process of the same program.
//!
//! The parent reads, checks and compiles the files once. Its children take over what
//! came out: they look at no file, no resolver and no list of users, and cannot come to
//! anything else. The octets are those of this build of the program and of no other.

use std::io::{self, Write};

use super::load::Config;
use crate::model::secret::wipe;

/// Octets that go out at once.
const PIECE: usize = 16 * 1024;

/// Write a configuration.
///
/// # Errors
/// What writing says.
pub fn write(config: &Config, to: &mut impl Write) -> io::Result<()> {
    let mut pieces = Pieces {
        to,
        room: Box::new([0; PIECE]),
        used: 0,
    };
    postcard::to_io(config, &mut pieces).map_err(io::Error::other)?;
    pieces.flush()
}

/// The configuration that was written; nothing if these are not its octets.
#[must_use]
pub fn read(octets: &[u8]) -> Option<Config> {
    let mut config: Config = postcard::from_bytes(octets).ok()?;
    config.check.share();
    Some(config)
}

/// Gathers small writes, and leaves no secret behind.
struct Pieces<'a, W: Write> {
    to: &'a mut W,
    room: Box<[u8; PIECE]>,
    used: usize,
}

impl<W: Write> Write for Pieces<'_, W> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        if self.used == PIECE {
            self.flush()?;
        }
        let room = self.room.get_mut(self.used..).unwrap_or_default();
        let count = octets.len().min(room.len());
        for (to, from) in room.iter_mut().zip(octets) {
            *to = *from;
        }
        self.used += count;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        let gathered = self.room.get(..self.used).unwrap_or_default();
        self.to.write_all(gathered)?;
        self.used = 0;
        Ok(())
    }
}

impl<W: Write> Drop for Pieces<'_, W> {
    fn drop(&mut self) {
        wipe(self.room.as_mut_slice());
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::rc::Rc;

    use super::*;
    use crate::control_plane::files::Memory;
    use crate::control_plane::{AnyMachine, LoadOptions, load};

    fn loaded(text: &str) -> Rc<Config> {
        let files = Memory::with("/conf", text);
        let options = LoadOptions::default();
        let loaded = load(&files, Path::new("/conf"), &options, &AnyMachine::default());
        loaded.config.expect("it can be used")
    }

    fn written(config: &Config) -> Vec<u8> {
        let mut octets = Vec::new();
        write(config, &mut octets).expect("a vector takes all");
        octets
    }

    #[test]
    fn what_is_read_is_what_was_written() {
        let address = |n: u32| format!("10.0.{}.{}\n", n / 250, n % 250 + 1);
        let addresses: String = (0..3000).map(address).collect();
        let config = loaded(&format!(
            "global_defs {{\nrouter_id R\n}}\nvrrp_instance A {{\ninterface eth0\n\
             virtual_router_id 5\nauthentication {{\nauth_type PASS\nauth_pass secret\n}}\n\
             virtual_ipaddress_excluded {{\n{addresses}}}\n}}\n"
        ));
        let octets = written(&config);
        assert!(octets.len() > 2 * PIECE, "it takes some pieces");
        assert_eq!(read(&octets).as_ref(), Some(&*config));
        assert_eq!(octets.get(..100).map(read), Some(None));
    }

    #[test]
    fn checks_share_their_times_as_those_of_the_text_do() {
        let server = |n| format!("real_server 10.0.0.{n} 80 {{\nTCP_CHECK {{\n}}\n}}\n");
        let servers: String = (1..=3).map(server).collect();
        let config = loaded(&format!("virtual_server 10.1.1.1 80 {{\n{servers}}}\n"));
        let config = read(&written(&config)).expect("its own octets");
        let servers = config.check.services.iter().flat_map(|s| &s.servers);
        let checkers: Vec<_> = servers.flat_map(|server| &server.checkers).collect();
        let [first, .., last] = checkers.as_slice() else {
            panic!("three checks");
        };
        assert!(Rc::ptr_eq(&first.timing, &last.timing));
    }
}
