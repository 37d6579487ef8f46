//! Kernel settings below `/proc/sys`, and the memory of what they were.
//!
//! Names are paths relative to `/proc/sys` with slashes, such as
//! `net/ipv4/conf/eth0/promote_secondaries`: interface names may hold dots.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

const ROOT: &str = "/proc/sys";

/// The value of a setting without its line end.
///
/// # Errors
/// What the file says; `InvalidInput` for a name that leaves `/proc/sys`.
pub fn read(name: &str) -> io::Result<String> {
    let mut text = fs::read_to_string(path(name)?)?;
    text.truncate(text.trim_end().len());
    Ok(text)
}

/// The value of a setting that is a number.
///
/// # Errors
/// As [`read`]; `InvalidData` for something else than a number.
pub fn read_number(name: &str) -> io::Result<i64> {
    let text = read(name)?;
    text.parse()
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

/// Give a setting a value.
///
/// # Errors
/// What the file says; `InvalidInput` for a name that leaves `/proc/sys`.
pub fn write(name: &str, value: &str) -> io::Result<()> {
    fs::write(path(name)?, value)
}

fn path(name: &str) -> io::Result<PathBuf> {
    let plain = Path::new(name)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if plain && !name.is_empty() {
        Ok(Path::new(ROOT).join(name))
    } else {
        Err(io::ErrorKind::InvalidInput.into())
    }
}

/// Settings that were changed, with the values from before.
#[derive(Debug, Default)]
pub struct Remembered {
    before: BTreeMap<String, String>,
}

impl Remembered {
    /// Change a setting if it has another value, and remember the first old one.
    /// Says whether something was written.
    ///
    /// # Errors
    /// As [`read`] and [`write`].
    pub fn set(&mut self, name: &str, value: &str) -> io::Result<bool> {
        let old = read(name)?;
        if old == value {
            return Ok(false);
        }
        write(name, value)?;
        self.before.entry(name.to_owned()).or_insert(old);
        Ok(true)
    }

    /// A value from before, which somebody else has remembered.
    pub fn adopt(&mut self, name: String, old: String) {
        self.before.entry(name).or_insert(old);
    }

    /// Whether it was changed.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        self.before.contains_key(name)
    }

    /// Put one setting back; nothing happens if it was not changed.
    ///
    /// # Errors
    /// As [`write`]; the old value is forgotten all the same, because the
    /// interface it belongs to may be gone.
    pub fn restore(&mut self, name: &str) -> io::Result<()> {
        match self.before.remove(name) {
            Some(old) => write(name, &old),
            None => Ok(()),
        }
    }

    /// Put everything back, and name what could not be.
    pub fn restore_all(&mut self) -> Vec<(String, io::Error)> {
        std::mem::take(&mut self.before)
            .into_iter()
            .filter_map(|(name, old)| write(&name, &old).err().map(|error| (name, error)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_values_and_refuses_other_places() {
        assert!(!read("kernel/ostype").unwrap().ends_with('\n'));
        assert!(read_number("kernel/pid_max").unwrap() > 0);
        for name in ["../version", "/etc/passwd", "", "net/../../version"] {
            assert_eq!(read(name).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        }
    }

    #[test]
    fn an_equal_value_is_not_remembered() {
        let mut remembered = Remembered::default();
        let now = read("kernel/ostype").unwrap();
        assert!(!remembered.set("kernel/ostype", &now).unwrap());
        assert!(remembered.restore_all().is_empty());
    }
}
