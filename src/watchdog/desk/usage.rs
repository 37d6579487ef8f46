//! What a process takes of the machine (`proc(5)`).

use std::fs;
use std::time::Duration;

use nix::unistd::{SysconfVar, sysconf};

use crate::status::snapshot::UsageStatus;

/// Of the process with this number.
pub(super) fn of(pid: i64) -> UsageStatus {
    let read = |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).ok();
    UsageStatus {
        cpu: read("stat").and_then(|text| cpu(&text, constant(SysconfVar::CLK_TCK)?)),
        memory: read("statm").and_then(|text| memory(&text, constant(SysconfVar::PAGE_SIZE)?)),
    }
}

fn constant(which: SysconfVar) -> Option<u64> {
    u64::try_from(sysconf(which).ok()??).ok()
}

/// Ticks in user and kernel mode are fields 14 and 15; the name before them may have
/// blanks and brackets.
fn cpu(stat: &str, ticks_a_second: u64) -> Option<Duration> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    let ticks = ticks()?.checked_add(ticks()?)?;
    let micros = ticks.checked_mul(1_000_000)?.checked_div(ticks_a_second)?;
    Some(Duration::from_micros(micros))
}

/// Pages in memory are the second field.
fn memory(statm: &str, page: u64) -> Option<u64> {
    let pages = statm.split_whitespace().nth(1)?;
    pages.parse::<u64>().ok()?.checked_mul(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_behind_the_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 2 3 4 250 50 0 0 20 0 1 0 5";
        assert_eq!(cpu(stat, 100), Some(Duration::from_secs(3)));
        assert_eq!(cpu("42 (x) S 1", 100), None);
        assert_eq!(memory("1000 250 30 1 0 2 0", 4096), Some(1_024_000));
        assert_eq!(memory("", 4096), None);
    }

    #[test]
    fn this_process_takes_something() {
        let usage = of(std::process::id().into());
        assert!(usage.memory.is_some_and(|octets| octets > 100_000));
        assert!(usage.cpu.is_some());
    }
}
