//! Checks that make no attempts: the number in a file and the state of a BFD session
//! are told when they change.

use std::os::fd::AsFd as _;
use std::rc::Rc;

use scheduler::{Drain, Id, Interest, IoId, Key, Ready, Scheduler};

use super::CheckProcess;
use super::check::{Check, index};
use super::setup::places;
use crate::bfd::feed::Feed;
use crate::check::checker::Kind;
use crate::check::conversation::Attempt;
use crate::check::kinds::{bfd, file};
use crate::check::probe::{Outcome, Weight};
use crate::control_plane::Config;
use crate::track::files::{self, Files, Host, Tracked};
use crate::vrrp::config::FileConfig;

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
    /// At the start: make the files that are to be there, read them, and have them count
    /// before the servers come into the table.
    pub(super) fn weigh_files(&mut self, s: &mut Scheduler<Self>) {
        let config = Rc::clone(&self.config);
        self.make_files(&[]);
        self.read_files(s);
        for (place, checker) in places(&config) {
            let verdict = self.in_file(&checker.kind);
            let Some(own) = self.services.get_mut(index(place.service)) else {
                continue;
            };
            let server = index(place.server);
            match verdict {
                Some(Outcome::Passed(Some(Weight::Add(contribution)))) => {
                    let others = own.machine.contribution(server);
                    let sum = others.saturating_add(contribution);
                    own.machine.set_contribution(server, sum);
                }
                // A server that begins so has not changed: nobody is told.
                Some(Outcome::Failed(_)) => {
                    own.machine.checked(server, false, &mut Vec::new());
                }
                Some(Outcome::Passed(_) | Outcome::Proceed { .. }) | None => (),
            }
        }
    }

    /// The checks that [`Self::weigh_files`] has found to be down.
    pub(super) fn settle_files(&mut self) {
        let checks = self.checks.iter().filter_map(|(id, check)| {
            let checker = self.checker(*check.places.first()?)?;
            let verdict = self.in_file(&checker.kind)?;
            matches!(verdict, Outcome::Failed(_)).then_some(id)
        });
        for id in checks.collect::<Vec<Id<Check>>>() {
            if let Some(check) = self.checks.get_mut(id) {
                check.schedule.found_down();
            }
        }
    }

    /// Make the files that checks look at and that are to be there, unless they were
    /// among those before.
    pub(super) fn make_files(&self, before: &[FileConfig]) {
        for file in files_of(&self.config) {
            let of = usize::try_from(file.key).ok();
            let of = of.and_then(|of| self.config.vrrp.files.get(of));
            let new = of.filter(|of| before.iter().all(|old| old.path != of.path));
            if let Some(init) = new.and_then(|of| of.init) {
                files::initialise(&file.path, init.value, init.overwrite);
            }
        }
    }

    /// What a check adds to the weight of its server before it was told anything.
    pub(super) fn added_by_file(&self, kind: &Kind) -> i64 {
        match self.in_file(kind) {
            Some(Outcome::Passed(Some(Weight::Add(weight)))) => weight,
            _ => 0,
        }
    }

    /// What is in the file of a check comes to.
    fn in_file(&self, kind: &Kind) -> Option<Outcome> {
        let Kind::File(settings) = kind else {
            return None;
        };
        let mut list = self.files.list().iter();
        let file = list.find(|file| Key::try_from(settings.file) == Ok(file.key))?;
        Some(file::verdict(settings, file.value))
    }

    /// Follow the files of the configuration's checks from now on. Nothing is told yet.
    pub(super) fn read_files(&mut self, s: &mut Scheduler<Self>) {
        let wanted = files_of(&self.config);
        self.files.follow(s, wanted);
    }

    /// Follow the files of the configuration's checks, and take what is in them.
    pub(super) fn follow_files(&mut self, s: &mut Scheduler<Self>) {
        self.read_files(s);
        let found = self.files.list().iter();
        let found: Vec<(Key, i32)> = found.map(|file| (file.key, file.value)).collect();
        for (key, value) in found {
            self.file_says(s, key, value);
        }
    }

    fn file_says(&mut self, s: &mut Scheduler<Self>, key: Key, value: i32) {
        self.told(s, |kind| {
            let Kind::File(settings) = kind else {
                return None;
            };
            let concerned = Key::try_from(settings.file) == Ok(key);
            concerned.then(|| file::verdict(settings, value))
        });
    }

    /// Listen to the BFD process.
    pub(super) fn watch_sessions(&mut self, s: &mut Scheduler<Self>) {
        self.sessions = self.plumbing.ends.feed.take();
        if let Some(feed) = &self.sessions {
            let fd = feed.as_fd();
            if let Err(error) = s.watch("BFD", fd, Interest::Read, 0, Self::on_verdicts) {
                log::error!("BFD sessions cannot be followed: {error}");
            }
        }
        self.ask_for_sessions();
    }

    /// Have everything told that is known of sessions.
    pub(super) fn ask_for_sessions(&self) {
        let mut kinds = self.checks.iter().filter_map(|(_, check)| {
            let checker = self.checker(*check.places.first()?)?;
            Some(&checker.kind)
        });
        let is_any = kinds.any(|kind| matches!(kind, Kind::Bfd(_)));
        if let Some(feed) = self.sessions.as_ref().filter(|_| is_any) {
            feed.ask();
        }
    }

    fn on_verdicts(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, _: Ready) -> Drain {
        while let Some(verdict) = self.sessions.as_ref().and_then(Feed::next) {
            self.told(s, |kind| {
                let Kind::Bfd(settings) = kind else {
                    return None;
                };
                (settings.session == verdict.name).then(|| bfd::verdict(verdict.up))
            });
        }
        Drain::Drained
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

/// The files that checks of this configuration look at.
fn files_of(config: &Config) -> Vec<Tracked> {
    let mut wanted: Vec<Tracked> = Vec::new();
    for (_, checker) in places(config) {
        let Kind::File(settings) = &checker.kind else {
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
    wanted
}
