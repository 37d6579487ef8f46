//! Which signals the daemon's processes listen to, and to whom the parent passes
//! them on.
//!
//! All of them are blocked in every process from before its first instruction,
//! so none can ever kill a child, whatever moment it arrives at.

use super::launch::role::Role;

/// The signals that the parent passes on as they are.
///
/// SIGRTMIN+2 (JSON) is 36 with one C library and 37 with another, and consumers
/// have either number in their code: both are taken, whatever this program was
/// built with.
#[must_use]
pub fn real_time() -> [i32; 4] {
    [36, 37, libc::SIGRTMAX() - 1, libc::SIGRTMAX()]
}

/// What a real-time signal asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RealTime {
    /// State and counters as JSON.
    Json,
    /// The statistics file, then all counters to zero (STATS_CLEAR).
    ClearStats,
    /// Who waits for what, into the log (TDUMP).
    Threads,
}

/// What a real-time signal means to a child.
#[must_use]
pub fn meaning(number: i32) -> Option<RealTime> {
    let last = libc::SIGRTMAX();
    match number {
        36 | 37 => Some(RealTime::Json),
        _ if number == last - 1 => Some(RealTime::ClearStats),
        _ if number == last => Some(RealTime::Threads),
        _ => None,
    }
}

/// Every signal that a process of the daemon takes.
#[must_use]
pub fn handled() -> Vec<i32> {
    let named = [
        libc::SIGHUP,
        libc::SIGINT,
        libc::SIGTERM,
        libc::SIGUSR1,
        libc::SIGUSR2,
        libc::SIGXCPU,
    ];
    named.into_iter().chain(real_time()).collect()
}

/// Whether a child of this role has a use for the signal.
#[must_use]
pub fn concerns(role: Role, signal: i32) -> bool {
    match role {
        Role::Vrrp => true,
        Role::Check | Role::Bfd => {
            [libc::SIGHUP, libc::SIGUSR1, libc::SIGRTMAX()].contains(&signal)
        }
        Role::Dbus => signal == libc::SIGRTMAX(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_real_time_signal_has_a_meaning() {
        assert!(real_time().iter().all(|number| meaning(*number).is_some()));
        assert_eq!(meaning(63), Some(RealTime::ClearStats));
        assert_eq!(meaning(libc::SIGUSR1), None);
    }

    #[test]
    fn statistics_and_json_are_for_vrrp_only() {
        for signal in handled() {
            assert!(concerns(Role::Vrrp, signal));
        }
        for signal in [libc::SIGUSR2, 36, 37, libc::SIGRTMAX() - 1] {
            assert!(!concerns(Role::Check, signal), "{signal}");
        }
        assert!(concerns(Role::Bfd, libc::SIGUSR1));
    }
}
