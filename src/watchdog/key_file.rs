//! Keys in files: read whole, without the line break that editors leave.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::model::{KeyFile, Secret};

/// Something larger is no key, and may be endless.
const LIMIT: u64 = 4096;
const OTHERS: u32 = 0o077;

/// Read a key.
///
/// # Errors
/// What the system says.
pub(super) fn read(path: &Path) -> io::Result<KeyFile> {
    let file = File::open(credential(path))?;
    let mode = file.metadata()?.permissions().mode();
    // With room from the start no copies stay behind.
    let mut octets = Vec::with_capacity(8192);
    file.take(LIMIT).read_to_end(&mut octets)?;
    for end in [b'\n', b'\r'] {
        octets.pop_if(|last| *last == end);
    }
    Ok(KeyFile {
        octets: Secret::new(octets),
        others_may_read: mode & OTHERS != 0,
    })
}

/// A path that is not absolute names a credential of the service, if it has any
/// (systemd.exec(5), `LoadCredential=`).
fn credential(path: &Path) -> PathBuf {
    match std::env::var_os("CREDENTIALS_DIRECTORY") {
        Some(directory) if path.is_relative() => Path::new(&directory).join(path),
        Some(_) | None => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_line_break_at_the_end_does_not_count() {
        let path = std::env::temp_dir().join(format!("key-file-test.{}", std::process::id()));
        fs::write(&path, "0123456789abcdef0123456789abcdef\r\n").unwrap();
        for (mode, others_may_read) in [(0o600, false), (0o640, true), (0o604, true)] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let key = read(&path).unwrap();
            assert_eq!(key.octets.expose(), b"0123456789abcdef0123456789abcdef");
            assert_eq!(key.others_may_read, others_may_read);
        }
        fs::remove_file(&path).unwrap();
        assert!(read(&path).is_err());
    }
}
