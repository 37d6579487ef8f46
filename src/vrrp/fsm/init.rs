//! The state INIT: how an instance begins to work, and how it stops.

use scheduler::Instant;

use super::backup::Waiting;
use super::{Cause, Effect, Effects, Instance, Presence, State};
use crate::model::Priority;

impl Instance {
    /// RFC 9568 6.4.1.
    pub(super) fn on_start(&mut self, now: Instant, at: Instant, out: &mut Effects) {
        if self.state != State::Init || self.is_started {
            return;
        }
        self.is_started = true;
        self.active_from = at.max(now);
        out.push(Effect::Addresses {
            id: self.id,
            presence: Presence::Remove,
        });
        self.leave_init(now, out);
    }

    /// From INIT to work or to FAULT, when all trackers that decide it are known.
    pub(super) fn leave_init(&mut self, now: Instant, out: &mut Effects) {
        if self.state != State::Init || !self.is_started || self.awaited > 0 {
            return;
        }
        if self.faults.is_empty() {
            if !self.is_held() {
                self.begin(now, Cause::Startup, out);
            }
        } else {
            self.go(State::Fault, self.cause_of_fault(), out);
        }
    }

    /// From INIT or FAULT to work: backup for a full master-down time. An owner
    /// need not wait, and is never backup (RFC 9568 6.4.1), also with `state BACKUP`.
    /// `vrrp_startup_delay` or a group of owners that starts may keep it waiting for a
    /// moment of which nobody is told; other members of its group make it backup.
    pub(super) fn begin(&mut self, now: Instant, cause: Cause, out: &mut Effects) {
        let from = now.max(self.active_from);
        self.master_interval = self.policy.advert_interval;
        self.waiting = Waiting::since(from);
        let owner = self.policy.priority.is_owner();
        if owner && from == now && !self.policy.grouped {
            let is_start = self.state == State::Init;
            let cause = if is_start { Cause::Owner } else { cause };
            self.become_master(now, cause, out);
            return;
        }
        if owner && self.state == State::Init && self.is_among_owners() {
            self.state = State::Backup;
        } else {
            self.enter_backup(cause, out);
        }
        self.waiting.owner = owner;
        self.timer = Some(if owner {
            from
        } else {
            from + self.down_interval()
        });
    }

    /// An owner that waited for its moment has to wait longer: it is backup after all.
    pub(super) fn admit_backup(&mut self, out: &mut Effects) {
        if self.told == State::Init && self.state == State::Backup {
            self.tell(Cause::Startup, out);
        }
    }

    /// Whoever has started is told to have stopped, even if nothing else was told.
    pub(super) fn on_stop(&mut self, cause: Cause, out: &mut Effects) {
        if !std::mem::take(&mut self.is_started) {
            return;
        }
        if self.state == State::Master {
            self.advertise(Priority::GIVE_UP, out);
            self.withdraw(out);
        }
        self.go(State::Init, cause, out);
    }
}
