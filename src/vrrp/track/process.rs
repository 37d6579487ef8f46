//! Tracked processes: which ones count, and whether there are enough
//! (`protocols.md` section 14).

use std::time::Duration;

use scheduler::Instant;

use crate::vrrp::fsm::Status;

/// Octets of a task's name that the kernel keeps.
const NAME_MAX: usize = 15;

/// The name of the task in the `stat` of a process (`proc(5)`), unless it has ended (a
/// zombie). It stands in brackets and may hold some itself; the state follows.
#[must_use]
pub fn task_name(stat: &[u8]) -> Option<&[u8]> {
    let open = stat.iter().position(|octet| *octet == b'(')?;
    let close = stat.iter().rposition(|octet| *octet == b')')?;
    let state = stat.get(close + 2)?;
    let name = stat.get(open + 1..close)?;
    (!matches!(state, b'Z' | b'X')).then_some(name)
}

/// How parameters are compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Parameters {
    /// They do not matter.
    Any,
    /// All of them, and no more.
    Exact,
    /// Those given are the first ones.
    Partial,
    /// As partial, and the last one given may be the beginning of one.
    Initial,
}

/// Which processes count.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pattern {
    /// The command, then its parameters; never empty.
    pub command: Vec<Vec<u8>>,
    /// How parameters are compared.
    pub parameters: Parameters,
    /// Whether the command line is compared, or the name of the task.
    pub full: bool,
}

impl Pattern {
    /// Whether a process with this name of the task and this command line (words
    /// that end with NUL) counts.
    #[must_use]
    pub fn matches(&self, name: &[u8], line: &[u8]) -> bool {
        let Some((command, parameters)) = self.command.split_first() else {
            return false;
        };
        if !self.full {
            return name == command.get(..NAME_MAX).unwrap_or(command);
        }
        let mut words = line.strip_suffix(b"\0").unwrap_or(line).split(|o| *o == 0);
        if words.next() != Some(command.as_slice()) {
            return false;
        }
        let words: Vec<&[u8]> = words.collect();
        let same = |count: usize| {
            let pairs = words.iter().zip(parameters).take(count);
            pairs.fold(true, |same, (word, wanted)| {
                same && *word == wanted.as_slice()
            })
        };
        match self.parameters {
            Parameters::Any => true,
            Parameters::Exact => words.len() == parameters.len() && same(words.len()),
            _ if words.len() < parameters.len() => false,
            Parameters::Partial => same(parameters.len()),
            Parameters::Initial => {
                let Some((last, before)) = parameters.split_last() else {
                    return true;
                };
                let word = words.get(before.len());
                same(before.len()) && word.is_some_and(|word| word.starts_with(last))
            }
        }
    }
}

/// How many there have to be.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Quorum {
    /// At least so many.
    pub least: u32,
    /// At most so many.
    pub most: u32,
    /// How long what one more process causes has to last.
    pub fork_delay: Duration,
    /// How long what one process less causes has to last.
    pub terminate_delay: Duration,
}

/// A number of processes and what it comes to.
#[derive(Clone, Debug)]
pub struct Counted {
    quorum: Quorum,
    count: u32,
    status: Status,
    /// When another status counts that is not the present one.
    pending: Option<Pending>,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    at: Instant,
    by: Cause,
}

/// What a delay is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cause {
    /// One more process (`fork_delay`).
    Fork,
    /// One less (`terminate_delay`).
    Termination,
}

impl Counted {
    /// Nothing is counted yet.
    #[must_use]
    pub const fn new(quorum: Quorum) -> Self {
        Self {
            quorum,
            count: 0,
            status: Status::Unknown,
            pending: None,
        }
    }

    /// What the number comes to.
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.count
    }

    /// When [`tick`](Self::tick) is due.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.pending.map(|pending| pending.at)
    }

    /// The delay that runs.
    #[must_use]
    pub fn delayed(&self) -> Option<Cause> {
        self.pending.map(|pending| pending.by)
    }

    /// Another definition of enough. It counts at once: no process has come or gone.
    pub fn reconfigure(&mut self, quorum: Quorum) {
        if self.quorum == quorum {
            return;
        }
        self.quorum = quorum;
        if self.status != Status::Unknown {
            self.pending = None;
            self.status = self.present();
        }
    }

    /// So many there are now. The first number counts at once.
    pub fn set(&mut self, now: Instant, count: u32) {
        let before = std::mem::replace(&mut self.count, count);
        let status = self.present();
        if self.status == Status::Unknown || self.status == status {
            self.status = status;
            self.pending = None;
        } else if self.pending.is_none() {
            let (by, delay) = if count > before {
                (Cause::Fork, self.quorum.fork_delay)
            } else {
                (Cause::Termination, self.quorum.terminate_delay)
            };
            let at = now + delay;
            self.pending = Some(Pending { at, by });
        }
        self.tick(now);
    }

    /// A delay may have passed.
    pub fn tick(&mut self, now: Instant) {
        if self.deadline().is_some_and(|at| at <= now) {
            self.pending = None;
            self.status = self.present();
        }
    }

    fn present(&self) -> Status {
        Status::good((self.quorum.least..=self.quorum.most).contains(&self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(command: &[&str], parameters: Parameters, full: bool) -> Pattern {
        Pattern {
            command: command
                .iter()
                .map(|word| word.as_bytes().to_vec())
                .collect(),
            parameters,
            full,
        }
    }

    #[test]
    fn names_may_have_brackets_and_blanks() {
        assert_eq!(task_name(b"12 (cat) S 1 12"), Some(&b"cat"[..]));
        assert_eq!(task_name(b"12 (a) Z (b) R 1"), Some(&b"a) Z (b"[..]));
        assert_eq!(task_name(b"12 () R"), Some(&b""[..]));
        let none = [
            &b""[..],
            b"12 (cat",
            b"12 (cat) ",
            b") S (",
            b"12 (cat) Z 1",
        ];
        for stat in none {
            assert_eq!(task_name(stat), None);
        }
    }

    #[test]
    fn by_the_name_of_the_task() {
        let short = pattern(&["haproxy"], Parameters::Any, false);
        assert!(short.matches(b"haproxy", b"anything\0"));
        assert!(!short.matches(b"haproxy2", b"haproxy\0"));
        let long = pattern(&["a-name-of-many-letters"], Parameters::Any, false);
        assert!(long.matches(b"a-name-of-many-", b""));
    }

    #[test]
    fn by_the_command_line() {
        let line = b"/bin/x\0-a\0bcd\0";
        let matches =
            |words: &[&str], parameters| pattern(words, parameters, true).matches(b"x", line);
        assert!(matches(&["/bin/x"], Parameters::Any));
        assert!(!matches(&["x"], Parameters::Any));
        assert!(matches(&["/bin/x", "-a", "bcd"], Parameters::Exact));
        assert!(!matches(&["/bin/x", "-a"], Parameters::Exact));
        assert!(!matches(&["/bin/x"], Parameters::Exact));
        assert!(matches(&["/bin/x", "-a"], Parameters::Partial));
        assert!(!matches(&["/bin/x", "bcd"], Parameters::Partial));
        assert!(matches(&["/bin/x", "-a", "bc"], Parameters::Initial));
        assert!(!matches(&["/bin/x", "-", "bc"], Parameters::Initial));
        assert!(!matches(&["/bin/x", "-a", "bcd", "e"], Parameters::Initial));
    }

    const QUORUM: Quorum = Quorum {
        least: 2,
        most: 3,
        fork_delay: Duration::from_secs(1),
        terminate_delay: Duration::from_secs(5),
    };

    #[test]
    fn delays_and_their_end() {
        let mut counted = Counted::new(QUORUM);
        let at = Instant::from_millis;
        counted.set(at(0), 2);
        assert_eq!(counted.status(), Status::Good);
        counted.set(at(1000), 1);
        assert_eq!(
            (counted.status(), counted.deadline()),
            (Status::Good, Some(at(6000)))
        );
        counted.set(at(2000), 0);
        assert_eq!(counted.deadline(), Some(at(6000)));
        counted.set(at(3000), 2);
        assert_eq!(counted.deadline(), None);
        counted.set(at(4000), 4);
        assert_eq!(counted.deadline(), Some(at(5000)));
        counted.tick(at(5000));
        assert_eq!((counted.status(), counted.count()), (Status::Bad, 4));
    }

    #[test]
    fn another_quorum_counts_at_once() {
        let mut counted = Counted::new(QUORUM);
        let at = Instant::from_millis;
        counted.set(at(0), 2);
        counted.set(at(1000), 1);
        assert_eq!(counted.delayed(), Some(Cause::Termination));
        counted.reconfigure(QUORUM);
        assert_eq!(counted.delayed(), Some(Cause::Termination));
        counted.reconfigure(Quorum { least: 1, ..QUORUM });
        assert_eq!((counted.status(), counted.delayed()), (Status::Good, None));
        counted.reconfigure(Quorum { least: 3, ..QUORUM });
        assert_eq!(counted.status(), Status::Bad);
        counted.set(at(2000), 3);
        assert_eq!(counted.delayed(), Some(Cause::Fork));
    }

    #[test]
    fn without_delay_it_counts_at_once() {
        let none = Duration::ZERO;
        let mut counted = Counted::new(Quorum {
            least: 0,
            most: 0,
            fork_delay: none,
            terminate_delay: none,
        });
        let now = Instant::ZERO;
        counted.set(now, 0);
        assert_eq!(counted.status(), Status::Good);
        counted.set(now, 1);
        assert_eq!(counted.status(), Status::Bad);
    }
}
