//! The keywords for announcements that instances and `global_defs` have in common:
//! `garp_master_delay` and `vrrp_garp_master_delay`, and so on.

/// The rows of a target that has a [`GarpGiven`](super::GarpGiven) at a path: how the words
/// begin, and the defaults.
macro_rules! announcements {
    (
        $target:ty, $prefix:literal, $($garp:ident).+,
        delay: $delay:literal,
        repeat: $repeat:literal,
        refresh: $refresh:literal,
        refresh_repeat: $refresh_repeat:literal,
        lower_prio_delay: $lower_prio_delay:literal,
        lower_prio_repeat: $lower_prio_repeat:literal,
    ) => {
        &[
            $crate::control_plane::schema::Row::<$target>::new(
                concat!($prefix, "garp_master_delay"),
                $crate::control_plane::arg::seconds(
                    0,
                    4294,
                    $crate::control_plane::schema::at!($($garp).+.delay),
                ),
                "From becoming master to the second burst of gratuitous ARP or neighbour \
                 adverts; 0: no second burst.",
            )
            .default($delay),
            $crate::control_plane::schema::Row::<$target>::new(
                concat!($prefix, "garp_master_repeat"),
                $crate::control_plane::arg::int(
                    0,
                    u32::MAX as i64,
                    "messages",
                    $crate::control_plane::schema::at!($($garp).+.repeat),
                ),
                "Gratuitous ARP messages or neighbour adverts for each address, in each burst \
                 of a new master; 0 counts as 1.",
            )
            .default($repeat),
            $crate::control_plane::schema::Row::<$target>::new(
                concat!($prefix, "garp_master_refresh"),
                $crate::control_plane::arg::seconds(
                    0,
                    u32::MAX as u64,
                    $crate::control_plane::schema::at!($($garp).+.refresh),
                ),
                "How often a master announces its addresses again; 0: never.",
            )
            .default($refresh),
            $crate::control_plane::schema::Row::<$target>::new(
                concat!($prefix, "garp_master_refresh_repeat"),
                $crate::control_plane::arg::int(
                    0,
                    u32::MAX as i64,
                    "messages",
                    $crate::control_plane::schema::at!($($garp).+.refresh_repeat),
                ),
                concat!(
                    "Messages for each address whenever ",
                    $prefix,
                    "garp_master_refresh announces them again; 0 counts as 1."
                ),
            )
            .default($refresh_repeat),
            $crate::control_plane::schema::Row::<$target>::new(
                concat!($prefix, "garp_lower_prio_delay"),
                $crate::control_plane::arg::seconds(
                    0,
                    4294,
                    $crate::control_plane::schema::at!($($garp).+.lower_prio_delay),
                ),
                "From an advert of lower priority that a master hears to the second burst of \
                 gratuitous ARP or neighbour adverts.",
            )
            .default($lower_prio_delay),
            $crate::control_plane::schema::Row::<$target>::new(
                concat!($prefix, "garp_lower_prio_repeat"),
                $crate::control_plane::arg::int(
                    0,
                    i32::MAX as i64,
                    "messages",
                    $crate::control_plane::schema::at!($($garp).+.lower_prio_repeat),
                ),
                "Messages for each address in a burst after an advert of lower priority; 0: none.",
            )
            .default($lower_prio_repeat),
        ]
    };
}
pub(crate) use announcements;
