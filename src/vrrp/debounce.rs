//! `interface_up_down_delays`: an interface that flaps is left alone until its
//! new state has lasted.
//!
//! A filter between the reflector and the router. Interfaces without delays and
//! first reports pass at once; and delays begin to apply when the interface has
//! been seen up, so that a missing cable at start is known at once.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::time::Duration;

use scheduler::Instant;

use super::fsm::InterfaceKey;

/// Changes to pass on: which interface, and whether it is up.
pub type Changes = Vec<(InterfaceKey, bool)>;

/// The filter for all interfaces that have delays.
#[derive(Debug, Default)]
pub struct Debouncer {
    interfaces: BTreeMap<InterfaceKey, Interface>,
}

#[derive(Debug)]
struct Interface {
    delays: Delays,
    seen_up: bool,
    /// The state passed on last.
    passed: Option<bool>,
    /// When the opposite state is passed on.
    due: Option<Instant>,
}

/// How long a new state has to last.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Delays {
    /// Before an interface counts as down.
    pub down: Duration,
    /// Before it counts as up again.
    pub up: Duration,
}

impl Delays {
    /// Limit both to what an instance on the interface can bear.
    #[must_use]
    pub fn at_most(self, limit: Duration) -> Self {
        Self {
            down: self.down.min(limit),
            up: self.up.min(limit),
        }
    }
}

/// The longest delay that leaves a master time to give up, or a backup time to
/// hear adverts again: `(down_timer_adverts - 1)` intervals less 1/256.
#[must_use]
pub fn longest_delay(down_timer_adverts: u8, interval: Duration) -> Duration {
    let adverts = u32::from(down_timer_adverts.saturating_sub(1));
    (interval * adverts).saturating_sub(interval / 256)
}

impl Debouncer {
    /// Set the delays of an interface.
    pub fn set(&mut self, key: InterfaceKey, delays: Delays) {
        self.interfaces
            .entry(key)
            .and_modify(|interface| interface.delays = delays)
            .or_insert(Interface {
                delays,
                seen_up: false,
                passed: None,
                due: None,
            });
    }

    /// The delays of an interface; none unless set.
    #[must_use]
    pub fn delays(&self, key: InterfaceKey) -> Delays {
        self.interfaces
            .get(&key)
            .map_or_else(Delays::default, |interface| interface.delays)
    }

    /// The kernel says an interface is up and running, or not.
    pub fn on(&mut self, now: Instant, key: InterfaceKey, up: bool, out: &mut Changes) {
        let Some(interface) = self.interfaces.get_mut(&key) else {
            out.push((key, up));
            return;
        };
        let delay = if up {
            interface.delays.up
        } else {
            interface.delays.down
        };
        let at_once = !interface.seen_up || delay.is_zero();
        interface.seen_up |= up;
        if interface.passed == Some(up) {
            interface.due = None;
        } else if at_once {
            interface.pass(key, up, out);
        } else if interface.due.is_none() {
            interface.due = Some(now + delay);
        }
    }

    /// Pass on what has lasted.
    pub fn expire(&mut self, now: Instant, out: &mut Changes) {
        for (key, interface) in &mut self.interfaces {
            if interface.due.is_some_and(|due| due <= now) {
                let up = interface.passed != Some(true);
                interface.pass(*key, up, out);
            }
        }
    }

    /// When [`Self::expire`] is wanted.
    #[must_use]
    pub fn deadline(&self) -> Option<Instant> {
        self.interfaces
            .values()
            .filter_map(|interface| interface.due)
            .min()
    }
}

impl Interface {
    fn pass(&mut self, key: InterfaceKey, up: bool, out: &mut Changes) {
        self.passed = Some(up);
        self.due = None;
        out.push((key, up));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ETH0: InterfaceKey = InterfaceKey(3);

    fn ms(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn debouncer(down: u64, up: u64) -> Debouncer {
        let mut debouncer = Debouncer::default();
        let delays = Delays {
            down: Duration::from_millis(down),
            up: Duration::from_millis(up),
        };
        debouncer.set(ETH0, delays);
        debouncer
    }

    fn on(debouncer: &mut Debouncer, now: u64, up: bool) -> Vec<bool> {
        let mut out = Vec::new();
        debouncer.on(ms(now), ETH0, up, &mut out);
        out.into_iter().map(|(_, up)| up).collect()
    }

    fn expire(debouncer: &mut Debouncer, now: u64) -> Vec<bool> {
        let mut out = Vec::new();
        debouncer.expire(ms(now), &mut out);
        out.into_iter().map(|(_, up)| up).collect()
    }

    #[test]
    fn others_pass_at_once() {
        let mut out = Vec::new();
        debouncer(500, 500).on(ms(0), InterfaceKey(4), false, &mut out);
        assert_eq!(out, [(InterfaceKey(4), false)]);
    }

    #[test]
    fn delays_begin_when_it_was_up_once() {
        let mut debouncer = debouncer(500, 300);
        assert_eq!(on(&mut debouncer, 0, false), [false]);
        assert_eq!(on(&mut debouncer, 10, true), [true]);
        assert_eq!(on(&mut debouncer, 1000, false), []);
        assert_eq!(debouncer.deadline(), Some(ms(1500)));
        assert_eq!(
            on(&mut debouncer, 1100, false),
            [],
            "the first report counts"
        );
        assert_eq!(expire(&mut debouncer, 1499), []);
        assert_eq!(expire(&mut debouncer, 1500), [false]);
        assert_eq!(on(&mut debouncer, 2000, true), []);
        assert_eq!(expire(&mut debouncer, 2300), [true]);
        assert_eq!(debouncer.deadline(), None);
    }

    #[test]
    fn a_flap_is_not_seen() {
        let mut debouncer = debouncer(500, 0);
        assert_eq!(on(&mut debouncer, 0, true), [true]);
        assert_eq!(on(&mut debouncer, 100, false), []);
        assert_eq!(on(&mut debouncer, 400, true), []);
        assert_eq!(debouncer.deadline(), None);
        assert_eq!(expire(&mut debouncer, 9000), []);
    }

    #[test]
    fn an_omitted_up_delay_is_none() {
        let mut debouncer = debouncer(100, 0);
        assert_eq!(on(&mut debouncer, 0, true), [true]);
        assert_eq!(on(&mut debouncer, 10, false), []);
        assert_eq!(expire(&mut debouncer, 110), [false]);
        assert_eq!(on(&mut debouncer, 120, true), [true]);
    }

    #[test]
    fn delays_stay_below_the_down_timer() {
        let second = Duration::from_secs(1);
        assert_eq!(
            longest_delay(3, second),
            Duration::from_nanos(1_996_093_750)
        );
        assert_eq!(longest_delay(1, second), Duration::ZERO);
        let long = Delays {
            down: second,
            up: second * 9,
        };
        let limit = second * 2;
        assert_eq!(
            long.at_most(limit),
            Delays {
                down: second,
                up: limit
            }
        );
    }
}
