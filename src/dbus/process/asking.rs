//! What the VRRP process is asked for. While it is behind, a request waits here, and
//! further ones for the same thing are one with it: a client that asks in a loop costs
//! neither process more than the work that it gets.

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use scheduler::{Alarm, Scheduler};

use super::DbusProcess;
use crate::dbus::line::{Hearer, Request};

/// The time until the line is tried again.
const REST: Duration = Duration::from_millis(50);

/// Requests that found no room on the line.
#[derive(Debug)]
pub(super) struct Asking {
    waiting: VecDeque<Request>,
    alarm: Alarm<DbusProcess>,
}

impl Default for Asking {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            alarm: Alarm::new("D-Bus requests", 0, DbusProcess::on_asking),
        }
    }
}

impl Asking {
    /// Ask for something, now or when there is room.
    ///
    /// # Errors
    /// There is no line.
    pub(super) fn ask(&mut self, line: Option<&Hearer>, request: &Request) -> io::Result<()> {
        if self.waiting.contains(request) {
            return Ok(());
        }
        if self.waiting.is_empty() {
            let line = line.ok_or(io::ErrorKind::NotConnected)?;
            match line.ask(request) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                asked => return asked,
            }
        }
        self.waiting.push_back(request.clone());
        Ok(())
    }

    /// Ask for what waits, as far as there is room.
    pub(super) fn go_on(&mut self, line: Option<&Hearer>) {
        while let (Some(request), Some(line)) = (self.waiting.front(), line) {
            match line.ask(request) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => log::warn!("The VRRP process cannot be told: {error}"),
                Ok(()) => {}
            }
            self.waiting.pop_front();
        }
    }

    /// Try again later if something waits.
    pub(super) fn follow(&mut self, s: &mut Scheduler<DbusProcess>) {
        if self.waiting.is_empty() {
            return self.alarm.follow(s, None);
        }
        let now = s.now();
        if self.alarm.deadline().is_none_or(|at| at <= now) {
            self.alarm.follow(s, Some(now + REST));
        }
    }
}
