//! The order in which addresses, routes and rules enter and leave the kernel.
//!
//! A takeover of ten thousand addresses takes the kernel longer than an advert
//! interval, so items are handed over in chunks with adverts between them.
//! This machine remembers who still waits for what. It knows neither netlink
//! nor addresses: an item is its position in the list of its owner. The
//! addresses come first, then the routes, which may need them, then the rules;
//! they leave in the opposite order of kinds (protocols.md section 7).
//!
//! The kernel works requests off in the order they were sent, so one queue is
//! enough: what is removed after it was added is removed in the end.

mod order;
#[cfg(test)]
mod tests;

use std::collections::{HashSet, VecDeque};

pub use order::{Layout, Order, Wanted};

use crate::vrrp::fsm::InstanceId;

/// Consecutive items of one instance that wait for the same thing.
#[derive(Debug)]
struct Job {
    instance: InstanceId,
    wanted: Wanted,
    next: u32,
    end: u32,
}

/// How far one owner's items are.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    layout: Layout,
    /// Items below this position were sent to the kernel to be added.
    sent: u32,
    /// Additions below this position were answered.
    settled: u32,
}

/// What waits to be added or deleted, for all instances.
#[derive(Debug, Default)]
pub struct Installer {
    queue: VecDeque<Job>,
    progress: Vec<Progress>,
    /// Additions that the kernel has refused since their owner became master.
    refused: HashSet<(InstanceId, u32)>,
}

impl Installer {
    /// An installer for this many instances.
    #[must_use]
    pub fn new(instances: usize) -> Self {
        Self {
            queue: VecDeque::new(),
            progress: vec![Progress::default(); instances],
            refused: HashSet::new(),
        }
    }

    /// What an owner has.
    pub fn set_layout(&mut self, instance: InstanceId, layout: Layout) {
        if let Some(progress) = self.progress_mut(instance) {
            progress.layout = layout;
        }
    }

    /// How many items of each kind an owner has.
    #[must_use]
    pub fn layout(&self, instance: InstanceId) -> Layout {
        let slot = usize::try_from(instance.0).unwrap_or(usize::MAX);
        let progress = self.progress.get(slot);
        progress.map(|progress| progress.layout).unwrap_or_default()
    }

    /// The instance became master: all its items shall be there.
    pub fn add_all(&mut self, instance: InstanceId) {
        self.refused.retain(|(owner, _)| *owner != instance);
        self.queue
            .retain(|job| job.instance != instance || job.wanted == Wanted::Absent);
        let Some(progress) = self.progress_mut(instance) else {
            return;
        };
        (progress.sent, progress.settled) = (0, 0);
        let count = progress.layout.count();
        self.queue.push_back(Job {
            instance,
            wanted: Wanted::Present,
            next: 0,
            end: count,
        });
    }

    /// The instance is no longer master: what was sent of its items shall go,
    /// rules first, addresses last.
    /// Returns how many, counted from the first, that concerns.
    pub fn remove_all(&mut self, instance: InstanceId) -> u32 {
        self.queue
            .retain(|job| job.instance != instance || job.wanted == Wanted::Absent);
        let Some(progress) = self.progress_mut(instance) else {
            return 0;
        };
        let sent = std::mem::take(&mut progress.sent);
        progress.settled = 0;
        let Layout { addresses, .. } = progress.layout;
        let rules = progress.layout.rules_from();
        let parts = [(rules, u32::MAX), (addresses, rules), (0, addresses)];
        for (next, end) in parts {
            let end = end.min(sent);
            if next < end {
                self.queue.push_back(Job {
                    instance,
                    wanted: Wanted::Absent,
                    next,
                    end,
                });
            }
        }
        sent
    }

    /// One item shall be there (again), whatever the others of its owner do.
    pub fn add_one(&mut self, instance: InstanceId, index: u32) {
        let end = index.saturating_add(1);
        self.queue.push_back(Job {
            instance,
            wanted: Wanted::Present,
            next: index,
            end,
        });
    }

    /// One item that should not be there was found, or may be left over by a crash.
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
                self.refused.remove(&(order.instance, order.index));
            }
            return Some(order);
        }
    }

    /// The kernel has refused an addition.
    pub fn refuse(&mut self, order: Order) {
        if order.wanted == Wanted::Present {
            self.refused.insert((order.instance, order.index));
        }
    }

    /// Whether this item is one that the instance has asked the kernel for, and got.
    #[must_use]
    pub fn has(&self, instance: InstanceId, index: u32) -> bool {
        self.holds(instance, index) && !self.refused.contains(&(instance, index))
    }

    /// The kernel answered an addition, well or not. Returns how many of the
    /// instance's items, counted from the first, are settled now.
    pub fn settled(&mut self, order: Order) -> Option<u32> {
        let progress = self.progress_mut(order.instance)?;
        let counts = order.wanted == Wanted::Present && order.index < progress.sent;
        counts.then(|| {
            progress.settled = progress.settled.max(order.index + 1);
            progress.settled
        })
    }

    /// How many of an instance's items, counted from the first, were sent to the
    /// kernel to be added.
    #[must_use]
    pub fn sent(&self, instance: InstanceId) -> u32 {
        let slot = usize::try_from(instance.0).unwrap_or(usize::MAX);
        self.progress.get(slot).map_or(0, |progress| progress.sent)
    }

    /// Before a reload: what waits for removal, in order. What waits to be added
    /// is forgotten.
    pub fn take_removals(&mut self) -> Vec<Order> {
        self.queue.retain(|job| job.wanted == Wanted::Absent);
        std::iter::from_fn(|| self.take()).collect()
    }

    /// After a reload: the first `count` items are in the kernel already.
    pub fn resume(&mut self, instance: InstanceId, count: u32) {
        if let Some(progress) = self.progress_mut(instance) {
            progress.sent = count;
            progress.settled = count;
        }
    }

    /// After a reload: the items from `first` on are to be added still.
    pub fn add_from(&mut self, instance: InstanceId, first: u32, count: u32) {
        if first < count {
            self.queue.push_back(Job {
                instance,
                wanted: Wanted::Present,
                next: first,
                end: count,
            });
        }
    }

    /// Whether this item is one that the instance has asked the kernel for.
    #[must_use]
    pub fn holds(&self, instance: InstanceId, index: u32) -> bool {
        let slot = usize::try_from(instance.0).unwrap_or(usize::MAX);
        self.progress
            .get(slot)
            .is_some_and(|progress| index < progress.settled)
    }

    /// How many orders wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let left = |job: &Job| job.end.saturating_sub(job.next) as usize;
        self.queue.iter().map(left).sum()
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
