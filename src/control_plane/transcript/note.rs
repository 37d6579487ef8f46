//! Answers as octets, for a process of the same program.

use std::ffi::OsString;
use std::io;
use std::net::IpAddr;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::PathBuf;

use crate::control_plane::files::ReadError;
use crate::model::command::{CommandRemark, RemarkKind};
use crate::model::{Account, Command, CommandFound, KeyFile, Secret};

/// A value that can be noted.
pub(super) trait Note: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn take(from: &mut &[u8]) -> Option<Self>;
}

fn put_octets(octets: &[u8], out: &mut Vec<u8>) {
    (octets.len() as u64).put(out);
    out.extend_from_slice(octets);
}

fn take_octets<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = usize::try_from(u64::take(from)?).ok()?;
    let (octets, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some(octets)
}

macro_rules! number {
    ($($kind:ty),+) => { $(
        impl Note for $kind {
            fn put(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(&self.to_ne_bytes());
            }

            fn take(from: &mut &[u8]) -> Option<Self> {
                let (octets, rest) = from.split_first_chunk()?;
                *from = rest;
                Some(Self::from_ne_bytes(*octets))
            }
        }
    )+ };
}

number!(u8, u32, i32, u64);

impl Note for bool {
    fn put(&self, out: &mut Vec<u8>) {
        u8::from(*self).put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(u8::take(from)? != 0)
    }
}

impl Note for String {
    fn put(&self, out: &mut Vec<u8>) {
        put_octets(self.as_bytes(), out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Self::from_utf8(take_octets(from)?.to_vec()).ok()
    }
}

impl Note for OsString {
    fn put(&self, out: &mut Vec<u8>) {
        put_octets(self.as_bytes(), out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(Self::from_vec(take_octets(from)?.to_vec()))
    }
}

impl Note for PathBuf {
    fn put(&self, out: &mut Vec<u8>) {
        put_octets(self.as_os_str().as_bytes(), out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        OsString::take(from).map(Self::from)
    }
}

impl Note for IpAddr {
    fn put(&self, out: &mut Vec<u8>) {
        self.to_string().put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        String::take(from)?.parse().ok()
    }
}

impl<T: Note> Note for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        for item in self {
            item.put(out);
        }
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let count = u64::take(from)?;
        (0..count).map(|_| T::take(from)).collect()
    }
}

impl<T: Note> Note for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        if bool::take(from)? {
            T::take(from).map(Some)
        } else {
            Some(None)
        }
    }
}

impl<T: Note, E: Note> Note for Result<T, E> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_ok().put(out);
        match self {
            Ok(value) => value.put(out),
            Err(error) => error.put(out),
        }
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        if bool::take(from)? {
            T::take(from).map(Ok)
        } else {
            E::take(from).map(Err)
        }
    }
}

/// The words of an error without a number are kept, not its kind.
impl Note for io::Error {
    fn put(&self, out: &mut Vec<u8>) {
        self.raw_os_error().put(out);
        self.to_string().put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        let number: Option<i32> = Note::take(from)?;
        let words = String::take(from)?;
        Some(number.map_or_else(|| Self::other(words), Self::from_raw_os_error))
    }
}

impl Note for ReadError {
    fn put(&self, out: &mut Vec<u8>) {
        let number: u8 = match self {
            Self::Missing => 0,
            Self::Directory => 1,
            Self::Executable => 2,
            Self::Special => 3,
            Self::TooLarge => 4,
            Self::Io(_) => 5,
        };
        number.put(out);
        if let Self::Io(error) = self {
            error.put(out);
        }
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(match u8::take(from)? {
            0 => Self::Missing,
            1 => Self::Directory,
            2 => Self::Executable,
            3 => Self::Special,
            4 => Self::TooLarge,
            _ => Self::Io(io::Error::take(from)?),
        })
    }
}

impl Note for Account {
    fn put(&self, out: &mut Vec<u8>) {
        self.uid.put(out);
        self.gid.put(out);
        self.groups.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(Self {
            uid: Note::take(from)?,
            gid: Note::take(from)?,
            groups: Note::take(from)?,
        })
    }
}

impl Note for Command {
    fn put(&self, out: &mut Vec<u8>) {
        self.path.put(out);
        self.name.put(out);
        self.args.put(out);
        self.account.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(Self {
            path: Note::take(from)?,
            name: Note::take(from)?,
            args: Note::take(from)?,
            account: Note::take(from)?,
        })
    }
}

impl Note for CommandRemark {
    fn put(&self, out: &mut Vec<u8>) {
        (self.kind == RemarkKind::Insecure).put(out);
        self.text.put(out);
        self.help.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(Self {
            kind: if bool::take(from)? {
                RemarkKind::Insecure
            } else {
                RemarkKind::Unusable
            },
            text: Note::take(from)?,
            help: Note::take(from)?,
        })
    }
}

impl Note for CommandFound {
    fn put(&self, out: &mut Vec<u8>) {
        self.command.put(out);
        self.remarks.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(Self {
            command: Note::take(from)?,
            remarks: Note::take(from)?,
        })
    }
}

impl Note for KeyFile {
    fn put(&self, out: &mut Vec<u8>) {
        put_octets(self.octets.expose(), out);
        self.others_may_read.put(out);
    }

    fn take(from: &mut &[u8]) -> Option<Self> {
        Some(Self {
            octets: Secret::new(take_octets(from)?.to_vec()),
            others_may_read: Note::take(from)?,
        })
    }
}
