//! Requests worked off against a tree, a bounded part at a time.

use scheduler::Instant;

use super::object::{Next, Steps};
use super::session::Request;
pub use super::set::SetInHand;
use super::set::{Phase, SetResult};
use super::tree::Tree;
use crate::wire::agentx::{Body, Header, ResponseError, SearchRange, Value, VarBind};

/// With so many octets an answer to GETBULK ends (RFC 2741 section 7.2.3.3 allows that); the
/// master asks again. A datagram of SNMP has hardly more.
pub const ANSWER_MAX: usize = 48 * 1024;

/// A request in hand.
#[derive(Debug)]
pub struct Work {
    header: Header,
    task: Task,
    /// The answer so far.
    variables: Vec<VarBind>,
    /// About the octets of it.
    octets: usize,
}

/// What is left of a request.
#[derive(Debug)]
enum Task {
    Get(Vec<SearchRange>),
    Search {
        ranges: Vec<SearchRange>,
        non_repeaters: usize,
        repetitions: usize,
        /// Which range is next.
        at: usize,
        /// Which repetition it is.
        repetition: usize,
        /// Something was found in this repetition.
        has_found: bool,
    },
    Set(Phase),
    Ping,
}

/// An answer, or nothing for a packet that gets none.
pub type Answer = (Header, Option<Body>);

impl Work {
    /// Begin with a request; `None` if it is none.
    #[must_use]
    pub fn new(request: Request) -> Option<Self> {
        let task = match request.body {
            Body::Get { ranges } => Task::Get(ranges),
            Body::GetNext { ranges } => {
                let once = ranges.len();
                Task::search(ranges, once, 0)
            }
            Body::GetBulk {
                non_repeaters,
                max_repetitions,
                ranges,
            } => Task::search(ranges, non_repeaters.into(), max_repetitions.into()),
            Body::TestSet { variables } => Task::Set(Phase::Test(variables)),
            Body::CommitSet => Task::Set(Phase::Commit),
            Body::UndoSet => Task::Set(Phase::Undo),
            Body::CleanupSet => Task::Set(Phase::Cleanup),
            Body::Ping => Task::Ping,
            Body::Open { .. }
            | Body::Close { .. }
            | Body::Register { .. }
            | Body::Unregister { .. }
            | Body::Notify { .. }
            | Body::Response { .. } => return None,
        };
        Some(Self {
            header: request.header,
            task,
            variables: Vec::new(),
            octets: 0,
        })
    }

    /// Whether it sets something.
    #[must_use]
    pub const fn is_set(&self) -> bool {
        matches!(self.task, Task::Set(Phase::Commit | Phase::Undo))
    }

    /// Go on, for so many steps. The answer when it is complete.
    pub fn proceed<P>(
        &mut self,
        tree: &Tree<P>,
        set: &mut SetInHand,
        program: &mut P,
        now: Instant,
        steps: &mut Steps,
    ) -> Option<Answer> {
        let body = match &mut self.task {
            Task::Get(ranges) => {
                let done = self.variables.len();
                for range in ranges.get(done..).unwrap_or_default() {
                    if steps.is_exhausted() {
                        return None;
                    }
                    let value = tree.get(program, now, &range.start);
                    self.variables
                        .push(VarBind::new(range.start.clone(), value));
                    steps.take();
                }
                Some(self.found())
            }
            Task::Search { .. } => {
                while self.search_one(tree, program, now, steps)? {}
                Some(self.found())
            }
            Task::Set(phase) => {
                let header = self.header;
                let result = match phase {
                    Phase::Test(variables) => {
                        set.test(header, std::mem::take(variables), tree, program)
                    }
                    Phase::Commit => set.commit(header, tree, program, now),
                    Phase::Undo => set.undo(header, tree, program, now),
                    Phase::Cleanup => {
                        *set = SetInHand::default();
                        return Some((header, None));
                    }
                };
                Some(outcome(result))
            }
            Task::Ping => Some(outcome(Ok(()))),
        };
        Some((self.header, body))
    }

    /// Search the next variable of a search. `None`: the steps were not enough;
    /// `false`: the answer is complete.
    fn search_one<P>(
        &mut self,
        tree: &Tree<P>,
        program: &mut P,
        now: Instant,
        steps: &mut Steps,
    ) -> Option<bool> {
        if steps.is_exhausted() {
            return None;
        }
        let Some(place) = self.task.place(self.octets) else {
            return Some(false);
        };
        let Task::Search {
            ranges, has_found, ..
        } = &mut self.task
        else {
            return Some(false);
        };
        let Some(range) = ranges.get_mut(place) else {
            return Some(false);
        };
        let variable = match search(range, tree, program, now, steps) {
            Next::Pause(name) => {
                range.start = name;
                range.include = false;
                return None;
            }
            Next::Found(name, value) => {
                range.start.clone_from(&name);
                range.include = false;
                *has_found = true;
                VarBind::new(name, value)
            }
            Next::End => VarBind::new(range.start.clone(), Value::EndOfMibView),
        };
        steps.take();
        self.octets += octets_of(&variable);
        self.variables.push(variable);
        self.task.advance();
        Some(true)
    }

    fn found(&mut self) -> Body {
        Body::Response {
            uptime: 0,
            error: ResponseError::None,
            index: 0,
            variables: std::mem::take(&mut self.variables),
        }
    }
}

impl Task {
    const fn search(ranges: Vec<SearchRange>, non_repeaters: usize, repetitions: usize) -> Self {
        Self::Search {
            ranges,
            non_repeaters,
            repetitions,
            at: 0,
            repetition: 0,
            has_found: false,
        }
    }

    /// The range that is next; `None` at the end. The ranges that are read once come
    /// first, then all others, over and over.
    fn place(&self, octets: usize) -> Option<usize> {
        let Self::Search {
            ranges,
            non_repeaters,
            repetitions,
            at,
            repetition,
            ..
        } = self
        else {
            return None;
        };
        let is_once = at < non_repeaters;
        let is_full = *repetition > 0 && octets >= ANSWER_MAX;
        let goes_on = *at < ranges.len() && (is_once || repetition < repetitions) && !is_full;
        goes_on.then_some(*at)
    }

    fn advance(&mut self) {
        if let Self::Search {
            ranges,
            non_repeaters,
            repetitions,
            at,
            repetition,
            has_found,
        } = self
        {
            *at += 1;
            if *at == *non_repeaters {
                *has_found = false;
            }
            if *at >= ranges.len() && *non_repeaters < ranges.len() {
                *at = *non_repeaters;
                *repetition += 1;
                if !std::mem::replace(has_found, false) {
                    // All are at their ends, and so would the other repetitions be.
                    *repetition = *repetitions;
                }
            }
        }
    }
}

/// The first variable of a range. A pause keeps the name that begins the range if that
/// was not looked at itself.
fn search<P>(
    range: &SearchRange,
    tree: &Tree<P>,
    program: &mut P,
    now: Instant,
    steps: &mut Steps,
) -> Next {
    if range.include {
        let value = tree.get(program, now, &range.start);
        if !value.is_exception() {
            return Next::Found(range.start.clone(), value);
        }
    }
    tree.next(program, now, &range.start, &range.end, steps)
}

/// About what a variable takes of a packet.
fn octets_of(variable: &VarBind) -> usize {
    let value = match &variable.value {
        Value::OctetString(octets) | Value::Opaque(octets) => octets.len(),
        Value::ObjectIdentifier(oid) => oid.len() * 4,
        Value::Integer(_)
        | Value::Null
        | Value::IpAddress(_)
        | Value::Counter32(_)
        | Value::Gauge32(_)
        | Value::TimeTicks(_)
        | Value::Counter64(_)
        | Value::NoSuchObject
        | Value::NoSuchInstance
        | Value::EndOfMibView => 8,
    };
    8 + variable.name.len() * 4 + value
}

fn outcome(result: SetResult) -> Body {
    let (index, error) = match result {
        Ok(()) => (0, ResponseError::None),
        Err((place, error)) => (u16::try_from(place + 1).unwrap_or(u16::MAX), error),
    };
    Body::Response {
        uptime: 0,
        error,
        index,
        variables: Vec::new(),
    }
}
