//! Recorded cases of the VRRP machine: `tests/recorded/*.txt`.
//!
//! A line of a case is one of
//!
//! ```text
//! # comment
//! case TITLE                         everything starts anew
//! config instance NAME [vrid N] [priority N] [interval S] [version N] [source ADDR|none]
//!        [down_timer_adverts N] [nopreempt] [preempt_delay S] [lower_prio_no_advert]
//!        [grouped] [higher_prio_send_advert] [timer_expired_backup N] [garp_lower_prio_repeat N]
//!        [track IFACE[:WEIGHT[:reverse]]]... [script|file NAME[:WEIGHT[:reverse]]]...
//! config group NAME MEMBER...         before the start, after its members
//! at T tracker NAME good|bad|NUMBER
//! at T [NAME] start [delay S] | stop | link IFACE up|down | source ADDR|none | address lost
//! at T [NAME] advert from ADDR priority N [interval S]
//! at T [NAME] fault KIND on|off
//! at T sleep S                       the loop stands still; what comes then is heard first
//! at T [NAME] expect EFFECT          the next effect, at exactly this time
//! every S until T [NAME] expect EFFECT   the same effect again and again, from the last line on
//! ```
//!
//! All effects have to be expected, in order; without a name the first instance
//! is meant. `because` may be left out or cut short. An event comes before the
//! timers of the same instant.

mod script;
mod text;
mod words;

use std::collections::VecDeque;
use std::fs;
use std::path::Path;

use keepalived::vrrp::fsm::{Effect, Effects, InstanceId, Policy};
use keepalived::vrrp::router::{Input, Router};
use scheduler::Instant;

use text::describe;
use words::time;

#[test]
fn recorded_cases() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded");
    let mut cases: Vec<_> = fs::read_dir(folder)
        .expect("tests/recorded")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "txt"))
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    let failures: Vec<String> = cases
        .iter()
        .filter_map(|path| {
            let text = fs::read_to_string(path).expect("readable");
            let failure = Case::default().run(&text).err()?;
            Some(format!("{}:{failure}", path.display()))
        })
        .collect();
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[derive(Default)]
struct Case {
    router: Router,
    names: Vec<String>,
    policies: Vec<Policy>,
    interfaces: Vec<String>,
    trackers: Vec<String>,
    groups: Vec<String>,
    now: Instant,
    awake: Instant,
    effects: Effects,
    /// What happened and was not yet expected.
    seen: VecDeque<(Instant, InstanceId, String)>,
}

impl Case {
    fn run(mut self, text: &str) -> Result<(), String> {
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.starts_with("case ") {
                self.end().map_err(|what| format!("{number}: {what}"))?;
                self = Self::default();
            } else if !line.is_empty() {
                self.line(line)
                    .map_err(|what| format!("{number}: {what}\n    {line}"))?;
            }
        }
        self.end()
    }

    /// Nothing may be left that nobody expects.
    fn end(&self) -> Result<(), String> {
        match self.seen.front() {
            Some(left) => Err(format!("before the end: {}", self.show(left))),
            None => Ok(()),
        }
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        let mut words = line.split_whitespace().peekable();
        match words.next() {
            Some("config") => self.config(words),
            Some("at") => {
                let at = Instant::ZERO + time(&mut words)?;
                let id = self.name(&mut words);
                if words.next_if_eq(&"expect").is_some() {
                    self.advance(at, true);
                    self.expect(at, id, &words.collect::<Vec<_>>().join(" "))
                } else {
                    self.advance(at, false);
                    self.event(at, id, words)
                }
            }
            Some("every") => {
                let period = time(&mut words)?;
                if words.next() != Some("until") {
                    return Err("until?".into());
                }
                let end = Instant::ZERO + time(&mut words)?;
                let id = self.name(&mut words);
                if words.next() != Some("expect") {
                    return Err("expect?".into());
                }
                let text = words.collect::<Vec<_>>().join(" ");
                let mut at = self.now + period;
                while at <= end {
                    self.advance(at, true);
                    self.expect(at, id, &text)?;
                    at += period;
                }
                Ok(())
            }
            _ => Err("config, at or every?".into()),
        }
    }

    fn feed(&mut self, input: Input) {
        self.router.on(self.now, input, &mut self.effects);
        self.router.check_invariants(self.now);
        for effect in std::mem::take(&mut self.effects) {
            let (id, text) = self.describe(&effect);
            self.seen.push_back((self.now, id, text));
        }
    }

    /// Let timers fire before `to`, and at it if they are expected to.
    fn advance(&mut self, to: Instant, inclusive: bool) {
        while let Some(due) = self.router.deadline() {
            let at = due.max(self.awake).max(self.now);
            if at > to || (at == to && !inclusive) {
                break;
            }
            self.now = at;
            self.feed(Input::Tick);
        }
        self.now = self.now.max(to);
    }

    fn expect(&mut self, at: Instant, id: InstanceId, text: &str) -> Result<(), String> {
        let Some(next) = self.seen.pop_front() else {
            return Err("nothing happened".into());
        };
        let fits = if text.contains(" because ") {
            next.2.starts_with(text)
        } else {
            next.2 == text || next.2.starts_with(&format!("{text} because "))
        };
        if (next.0, next.1, fits) == (at, id, true) {
            Ok(())
        } else {
            Err(format!("instead: {}", self.show(&next)))
        }
    }

    fn describe(&self, effect: &Effect) -> (InstanceId, String) {
        if let Effect::GroupWent {
            group,
            from,
            to,
            member,
        } = effect
        {
            let name = &self.groups[group.index()];
            let (from, to) = (from.as_str(), to.as_str());
            return (*member, format!("group {name} {from} {to}"));
        }
        describe(effect, &self.policies, &self.interfaces)
    }

    fn show(&self, (at, id, text): &(Instant, InstanceId, String)) -> String {
        format!("at {at:?} {} expect {text}", self.names[id.index()])
    }
}
