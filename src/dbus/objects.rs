//! What is on the bus, and what is to be said there, as a machine.
//!
//! The VRRP process tells of instances ([`News`]); each is an object. What follows from
//! it are [`Signal`]s, which wait here until the bus takes them. If the bus is away or
//! does not read, only the newest state of each object is kept.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::line::News;
use super::path::Paths;
use super::{Identity, State};

/// So many signals wait before those that newer ones make pointless are dropped.
const QUEUE: usize = 256;

/// A message to everybody who listens.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Signal {
    /// The VRRP process has started.
    Started,
    /// It goes by another configuration.
    Reloaded,
    /// It has ended.
    Stopped,
    /// There is a new object at this path.
    Added(String),
    /// The object at this path has this state now.
    Status(String, State),
    /// There is no object at this path any more.
    Removed(String),
}

/// An instance on the bus.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Object {
    /// The name of the instance.
    pub name: String,
    /// Its state.
    pub state: State,
    /// The state last said on a bus.
    said: State,
}

/// All objects.
#[derive(Debug)]
pub struct Objects {
    paths: Paths,
    instances: BTreeMap<String, Object>,
    /// While all instances are told: those that have not been, and whether it is the
    /// list of a reload.
    listed: Option<Listed>,
    queue: VecDeque<Signal>,
    /// The length at which the queue is looked through.
    limit: usize,
}

#[derive(Debug, Default)]
struct Listed {
    missing: BTreeSet<String>,
    is_reload: bool,
    /// Objects that a reload has added: their states are said after it.
    added: Vec<String>,
}

impl Objects {
    /// None yet.
    #[must_use]
    pub const fn new(paths: Paths) -> Self {
        Self {
            paths,
            instances: BTreeMap::new(),
            listed: None,
            queue: VecDeque::new(),
            limit: QUEUE,
        }
    }

    /// The same below other names: none yet, but what was not said of the whole is.
    #[must_use]
    pub fn renamed(&self, paths: Paths) -> Self {
        let mut renamed = Self::new(paths);
        let in_list = self.listed.as_ref().is_some_and(|listed| listed.is_reload);
        for occasion in [Signal::Started, Signal::Reloaded] {
            let was_due = in_list && occasion == Signal::Reloaded;
            if was_due || self.queue.contains(&occasion) {
                renamed.push(occasion);
            }
        }
        renamed
    }

    /// The VRRP process has told something.
    pub fn on(&mut self, news: News) {
        match news {
            News::Begins(occasion) => {
                if occasion.started {
                    self.push(Signal::Started);
                }
                let before = self.listed.take().unwrap_or_default();
                self.listed = Some(Listed {
                    missing: self.instances.keys().cloned().collect(),
                    is_reload: before.is_reload || occasion.reloaded,
                    added: before.added,
                });
            }
            News::Instance(identity, state) => self.instance(identity, state),
            News::Ends => self.ends(),
            News::Stopped => self.push(Signal::Stopped),
        }
    }

    /// There is a bus, where nothing has been said yet: what has become of all objects
    /// is enough, and that there was a reload.
    pub fn connected(&mut self) {
        let is_new = self.queue.contains(&Signal::Started);
        let is_reloaded = self.queue.contains(&Signal::Reloaded);
        let has_stopped = self.queue.contains(&Signal::Stopped);
        self.queue.clear();
        self.limit = QUEUE;
        if is_new {
            self.queue.push_back(Signal::Started);
        }
        let changed = self.instances.iter();
        let changed = changed.filter(|(_, object)| object.state != object.said);
        let status = |(path, object): (&String, &Object)| status(path, object.state);
        self.queue.extend(changed.map(status));
        if is_reloaded {
            self.queue.push_back(Signal::Reloaded);
        }
        if has_stopped {
            self.queue.push_back(Signal::Stopped);
        }
    }

    /// The next thing to say, if any. It counts as said.
    pub fn take(&mut self) -> Option<Signal> {
        let signal = self.queue.pop_front()?;
        if let Signal::Status(path, state) = &signal
            && let Some(object) = self.instances.get_mut(path)
        {
            object.said = *state;
        }
        Some(signal)
    }

    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.queue.is_empty()
    }

    /// How objects are called.
    #[must_use]
    pub const fn paths(&self) -> &Paths {
        &self.paths
    }

    /// The object at a path.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Object> {
        self.instances.get(path)
    }

    /// All instances, by path.
    pub fn instances(&self) -> impl Iterator<Item = (&str, &Object)> {
        let instances = self.instances.iter();
        instances.map(|(path, object)| (path.as_str(), object))
    }

    fn instance(&mut self, identity: Identity, state: State) {
        let path = self.paths.instance(&identity);
        if let Some(listed) = &mut self.listed {
            listed.missing.remove(&path);
        }
        if let Some(object) = self.instances.get_mut(&path) {
            object.name = identity.name;
            let is_news = std::mem::replace(&mut object.state, state) != state;
            let listed = self.listed.as_ref();
            if is_news && !listed.is_some_and(|listed| listed.added.contains(&path)) {
                self.push(status(&path, state));
            }
        } else {
            self.add(path, identity.name, state);
        }
    }

    fn add(&mut self, path: String, name: String, state: State) {
        let object = Object {
            name,
            state,
            said: State::Init,
        };
        self.instances.insert(path.clone(), object);
        self.push(Signal::Added(path.clone()));
        match &mut self.listed {
            Some(listed) if listed.is_reload => listed.added.push(path),
            Some(_) | None => self.begin_to_say(path),
        }
    }

    /// What has become of an object that was added.
    fn begin_to_say(&mut self, path: String) {
        let state = self.instances.get(&path).map(|object| object.state);
        if let Some(state) = state.filter(|state| *state != State::Init) {
            self.push(Signal::Status(path, state));
        }
    }

    fn ends(&mut self) {
        let Some(listed) = self.listed.take() else {
            return;
        };
        for path in listed.missing {
            self.instances.remove(&path);
            self.push(Signal::Removed(path));
        }
        if listed.is_reload {
            self.push(Signal::Reloaded);
        }
        for path in listed.added {
            self.begin_to_say(path);
        }
    }

    fn push(&mut self, signal: Signal) {
        self.queue.push_back(signal);
        if self.queue.len() >= self.limit {
            self.thin_out();
            self.limit = QUEUE.max(self.queue.len() * 2);
        }
    }

    /// Of each object only the newest state is said, and of each kind the last.
    fn thin_out(&mut self) {
        let mut seen = BTreeSet::new();
        let mut kept = VecDeque::new();
        for signal in self.queue.drain(..).rev() {
            let mut kind = signal.clone();
            if let Signal::Status(_, state) = &mut kind {
                *state = State::Init;
            }
            if seen.insert(kind) {
                kept.push_front(signal);
            }
        }
        self.queue = kept;
    }
}

fn status(path: &str, state: State) -> Signal {
    Signal::Status(path.to_owned(), state)
}

#[cfg(test)]
mod tests;
