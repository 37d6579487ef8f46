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

    /// The VRRP process has told something.
    pub fn on(&mut self, news: News) {
        match news {
            News::Begins(occasion) => {
                if occasion.started {
                    self.push(Signal::Started);
                }
                let was_reload = self.listed.as_ref().is_some_and(|listed| listed.is_reload);
                self.listed = Some(Listed {
                    missing: self.instances.keys().cloned().collect(),
                    is_reload: was_reload || occasion.reloaded,
                });
            }
            News::Instance(identity, state) => self.instance(identity, state),
            News::Ends => self.ends(),
            News::Stopped => self.push(Signal::Stopped),
        }
    }

    /// There is a bus, where nothing has been said yet: what has become of all objects
    /// is enough.
    pub fn connected(&mut self) {
        let is_new = self.queue.contains(&Signal::Started);
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
        let before = match self.instances.get_mut(&path) {
            Some(object) => {
                object.name = identity.name;
                std::mem::replace(&mut object.state, state)
            }
            None => {
                let object = Object {
                    name: identity.name,
                    state,
                    said: State::Init,
                };
                self.instances.insert(path.clone(), object);
                self.push(Signal::Added(path.clone()));
                State::Init
            }
        };
        if before != state {
            self.push(status(&path, state));
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
mod tests {
    use super::*;
    use crate::dbus::line::Occasion;
    use crate::model::{Family, Vrid};

    const ROOT: &str = "/org/keepalived/Vrrp1/Instance/eth0";

    fn path(vrid: u8) -> String {
        format!("{ROOT}/{vrid}/IPv4")
    }

    fn instance(vrid: u8, state: State) -> News {
        let identity = Identity {
            name: format!("VI_{vrid}"),
            interface: Some("eth0".to_owned()),
            vrid: Vrid(vrid),
            family: Family::V4,
        };
        News::Instance(identity, state)
    }

    fn begins(started: bool, reloaded: bool) -> News {
        News::Begins(Occasion { started, reloaded })
    }

    /// On a bus, with these instances that have just been started.
    fn running(vrids: &[u8]) -> Objects {
        let mut objects = Objects::new(Paths::new(None, None, "none"));
        objects.connected();
        objects.on(begins(true, false));
        for &vrid in vrids {
            objects.on(instance(vrid, State::Init));
        }
        objects.on(News::Ends);
        objects
    }

    fn said(objects: &mut Objects) -> Vec<Signal> {
        std::iter::from_fn(|| objects.take()).collect()
    }

    fn status(vrid: u8, state: State) -> Signal {
        Signal::Status(path(vrid), state)
    }

    #[test]
    fn a_start_and_each_transition_are_said_in_order() {
        let mut objects = running(&[1]);
        for state in [State::Backup, State::Master, State::Backup] {
            objects.on(instance(1, state));
        }
        let expected = [
            Signal::Started,
            Signal::Added(path(1)),
            status(1, State::Backup),
            status(1, State::Master),
            status(1, State::Backup),
        ];
        assert_eq!(said(&mut objects), expected);
        let object = objects.get(&path(1)).unwrap();
        assert_eq!(
            (object.name.as_str(), object.state),
            ("VI_1", State::Backup)
        );
    }

    #[test]
    fn a_reload_adds_and_removes_objects_and_is_said_last() {
        let mut objects = running(&[1, 2]);
        said(&mut objects);
        objects.on(begins(false, true));
        objects.on(instance(2, State::Init));
        objects.on(instance(3, State::Backup));
        objects.on(News::Ends);
        let expected = [
            Signal::Added(path(3)),
            status(3, State::Backup),
            Signal::Removed(path(1)),
            Signal::Reloaded,
        ];
        assert_eq!(said(&mut objects), expected);
        let paths: Vec<&str> = objects.instances().map(|(path, _)| path).collect();
        assert_eq!(paths, [path(2), path(3)]);
    }

    #[test]
    fn a_list_that_begins_anew_is_still_that_of_a_reload() {
        let mut objects = running(&[1]);
        said(&mut objects);
        objects.on(begins(false, true));
        objects.on(begins(false, false));
        objects.on(instance(1, State::Init));
        objects.on(News::Ends);
        assert_eq!(said(&mut objects), [Signal::Reloaded]);
    }

    #[test]
    fn a_bus_that_comes_late_is_told_the_newest_states() {
        let mut objects = running(&[1, 2]);
        for state in [State::Backup, State::Master] {
            objects.on(instance(1, state));
        }
        objects.connected();
        let expected = [Signal::Started, status(1, State::Master)];
        assert_eq!(said(&mut objects), expected);
        objects.connected();
        assert_eq!(said(&mut objects), [], "another bus, and nothing new");
    }

    #[test]
    fn a_bus_that_does_not_read_costs_no_memory() {
        let mut objects = running(&[1, 2]);
        objects.on(instance(2, State::Backup));
        for _ in 0..100_000 {
            objects.on(instance(1, State::Backup));
            objects.on(instance(1, State::Master));
        }
        assert!(objects.queue.len() <= QUEUE, "{}", objects.queue.len());
        let signals = said(&mut objects);
        assert_eq!(signals.first(), Some(&Signal::Started));
        assert!(signals.contains(&status(2, State::Backup)));
        assert_eq!(signals.last(), Some(&status(1, State::Master)));
    }

    #[test]
    fn the_end_is_said_after_the_last_states() {
        let mut objects = running(&[1]);
        said(&mut objects);
        objects.on(instance(1, State::Stop));
        objects.on(News::Stopped);
        let expected = [status(1, State::Stop), Signal::Stopped];
        assert_eq!(said(&mut objects), expected);
    }
}
