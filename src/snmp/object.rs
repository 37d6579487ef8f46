//! What a tree is made of: objects that are read, searched and set.

use std::fmt;
use std::ops::Deref;

use scheduler::Instant;

use crate::wire::agentx::{Oid, ResponseError, Value};

/// The process while it is read, and the time.
#[derive(Debug)]
pub struct Reading<'a, P> {
    program: &'a P,
    /// The time of this round.
    pub now: Instant,
}

impl<'a, P> Reading<'a, P> {
    /// Read `program` at `now`.
    #[must_use]
    pub const fn new(program: &'a P, now: Instant) -> Self {
        Self { program, now }
    }
}

impl<P> Deref for Reading<'_, P> {
    type Target = P;

    fn deref(&self) -> &P {
        self.program
    }
}

/// Why a variable cannot be set (RFC 3416 section 4.2.5).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SetError {
    /// Nobody may set it.
    NoAccess,
    /// It is only read.
    NotWritable,
    /// There is no such instance, and none is made.
    NoCreation,
    /// The value has another type.
    WrongType,
    /// The value has the wrong number of octets.
    WrongLength,
    /// The variable cannot have this value.
    WrongValue,
    /// It cannot have this value now.
    InconsistentValue,
    /// Something is lacking.
    ResourceUnavailable,
    /// It was tested and still could not be set.
    CommitFailed,
}

impl From<SetError> for ResponseError {
    fn from(error: SetError) -> Self {
        match error {
            SetError::NoAccess => Self::NoAccess,
            SetError::NotWritable => Self::NotWritable,
            SetError::NoCreation => Self::NoCreation,
            SetError::WrongType => Self::WrongType,
            SetError::WrongLength => Self::WrongLength,
            SetError::WrongValue => Self::WrongValue,
            SetError::InconsistentValue => Self::InconsistentValue,
            SetError::ResourceUnavailable => Self::ResourceUnavailable,
            SetError::CommitFailed => Self::CommitFailed,
        }
    }
}

/// How a variable is set: asked first, done later. The value before is read by the
/// column itself, and `commit` puts it back if the SET fails elsewhere.
pub struct Write<P, R> {
    /// Whether the variable could have this value.
    pub test: fn(&P, R, &Value) -> Result<(), SetError>,
    /// Give it the value.
    pub commit: fn(&mut P, Instant, R, &Value) -> Result<(), SetError>,
}

impl<P, R> fmt::Debug for Write<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Write")
    }
}

impl<P, R> Clone for Write<P, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P, R> Copy for Write<P, R> {}

/// How many rows a search may still look at before others have their turn.
#[derive(Clone, Copy, Debug)]
pub struct Steps(u32);

impl Steps {
    /// So many.
    #[must_use]
    pub const fn new(rows: u32) -> Self {
        Self(rows)
    }

    /// Look at one more; `false` if it was the last.
    pub const fn take(&mut self) -> bool {
        self.0 = self.0.saturating_sub(1);
        self.0 > 0
    }

    /// Whether there is none left.
    #[must_use]
    pub const fn is_exhausted(self) -> bool {
        self.0 == 0
    }
}

/// What a search has come to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Next {
    /// The first variable behind.
    Found(Oid, Value),
    /// There is none.
    End,
    /// None up to this name, which is excluded from the rest of the search.
    Pause(Oid),
}

/// A scalar or a table.
pub trait Object<P>: fmt::Debug + Sync {
    /// What all its names begin with.
    fn root(&self) -> &'static [u32];

    /// What its MIB file calls the object, or the columns of a table, as far as that
    /// was given.
    fn names(&self) -> Vec<(Oid, &'static str)>;

    /// The value of a name at or below the root: also
    /// [`Value::NoSuchObject`] and [`Value::NoSuchInstance`].
    fn get(&self, program: &mut P, now: Instant, name: &[u32]) -> Value;

    /// The first variable after `after`, which may be any name.
    fn next(&self, program: &mut P, now: Instant, after: &[u32], steps: &mut Steps) -> Next;

    /// Whether the variable could have this value.
    ///
    /// # Errors
    /// Why it could not.
    fn test(&self, program: &P, name: &[u32], value: &Value) -> Result<(), SetError>;

    /// Give it the value, which has been tested.
    ///
    /// # Errors
    /// Why it did not work after all.
    fn commit(
        &self,
        program: &mut P,
        now: Instant,
        name: &[u32],
        value: &Value,
    ) -> Result<(), SetError>;
}
