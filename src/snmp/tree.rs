//! Everything a process serves.

use std::fmt;

use scheduler::Instant;

use super::object::{Next, Object, SetError, Steps};
use crate::wire::agentx::{Oid, Value};

/// A part of the tree that is registered as one: the objects of a MIB, or a group of them.
pub struct Mib<P: 'static> {
    /// Its name, for messages.
    pub name: &'static str,
    /// What all its names begin with; this is what the master is told.
    pub root: &'static [u32],
    /// Its objects, in any order.
    pub objects: &'static [&'static dyn Object<P>],
}

/// The objects of several MIBs, in order.
#[derive(Debug)]
pub struct Tree<P: 'static> {
    objects: Vec<&'static dyn Object<P>>,
}

impl<P> Default for Tree<P> {
    fn default() -> Self {
        Self::new(&[])
    }
}

impl<P> Tree<P> {
    /// The objects of these MIBs.
    #[must_use]
    pub fn new(mibs: &[&'static Mib<P>]) -> Self {
        let mut objects: Vec<_> = mibs.iter().flat_map(|mib| mib.objects).copied().collect();
        objects.sort_by_key(|object| object.root());
        Self { objects }
    }

    /// The value of a name.
    pub fn get(&self, program: &mut P, now: Instant, name: &[u32]) -> Value {
        match self.object(name) {
            Some(object) => object.get(program, now, name),
            None => Value::NoSuchObject,
        }
    }

    /// The first variable after `after`, not before the end of `end` unless that is
    /// empty.
    pub fn next(
        &self,
        program: &mut P,
        now: Instant,
        after: &[u32],
        end: &[u32],
        steps: &mut Steps,
    ) -> Next {
        let behind = self.objects.partition_point(|o| o.root() <= after);
        let first = behind.checked_sub(1).filter(|&place| {
            let object = self.objects.get(place);
            object.is_some_and(|object| !is_behind(after, object.root()))
        });
        for object in self
            .objects
            .get(first.unwrap_or(behind)..)
            .unwrap_or_default()
        {
            if !end.is_empty() && object.root() >= end {
                return Next::End;
            }
            match object.next(program, now, after, steps) {
                Next::End => {}
                Next::Found(name, _) | Next::Pause(name) if !end.is_empty() && *name >= *end => {
                    return Next::End;
                }
                next @ (Next::Found(..) | Next::Pause(_)) => return next,
            }
            if !steps.take() {
                return Next::Pause(end_of(object.root()));
            }
        }
        Next::End
    }

    /// Whether a variable could have a value.
    ///
    /// # Errors
    /// Why it could not.
    pub fn test(&self, program: &P, name: &[u32], value: &Value) -> Result<(), SetError> {
        let object = self.object(name).ok_or(SetError::NotWritable)?;
        object.test(program, name, value)
    }

    /// Give a variable a value that was tested.
    ///
    /// # Errors
    /// Why it did not work after all.
    pub fn commit(
        &self,
        program: &mut P,
        now: Instant,
        name: &[u32],
        value: &Value,
    ) -> Result<(), SetError> {
        let object = self.object(name).ok_or(SetError::CommitFailed)?;
        object.commit(program, now, name, value)
    }

    /// The object that a name belongs to.
    fn object(&self, name: &[u32]) -> Option<&'static dyn Object<P>> {
        let behind = self.objects.partition_point(|o| o.root() <= name);
        let object = self.objects.get(behind.checked_sub(1)?)?;
        name.starts_with(object.root()).then_some(*object)
    }
}

/// A name that begins with this one and is behind all variables that do.
fn end_of(root: &[u32]) -> Oid {
    Oid::join(root, &END)
}

/// Whether a name is behind all variables of an object.
fn is_behind(name: &[u32], root: &[u32]) -> bool {
    match name.strip_prefix(root) {
        Some(rest) => rest >= END.as_slice(),
        None => name > root,
    }
}

/// Neither a scalar's instance nor a column has such numbers.
const END: [u32; 2] = [u32::MAX; 2];

impl<P> fmt::Debug for Mib<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mib")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
