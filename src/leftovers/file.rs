//! The file of a record: whom it is believed, and how it is replaced.
//!
//! It is replaced as a whole, under a new name that is then renamed, so that a death at
//! any moment leaves the old one or the new one. Its owner holds a lock on it as long as
//! he lives: a record without one is of a dead daemon.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use nix::fcntl::{FcntlArg, fcntl};
use nix::unistd::geteuid;

use super::record::{Flaw, Record};

/// What the file's name ends with.
pub const EXTENSION: &str = "record";
/// No record is longer, in octets: a million addresses take half of it.
const LONGEST: u64 = 64 << 20;
/// Only its owner reads and writes it.
const MODE: u32 = 0o600;
/// Those who may not be able to write it: group and others.
const WRITERS: u32 = 0o022;

/// Why a file is not believed.
#[derive(Debug)]
pub enum Refusal {
    /// It cannot be read.
    Io(io::Error),
    /// It is no plain file, of another user, or others may write it.
    Foreign,
    /// It is longer than any record.
    Huge,
    /// Its text is no record.
    Flaw(Flaw),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Foreign => {
                f.write_str("it is no plain file that only this daemon's user may write")
            }
            Self::Huge => f.write_str("it is longer than any record"),
            Self::Flaw(flaw) => flaw.fmt(f),
        }
    }
}

/// The file of this daemon's record.
#[derive(Debug)]
pub struct RecordFile {
    path: PathBuf,
    world: String,
    /// Holds the lock.
    held: Option<File>,
}

impl RecordFile {
    /// That of this name, in this boot and network namespace.
    ///
    /// # Errors
    /// What asking the system for those says.
    pub fn new(path: PathBuf) -> io::Result<Self> {
        Ok(Self {
            path,
            world: world()?,
            held: None,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The record there, if there is one.
    ///
    /// # Errors
    /// Why what there is is no record to go by.
    pub fn read(&self) -> Result<Option<Record>, Refusal> {
        let parse = |file: &File| match self.is_own(file) {
            true => Record::parse_own,
            false => Record::parse,
        };
        match open(&self.path) {
            Ok(file) => read(&file, parse(&file), &self.world).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether exactly this record is there, in the file that this daemon has written.
    #[must_use]
    pub fn holds(&self, record: &Record) -> bool {
        let Some(file) = open(&self.path).ok().filter(|file| self.is_own(file)) else {
            return false;
        };
        let text = record.write(&self.world);
        octets(&file).is_ok_and(|octets| octets == text.as_bytes())
    }

    /// Whether it is the file that this daemon has written last.
    fn is_own(&self, file: &File) -> bool {
        let identity = |file: &File| file.metadata().map(|it| (it.dev(), it.ino())).ok();
        let own = self.held.as_ref().and_then(identity);
        own.is_some() && own == identity(file)
    }

    /// Put another one in its place.
    ///
    /// # Errors
    /// What the system says; then the old one is still there.
    pub fn write(&mut self, record: &Record) -> io::Result<()> {
        let new = self.path.with_extension("record.new");
        // One that somebody has put there is not followed.
        let _ = fs::remove_file(&new);
        self.replace_by(&new, record).inspect_err(|_| {
            // On a full file system nothing is left half written.
            let _ = fs::remove_file(&new);
        })
    }

    fn replace_by(&mut self, new: &Path, record: &Record) -> io::Result<()> {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(MODE).open(new)?;
        file.write_all(record.write(&self.world).as_bytes())?;
        fcntl(&file, FcntlArg::F_OFD_SETLK(&whole_file()))?;
        fs::rename(new, &self.path)?;
        self.held = Some(file);
        Ok(())
    }

    /// Everything is gone from the kernel, or stays there on purpose.
    pub fn remove(&mut self) {
        // It may never have been written.
        let _ = fs::remove_file(&self.path);
        self.held = None;
    }

    /// The lines of other daemons that live, as far as their records are in these
    /// directories.
    #[must_use]
    pub fn of_living_others(&self, directories: &[&Path]) -> BTreeSet<String> {
        let mut lines = BTreeSet::new();
        for directory in directories {
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                let path = entry.path();
                let is_record = path.extension() == Some(OsStr::new(EXTENSION));
                if is_record && path != self.path {
                    let record = of_living(&path, &self.world);
                    lines.extend(record.iter().flat_map(Record::all).cloned());
                }
            }
        }
        lines
    }
}

/// The record of another daemon, if that lives.
fn of_living(path: &Path, world: &str) -> Option<Record> {
    let file = open(path).ok()?;
    if !is_locked(&file).unwrap_or(false) {
        return None;
    }
    read(&file, Record::parse, world).ok()
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_CLOEXEC | libc::O_NONBLOCK)
        .open(path)
}

fn read(
    file: &File,
    parse: fn(&str, &str) -> Result<Record, Flaw>,
    world: &str,
) -> Result<Record, Refusal> {
    let octets = octets(file)?;
    let text = str::from_utf8(&octets).map_err(|error| {
        let before = octets.get(..error.valid_up_to()).unwrap_or_default();
        let lines = before.iter().filter(|octet| **octet == b'\n').count();
        Refusal::Flaw(Flaw::Line(lines + 1))
    })?;
    parse(text, world).map_err(Refusal::Flaw)
}

/// What is in a file, if it can be a record.
fn octets(file: &File) -> Result<Vec<u8>, Refusal> {
    let metadata = file.metadata()?;
    let is_own = metadata.uid() == geteuid().as_raw() && metadata.mode() & WRITERS == 0;
    if !metadata.is_file() || !is_own {
        return Err(Refusal::Foreign);
    }
    if metadata.len() > LONGEST {
        return Err(Refusal::Huge);
    }
    let length = usize::try_from(metadata.len()).unwrap_or(0);
    let mut octets = Vec::with_capacity(length + 1);
    file.take(LONGEST).read_to_end(&mut octets)?;
    Ok(octets)
}

/// Whether another process holds the lock.
fn is_locked(file: &File) -> io::Result<bool> {
    let mut lock = whole_file();
    fcntl(file, FcntlArg::F_OFD_GETLK(&mut lock))?;
    Ok(i32::from(lock.l_type) != libc::F_UNLCK)
}

const fn whole_file() -> libc::flock {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the C library's constants are small and its fields are shorts"
    )]
    libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}

/// This boot and this network namespace.
///
/// # Errors
/// What asking the system says.
pub fn world() -> io::Result<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    let namespace = fs::read_link("/proc/self/ns/net")?;
    Ok(format!("{} {}", boot.trim_end(), namespace.display()))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    struct Scratch(PathBuf);

    impl Scratch {
        fn new(name: &str) -> Self {
            let dir = std::env::temp_dir().join(format!("record-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&dir);
            fs::create_dir_all(&dir).expect("scratch directory");
            Self(dir)
        }

        fn file(&self, name: &str) -> RecordFile {
            RecordFile::new(self.0.join(name)).expect("this world")
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn record(line: &str) -> Record {
        Record::of(BTreeSet::from([line.to_owned()]))
    }

    const A: &str = "address eth0 192.0.2.1/24";
    const B: &str = "address eth0 192.0.2.2/24";

    #[test]
    fn it_is_replaced_as_a_whole_and_removed() {
        let scratch = Scratch::new("whole");
        let mut file = scratch.file("a.record");
        assert!(matches!(file.read(), Ok(None)));
        for line in [A, B] {
            file.write(&record(line)).expect("write");
            assert_eq!(file.read().expect("read"), Some(record(line)));
        }
        let mode = fs::metadata(file.path()).expect("metadata").mode();
        assert_eq!(mode & 0o777, MODE);
        file.remove();
        assert_eq!(fs::read_dir(&scratch.0).expect("list").count(), 0);
    }

    #[test]
    fn only_the_same_things_in_the_own_file_are_held() {
        let scratch = Scratch::new("held");
        let mut file = scratch.file("a.record");
        assert!(!file.holds(&record(A)));
        file.write(&record(A)).expect("write");
        assert!(file.holds(&record(A)));
        assert!(!file.holds(&record(B)));
        assert!(!file.holds(&record(A).replaced_by(BTreeSet::new())));
        fs::set_permissions(file.path(), Permissions::from_mode(0o666)).expect("chmod");
        assert!(!file.holds(&record(A)));
        // The same text in another file has no lock of ours.
        let text = fs::read(file.path()).expect("read");
        fs::remove_file(file.path()).expect("remove");
        assert!(!file.holds(&record(A)));
        fs::write(file.path(), text).expect("write");
        fs::set_permissions(file.path(), Permissions::from_mode(MODE)).expect("chmod");
        assert!(!file.holds(&record(A)));
    }

    #[test]
    fn a_file_that_others_can_write_is_not_believed() {
        let scratch = Scratch::new("foreign");
        let mut file = scratch.file("a.record");
        file.write(&record(A)).expect("write");
        for mode in [0o620, 0o602, 0o666] {
            fs::set_permissions(file.path(), Permissions::from_mode(mode)).expect("chmod");
            assert!(matches!(file.read(), Err(Refusal::Foreign)), "{mode:o}");
        }
        file.write(&record(A)).expect("write");
        let link = scratch.file("link.record");
        std::os::unix::fs::symlink(file.path(), link.path()).expect("link");
        assert!(matches!(link.read(), Err(Refusal::Io(_))));
        fs::create_dir(scratch.0.join("dir.record")).expect("directory");
        let directory = scratch.file("dir.record");
        assert!(matches!(directory.read(), Err(Refusal::Foreign)));
    }

    #[test]
    fn garbage_and_endless_files_are_not_believed() {
        let scratch = Scratch::new("garbage");
        let file = scratch.file("a.record");
        for octets in [
            b"".as_slice(),
            b"\xff\xfe",
            b"keepalived record 1\n\0\n",
            b"1\n2\n3\n",
        ] {
            fs::write(file.path(), octets).expect("write");
            fs::set_permissions(file.path(), Permissions::from_mode(MODE)).expect("chmod");
            assert!(matches!(file.read(), Err(Refusal::Flaw(_))), "{octets:?}");
        }
        let huge = File::create(file.path()).expect("create");
        huge.set_len(LONGEST + 1).expect("length");
        assert!(matches!(file.read(), Err(Refusal::Huge)));
    }

    #[test]
    fn a_link_in_place_of_the_new_file_is_not_followed() {
        let scratch = Scratch::new("planted");
        let victim = scratch.0.join("victim");
        fs::write(&victim, "precious").expect("write");
        let mut file = scratch.file("a.record");
        std::os::unix::fs::symlink(&victim, scratch.0.join("a.record.new")).expect("link");
        file.write(&record(A)).expect("write");
        assert_eq!(fs::read_to_string(&victim).expect("read"), "precious");
        assert_eq!(file.read().expect("read"), Some(record(A)));
    }

    #[test]
    fn what_could_not_be_written_leaves_nothing() {
        let scratch = Scratch::new("nothing");
        let mut file = scratch.file("a.record");
        fs::create_dir(file.path()).expect("a folder in its place");
        assert!(file.write(&record(A)).is_err());
        assert!(!scratch.0.join("a.record.new").exists());
    }

    #[test]
    fn only_the_living_count() {
        let scratch = Scratch::new("living");
        let own = scratch.file("own.record");
        let mut other = scratch.file("other.record");
        other.write(&record(A)).expect("write");
        let directories = [scratch.0.as_path(), Path::new("/nowhere")];
        assert_eq!(
            own.of_living_others(&directories),
            BTreeSet::from([A.to_owned()])
        );
        // It is dead, and its file is still there.
        drop(other);
        assert!(own.of_living_others(&directories).is_empty());
        assert!(matches!(scratch.file("other.record").read(), Ok(Some(_))));
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_an_error() {
        let mut file = RecordFile::new("/proc/nowhere/a.record".into()).expect("this world");
        assert!(file.write(&record(A)).is_err());
        file.remove();
    }
}
