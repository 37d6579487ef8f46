//! The order in which virtual addresses enter and leave the kernel.
//!
//! A takeover of ten thousand addresses takes the kernel longer than an advert
//! interval, so addresses are handed over in chunks with adverts between them.
//! This machine remembers who still waits for what. It knows neither netlink
//! nor addresses: an address is its position in the list of its instance.
//!
//! The kernel works requests off in the order they were sent, so one queue is
//! enough: what is removed after it was added is removed in the end.

use std::collections::VecDeque;

use crate::vrrp::fsm::InstanceId;

/// Whether an address shall be there or not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// Add it, or leave it if it is there.
    Present,
    /// Delete it, or do nothing if it is gone.
    Absent,
}

/// One address to add or delete.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Order {
    /// Whose address.
    pub instance: InstanceId,
    /// Its position: virtual addresses first, excluded ones after them.
    pub index: u32,
    /// What to do with it.
    pub wanted: Wanted,
}

impl Order {
    /// The order as the ticket of a kernel request.
    #[must_use]
    pub fn ticket(self) -> u64 {
        let present = u64::from(self.wanted == Wanted::Present);
        (u64::from(self.instance.0) << 33) | (u64::from(self.index) << 1) | present
    }

    /// The order that [`Order::ticket`] made this ticket of.
    #[must_use]
    pub fn from_ticket(ticket: u64) -> Self {
        let wanted = if ticket & 1 == 1 {
            Wanted::Present
        } else {
            Wanted::Absent
        };
        let low = |bits: u64| u32::try_from(bits & u64::from(u32::MAX)).unwrap_or_default();
        Self {
            instance: InstanceId(low(ticket >> 33)),
            index: low(ticket >> 1),
            wanted,
        }
    }
}

/// Consecutive addresses of one instance that wait for the same thing.
#[derive(Debug)]
struct Job {
    instance: InstanceId,
    wanted: Wanted,
    next: u32,
    end: u32,
}

/// How far one instance's addresses are.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    /// Addresses below this position were sent to the kernel to be added.
    sent: u32,
    /// Additions below this position were answered.
    settled: u32,
}

/// What waits to be added or deleted, for all instances.
#[derive(Debug, Default)]
pub struct Installer {
    queue: VecDeque<Job>,
    progress: Vec<Progress>,
}

impl Installer {
    /// An installer for this many instances.
    #[must_use]
    pub fn new(instances: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            progress: vec![Progress::default(); instances],
        }
    }

    /// The instance became master: all its `count` addresses shall be there.
    pub fn add_all(&mut self, instance: InstanceId, count: u32) {
        self.queue
            .retain(|job| job.instance != instance || job.wanted == Wanted::Absent);
        if let Some(progress) = self.progress_mut(instance) {
            *progress = Progress::default();
        }
        self.queue.push_back(Job {
            instance,
            wanted: Wanted::Present,
            next: 0,
            end: count,
        });
    }

    /// The instance is no longer master: what was sent of its addresses shall go.
    /// Returns how many, counted from the first, that concerns.
    pub fn remove_all(&mut self, instance: InstanceId) -> u32 {
        self.queue
            .retain(|job| job.instance != instance || job.wanted == Wanted::Absent);
        let Some(progress) = self.progress_mut(instance) else {
            return 0;
        };
        let sent = std::mem::take(progress).sent;
        if sent > 0 {
            self.queue.push_back(Job {
                instance,
                wanted: Wanted::Absent,
                next: 0,
                end: sent,
            });
        }
        sent
    }

    /// One address shall be there (again), whatever the others of its owner do.
    pub fn add_one(&mut self, instance: InstanceId, index: u32) {
        let end = index.saturating_add(1);
        self.queue.push_back(Job {
            instance,
            wanted: Wanted::Present,
            next: index,
            end,
        });
    }

    /// One address that should not be there was found (left over by a crash).
    pub fn remove_one(&mut self, instance: InstanceId, index: u32) {
        self.queue.push_back(Job {
            instance,
            wanted: Wanted::Absent,
            next: index,
            end: index.saturating_add(1),
        });
    }

    /// The next order, in the order the kernel shall see them.
    pub fn take(&mut self) -> Option<Order> {
        loop {
            let job = self.queue.front_mut()?;
            if job.next >= job.end {
                self.queue.pop_front();
                continue;
            }
            let order = Order {
                instance: job.instance,
                index: job.next,
                wanted: job.wanted,
            };
            job.next += 1;
            if order.wanted == Wanted::Present
                && let Some(progress) = self.progress_mut(order.instance)
            {
                progress.sent = progress.sent.max(order.index + 1);
            }
            return Some(order);
        }
    }

    /// The kernel answered an addition, well or not. Returns how many of the
    /// instance's addresses, counted from the first, are settled now.
    pub fn settled(&mut self, order: Order) -> Option<u32> {
        let progress = self.progress_mut(order.instance)?;
        let counts = order.wanted == Wanted::Present && order.index < progress.sent;
        counts.then(|| {
            progress.settled = progress.settled.max(order.index + 1);
            progress.settled
        })
    }

    /// Whether this address is one that the instance has asked the kernel for.
    #[must_use]
    pub fn holds(&self, instance: InstanceId, index: u32) -> bool {
        let slot = usize::try_from(instance.0).unwrap_or(usize::MAX);
        self.progress
            .get(slot)
            .is_some_and(|progress| index < progress.settled)
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.queue.iter().all(|job| job.next >= job.end)
    }

    fn progress_mut(&mut self, instance: InstanceId) -> Option<&mut Progress> {
        self.progress.get_mut(usize::try_from(instance.0).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: InstanceId = InstanceId(0);
    const B: InstanceId = InstanceId(1);

    fn drain(installer: &mut Installer) -> Vec<(u32, u32, Wanted)> {
        std::iter::from_fn(|| installer.take())
            .map(|o| (o.instance.0, o.index, o.wanted))
            .collect()
    }

    #[test]
    fn tickets_survive_the_way_to_the_kernel() {
        for (instance, index) in [(0, 0), (7, 9_999), (999_999, u32::MAX)] {
            for wanted in [Wanted::Present, Wanted::Absent] {
                let order = Order {
                    instance: InstanceId(instance),
                    index,
                    wanted,
                };
                assert_eq!(Order::from_ticket(order.ticket()), order);
            }
        }
    }

    #[test]
    fn a_master_gets_all_its_addresses_in_order() {
        let mut installer = Installer::new(2);
        installer.add_all(A, 2);
        installer.add_all(B, 1);
        let all = drain(&mut installer);
        assert_eq!(
            all,
            [
                (0, 0, Wanted::Present),
                (0, 1, Wanted::Present),
                (1, 0, Wanted::Present)
            ]
        );
        assert!(installer.is_idle());
    }

    #[test]
    fn only_what_was_sent_is_removed_when_mastership_ends_early() {
        let mut installer = Installer::new(1);
        installer.add_all(A, 1000);
        for _ in 0..3 {
            installer.take();
        }
        installer.remove_all(A);
        let all = drain(&mut installer);
        assert_eq!(
            all,
            [
                (0, 0, Wanted::Absent),
                (0, 1, Wanted::Absent),
                (0, 2, Wanted::Absent)
            ]
        );
    }

    #[test]
    fn a_removal_that_still_waits_comes_before_the_next_addition() {
        let mut installer = Installer::new(1);
        installer.add_all(A, 1);
        installer.take();
        installer.remove_all(A);
        installer.add_all(A, 1);
        assert_eq!(
            drain(&mut installer),
            [(0, 0, Wanted::Absent), (0, 0, Wanted::Present)]
        );
    }

    #[test]
    fn answers_tell_how_far_an_instance_is() {
        let mut installer = Installer::new(1);
        installer.add_all(A, 2);
        let first = installer.take().expect("two wait");
        let second = installer.take().expect("one waits");
        assert!(!installer.holds(A, 0));
        assert_eq!(installer.settled(first), Some(1));
        assert!(installer.holds(A, 0) && !installer.holds(A, 1));
        assert_eq!(installer.settled(second), Some(2));
    }

    #[test]
    fn a_late_answer_of_an_earlier_mastership_counts_for_nothing() {
        let mut installer = Installer::new(1);
        installer.add_all(A, 1);
        let order = installer.take().expect("one waits");
        installer.remove_all(A);
        assert_eq!(installer.settled(order), None);
        assert!(!installer.holds(A, 0));
    }
}
