//! What goes on after a reload of what was to be announced.

use scheduler::Instant;

use super::Announcer;
use crate::vrrp::fsm::InstanceId;

impl Announcer {
    /// An instance of this new announcer is the one that was `from` in the old,
    /// and has its first `installed` addresses in the kernel. Bursts to come stay;
    /// with the same addresses also the one that is under way, else it is begun
    /// again. A master refreshes from now on if that is new.
    pub fn carry_over(
        &mut self,
        now: Instant,
        old: &Self,
        from: InstanceId,
        to: InstanceId,
        installed: u32,
    ) {
        let Some(before) = old.targets.get(from.index()) else {
            return;
        };
        let Some(target) = self.targets.get_mut(to.index()) else {
            return;
        };
        target.installed = installed;
        target.second = before.second;
        target.against_rival = before.against_rival;
        let policy = target.policy;
        let refreshes = !policy.refresh.is_zero() && policy.refresh_repeat > 0;
        let same = before.policy.refresh == policy.refresh;
        target.extra = match before.extra {
            Some(at) if before.policy.extra == policy.extra && !target.extras.is_empty() => {
                Some(at)
            }
            _ if installed > 0 => target.first_extra(now),
            _ => None,
        };
        target.refresh = match before.refresh {
            Some(at) if refreshes && same => Some(at),
            _ if refreshes && installed > 0 => Some(now + policy.refresh),
            _ => None,
        };
        let (lanes, lanes_before) = (target.lanes.clone(), before.lanes.clone());
        let mut rounds = 0;
        let pairs = self.lanes[lanes].iter_mut().zip(&old.lanes[lanes_before]);
        for (lane, before) in pairs {
            if lane.addresses == before.addresses {
                lane.rounds = before.rounds;
                lane.next = before.next;
            } else {
                rounds = rounds.max(before.rounds);
            }
        }
        self.follow(to);
        self.burst(now, to, rounds);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::vrrp::announce::PacerId;
    use crate::vrrp::fsm::{AnnouncePolicy, Burst};

    fn taken(announcer: &mut Announcer, now: Instant) -> Vec<(InstanceId, u32)> {
        let mut out = Vec::new();
        announcer.take(now, 100, &mut out);
        out
    }

    #[test]
    fn bursts_go_on_under_another_number() {
        let policy = AnnouncePolicy {
            repeat: 2,
            ..AnnouncePolicy::default()
        };
        let now = Instant::from_millis(1_000);
        let mut old = Announcer::new();
        old.add(policy, &[PacerId::NONE; 3]);
        old.add(policy, &[PacerId::NONE; 3]);
        let id = InstanceId(1);
        old.begin(now, id, Burst::Master);
        old.installed(now, id, 3);
        let mut out = Vec::new();
        old.take(now, 2, &mut out);
        let mut new = Announcer::new();
        new.add(policy, &[PacerId::NONE; 3]);
        new.carry_over(now, &old, id, InstanceId(0), 3);
        let rest: Vec<u32> = taken(&mut new, now)
            .iter()
            .map(|(_, index)| *index)
            .collect();
        assert_eq!(rest, [2, 0, 1, 2]);
        assert_eq!(new.deadline(), Some(now + Duration::from_secs(5)));
        assert_eq!(taken(&mut new, now + Duration::from_secs(5)).len(), 6);
    }
}
