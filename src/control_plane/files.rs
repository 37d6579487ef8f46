//! Where configuration files come from: the disk, or a table in a test.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

/// The largest file read. A configuration is text written by people or programs
/// for them; something larger is a mistaken name.
pub const FILE_LIMIT: u64 = 64 << 20;

/// Why a file was not read.
#[derive(Debug)]
pub enum ReadError {
    /// There is none of that name.
    Missing,
    /// It is a directory.
    Directory,
    /// It may be executed, so it is a program and no configuration.
    Executable,
    /// It is a device, a pipe or a socket.
    Special,
    /// It is larger than [`FILE_LIMIT`].
    TooLarge,
    /// The system refused.
    Io(io::Error),
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no such file"),
            Self::Directory => f.write_str("it is a directory"),
            Self::Executable => {
                f.write_str("it is executable, so it is not taken for a configuration")
            }
            Self::Special => f.write_str("it is not a regular file"),
            Self::TooLarge => write!(f, "it is larger than {} MiB", FILE_LIMIT >> 20),
            Self::Io(error) => write!(f, "{error}"),
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{NotADirectory, NotFound};
        if matches!(error.kind(), NotFound | NotADirectory) {
            Self::Missing
        } else {
            Self::Io(error)
        }
    }
}

/// A tree of files.
pub trait Files: std::fmt::Debug {
    /// The content of a regular, not executable file.
    ///
    /// # Errors
    /// Why the file is not to be read.
    fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError>;

    /// The names in a directory, in any order, without `.` and `..`; none if it cannot be read.
    fn list(&self, directory: &Path) -> Vec<String>;

    /// Whether something of that name exists.
    fn exists(&self, path: &Path) -> bool;

    /// The absolute path with links resolved as far as it exists.
    fn resolve(&self, path: &Path) -> PathBuf;
}

/// The files of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        // Without O_NONBLOCK opening a pipe would wait for a writer.
        let file = fs::OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NONBLOCK)
            .open(path)?;
        let about = file.metadata()?;
        if about.is_dir() {
            return Err(ReadError::Directory);
        }
        if !about.is_file() {
            return Err(ReadError::Special);
        }
        if about.permissions().mode() & 0o111 != 0 {
            return Err(ReadError::Executable);
        }
        let length = about.len().min(FILE_LIMIT);
        let mut content = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
        file.take(FILE_LIMIT + 1).read_to_end(&mut content)?;
        if content.len() as u64 > FILE_LIMIT {
            return Err(ReadError::TooLarge);
        }
        Ok(content)
    }

    fn list(&self, directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .collect()
    }

    fn exists(&self, path: &Path) -> bool {
        path.symlink_metadata().is_ok()
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        path.canonicalize()
            .or_else(|_| std::path::absolute(path))
            .unwrap_or_else(|_| path.to_owned())
    }
}

/// Files in memory, for tests and for checking a text that is in no file.
/// Directories exist by the names below them.
#[derive(Debug, Default)]
pub struct Memory {
    files: BTreeMap<PathBuf, Entry>,
}

#[derive(Debug)]
struct Entry {
    content: Vec<u8>,
    executable: bool,
}

impl Memory {
    /// With one file.
    #[must_use]
    pub fn with(path: &str, content: impl AsRef<[u8]>) -> Self {
        Self::default().and(path, content)
    }

    /// And one more file.
    #[must_use]
    pub fn and(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.put(path, content, false);
        self
    }

    /// And one more file that may be executed.
    #[must_use]
    pub fn and_executable(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        self.put(path, content, true);
        self
    }

    fn put(&mut self, path: &str, content: impl AsRef<[u8]>, executable: bool) {
        let entry = Entry {
            content: content.as_ref().to_vec(),
            executable,
        };
        self.files.insert(normal(Path::new(path)), entry);
    }

    fn is_directory(&self, path: &Path) -> bool {
        self.files
            .keys()
            .any(|file| file != path && file.starts_with(path))
    }
}

impl Files for Memory {
    fn read(&self, path: &Path) -> Result<Vec<u8>, ReadError> {
        let path = normal(path);
        match self.files.get(&path) {
            Some(entry) if entry.executable => Err(ReadError::Executable),
            Some(entry) => Ok(entry.content.clone()),
            None if self.is_directory(&path) => Err(ReadError::Directory),
            None => Err(ReadError::Missing),
        }
    }

    fn list(&self, directory: &Path) -> Vec<String> {
        let directory = normal(directory);
        let below = self
            .files
            .keys()
            .filter_map(|file| file.strip_prefix(&directory).ok());
        let mut names: Vec<String> = below
            .filter_map(|rest| {
                rest.iter()
                    .next()
                    .map(|name| name.to_string_lossy().into_owned())
            })
            .collect();
        names.dedup();
        names
    }

    fn exists(&self, path: &Path) -> bool {
        let path = normal(path);
        self.files.contains_key(&path) || self.is_directory(&path)
    }

    fn resolve(&self, path: &Path) -> PathBuf {
        normal(path)
    }
}

/// An absolute path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::from("/");
    for component in path.components() {
        match component {
            Component::ParentDir => {
                out.pop();
            }
            Component::Normal(name) => out.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_disk_refuses() {
        let place = std::env::temp_dir().join(format!("keepalived-files-{}", std::process::id()));
        fs::create_dir_all(place.join("sub")).unwrap();
        let put = |name: &str, mode: u32| {
            let path = place.join(name);
            fs::write(&path, "x").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path
        };
        let plain = put("plain", 0o600);
        let program = put("program", 0o700);
        let pipe = place.join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert_eq!(Disk.read(&plain).unwrap(), b"x");
        assert!(matches!(Disk.read(&program), Err(ReadError::Executable)));
        assert!(matches!(Disk.read(&pipe), Err(ReadError::Special)));
        assert!(matches!(
            Disk.read(&place.join("sub")),
            Err(ReadError::Directory)
        ));
        assert!(matches!(
            Disk.read(&place.join("none")),
            Err(ReadError::Missing)
        ));
        assert!(matches!(
            Disk.read(&plain.join("below")),
            Err(ReadError::Missing)
        ));
        assert!(matches!(
            Disk.read(Path::new("/dev/null")),
            Err(ReadError::Special)
        ));
        let mut names = Disk.list(&place);
        names.sort();
        assert_eq!(names, ["pipe", "plain", "program", "sub"]);
        assert_eq!(
            Disk.resolve(&place.join("sub/../plain")),
            plain.canonicalize().unwrap()
        );
        fs::remove_dir_all(&place).unwrap();
    }

    #[test]
    fn memory_has_directories() {
        let files = Memory::with("/a/b/c", "x").and("/a/d", "y");
        assert_eq!(files.list(Path::new("/a")), ["b", "d"]);
        assert!(files.exists(Path::new("/a/b")));
        assert!(matches!(
            files.read(Path::new("/a/b")),
            Err(ReadError::Directory)
        ));
        assert_eq!(files.read(Path::new("/a/b/../d")).unwrap(), b"y");
        assert_eq!(files.resolve(Path::new("a/./b")), Path::new("/a/b"));
    }
}
