//! Rows that virtual servers, real servers and checks have in common. Each of them
//! has its [`Inherited`](super::Inherited) as `given`.

use std::time::Duration;

/// The finest step of a time.
pub(super) const MICROSECOND: Duration = Duration::from_micros(1);
/// The longest `connect_timeout`: what 32 bits hold of microseconds.
pub(super) const LONGEST: Duration = Duration::from_micros(u32::MAX as u64);
/// The longest of all other times. The C daemon takes some that are longer still.
pub(super) const AGES: Duration = Duration::from_secs(u32::MAX as u64);

/// `delay_before_retry`, `warmup` and `delay_loop`.
macro_rules! times {
    ($target:ty) => {
        &[
            $crate::control_plane::schema::Row::<$target>::new(
                "delay_before_retry",
                $crate::control_plane::arg::time(
                    std::time::Duration::ZERO,
                    $crate::check::config::times::AGES,
                    $crate::check::config::times::MICROSECOND,
                    $crate::control_plane::schema::at!(given.delay_before_retry),
                ),
                "How long to wait after a failed attempt before the next one, which retry allows.",
            )
            .default(
                "what the block around says; else 3 for pages, delay_loop for DNS_CHECK, 1 for \
                 others",
            ),
            $crate::control_plane::schema::Row::<$target>::new(
                "warmup",
                $crate::control_plane::arg::time(
                    std::time::Duration::ZERO,
                    $crate::check::config::times::AGES,
                    $crate::check::config::times::MICROSECOND,
                    $crate::control_plane::schema::at!(given.warmup),
                ),
                "After a start the first check comes at a random moment of that time. 0: at once.",
            )
            .default("what the block around says, else delay_loop"),
            $crate::control_plane::schema::Row::<$target>::new(
                "delay_loop",
                $crate::control_plane::arg::time(
                    $crate::check::config::times::MICROSECOND,
                    $crate::check::config::times::AGES,
                    $crate::check::config::times::MICROSECOND,
                    $crate::control_plane::schema::at!(given.delay_loop),
                ),
                "How often to check a server.",
            )
            .default("what the block around says, else 60"),
        ]
    };
}
pub(super) use times;

/// `connect_timeout`
macro_rules! connect_timeout {
    ($target:ty) => {
        $crate::control_plane::schema::Row::<$target>::new(
            "connect_timeout",
            $crate::control_plane::arg::time(
                $crate::check::config::times::MICROSECOND,
                $crate::check::config::times::LONGEST,
                $crate::check::config::times::MICROSECOND,
                $crate::control_plane::schema::at!(given.connect_timeout),
            ),
            "How long a check may take to connect, and to wait for each answer.",
        )
        .default("what the block around says, else 5")
    };
}
pub(super) use connect_timeout;

/// The keywords that virtual and real servers have for their checks.
macro_rules! server_defaults {
    ($target:ty) => {
        &[
            $crate::control_plane::schema::Row::<$target>::new(
                "retry",
                $crate::control_plane::arg::int(
                    1,
                    $crate::check::config::NUMBER_MAX,
                    "",
                    $crate::control_plane::schema::at!(given.retry),
                ),
                "How many more attempts are made before a server that was up is down.",
            )
            .default(
                "what the block around says; else 3 for DNS_CHECK, 0 for MISC_CHECK, 1 for \
                 others",
            ),
            $crate::check::config::times::connect_timeout!($target),
            $crate::control_plane::schema::Row::<$target>::new(
                "inhibit_on_failure",
                $crate::control_plane::arg::boolean($crate::control_plane::schema::at!(
                    given.inhibit
                )),
                "A server that is down stays in the table with weight 0: its connections live \
                 on, and it gets no new ones.",
            )
            .default("off; of a real server as its virtual server"),
            $crate::control_plane::schema::Row::<$target>::new(
                "alpha",
                $crate::control_plane::arg::boolean($crate::control_plane::schema::at!(
                    given.alpha
                )),
                "A server is down until its checks have succeeded once.",
            )
            .default("off; of a real server as its virtual server"),
            $crate::control_plane::schema::Row::<$target>::new(
                "smtp_alert",
                $crate::control_plane::arg::boolean($crate::control_plane::schema::at!(
                    given.smtp_alert
                )),
                "Send mails of changes; real servers do unless something else is said.",
            )
            .default("as smtp_alert_checker"),
            $crate::control_plane::schema::Row::<$target>::new(
                "virtualhost",
                $crate::control_plane::arg::text(
                    "NAME",
                    $crate::control_plane::schema::at!(given.virtualhost),
                ),
                "The host that checks of pages ask for.",
            )
            .skipped_bare()
            .default("none; of a real server as its virtual server"),
            $crate::control_plane::schema::Row::<$target>::new(
                "snmp_name",
                $crate::control_plane::arg::text(
                    "NAME",
                    $crate::control_plane::schema::at!(snmp_name),
                ),
                "A name to be shown by SNMP.",
            )
            .skipped_bare()
            .default("none"),
        ]
    };
}
pub(super) use server_defaults;
