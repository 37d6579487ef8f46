//! Objects of which there is one: their variable is the instance `.0`.

use std::fmt;

use scheduler::Instant;

use super::object::{Next, Object, Reading, SetError, Steps, Write};
use crate::wire::agentx::{Oid, Value};

/// A scalar of the process `P`.
pub struct Scalar<P: 'static> {
    oid: &'static [u32],
    name: &'static str,
    read: fn(&Reading<'_, P>) -> Option<Value>,
    write: Option<Write<P, ()>>,
}

impl<P> Scalar<P> {
    /// The scalar of this name (without `.0`); `None` of `read`: it does not apply, and is skipped.
    #[must_use]
    pub const fn new(oid: &'static [u32], read: fn(&Reading<'_, P>) -> Option<Value>) -> Self {
        Self::named(oid, "", read)
    }

    /// The same with the name that its MIB file gives it, so that it can be compared
    /// with that.
    #[must_use]
    pub const fn named(
        oid: &'static [u32],
        name: &'static str,
        read: fn(&Reading<'_, P>) -> Option<Value>,
    ) -> Self {
        Self {
            oid,
            name,
            read,
            write: None,
        }
    }

    /// It can be set.
    #[must_use]
    pub const fn writable(mut self, write: Write<P, ()>) -> Self {
        self.write = Some(write);
        self
    }

    fn is_instance(&self, name: &[u32]) -> bool {
        name.strip_prefix(self.oid) == Some(&INSTANCE)
    }
}

const INSTANCE: [u32; 1] = [0];

impl<P> Object<P> for Scalar<P> {
    fn root(&self) -> &'static [u32] {
        self.oid
    }

    fn names(&self) -> Vec<(Oid, &'static str)> {
        let is_named = !self.name.is_empty();
        is_named
            .then(|| (Oid::new(self.oid), self.name))
            .into_iter()
            .collect()
    }

    fn get(&self, program: &mut P, now: Instant, name: &[u32]) -> Value {
        if !self.is_instance(name) {
            return Value::NoSuchInstance;
        }
        (self.read)(&Reading::new(program, now)).unwrap_or(Value::NoSuchInstance)
    }

    fn next(&self, program: &mut P, now: Instant, after: &[u32], _: &mut Steps) -> Next {
        let instance = Oid::join(self.oid, &INSTANCE);
        if after >= &*instance {
            return Next::End;
        }
        match (self.read)(&Reading::new(program, now)) {
            Some(value) => Next::Found(instance, value),
            None => Next::End,
        }
    }

    fn test(&self, program: &P, name: &[u32], value: &Value) -> Result<(), SetError> {
        let write = self.write.ok_or(SetError::NotWritable)?;
        if !self.is_instance(name) {
            return Err(SetError::NoCreation);
        }
        (write.test)(program, (), value)
    }

    fn commit(
        &self,
        program: &mut P,
        now: Instant,
        name: &[u32],
        value: &Value,
    ) -> Result<(), SetError> {
        let write = self.write.filter(|_| self.is_instance(name));
        let write = write.ok_or(SetError::CommitFailed)?;
        (write.commit)(program, now, (), value)
    }
}

impl<P> fmt::Debug for Scalar<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scalar")
            .field("oid", &self.oid)
            .finish_non_exhaustive()
    }
}
