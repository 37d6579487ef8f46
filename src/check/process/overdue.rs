//! Checks that do not run: whatever the reason, it is told, since a server whose check
//! stands still counts as well for ever.

use std::time::Duration;

use scheduler::{Key, Scheduler};

use super::CheckProcess;
use super::check::index;
use crate::check::names;

/// How often all checks are looked at.
const INTERVAL: Duration = Duration::from_secs(10);
/// How many are named in the log; the others are counted.
const NAMED: usize = 3;

impl CheckProcess {
    /// Look at all checks now and then.
    pub(super) fn watch_checks(&self, s: &mut Scheduler<Self>) {
        let at = s.now() + INTERVAL;
        s.at("overdue checks", at, 0, Self::on_overdue);
    }

    fn on_overdue(&mut self, s: &mut Scheduler<Self>, _: Key) {
        let now = s.now();
        let mut news = Vec::new();
        for (id, check) in self.checks.iter() {
            // What others tell has no time of its own.
            let is_overdue = check.conduct.is_active() && check.schedule.is_overdue(now);
            if is_overdue != check.is_overdue {
                news.push((id, is_overdue));
            }
        }
        let mut stuck = Vec::new();
        for (id, is_overdue) in news {
            if let Some(check) = self.checks.get_mut(id) {
                check.is_overdue = is_overdue;
                stuck.extend(check.places.first().copied().filter(|_| is_overdue));
            }
        }
        for place in stuck.iter().take(NAMED) {
            let service = self.config.check.services.get(index(place.service));
            let server = service.and_then(|of| of.servers.get(index(place.server)));
            if let (Some(service), Some(server), Some(checker)) =
                (service, server, self.checker(*place))
            {
                let keyword = checker.kind.keyword();
                let name = names::server(service, server.socket());
                log::warn!("{keyword} of service {name} has not run for three intervals");
            }
        }
        if let Some(more @ 1..) = stuck.len().checked_sub(NAMED) {
            log::warn!("{more} more checks have not run for three intervals");
        }
        self.watch_checks(s);
    }
}
