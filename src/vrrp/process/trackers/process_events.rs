//! The kernel's events of processes, for those that are tracked.
//!
//! The kernel reports processes in the initial network namespace only. From
//! another one the way there leads through a process that is there: the daemon was
//! started by one, as a rule.

use std::fs;
use std::io;
use std::os::fd::AsFd as _;

use scheduler::{Drain, Interest, IoId, Ready, Scheduler};

use crate::netlink::process_event::ProcessEvent;
use crate::netlink::{ProcessMonitor, ProcessRead};
use crate::sys::ns;
use crate::vrrp::process::VrrpProcess;

/// How far to look for somebody in the initial network namespace.
const GENERATIONS: usize = 32;

impl VrrpProcess {
    /// Be told of processes from now on, or say why not.
    pub(super) fn open_process_events(&mut self, s: &mut Scheduler<Self>) {
        let buffer = self.config.global.buffers.process_monitor;
        let buffer = buffer.and_then(|octets| usize::try_from(octets).ok());
        let opened = subscribe(buffer).and_then(|monitor| {
            let call = Self::on_process_events;
            let fd = monitor.as_fd();
            let watch = s.watch("process events", fd, Interest::Read, 0, call)?;
            Ok((monitor, watch))
        });
        match opened {
            Ok((monitor, watch)) => {
                self.trackers.processes.events = Some(monitor);
                self.trackers.processes.watch = Some(watch);
            }
            Err(error) => log::warn!(
                "The kernel does not report processes here ({error}): \
                 tracked processes are looked for in /proc once a second"
            ),
        }
    }

    /// Nobody is tracked any more.
    pub(super) fn close_process_events(&mut self, s: &mut Scheduler<Self>) {
        if let Some(id) = self.trackers.processes.watch.take() {
            s.unwatch(id);
        }
        self.trackers.processes.events = None;
    }

    fn on_process_events(&mut self, s: &mut Scheduler<Self>, _: IoId<Self>, _: Ready) -> Drain {
        let processes = &mut self.trackers.processes;
        let Some(monitor) = &mut processes.events else {
            return Drain::Drained;
        };
        let mut events = Vec::new();
        let read = monitor.read(&mut events);
        if matches!(read, Ok(ProcessRead::Lost)) {
            let octets = monitor.grow();
            log::info!("Events of processes were lost: the receive buffer has {octets} octets now");
        }
        let mut changed = false;
        for event in events {
            changed |= processes.hear(event);
        }
        if changed {
            self.processes_counted(s);
            self.perform(s);
        }
        match read {
            Ok(ProcessRead::Drained) => Drain::Drained,
            Ok(ProcessRead::More) => Drain::More,
            Ok(ProcessRead::Lost) => {
                self.look_again(s);
                Drain::More
            }
            Err(error) => {
                log::error!("Events of processes: {error}: they are looked for in /proc");
                self.close_process_events(s);
                self.look_again(s);
                Drain::Drained
            }
        }
    }
}

/// In this network namespace, or in the initial one by way of an ancestor there.
fn subscribe(buffer: Option<usize>) -> io::Result<ProcessMonitor> {
    let refusal = match answered(buffer) {
        Ok(monitor) => return Ok(monitor),
        Err(refusal) => refusal,
    };
    let own = fs::read_link("/proc/self/ns/net")?;
    let mut tried = vec![own];
    let mut process = std::os::unix::process::parent_id();
    for _ in 0..GENERATIONS {
        if let Ok(other) = fs::read_link(format!("/proc/{process}/ns/net"))
            && !tried.contains(&other)
        {
            tried.push(other);
            if let Ok(monitor) = ns::in_network_of(process, || answered(buffer)) {
                return Ok(monitor);
            }
        }
        match parent(process) {
            Some(next) if process > 1 => process = next,
            _ => break,
        }
    }
    Err(refusal)
}

/// The kernel answers before the question returns.
fn answered(buffer: Option<usize>) -> io::Result<ProcessMonitor> {
    let mut monitor = ProcessMonitor::open(buffer)?;
    let mut events = Vec::new();
    monitor.read(&mut events)?;
    let answer = events.iter().find_map(|event| {
        let ProcessEvent::Answer(errno) = event else {
            return None;
        };
        Some(*errno)
    });
    match answer {
        Some(0) => Ok(monitor),
        Some(errno) => Err(io::Error::from_raw_os_error(errno)),
        None => Err(io::ErrorKind::Unsupported.into()),
    }
}

/// The process that a process was made by: the fourth field, behind a name that
/// may hold anything.
fn parent(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_a_parent() {
        let own = std::process::id();
        assert_eq!(parent(own), Some(std::os::unix::process::parent_id()));
    }
}
