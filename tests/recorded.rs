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

use std::collections::VecDeque;
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use keepalived::model::{Family, Priority, Vrid};
use keepalived::vrrp::fsm::{
    Burst, Cause, Effect, Effects, FaultKind, Heard, InstanceId, InterfaceKey, Note, Peer, Policy,
    Presence, Status, Track, TrackSource, TrackerKey, Version,
};
use keepalived::vrrp::router::{Input, Router};
use keepalived::vrrp::sync::SyncGroup;
use scheduler::Instant;

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

type Words<'a> = std::iter::Peekable<std::str::SplitWhitespace<'a>>;

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

    fn name(&self, words: &mut Words<'_>) -> InstanceId {
        let index = words
            .peek()
            .and_then(|word| self.names.iter().position(|name| name == word));
        if index.is_some() {
            words.next();
        }
        InstanceId(u32::try_from(index.unwrap_or(0)).expect("few"))
    }

    fn interface(&mut self, name: &str) -> InterfaceKey {
        let index = self
            .interfaces
            .iter()
            .position(|known| known == name)
            .unwrap_or_else(|| {
                self.interfaces.push(name.into());
                self.interfaces.len() - 1
            });
        InterfaceKey(u32::try_from(index).expect("few"))
    }

    /// A tracker by its name; they are numbered without regard to their kind.
    fn tracker(&mut self, name: &str) -> TrackerKey {
        let known = self.trackers.iter().position(|known| known == name);
        let index = known.unwrap_or_else(|| {
            self.trackers.push(name.into());
            self.trackers.len() - 1
        });
        TrackerKey::Script(u32::try_from(index).expect("few"))
    }

    /// Members become part of a group before anything happens to them.
    fn group(&mut self, mut words: Words<'_>) -> Result<(), String> {
        let name = words.next().ok_or("a name?")?;
        let mut members = Vec::new();
        for word in words {
            let index = self
                .names
                .iter()
                .position(|name| name == word)
                .ok_or(word)?;
            members.push(InstanceId(u32::try_from(index).expect("few")));
        }
        self.groups.push(name.into());
        self.router.add_group(SyncGroup::new(name, members));
        Ok(())
    }

    fn config(&mut self, mut words: Words<'_>) -> Result<(), String> {
        if words.next_if_eq(&"group").is_some() {
            return self.group(words);
        }
        words.next_if_eq(&"instance").ok_or("instance?")?;
        let name = words.next().ok_or("a name?")?;
        let mut policy = Policy::new(name, Vrid(51), Family::V4, Version::V3);
        policy.addresses = 1;
        let mut source = Some(IpAddr::from([10, 0, 0, 1]));
        while let Some(word) = words.next() {
            match word {
                "vrid" => policy.vrid = Vrid(parse(words.next())?),
                "priority" => policy.priority = Priority(parse(words.next())?),
                "interval" => policy.advert_interval = time(&mut words)?,
                "version" if words.next() == Some("2") => policy.version = Version::V2,
                "version" => policy.version = Version::V3,
                "source" => source = address(words.next())?,
                "down_timer_adverts" => policy.down_timer_adverts = parse(words.next())?,
                "nopreempt" => policy.nopreempt = true,
                "preempt_delay" => policy.preempt_delay = time(&mut words)?,
                "lower_prio_no_advert" => policy.lower_prio_no_advert = true,
                "higher_prio_send_advert" => policy.higher_prio_send_advert = true,
                "timer_expired_backup" => {
                    policy.timer_expired_backup = Some(Priority(parse(words.next())?));
                }
                "garp_lower_prio_repeat" => {
                    policy.announce.lower_prio_repeat = parse(words.next())?
                }
                "grouped" => policy.grouped = true,
                kind @ ("track" | "script" | "file") => {
                    let mut parts = words.next().ok_or("a name?")?.split(':');
                    let name = parts.next().unwrap_or_default();
                    let source = if kind == "track" {
                        TrackSource::Interface(self.interface(name))
                    } else {
                        TrackSource::Tracker(self.tracker(name))
                    };
                    let weight = parts.next().map_or(Ok(0), |weight| parse(Some(weight)))?;
                    let reverse = parts.next().is_some();
                    policy.tracks.push(Track {
                        source,
                        weight,
                        reverse,
                    });
                }
                _ => return Err(format!("{word}?")),
            }
        }
        self.names.push(name.into());
        self.policies.push(policy.clone());
        let id = self.router.add(policy);
        self.feed(Input::Source {
            id,
            address: source,
        });
        Ok(())
    }

    fn event(&mut self, at: Instant, id: InstanceId, mut words: Words<'_>) -> Result<(), String> {
        let input = match words.next().unwrap_or_default() {
            "start" => {
                let delay = match words.next() {
                    Some(_) => time(&mut words)?,
                    None => Duration::ZERO,
                };
                Input::Start { delay }
            }
            "stop" => Input::Stop,
            "sleep" => {
                self.awake = at + time(&mut words)?;
                return Ok(());
            }
            "address" => Input::AddressLost { id },
            "source" => Input::Source {
                id,
                address: address(words.next())?,
            },
            "link" => {
                let key = self.interface(words.next().ok_or("an interface?")?);
                Input::Interface {
                    key,
                    up: words.next() == Some("up"),
                }
            }
            "tracker" => {
                let key = self.tracker(words.next().ok_or("a tracker?")?);
                let status = match words.next() {
                    Some("good") => Status::Good,
                    Some("bad") => Status::Bad,
                    number => Status::Value(parse(number)?),
                };
                Input::Tracker { key, status }
            }
            "fault" => {
                let word = words.next().unwrap_or_default();
                let kind = FaultKind::ALL
                    .into_iter()
                    .find(|kind| format!("{kind:?}").eq_ignore_ascii_case(word))
                    .ok_or("a kind?")?;
                Input::Fault {
                    id,
                    kind,
                    on: words.next() == Some("on"),
                }
            }
            "advert" => Input::Advert {
                id,
                advert: heard(words, &self.policies[id.index()])?,
            },
            other => return Err(format!("{other}?")),
        };
        self.feed(input);
        Ok(())
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

fn parse<T: std::str::FromStr>(word: Option<&str>) -> Result<T, String> {
    let word = word.ok_or("a value?")?;
    word.parse()
        .map_err(|_| format!("a value instead of {word}?"))
}

fn time(words: &mut Words<'_>) -> Result<Duration, String> {
    let word = words.next().ok_or("a time?")?;
    let seconds = word.strip_suffix('s').unwrap_or(word);
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let nanos: u32 = parse(Some(&format!("{fraction:0<9}")))?;
    Ok(Duration::new(parse(Some(whole))?, nanos))
}

fn address(word: Option<&str>) -> Result<Option<IpAddr>, String> {
    match word {
        Some("none") => Ok(None),
        word => parse(word).map(Some),
    }
}

fn heard(mut words: Words<'_>, policy: &Policy) -> Result<Heard, String> {
    words.next_if_eq(&"from").ok_or("from?")?;
    let source = parse(words.next())?;
    words.next_if_eq(&"priority").ok_or("priority?")?;
    let priority = Priority(parse(words.next())?);
    let interval = match words.next() {
        Some(_) => time(&mut words)?,
        None => policy.advert_interval,
    };
    Ok(Heard {
        source,
        priority,
        interval,
        age: Duration::ZERO,
    })
}

fn describe(effect: &Effect, policies: &[Policy], names: &[String]) -> (InstanceId, String) {
    match *effect {
        Effect::Advertise { id, priority } => (id, format!("send priority {priority}")),
        Effect::Addresses {
            id,
            presence: Presence::Add,
        } => (id, "add addresses".into()),
        Effect::Addresses {
            id,
            presence: Presence::Remove,
        } => (id, "remove addresses".into()),
        Effect::Announce { id, burst } => {
            let policy = policies[id.index()].announce;
            let rounds = match burst {
                Burst::Master => policy.repeat,
                Burst::Added => policy.repeat,
                Burst::LowerPriority => policy.lower_prio_repeat,
                Burst::Requested => 1,
            };
            (id, format!("announce {rounds}"))
        }
        Effect::Silence { id } => (id, "silence".into()),
        Effect::Went {
            id,
            from,
            to,
            cause,
        } => {
            let (from, to) = (from.as_str(), to.as_str());
            (
                id,
                format!("went {from} {to} because {}", describe_cause(cause, names)),
            )
        }
        Effect::GroupWent { .. } => unreachable!("described by its name"),
        Effect::Noted { id, note } => (id, describe_note(note)),
    }
}

fn describe_cause(cause: Cause, names: &[String]) -> String {
    let peer = |peer: Peer| format!("{} from {}", peer.priority, peer.address);
    let interface = |key: InterfaceKey| names[key.0 as usize].clone();
    match cause {
        Cause::Startup => "startup".into(),
        Cause::Owner => "owner".into(),
        Cause::NoAdvert {
            master: Some(master),
            silence,
        } => {
            format!("no-advert from {master} for {}", silence.as_secs_f64())
        }
        Cause::NoAdvert {
            master: None,
            silence,
        } => {
            format!("no-advert for {}", silence.as_secs_f64())
        }
        Cause::GaveUp { by } => format!("gave-up {by}"),
        Cause::LowerPriority(from) => format!("lower-priority {}", peer(from)),
        Cause::AddressRestored => "address-restored".into(),
        Cause::HigherPriority(from) => format!("higher-priority {}", peer(from)),
        Cause::HigherAddress(from) => format!("higher-address {}", peer(from)),
        Cause::AddressDeleted => "address-deleted".into(),
        Cause::Late { silence } => format!("late {}", silence.as_secs_f64()),
        Cause::InterfaceDown(key) => format!("interface-down {}", interface(key)),
        Cause::InterfaceUp(key) => format!("interface-up {}", interface(key)),
        Cause::TrackerBad(_) => "tracker-bad".into(),
        Cause::TrackerGood(_) => "tracker-good".into(),
        Cause::Group(_) => "group".into(),
        Cause::SourceLost => "source-lost".into(),
        Cause::SourceFound(address) => format!("source-found {address}"),
        Cause::Fault(kind) => format!("fault {kind:?}"),
        Cause::FaultCleared(kind) => format!("fault-cleared {kind:?}"),
        Cause::Shutdown => "shutdown".into(),
        Cause::Reloaded => "reloaded".into(),
        Cause::Removed => "removed".into(),
    }
}

fn describe_note(note: Note) -> String {
    match note {
        Note::PriorityChanged { from, to } => format!("note priority {from} {to}"),
        Note::MasterChanged { to, .. } => format!("note master {} {}", to.address, to.priority),
        Note::LosingAdvert(peer) => format!("note losing {} {}", peer.address, peer.priority),
        Note::OwnAddress(address) => format!("note own-address {address}"),
        Note::TwoOwners(rival) => format!("note two-owners {rival}"),
        Note::OwnerLowered(rival) => format!("note owner-lowered {rival}"),
        Note::PreemptDelay(peer) => format!("note preempt-delay {}", peer.address),
        Note::Interval { master, interval } => {
            format!("note interval {master} {}", interval.as_secs_f64())
        }
    }
}
