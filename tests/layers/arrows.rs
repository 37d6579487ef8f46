//! The arrow table of `doc/architecture.md`, row by row.

/// What the modules below a prefix may import from this crate. A module may always import from
/// its own top folder, as long as no longer row says otherwise.
pub(crate) struct Row {
    pub(crate) module: &'static str,
    pub(crate) may: &'static [&'static str],
}

const EVERYTHING: &[&str] = &[""];

/// What the processes build on, themselves not among it.
const UNDER_THE_PROCESSES: &[&str] = &[
    "bfd::feed",
    "control_plane",
    "dbus::line",
    "dump::json",
    "dump::memory",
    "global",
    "leftovers",
    "lint",
    "log",
    "memory",
    "model",
    "status",
    "sys",
];

/// The arrow table, foundations first.
pub(crate) const ARROWS: &[Row] = &[
    Row {
        module: "sys",
        may: &[],
    },
    Row {
        module: "model",
        may: &[],
    },
    Row {
        module: "memory",
        may: &["sys"],
    },
    Row {
        module: "wire",
        may: &["model"],
    },
    Row {
        module: "log",
        may: &["memory", "model", "sys"],
    },
    Row {
        module: "net",
        may: &["model", "sys", "wire"],
    },
    Row {
        module: "netlink",
        may: &["model"],
    },
    Row {
        module: "netlink::socket",
        may: &["model", "sys"],
    },
    Row {
        module: "netlink::codec_tests",
        may: &["model", "wire::testing"],
    },
    Row {
        module: "netlink::dump",
        may: &["model", "sys"],
    },
    Row {
        module: "ipvs",
        may: &[
            "model",
            "netlink::attr",
            "netlink::error",
            "netlink::genl",
            "netlink::header",
        ],
    },
    Row {
        module: "ipvs::kernel",
        may: &["model", "netlink", "sys"],
    },
    Row {
        module: "notify",
        may: &["model", "sys", "wire"],
    },
    Row {
        module: "notify::configured",
        may: &["global", "model", "sys"],
    },
    Row {
        module: "track",
        may: &[],
    },
    Row {
        module: "control_plane",
        may: &["model"],
    },
    // The configuration as a whole: what it is made of, and how it is handed over.
    Row {
        module: "control_plane::compiled",
        may: &["model", "vrrp::config"],
    },
    // The one place where the engine meets the tables of all subsystems.
    Row {
        module: "control_plane::load",
        may: &[
            "model",
            "global",
            "vrrp::config",
            "check::config",
            "bfd::config",
        ],
    },
    Row {
        module: "global",
        may: &[
            "control_plane",
            "ipvs::sync_daemon",
            "model",
            "vrrp::config",
            "wire",
        ],
    },
    // What the tables of all subsystems fill.
    Row {
        module: "global::draft",
        may: &[
            "bfd::config",
            "check::config",
            "control_plane",
            "model",
            "vrrp::config",
        ],
    },
    // The top level is where the tables of all subsystems meet.
    Row {
        module: "global::top",
        may: &[
            "control_plane",
            "model",
            "vrrp::config",
            "check::config",
            "bfd::config",
        ],
    },
    Row {
        module: "check",
        may: &[],
    },
    // Marks of packets are a matter of nftables.
    Row {
        module: "check::marks",
        may: &["ipvs", "model", "netlink"],
    },
    // Patterns are searched by a library of the system.
    Row {
        module: "check::http",
        may: &["model", "sys::pattern"],
    },
    // What messages, pipes and dumps call services.
    Row {
        module: "check::names",
        may: &["ipvs"],
    },
    // What is compiled, and what a kind does with octets.
    Row {
        module: "check::checker",
        may: &["model"],
    },
    Row {
        module: "check::kinds",
        may: &["model", "wire"],
    },
    // The shell that carries attempts on sockets and scripts.
    Row {
        module: "check::conversation",
        may: &["model", "net", "notify", "sys"],
    },
    Row {
        module: "bfd",
        may: &["model", "wire"],
    },
    // The lines between processes.
    Row {
        module: "bfd::process",
        may: EVERYTHING,
    },
    Row {
        module: "bfd::feed",
        may: &["sys"],
    },
    Row {
        module: "dbus",
        may: &["model"],
    },
    Row {
        module: "dbus::line",
        may: &["model", "sys"],
    },
    Row {
        module: "dbus::process",
        may: EVERYTHING,
    },
    Row {
        module: "check::process",
        may: EVERYTHING,
    },
    Row {
        module: "check::config",
        may: &[
            "control_plane",
            "model",
            "global",
            "ipvs",
            "vrrp::config",
            "wire::dns",
        ],
    },
    Row {
        module: "bfd::config",
        may: &["control_plane", "model", "global", "vrrp::config"],
    },
    Row {
        module: "vrrp",
        may: &["model", "wire"],
    },
    Row {
        module: "vrrp::config",
        may: &["control_plane", "model", "wire", "global"],
    },
    // Where all names meet: what is tracked must be there.
    Row {
        module: "vrrp::config::resolve",
        may: &[
            "control_plane",
            "model",
            "wire",
            "global",
            "bfd::config",
            "check::config",
        ],
    },
    // A configured route or rule is what the kernel will be told: its parts have the codec's types.
    Row {
        module: "vrrp::config::routes",
        may: &[
            "control_plane",
            "model",
            "global",
            "netlink::addr",
            "netlink::encapsulation",
            "netlink::metrics",
            "netlink::route",
            "netlink::rule",
        ],
    },
    Row {
        module: "vrrp::path_request",
        may: &[
            "model",
            "netlink::batch",
            "netlink::header",
            "netlink::mirror",
            "netlink::route",
            "netlink::rule",
        ],
    },
    Row {
        module: "vrrp::process",
        may: EVERYTHING,
    },
    // What a configuration may put into the kernel, as text.
    Row {
        module: "leftovers",
        may: &[
            "check::marks",
            "control_plane",
            "global",
            "ipvs::sync_daemon",
            "model",
            "vrrp::config",
            "vrrp::firewall",
        ],
    },
    Row {
        module: "leftovers::kernel",
        may: &[
            "ipvs",
            "model",
            "netlink",
            "sys::sysctl",
            "vrrp::path_request",
        ],
    },
    // Looks at what was compiled.
    Row {
        module: "lint",
        may: &["control_plane", "model", "vrrp::config"],
    },
    // Renders what it is given; calendar time is the only thing it asks the system for.
    Row {
        module: "dump",
        may: &[
            "bfd::config",
            "bfd::peer",
            "check::checker",
            "check::config",
            "check::names",
            "check::probe",
            "control_plane",
            "global",
            "ipvs",
            "memory::account",
            "model",
            "netlink",
            "sys",
            "vrrp::accept",
            "vrrp::authentication",
            "vrrp::config",
            "vrrp::fsm",
            "vrrp::history",
            "wire",
        ],
    },
    // What the MIBs show, read through views that the processes implement.
    Row {
        module: "snmp",
        may: &[
            "check::checker",
            "check::config",
            "control_plane",
            "global",
            "ipvs",
            "model",
            "netlink",
            "vrrp::accept",
            "vrrp::authentication",
            "vrrp::config",
            "vrrp::fsm",
            "vrrp::router",
            "vrrp::sync",
            "wire",
        ],
    },
    // The forms that JSON has, and calendar time for people.
    Row {
        module: "status",
        may: &["dump::fact", "dump::json", "model", "sys"],
    },
    Row {
        module: "watchdog",
        may: EVERYTHING,
    },
    // What a child is given and how it talks with its parent: the processes use it, so it
    // knows none of them.
    Row {
        module: "watchdog::launch",
        may: UNDER_THE_PROCESSES,
    },
    Row {
        module: "watchdog::survey",
        may: UNDER_THE_PROCESSES,
    },
    Row {
        module: "watchdog::ipc",
        may: UNDER_THE_PROCESSES,
    },
    Row {
        module: "cli",
        may: EVERYTHING,
    },
    Row {
        module: "lib",
        may: EVERYTHING,
    },
    Row {
        module: "main",
        may: EVERYTHING,
    },
];
