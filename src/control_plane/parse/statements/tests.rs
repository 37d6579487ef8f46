use std::path::Path;

use crate::control_plane::diag::Severity;
use crate::control_plane::files::Memory;
use crate::control_plane::upgrade::upgrade;
use crate::control_plane::{AnyMachine, LoadOptions, Loaded, load};
use crate::lint::is_old;

const MAIN: &str = "/etc/keepalived/keepalived.conf";

type Around = fn(&str) -> String;

fn loaded(text: &str) -> Loaded {
    let files = Memory::with(MAIN, text);
    let machine = AnyMachine::default();
    load(&files, Path::new(MAIN), &LoadOptions::default(), &machine)
}

fn print(loaded: &Loaded) -> String {
    loaded
        .config
        .as_ref()
        .map_or_else(String::new, |config| config.print(true))
}

fn upgraded(loaded: &Loaded) -> String {
    let upgraded = upgrade(loaded, is_old).unwrap();
    assert_eq!(upgraded.left, Vec::<usize>::new());
    String::from_utf8(upgraded.text).unwrap()
}

fn instance(lines: &str) -> String {
    format!(
        "vrrp_instance VI {{\n interface eth0\n virtual_router_id 7\n virtual_ipaddress {{\n  \
         10.0.0.9\n }}\n {lines}\n}}\n"
    )
}

fn service(lines: &str) -> String {
    format!(
        "virtual_server 10.0.0.9 80 {{\n lb_algo wrr\n lb_kind DR\n protocol UDP\n {lines}\n \
         real_server 10.0.0.5 80 {{\n  PING_CHECK {{\n  }}\n }}\n}}\n"
    )
}

fn server(lines: &str) -> String {
    format!(
        "virtual_server 10.0.0.9 80 {{\n lb_algo rr\n lb_kind DR\n protocol TCP\n real_server \
         10.0.0.5 80 {{\n  {lines}\n }}\n}}\n"
    )
}

fn script(lines: &str) -> String {
    format!(
        "vrrp_script chk {{\n {lines}\n}}\n{}",
        instance("track_script {\n  chk\n }")
    )
}

fn globals(lines: &str) -> String {
    format!("global_defs {{\n {lines}\n}}\n{}", instance("priority 7"))
}

/// The same on one line and on several, and what the configuration test ends with.
const CLEAR: [(Around, &str, &str, u8); 25] = [
    (
        instance,
        "priority 120 advert_int 2",
        "priority 120\nadvert_int 2",
        0,
    ),
    (
        instance,
        "state BACKUP nopreempt priority 120 advert_int 2 garp_master_delay 3",
        "state BACKUP\nnopreempt\npriority 120\nadvert_int 2\ngarp_master_delay 3",
        0,
    ),
    (
        instance,
        "nopreempt priority 120",
        "nopreempt\npriority 120",
        0,
    ),
    (
        instance,
        "authentication { auth_type PASS auth_pass 1111 }",
        "authentication {\nauth_type PASS\nauth_pass 1111\n}",
        0,
    ),
    // The C daemon is lost here, and says so.
    (
        instance,
        "priority 120 authentication {\n auth_type PASS\n auth_pass 1\n }",
        "priority 120\nauthentication {\n auth_type PASS\n auth_pass 1\n }",
        5,
    ),
    (
        instance,
        "priority 120 track_interface { eth1 weight 5 }",
        "priority 120\ntrack_interface {\neth1 weight 5\n}",
        5,
    ),
    (
        instance,
        "priority 120\n unicast_peer { 10.0.0.2 10.0.0.3 min_ttl 5 10.0.0.4 }",
        "priority 120\nunicast_peer {\n10.0.0.2\n10.0.0.3 min_ttl 5\n10.0.0.4\n}",
        5,
    ),
    (
        instance,
        "priority 120\n virtual_ipaddress_excluded { 10.0.0.1/24 dev eth1 brd 10.0.0.255 \
             10.0.0.2 fe80::1 }",
        "priority 120\nvirtual_ipaddress_excluded {\n10.0.0.1/24 dev eth1 brd \
             10.0.0.255\n10.0.0.2\nfe80::1\n}",
        5,
    ),
    (
        instance,
        "priority 120 notify_master \"/bin/a b\" notify_backup \"/bin/b c\" root",
        "priority 120\nnotify_master \"/bin/a b\"\nnotify_backup \"/bin/b c\" root",
        6,
    ),
    (
        |lines| {
            format!(
                "static_ipaddress {{\n {lines}\n}}\n{}",
                instance("priority 7")
            )
        },
        "10.1.0.1/24 dev eth0 10.1.0.2/24 dev eth1",
        "10.1.0.1/24 dev eth0\n10.1.0.2/24 dev eth1",
        5,
    ),
    (
        script,
        "script \"/bin/true a\" interval 2 weight 5 fall 3",
        "script \"/bin/true a\"\ninterval 2\nweight 5\nfall 3",
        6,
    ),
    (
        script,
        "script \"/bin/true\" interval 2",
        "script \"/bin/true\"\ninterval 2",
        6,
    ),
    (
        script,
        "script \"/bin/true\"\nweight 5 reverse rise 2",
        "script \"/bin/true\"\nweight 5 reverse\nrise 2",
        6,
    ),
    (
        globals,
        "router_id ONE vrrp_version 3 smtp_server 10.0.0.1 smtp_connect_timeout 9",
        "router_id ONE\nvrrp_version 3\nsmtp_server 10.0.0.1\nsmtp_connect_timeout 9",
        5,
    ),
    (
        globals,
        "smtp_server 10.0.0.1 26 smtp_connect_timeout 9",
        "smtp_server 10.0.0.1 26\nsmtp_connect_timeout 9",
        0,
    ),
    (
        service,
        "delay_loop 6 lb_algo rr lb_kind NAT protocol TCP",
        "delay_loop 6\nlb_algo rr\nlb_kind NAT\nprotocol TCP",
        5,
    ),
    (
        service,
        "lb_algo rr persistence_timeout 50 protocol TCP",
        "lb_algo rr\npersistence_timeout 50\nprotocol TCP",
        0,
    ),
    (
        service,
        "persistence_timeout quorum 1",
        "persistence_timeout\nquorum 1",
        5,
    ),
    (service, "alpha quorum 1", "alpha\nquorum 1", 5),
    (service, "alpha off quorum 1", "alpha off\nquorum 1", 0),
    (
        service,
        "sorry_server 10.0.0.7 80 quorum 1",
        "sorry_server 10.0.0.7 80\nquorum 1",
        0,
    ),
    (
        server,
        "weight 3 inhibit_on_failure\n TCP_CHECK { connect_timeout 3 connect_port 81 }",
        "weight 3\ninhibit_on_failure\n TCP_CHECK {\nconnect_timeout 3\nconnect_port 81\n}",
        0,
    ),
    (
        server,
        "weight 3 TCP_CHECK {\n connect_timeout 3\n }",
        "weight 3\nTCP_CHECK {\n connect_timeout 3\n }",
        5,
    ),
    (
        server,
        "HTTP_GET { url { path / status_code 200 } connect_timeout 3 retry 2 }",
        "HTTP_GET {\nurl {\npath /\nstatus_code 200\n}\nconnect_timeout 3\nretry 2\n}",
        0,
    ),
    (
        |lines| format!("{lines}\n{}", instance("priority 7")),
        "net_namespace a instance b",
        "net_namespace a\ninstance b",
        0,
    ),
];

#[test]
fn what_is_clear_is_read_as_several() {
    for (around, line, lines, status) in CLEAR {
        let (found, apart) = (loaded(&around(line)), loaded(&around(lines)));
        let mut told = found.diags.list.iter();
        let told = told.find(|diag| diag.lint == Some("two-statements"));
        assert!(told.is_some(), "{line}: {:?}", found.diags.list);
        assert_eq!(print(&found), print(&apart), "{line}");
        assert_eq!(
            found.diags.exit_status(),
            status,
            "{line}: {:?}",
            found.diags.list
        );
        let again = loaded(&upgraded(&found));
        assert_eq!(print(&again), print(&apart), "{line}");
        let old = again.diags.list.iter().filter(|diag| is_old(diag)).count();
        assert_eq!(old, 0, "{line}");
    }
}

/// What could be meant otherwise, and what it means for the C daemon.
const UNCLEAR: [(Around, &str, &str); 18] = [
    // Not complete, or no value of the keyword.
    (instance, "priority 120 advert_int", "priority 120"),
    (instance, "priority 120 advert_int x", "priority 120"),
    (
        instance,
        "priority 120 advert_int 2 state NEVER",
        "priority 120",
    ),
    (instance, "priority 120 advert_int 2 3", "priority 120"),
    (instance, "priority 120 nopreempt twice", "priority 120"),
    (instance, "priority 120 130 advert_int 2", "priority 120"),
    (instance, "priority 120 \"advert_int\" 2", "priority 120"),
    // A block without one.
    (instance, "priority 120 authentication", "priority 120"),
    // Names.
    (
        instance,
        "interface priority state BACKUP",
        "interface priority",
    ),
    (instance, "use_vmac state", "use_vmac state"),
    (instance, "use_vmac state priority 120", ""),
    (
        instance,
        "track_interface {\n state weight 5\n }",
        "track_interface {\nstate weight 5\n}",
    ),
    (
        |lines| {
            format!(
                "vrrp_sync_group g {{\n group {{\n {lines}\n }}\n}}\n{}",
                instance("")
            )
        },
        "VI notify",
        "VI\nnotify",
    ),
    // Commands without quotes, in single ones, and with words of their own.
    (script, "script /bin/true interval 2", "script /bin/true"),
    (
        script,
        "script '/bin/true interval 2'",
        "script \"/bin/true interval 2\"",
    ),
    (
        script,
        "script \"/bin/true interval 2 weight 5\"",
        "script '/bin/true interval 2 weight 5'",
    ),
    (
        instance,
        "notify_master '/bin/true a b c priority 120'",
        "notify_master \"/bin/true a b c priority 120\"",
    ),
    (
        globals,
        "include_check read match",
        "include_check read match",
    ),
];

#[test]
fn what_is_not_clear_stays_one() {
    for (around, line, same) in UNCLEAR {
        let (found, other) = (loaded(&around(line)), loaded(&around(same)));
        let mut list = found.diags.list.iter();
        assert!(!list.any(is_old), "{line}: {:?}", found.diags.list);
        assert_eq!(print(&found), print(&other), "{line}");
    }
}

#[test]
fn what_is_told() {
    let texts = |text: &str| -> Vec<String> {
        let found = loaded(text);
        let list = found.diags.list.iter();
        let told = list.filter(|diag| diag.severity > Severity::Note);
        told.map(|diag| {
            format!(
                "{}. {}",
                diag.text,
                diag.help.as_deref().unwrap_or_default()
            )
        })
        .collect()
    };
    assert_eq!(
        texts(&instance("priority 120 advert_int 2")),
        [
            "`advert_int` stands on the line of `priority`: the line is read as two statements. \
             write each on a line of its own"
        ]
    );
    assert_eq!(
        texts(&instance("state BACKUP priority 120 advert_int 2")),
        [
            "`priority`, `advert_int` stand on the line of `state`: the line is read as 3 \
             statements. write each on a line of its own"
        ]
    );
    assert_eq!(
        texts(&instance("priority 120 advert_int x")),
        [
            "`advert_int` stands on the line of `priority` and is ignored. put each statement on \
             a line of its own"
        ]
    );
}

#[test]
fn the_upgrade_breaks_the_line() {
    let cases = [
        (
            "vrrp_instance VI {\n\tinterface eth0  state BACKUP # mine\n\tvirtual_router_id 7 \
             priority 9\n\tvirtual_ipaddress { 10.0.0.1 10.0.0.2 }\n}\n",
            "vrrp_instance VI {\n\tinterface eth0\n\tstate BACKUP # mine\n\tvirtual_router_id \
             7\n\tpriority 9\n\tvirtual_ipaddress {\n\t\t10.0.0.1\n\t\t10.0.0.2\n\t}\n}\n",
        ),
        (
            "vrrp_instance VI { interface eth0 virtual_router_id 7\r\n  no_virtual_ipaddress \
             authentication { auth_type PASS auth_pass 1 } }\r\n",
            "vrrp_instance VI {\r\n    interface eth0\r\n    virtual_router_id 7\r\n  \
             no_virtual_ipaddress\r\n  authentication {\r\n      auth_type PASS\r\n      auth_pass \
             1\r\n  } }\r\n",
        ),
        // An old word goes with the line that it would have.
        (
            "virtual_server 10.0.0.1 80 {\n  nat_mask 255.0.0.0 delay_loop 5 hashed\n  lb_kind nat \
             nat_mask 255.0.0.0 lb_algo rr\n}\n",
            "virtual_server 10.0.0.1 80 {\n  delay_loop 5\n  lb_kind NAT\n  lb_algo rr\n}\n",
        ),
    ];
    for (old, new) in cases {
        assert_eq!(upgraded(&loaded(old)), new, "{old}");
    }
}

/// A line that a definition makes is read all the same; how to write it is left to do by hand.
#[test]
fn lines_that_definitions_make() {
    let text = format!("$BOTH=priority 120 advert_int 2\n{}", instance("$BOTH"));
    let (found, apart) = (
        loaded(&text),
        loaded(&instance("priority 120\nadvert_int 2")),
    );
    assert_eq!(print(&found), print(&apart));
    let upgraded = upgrade(&found, is_old).unwrap();
    assert_eq!((upgraded.changed, upgraded.left.len()), (0, 1));
    let text = format!("$N=120\n{}", instance("priority $N advert_int 2"));
    let found = loaded(&text);
    assert_eq!(print(&found), print(&apart));
}
