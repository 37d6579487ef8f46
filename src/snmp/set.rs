//! Variables that are set, all of a request or none (RFC 2741 section 7.2.4).

use scheduler::Instant;

use super::object::SetError;
use super::tree::Tree;
use crate::wire::agentx::{Header, Oid, ResponseError, Value, VarBind};

/// A phase of a SET (RFC 2741 section 7.2.4).
#[derive(Debug)]
pub(super) enum Phase {
    Test(Vec<VarBind>),
    Commit,
    Undo,
    Cleanup,
}

/// The SET that is under way: at most one, since a master has its phases in order.
#[derive(Debug, Default)]
pub struct SetInHand {
    transaction: u32,
    variables: Vec<VarBind>,
    /// The values before, of those that were set.
    before: Vec<Value>,
}

/// Which variable, from 0, and what went wrong with it.
pub(super) type SetResult = Result<(), (usize, ResponseError)>;

impl SetInHand {
    pub(super) fn test<P>(
        &mut self,
        header: Header,
        variables: Vec<VarBind>,
        tree: &Tree<P>,
        program: &P,
    ) -> SetResult {
        *self = Self::default();
        for (place, VarBind { name, value }) in variables.iter().enumerate() {
            let tested = tree.test(program, name, value);
            tested.map_err(|error| (place, error.into()))?;
        }
        self.transaction = header.transaction;
        self.variables = variables;
        Ok(())
    }

    pub(super) fn commit<P>(
        &mut self,
        header: Header,
        tree: &Tree<P>,
        program: &mut P,
        now: Instant,
    ) -> SetResult {
        self.is_in_hand(header, ResponseError::CommitFailed)?;
        let failed = |place| move |_: SetError| (place, ResponseError::CommitFailed);
        for (place, VarBind { name, value }) in self.variables.iter().enumerate() {
            let before = tree.get(program, now, name);
            tree.commit(program, now, name, value)
                .map_err(failed(place))?;
            self.before.push(before);
        }
        Ok(())
    }

    /// Put back the values of those that were set, the last one first.
    pub(super) fn undo<P>(
        &mut self,
        header: Header,
        tree: &Tree<P>,
        program: &mut P,
        now: Instant,
    ) -> SetResult {
        self.is_in_hand(header, ResponseError::UndoFailed)?;
        let names: Vec<Oid> = self.variables.drain(..).map(|v| v.name).collect();
        let set = names.iter().zip(self.before.drain(..)).enumerate();
        let set: Vec<_> = set.collect();
        for (place, (name, before)) in set.into_iter().rev() {
            let undone = tree.commit(program, now, name, &before);
            undone.map_err(|_| (place, ResponseError::UndoFailed))?;
        }
        Ok(())
    }

    /// A phase of another SET than the last one has nothing to work on.
    const fn is_in_hand(&self, header: Header, error: ResponseError) -> SetResult {
        if header.transaction == self.transaction {
            Ok(())
        } else {
            Err((0, error))
        }
    }
}
