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

use std::collections::VecDeque;

use crate::vrrp::fsm::InstanceId;

/// Whether an item shall be there or not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// Add it, or leave it if it is there.
    Present,
    /// Delete it, or do nothing if it is gone.
    Absent,
}

/// One item to add or delete.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Order {
    /// Whose item.
    pub instance: InstanceId,
    /// Its position: virtual addresses first, excluded ones after them, then
    /// routes, then rules.
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

/// How many items of each kind an owner has, in the order of their positions.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Layout {
    /// Addresses.
    pub addresses: u32,
    /// Routes.
    pub routes: u32,
    /// Rules.
    pub rules: u32,
}

impl Layout {
    /// All items.
    #[must_use]
    pub const fn count(&self) -> u32 {
        self.rules_from().saturating_add(self.rules)
    }

    /// Position of the first rule.
    #[must_use]
    pub const fn rules_from(&self) -> u32 {
        self.addresses.saturating_add(self.routes)
    }
}

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
            }
            return Some(order);
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    const A: InstanceId = InstanceId(0);
    const B: InstanceId = InstanceId(1);

    fn of_addresses(addresses: u32) -> Layout {
        Layout {
            addresses,
            ..Layout::default()
        }
    }

    /// An installer whose instances have so many addresses.
    fn installer<const N: usize>(addresses: [u32; N]) -> Installer {
        let mut installer = Installer::new(N);
        for (number, addresses) in (0..).zip(addresses) {
            let layout = Layout {
                addresses,
                ..Layout::default()
            };
            installer.set_layout(InstanceId(number), layout);
        }
        installer
    }

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
        let mut installer = installer([2, 1]);
        installer.add_all(A);
        installer.add_all(B);
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
        let mut installer = installer([1000]);
        installer.add_all(A);
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
        let mut installer = installer([1]);
        installer.add_all(A);
        installer.take();
        installer.remove_all(A);
        installer.add_all(A);
        assert_eq!(
            drain(&mut installer),
            [(0, 0, Wanted::Absent), (0, 0, Wanted::Present)]
        );
    }

    #[test]
    fn answers_tell_how_far_an_instance_is() {
        let mut installer = installer([2]);
        installer.add_all(A);
        assert_eq!(installer.waiting(), 2);
        let first = installer.take().expect("two wait");
        assert_eq!(installer.waiting(), 1);
        let second = installer.take().expect("one waits");
        assert!(!installer.holds(A, 0));
        assert_eq!(installer.settled(first), Some(1));
        assert!(installer.holds(A, 0) && !installer.holds(A, 1));
        assert_eq!(installer.settled(second), Some(2));
    }

    #[test]
    fn a_late_answer_of_an_earlier_mastership_counts_for_nothing() {
        let mut installer = installer([1]);
        installer.add_all(A);
        let order = installer.take().expect("one waits");
        installer.remove_all(A);
        assert_eq!(installer.settled(order), None);
        assert!(!installer.holds(A, 0));
    }

    #[test]
    fn rules_leave_before_routes_and_routes_before_addresses() {
        let mut installer = Installer::new(1);
        let layout = Layout {
            addresses: 2,
            routes: 1,
            rules: 2,
        };
        installer.set_layout(A, layout);
        installer.add_all(A);
        let added = drain(&mut installer);
        assert!(added.iter().map(|(_, index, _)| *index).eq(0..5));
        installer.remove_all(A);
        let removed = drain(&mut installer);
        let order: Vec<_> = removed.iter().map(|(_, index, _)| *index).collect();
        assert_eq!(order, [3, 4, 2, 0, 1]);
    }

    #[test]
    fn routes_that_were_not_sent_are_not_removed() {
        let mut installer = Installer::new(1);
        let layout = Layout {
            addresses: 1,
            routes: 2,
            rules: 1,
        };
        installer.set_layout(A, layout);
        installer.add_all(A);
        for _ in 0..2 {
            installer.take();
        }
        assert_eq!(installer.remove_all(A), 2);
        let removed = drain(&mut installer);
        let order: Vec<_> = removed.iter().map(|(_, index, _)| *index).collect();
        assert_eq!(order, [1, 0]);
    }

    #[test]
    fn a_reload_takes_the_removals_and_goes_on_behind_what_is_there() {
        let mut old = Installer::new(2);
        old.set_layout(A, of_addresses(3));
        old.set_layout(B, of_addresses(5));
        old.add_all(A);
        old.take();
        old.add_all(B);
        old.remove_all(A);
        let removals = old.take_removals();
        assert_eq!(removals.len(), 1);
        assert_eq!((old.sent(A), old.is_idle()), (0, true));
        let mut new = Installer::new(1);
        new.set_layout(A, of_addresses(3));
        new.resume(A, 1);
        new.add_from(A, 1, 3);
        assert!(new.holds(A, 0) && !new.holds(A, 1));
        assert_eq!(
            drain(&mut new),
            [(0, 1, Wanted::Present), (0, 2, Wanted::Present)]
        );
        assert_eq!(new.remove_all(A), 3);
    }
}
