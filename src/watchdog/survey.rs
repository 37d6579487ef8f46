//! How a child tells its state: in pieces of bounded size, one a round, so that nothing
//! else waits for it; and its part of the line for service managers.
//!
//! The section of a process is an object: first its head, then its lists, element by
//! element. What is changed by a reload meanwhile is told from the beginning.

use std::fs::File;
use std::io::{self, Write as _};
use std::time::Duration;

use scheduler::{Alarm, Key, Scheduler};

use super::ipc;
use super::launch::child::Child;
use crate::dump::json::Json;

/// Octets after which a piece ends: some ten microseconds of work.
const PIECE: usize = 16 * 1024;
/// The line for service managers follows changes after this time, so that a storm of
/// them is few lines.
const SETTLING: Duration = Duration::from_millis(300);

/// What is on its way from a process to those who watch.
#[derive(Debug)]
pub struct Watched<P> {
    survey: Option<Survey>,
    headline: Alarm<P>,
}

impl<P: Surveyed> Default for Watched<P> {
    fn default() -> Self {
        Self {
            survey: None,
            headline: Alarm::new("headline", 0, P::say_headline),
        }
    }
}

/// A section under way.
#[derive(Debug)]
pub struct Survey {
    file: File,
    json: Json,
    /// The list, and the element in it.
    list: usize,
    place: usize,
}

/// A process that tells its state.
pub trait Surveyed: Child {
    /// The keys of its lists.
    const LISTS: &'static [&'static str];

    /// What is on its way.
    fn watched(&mut self) -> &mut Watched<Self>;
    /// Its part of the line for service managers.
    fn headline(&self) -> String;
    /// The members before the lists.
    fn head(&self, s: &Scheduler<Self>, out: &mut Json);
    /// An element of a list; false if there is none at this place.
    fn element(&self, s: &Scheduler<Self>, list: usize, place: usize, out: &mut Json) -> bool;
    /// Before and after a survey.
    fn prepare(&mut self, _begins: bool) {}

    /// The parent has said something; it may want the state, and what was told so far
    /// may not hold any more after a reload.
    fn after_orders(&mut self, s: &mut Scheduler<Self>, is_reloaded: bool) {
        let is_under_way = self.watched().survey.is_some();
        if self.plumbing().is_observed() || (is_reloaded && is_under_way) {
            self.begin_survey(s);
        }
        if is_reloaded {
            self.headline_may_change(s);
        }
    }

    /// A state has changed, so the line for service managers may have.
    fn headline_may_change(&mut self, s: &mut Scheduler<Self>) {
        if self.plumbing().has_manager() {
            let headline = &mut self.watched().headline;
            let pending = headline.deadline().filter(|at| *at > s.now());
            let at = pending.unwrap_or_else(|| s.now() + SETTLING);
            headline.follow(s, Some(at));
        }
    }

    /// Say the line.
    fn say_headline(&mut self, _: &mut Scheduler<Self>, _: Key) {
        let text = self.headline();
        self.plumbing().say_headline(text);
    }

    /// Begin, or begin anew.
    fn begin_survey(&mut self, s: &mut Scheduler<Self>) {
        self.prepare(true);
        let is_new = self.watched().survey.is_none();
        match Survey::begin() {
            Ok(mut survey) => {
                self.head(s, &mut survey.json);
                survey.open_list(Self::LISTS);
                self.watched().survey = Some(survey);
                if is_new {
                    s.soon("status", 0, Self::survey_on);
                }
            }
            Err(error) => {
                self.watched().survey = None;
                log::warn!("cannot tell the state: {error}");
            }
        }
    }

    /// Another piece.
    fn survey_on(&mut self, s: &mut Scheduler<Self>, _: Key) {
        let Some(mut survey) = self.watched().survey.take() else {
            return;
        };
        while survey.json.len() < PIECE && survey.list < Self::LISTS.len() {
            if self.element(s, survey.list, survey.place, &mut survey.json) {
                survey.place += 1;
            } else {
                survey.next_list(Self::LISTS);
            }
        }
        let is_complete = survey.list >= Self::LISTS.len();
        let done = survey.write(is_complete);
        match (done, is_complete) {
            (Err(error), _) => log::warn!("cannot tell the state: {error}"),
            (Ok(()), true) => {
                self.plumbing().observed(&survey.file);
                self.prepare(false);
            }
            (Ok(()), false) => {
                self.watched().survey = Some(survey);
                s.soon("status", 0, Self::survey_on);
            }
        }
    }
}

impl Survey {
    fn begin() -> io::Result<Self> {
        let mut json = Json::with_capacity(PIECE + PIECE / 2);
        json.open('{');
        Ok(Self {
            file: ipc::memory_file("keepalived status")?,
            json,
            list: 0,
            place: 0,
        })
    }

    fn open_list(&mut self, lists: &[&str]) {
        match lists.get(self.list) {
            Some(key) => {
                self.json.key(key);
                self.json.open('[');
            }
            None => self.json.close('}'),
        }
    }

    fn next_list(&mut self, lists: &[&str]) {
        self.json.close(']');
        self.list += 1;
        self.place = 0;
        self.open_list(lists);
    }

    /// Put what there is into the file; the last octet only at the end.
    fn write(&mut self, is_complete: bool) -> io::Result<()> {
        let file = &mut self.file;
        self.json.hand_over(|octets| file.write_all(octets))?;
        if is_complete {
            file.write_all(b"}")?;
        }
        Ok(())
    }
}
