//! Checks that make no attempts: the number in a file and the state of a BFD session
//! are told when they change.

use std::rc::Rc;

use scheduler::{Id, Key, Scheduler};

use super::CheckProcess;
use super::checks::Check;
use crate::check::checker::Kind;
use crate::check::conversation::Attempt;
use crate::check::kinds::{bfd, file};
use crate::check::probe::Outcome;
use crate::track::files::{Files, Host, Tracked};

impl Host for CheckProcess {
    fn tracked_files(&mut self) -> &mut Files<Self> {
        &mut self.files
    }

    fn files_changed(&mut self, s: &mut Scheduler<Self>, news: &[(Key, i32)]) {
        for (key, value) in news {
            self.file_says(s, *key, *value);
        }
    }
}

impl CheckProcess {
    /// Follow the files of the configuration's checks, and take what is in them.
    pub(super) fn follow_files(&mut self, s: &mut Scheduler<Self>) {
        let config = Rc::clone(&self.config);
        let mut wanted: Vec<Tracked> = Vec::new();
        for (_, check) in self.checks.iter() {
            let kind = check.places.first().and_then(|at| self.checker(*at));
            let Some(Kind::File(settings)) = kind.map(|checker| &checker.kind) else {
                continue;
            };
            let key = Key::try_from(settings.file).unwrap_or(Key::MAX);
            let file = config.vrrp.files.get(settings.file);
            if let Some(path) = file.and_then(|file| file.path.as_ref())
                && !wanted.iter().any(|known| known.key == key)
            {
                wanted.push(Tracked {
                    key,
                    path: path.value.clone().into(),
                    value: 0,
                });
            }
        }
        self.files.follow(s, wanted);
        let found = self.files.list().iter();
        let found: Vec<(Key, i32)> = found.map(|file| (file.key, file.value)).collect();
        for (key, value) in found {
            self.file_says(s, key, value);
        }
    }

    fn file_says(&mut self, s: &mut Scheduler<Self>, key: Key, value: i32) {
        self.told(s, |kind| match kind {
            Kind::File(settings) if Key::try_from(settings.file) == Ok(key) => {
                Some(file::verdict(settings, value))
            }
            _ => None,
        });
    }

    /// A session is up, or is not.
    pub(super) fn session_says(&mut self, s: &mut Scheduler<Self>, name: &str, up: bool) {
        self.told(s, |kind| match kind {
            Kind::Bfd(settings) if settings.session == name => Some(bfd::verdict(up)),
            _ => None,
        });
    }

    /// Something was told that concerns these checks.
    fn told(&mut self, s: &mut Scheduler<Self>, verdict: impl Fn(&Kind) -> Option<Outcome>) {
        let concerned = self.checks.iter().filter_map(|(id, check)| {
            let checker = self.checker(*check.places.first()?)?;
            Some((id, verdict(&checker.kind)?))
        });
        let concerned: Vec<(Id<Check>, Outcome)> = concerned.collect();
        for (id, outcome) in concerned {
            if let Some(check) = self.checks.get_mut(id) {
                check.schedule.begin(s.now());
                check.last.begun = Some(s.now());
            }
            self.settle(s, id, Attempt::Outcome(outcome));
        }
    }
}
