//! What the lines of a case set up, and what they let happen.

use std::net::IpAddr;
use std::time::Duration;

use keepalived::model::{Family, Priority, Vrid};
use keepalived::vrrp::fsm::{
    FaultKind, Heard, InstanceId, InterfaceKey, Policy, Status, Track, TrackSource, TrackerKey,
    Version,
};
use keepalived::vrrp::router::Input;
use keepalived::vrrp::sync::SyncGroup;
use scheduler::Instant;

use crate::Case;
use crate::words::{Words, address, parse, time};

impl Case {
    pub(crate) fn name(&self, words: &mut Words<'_>) -> InstanceId {
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

    pub(crate) fn config(&mut self, mut words: Words<'_>) -> Result<(), String> {
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

    pub(crate) fn event(
        &mut self,
        at: Instant,
        id: InstanceId,
        mut words: Words<'_>,
    ) -> Result<(), String> {
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
                let kind = fault_kind(words.next().unwrap_or_default())?;
                let on = words.next() == Some("on");
                Input::Fault { id, kind, on }
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
}

fn fault_kind(word: &str) -> Result<FaultKind, String> {
    let is_it = |kind: &FaultKind| format!("{kind:?}").eq_ignore_ascii_case(word);
    let mut kinds = FaultKind::ALL.into_iter();
    Ok(kinds.find(is_it).ok_or("a kind?")?)
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
