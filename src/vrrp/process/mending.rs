//! What is done when the kernel's netlink sockets fail: nothing is left as it is, and
//! nothing is tried again in the same round.
//!
//! * Lost events: [`Monitor`](crate::netlink::Monitor) asks for everything again. While
//!   its picture is not whole it is looked after once a second, since a question may have
//!   been refused, or have no answer.
//! * Lost replies: [`Commander`](crate::netlink::Commander) sends the requests again.
//! * A socket that takes nothing rests for a while.
//! * A request that the kernel had no memory for is made again, later each time, as long
//!   as it is wanted.

use std::io;
use std::os::fd::AsFd as _;
use std::time::Duration;

use scheduler::{Instant, Interest, Key, Scheduler};

use super::VrrpProcess;
use crate::netlink::socket::Mended;
use crate::vrrp::install::{Order, Wanted};

/// How often the monitor is looked after while something is missing.
const LOOK: Duration = Duration::from_secs(1);
/// The pause after a send that failed.
const REST: Duration = Duration::from_millis(50);
/// The pause before a request is made again; twice as long each time.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// So often it is made again: for 13 seconds, or for less than one at the end.
const REPEATS_MAX: u32 = 8;
const REPEATS_MAX_STOPPING: u32 = 4;

/// What is to be made good.
#[derive(Debug, Default)]
pub(super) struct Mending {
    is_looked_after: bool,
    /// The failure is in the log; the same one is not told every second.
    is_told: bool,
    /// Nothing is sent for a while.
    is_resting: bool,
    /// Orders that are made again, and how often they were.
    orders: Vec<(Instant, Order, u32)>,
    /// The orders on their way are of the configuration before, where numbers mean others.
    are_orders_old: bool,
}

impl Mending {
    /// Say what has failed, once until it works again.
    pub(super) fn complain(&mut self, what: &str, error: &io::Error) {
        if !std::mem::replace(&mut self.is_told, true) {
            log::error!("{what}: {error}: it is tried again");
        }
    }

    pub(super) const fn is_resting(&self) -> bool {
        self.is_resting
    }

    /// Whether no removal waits to be asked for again.
    pub(super) fn is_idle(&self) -> bool {
        let mut orders = self.orders.iter();
        orders.all(|(_, order, _)| order.wanted == Wanted::Present)
    }

    /// Another configuration takes over.
    pub(super) fn forget_orders(&mut self) {
        self.orders.clear();
        self.are_orders_old = true;
    }

    /// All requests were answered.
    pub(super) const fn all_answered(&mut self) {
        self.are_orders_old = false;
    }
}

impl VrrpProcess {
    /// See that the picture becomes whole again, if it is not.
    pub(super) fn watch_over_monitor(&mut self, s: &mut Scheduler<Self>) {
        let Self { kernel, .. } = self;
        if kernel.monitor.is_complete() {
            kernel.mending.is_told = false;
        } else if !kernel.monitor.is_muted() && !kernel.mending.is_looked_after {
            kernel.mending.is_looked_after = true;
            s.at("netlink monitor", s.now() + LOOK, 0, Self::on_monitor_look);
        }
    }

    fn on_monitor_look(&mut self, s: &mut Scheduler<Self>, _: Key) {
        let kernel = &mut self.kernel;
        kernel.mending.is_looked_after = false;
        match kernel.monitor.mend(&mut kernel.mirror) {
            Ok(Mended::Whole | Mended::UnderWay) => {}
            Ok(Mended::Reopened) => {
                log::warn!("netlink monitor: the kernel does not answer: another socket is asked");
                self.wait_for_monitor(s);
            }
            Err(error) => kernel.mending.complain("netlink monitor", &error),
        }
        self.watch_over_monitor(s);
    }

    /// Have the loop know of the monitor's socket, instead of the one before.
    pub(super) fn wait_for_monitor(&mut self, s: &mut Scheduler<Self>) {
        if let Some(before) = self.kernel.monitor_io.take() {
            // It is closed.
            s.release(before);
        }
        let (fd, call) = (self.kernel.monitor.as_fd(), Self::on_monitor);
        match s.watch("netlink monitor", fd, Interest::Read, 0, call) {
            Ok(io) => self.kernel.monitor_io = Some(io),
            Err(error) => log::error!("netlink monitor: {error}: what happens is not heard"),
        }
    }

    /// The socket for requests takes nothing now.
    pub(super) fn rest(&mut self, s: &mut Scheduler<Self>) {
        if !std::mem::replace(&mut self.kernel.mending.is_resting, true) {
            s.at(
                "netlink commands",
                s.now() + REST,
                0,
                |own: &mut Self, s, _| {
                    own.kernel.mending.is_resting = false;
                    own.follow_deadlines(s);
                },
            );
        }
    }

    /// The kernel has refused something for want of memory; true if it is asked again.
    pub(super) fn will_repeat(&mut self, s: &mut Scheduler<Self>, order: Order) -> bool {
        let limit = match self.is_stopping {
            true => REPEATS_MAX_STOPPING,
            false => REPEATS_MAX,
        };
        let mending = &mut self.kernel.mending;
        if mending.are_orders_old {
            return false;
        }
        let known = mending
            .orders
            .iter()
            .position(|(_, known, _)| *known == order);
        let before = known.map_or(0, |place| mending.orders.swap_remove(place).2);
        if before >= limit {
            return false;
        }
        let at = s.now() + FIRST_PAUSE * (1 << before);
        mending.orders.push((at, order, before + 1));
        s.at("netlink commands", at, 0, Self::on_repeat);
        true
    }

    /// It has another outcome.
    pub(super) fn need_not_repeat(&mut self, order: Order) {
        let orders = &mut self.kernel.mending.orders;
        if !orders.is_empty() {
            orders.retain(|(_, known, _)| *known != order);
        }
    }

    /// Give orders again whose time has come. They stay in the list, for their number.
    fn on_repeat(&mut self, s: &mut Scheduler<Self>, _: Key) {
        let mut orders = std::mem::take(&mut self.kernel.mending.orders);
        orders.retain(|(_, order, _)| self.is_still_wanted(*order));
        for (at, order, _) in &mut orders {
            if *at > s.now() {
                continue;
            }
            // Until it is answered.
            *at = Instant::MAX;
            match order.wanted {
                Wanted::Present => self.installer.add_one(order.instance, order.index),
                Wanted::Absent => self.installer.remove_one(order.instance, order.index),
            }
        }
        self.kernel.mending.orders = orders;
        self.follow_deadlines(s);
        self.finish_if_stopped(s);
    }

    /// Whether it has not been decided otherwise meanwhile.
    fn is_still_wanted(&self, order: Order) -> bool {
        let is_sent = order.index < self.installer.sent(order.instance);
        match order.wanted {
            Wanted::Present => is_sent,
            Wanted::Absent => !is_sent,
        }
    }
}
