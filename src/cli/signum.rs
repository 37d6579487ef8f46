//! Names of what keepalived can be told by signal, and their numbers.

/// The number of the signal for a function (`--signum`). Real-time signals are
/// counted from the C library's ends of their range.
#[must_use]
pub fn number(function: &str) -> Option<i32> {
    Some(match function {
        "STOP" => libc::SIGTERM,
        "RELOAD" => libc::SIGHUP,
        "DATA" => libc::SIGUSR1,
        "STATS" => libc::SIGUSR2,
        "STATS_CLEAR" => libc::SIGRTMAX() - 1,
        "JSON" => libc::SIGRTMIN() + 2,
        // The manual has TDATA, the C program TDUMP.
        "TDUMP" | "TDATA" => libc::SIGRTMAX(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_that_consumers_have_in_their_code() {
        for (name, expected) in [("DATA", 10), ("STATS", 12), ("RELOAD", 1), ("STOP", 15)] {
            assert_eq!(number(name), Some(expected), "{name}");
        }
        assert_eq!(number("NONSENSE"), None);
    }

    #[cfg(target_env = "gnu")]
    #[test]
    fn real_time_numbers_of_glibc() {
        assert_eq!(number("JSON"), Some(36));
        assert_eq!(number("STATS_CLEAR"), Some(63));
        assert_eq!(number("TDUMP"), Some(64));
    }
}
