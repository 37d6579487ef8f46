//! The table of lints, in the order of the manual.

use super::{Lint, global, host, instances, priorities};

/// Every warning that has a name.
pub const LINTS: &[Lint] = &[
    // Who becomes master.
    Lint {
        name: "weight-never-moves",
        what: "A weight that can never change the priority.",
        why: "Priorities end at 1 and 254. Where the priority is there already, whatever the \
              other trackers say, a further weight is cut off, and the address stays where it is.",
        remedy: "choose a priority that leaves room for the weight, or no weight, so that a \
                 failure means FAULT",
        find: Some(priorities::never_moves),
    },
    Lint {
        name: "nopreempt-with-weight",
        what: "nopreempt together with a weight.",
        why: "A failing check lowers the priority of the master, and a backup with nopreempt \
              leaves a master of a lower priority alone: the address does not move.",
        remedy: "leave out the weight, so that a failure means FAULT, or leave out nopreempt",
        find: Some(priorities::nopreempt),
    },
    Lint {
        name: "equal-priorities",
        what: "Routers of equal priority.",
        why: "Between equals the one with the greater address wins, which nobody has decided. An \
              instance without priority has 100, as every other one has; and of two instances on \
              an interface, one to be MASTER and one to be BACKUP, the numbers decide, not the \
              words.",
        remedy: "give each router of a VRID a priority of its own; leave at least 50 between them \
                 if weights are to move the address",
        find: Some(instances::equal_priorities),
    },
    Lint {
        name: "nopreempt-with-master",
        what: "nopreempt where the initial state is MASTER.",
        why: "An instance that starts as master preempts by doing so; nopreempt is ignored.",
        remedy: "write `state BACKUP` on both routers: the one with the higher priority, or the one \
                 that was there first, becomes master",
        find: None,
    },
    Lint {
        name: "backup-owner",
        what: "state BACKUP with priority 255.",
        why: "255 means that the addresses are this router's own (RFC 9568), and their owner is \
              master at once.",
        remedy: "write a priority of at most 254, or `state MASTER`",
        find: None,
    },
    Lint {
        name: "weight-not-counted",
        what: "A weight in a sync group, or of an owner.",
        why: "The members of a group would differ in their priorities, and that of an owner is \
              fixed: the tracker is dropped, or counts as weight 0, which means FAULT.",
        remedy: "leave out the weight, or set `sync_group_tracking_weight` in the group",
        find: None,
    },
    // Who is who on the network.
    Lint {
        name: "vrid-clash",
        what: "A virtual_router_id twice on an interface.",
        why: "With use_vmac the id makes the MAC address: two instances that differ only in multicast \
              and unicast, or in the group, have the same one, and switches send the frames of both \
              to one of them. Without any difference it is an error.",
        remedy: "give one of them a virtual_router_id that nobody else on this network has",
        find: Some(instances::vrid_clash),
    },
    Lint {
        name: "address-twice",
        what: "A virtual address in two instances.",
        why: "Each instance takes the address away when it becomes backup, although the other one \
              may be master.",
        remedy: "leave the address to one of them; a sync group moves both together",
        find: Some(instances::address_twice),
    },
    Lint {
        name: "vip-outside-networks",
        what: "A virtual address in no network of its interface.",
        why: "Neighbours there do not ask for it, so nobody notices a takeover. Only if the \
              interface exists here and has addresses.",
        remedy: "check the address and `dev`; if a router sends its traffic here by a route, allow \
                 this warning",
        find: Some(host::outside),
    },
    Lint {
        name: "source-address-missing",
        what: "A source address that no interface has.",
        why: "Adverts cannot be sent from it, so both routers become master.",
        remedy: "check unicast_src_ip or mcast_src_ip; with `track_src_ip` the instance waits in \
                 FAULT for the address",
        find: Some(host::source),
    },
    Lint {
        name: "own-address-as-peer",
        what: "The own address among the unicast peers.",
        why: "The router talks to itself, and not to the one that was meant.",
        remedy: "name the addresses of the other routers only",
        find: None,
    },
    Lint {
        name: "unicast-without-peer",
        what: "A word of unicast, and no peer.",
        why: "Without peers adverts go to the multicast group.",
        remedy: "name the other routers in `unicast_peer`",
        find: None,
    },
    Lint {
        name: "own-interface-tracked",
        what: "track_interface with the instance's own interface.",
        why: "That one is tracked anyway.",
        remedy: "leave it out of `track_interface`",
        find: None,
    },
    Lint {
        name: "vmac-and-ipvlan",
        what: "use_vmac and use_ipvlan in one instance.",
        why: "An instance has one interface of its own; the second word is ignored.",
        remedy: "keep one of them",
        find: None,
    },
    Lint {
        name: "too-many-addresses",
        what: "More virtual addresses than an advert can hold.",
        why: "The number of addresses in an advert is an octet, and the packet must fit the \
              interface. The others are kept out of adverts.",
        remedy: "move the surplus ones to `virtual_ipaddress_excluded`",
        find: None,
    },
    Lint {
        name: "scope-ignored",
        what: "A scope of an IPv6 address.",
        why: "The kernel derives the scope of IPv6 addresses from the address.",
        remedy: "leave out `scope`",
        find: None,
    },
    Lint {
        name: "single-member-group",
        what: "A vrrp_sync_group with one member.",
        why: "There is nothing that it could keep together.",
        remedy: "name the other instances, or leave out the group",
        find: None,
    },
    // Versions, passwords, strict mode.
    Lint {
        name: "auth-pass-long",
        what: "An auth_pass of more than eight octets.",
        why: "The field of the advert has eight; the rest is cut off, here and on other routers.",
        remedy: "write the first eight octets; for security there is `auth_hmac`",
        find: None,
    },
    Lint {
        name: "auth-pass-without-type",
        what: "auth_pass without auth_type.",
        why: "Without a type there is no authentication: adverts carry no password.",
        remedy: "add `auth_type PASS`",
        find: None,
    },
    Lint {
        name: "ipv6-version",
        what: "version 2 for an IPv6 instance.",
        why: "VRRP version 2 has no IPv6; version 3 is spoken.",
        remedy: "leave out `version`, or write `version 3`",
        find: None,
    },
    Lint {
        name: "strict-forbids",
        what: "Something that strict mode does not have.",
        why: "vrrp_strict and strict_mode keep to the RFC: no unicast, no authentication, no \
              preempt_delay, state MASTER for owners only. What it does not have is ignored.",
        remedy: "leave out one of the two",
        find: None,
    },
    Lint {
        name: "strict-drops-traffic",
        what: "Strict mode without a word about `accept`.",
        why: "By the RFC only the owner accepts packets for the virtual addresses, so that neither \
              pings nor services on them are answered.",
        remedy: "write `accept` (version 3) if the addresses are to be reached, or `no_accept` if \
                 not; most set-ups want no vrrp_strict at all",
        find: Some(instances::strict_drops),
    },
    // Scripts.
    Lint {
        name: "script-unusable",
        what: "A script that cannot be run.",
        why: "It is missing, not executable, or its user does not exist: it is never run.",
        remedy: "name an executable file with its absolute path",
        find: None,
    },
    Lint {
        name: "script-insecure",
        what: "A script that others than root may change.",
        why: "Whoever can write to it, or to a folder above it, can have anything done as root.",
        remedy: "take the write permission away, or name a `user`",
        find: None,
    },
    Lint {
        name: "scripts-as-root",
        what: "Scripts of root without enable_script_security.",
        why: "Nothing watches then who may change the scripts that root runs.",
        remedy: "set `enable_script_security` and, if scripts need not be root's, `script_user`",
        find: None,
    },
    Lint {
        name: "unquoted-arguments",
        what: "Arguments of a command outside its quotes.",
        why: "Behind the command stand user and group, so the words are no arguments of it.",
        remedy: "quote the command as a whole: \"/path/to/command one two\"",
        find: None,
    },
    Lint {
        name: "script-longer-than-interval",
        what: "A vrrp_script whose timeout is above its interval.",
        why: "While it runs the next run is left out, so a failure is noticed later than the \
              interval says.",
        remedy: "lower `timeout`, or raise `interval`",
        find: Some(instances::slow_scripts),
    },
    Lint {
        name: "fifo-shared",
        what: "One pipe for two kinds of events.",
        why: "Two processes write to it, and whoever reads cannot tell them apart for sure.",
        remedy: "use `notify_fifo` for both, or two pipes",
        find: Some(global::fifos),
    },
    // Virtual servers.
    Lint {
        name: "service-without-check",
        what: "A real server without a check.",
        why: "It counts as up for ever and gets connections, whether it is there or not.",
        remedy: "give each real_server a check, such as `TCP_CHECK { }`",
        find: None,
    },
    Lint {
        name: "check-longer-than-interval",
        what: "A check that may take longer than its delay_loop.",
        why: "An attempt that times out lasts longer than checks are apart, so that a dead server \
              is noticed later than delay_loop says.",
        remedy: "lower `connect_timeout` or `misc_timeout` below `delay_loop`",
        find: None,
    },
    Lint {
        name: "service-twice",
        what: "A virtual server that is there already.",
        why: "The kernel knows a service once: the second one is not used.",
        remedy: "put the real servers of both into one virtual_server",
        find: None,
    },
    Lint {
        name: "group-missing",
        what: "A virtual server of an unknown group.",
        why: "Without a virtual_server_group of that name the virtual server is not used.",
        remedy: "check the name",
        find: None,
    },
    Lint {
        name: "group-mixed",
        what: "A group with IPv4 and IPv6 entries.",
        why: "Only tunnelled servers can serve both families; the kernel refuses the others.",
        remedy: "make two groups",
        find: None,
    },
    Lint {
        name: "port-ignored",
        what: "A port of a real server that has no effect.",
        why: "Only address translation can change a port; direct routing and tunnels keep that \
              of the service.",
        remedy: "leave out the port, or use `lvs_method NAT`; `connect_port` is for the check",
        find: None,
    },
    Lint {
        name: "pattern-invalid",
        what: "A regex that is none.",
        why: "The page is checked without it.",
        remedy: "correct the pattern; it is one of PCRE2",
        find: None,
    },
    Lint {
        name: "granularity-not-a-mask",
        what: "A prefix length where persistence_granularity of IPv4 has a mask, or a mask with gaps.",
        why: "keepalived reads 24 as the mask 0.0.0.24; here it is taken as the prefix length. With \
              a mask such as 255.0.255.0 clients of far apart networks count as one.",
        remedy: "write the mask of a network, such as 255.255.255.0",
        find: None,
    },
    Lint {
        name: "sync-daemon-unusable",
        what: "A sync daemon on an interface, or of an instance, that is not there.",
        why: "Connections are not synchronised.",
        remedy: "check the names behind `lvs_sync_daemon`",
        find: None,
    },
    // The text.
    Lint {
        name: "two-statements",
        what: "Several statements on one line.",
        why: "A statement ends with its line or at a brace: keepalived ignores what follows. Here \
              the others are heeded where they are complete and nothing else can be meant; the \
              message says which it is.",
        remedy: "put each statement on a line of its own; `keepalived --upgrade-config FILE` does \
                 it where it is clear",
        find: None,
    },
    Lint {
        name: "surplus-words",
        what: "More words than a keyword takes.",
        why: "They are ignored.",
        remedy: "leave them out",
        find: None,
    },
    Lint {
        name: "comment-in-word",
        what: "A comment that begins in the middle of a word.",
        why: "`#` and `!` begin a comment everywhere outside double quotes, as in \
              `auth_pass k@l!ve`, which is `k@l`.",
        remedy: "put the word in double quotes; or, if a comment is meant, a blank before it",
        find: None,
    },
    Lint {
        name: "condition-without-id",
        what: "A blank behind `@`.",
        why: "The line then counts for no configuration id at all.",
        remedy: "no blank is allowed between `@` and the id",
        find: None,
    },
    Lint {
        name: "include-without-match",
        what: "An include line that reads no file.",
        why: "What it was to read is not configured, without further notice.",
        remedy: "check the name; `includea` makes this an error",
        find: None,
    },
    Lint {
        name: "old-word",
        what: "A word of earlier versions.",
        why: "It works here; a later keepalived may not know it.",
        remedy: "`keepalived --upgrade-config FILE` prints the file in today's words",
        find: None,
    },
    Lint {
        name: "unknown-warning",
        what: "A comment that allows a warning nobody knows.",
        why: "A name with a typing error allows nothing.",
        remedy: "`keepalived --explain NAME` knows the names",
        find: None,
    },
    // The system.
    Lint {
        name: "namespace-missing",
        what: "A network namespace that does not exist.",
        why: "The daemon enters it first of all, and ends if it cannot.",
        remedy: "make it with `ip netns add`, or check the name",
        find: Some(host::namespace),
    },
    Lint {
        name: "iptables-and-nftables",
        what: "iptables and nftables in one configuration.",
        why: "The rules of keepalived are in one of them only: that is nftables.",
        remedy: "leave out `vrrp_iptables` and `vrrp_ipsets`",
        find: Some(global::firewalls),
    },
];
