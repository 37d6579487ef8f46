//! `MISC_CHECK`: a script and its exit status.

use scheduler::Instant;

use super::ended;
use crate::check::checker::MiscSettings;
use crate::check::probe::{Event, Memory, Opening, Outcome, Output, Probe, Transport, Weight};
use crate::check::words::TIMED_OUT;

/// What `misc_dynamic` takes off a status to have the weight.
const STATUS_OF_WEIGHT_0: u8 = 2;

/// The check of one server.
#[derive(Clone, Debug)]
pub struct Misc {
    settings: MiscSettings,
    /// What the script exited with last.
    status: u8,
}

impl Misc {
    /// A check as configured.
    #[must_use]
    pub const fn new(settings: MiscSettings) -> Self {
        Self {
            settings,
            status: 0,
        }
    }

    /// 0 is success, everything else is not; with `misc_dynamic` 2 to 255 are, too,
    /// and say a weight. With 0 the weight is the one of the configuration.
    fn judge(&self, status: Option<u8>) -> Outcome {
        match status {
            // What an earlier status has said of the weight is over.
            Some(0) => Outcome::Passed(self.settings.dynamic.then_some(Weight::Add(0))),
            Some(status @ STATUS_OF_WEIGHT_0..) if self.settings.dynamic => {
                let weight = status - STATUS_OF_WEIGHT_0;
                Outcome::Passed(Some(Weight::Set(weight.into())))
            }
            Some(status) => Outcome::Failed(format!("exited with status {status}").into()),
            None => Outcome::Failed("ended by a signal".into()),
        }
    }
}

impl Probe for Misc {
    fn begin(&mut self, _: Instant, _: u64) -> Opening<'_> {
        Opening {
            transport: Transport::Script(&self.settings),
            patience: self.settings.timeout,
        }
    }

    fn on(&mut self, _: Instant, event: Event<'_>, _: &mut Output) -> Option<Outcome> {
        match event {
            Event::Exited(status) => {
                self.status = status.unwrap_or(self.status);
                Some(self.judge(status))
            }
            Event::Connected | Event::Received(_) => None,
            Event::Expired => Some(Outcome::Failed(TIMED_OUT.into())),
            Event::Ended | Event::Failed(_) => ended(&event),
        }
    }

    fn remembers(&self) -> Option<Memory<'_>> {
        Some(Memory::Status(self.status))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::testing::drive;
    use super::*;
    use crate::model::{Account, Command};

    fn misc(dynamic: bool) -> Misc {
        Misc::new(MiscSettings {
            command: Command {
                path: "/bin/true".into(),
                name: "true".into(),
                args: Vec::new(),
                account: Account::ROOT,
            },
            given: "/bin/true".into(),
            user: None,
            timeout: Duration::from_secs(1),
            dynamic,
        })
    }

    fn outcome(dynamic: bool, status: Option<u8>) -> Outcome {
        let told = Event::Exited(status);
        drive(&mut misc(dynamic), told).1.unwrap()
    }

    fn is_failure(outcome: &Outcome) -> bool {
        matches!(outcome, Outcome::Failed(_))
    }

    #[test]
    fn zero_is_success_with_the_weight_of_the_configuration() {
        let configured = Outcome::Passed(Some(Weight::Add(0)));
        assert_eq!(outcome(true, Some(0)), configured);
        assert_eq!(outcome(false, Some(0)), Outcome::Passed(None));
        for dynamic in [false, true] {
            assert!(is_failure(&outcome(dynamic, Some(1))));
            assert!(is_failure(&outcome(dynamic, None)));
        }
    }

    #[test]
    fn a_dynamic_script_says_the_weight() {
        for (status, weight) in [(2, 0), (12, 10), (255, 253)] {
            let says = Outcome::Passed(Some(Weight::Set(weight)));
            assert_eq!(outcome(true, Some(status)), says);
            assert!(is_failure(&outcome(false, Some(status))));
        }
    }

    #[test]
    fn the_last_status_is_remembered_and_a_signal_has_none() {
        let mut probe = misc(false);
        assert_eq!(probe.remembers(), Some(Memory::Status(0)));
        drive(&mut probe, Event::Exited(Some(7)));
        drive(&mut probe, Event::Exited(None));
        assert_eq!(probe.remembers(), Some(Memory::Status(7)));
    }
}
