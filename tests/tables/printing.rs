//! What is printed of a configuration.

use keepalived::wire::vrrp::Version;

use crate::read;

const FULL: &str = "\
net_namespace blue
child_wait_time 7
global_defs {
    router_id \"rack 4 left\"
    process_names
    umask 077
    dynamic_interfaces allow_if_changes
    vrrp_mcast_group4 239.1.1.1
    vrrp_garp_master_delay 3
    vrrp_garp_interval 0.001
    vrrp_version 3
    vrrp_cpu_affinity 0 1
    vrrp_rx_bufs_policy MTU
    vrrp_startup_delay 1.5
    enable_script_security
    startup_script \"/bin/up 'two words'\" root
    shutdown_script_timeout 3
    notify_fifo /run/a.fifo root wheel
    notify_fifo_script /bin/reader
    smtp_server 192.0.2.1 2525
    smtp_alert on
    no_email_faults
    notification_email {
        \"Ops <ops@example.net>\"
        a@example.net
    }
}
static_ipaddress {
    10.1.0.1/24 dev eth1 scope link label eth1:1
    2001:db8::1/64 dev eth1 preferred_lft 30 -nodad
}
garp_group {
    garp_interval 0.5
    interfaces { eth0 eth1 }
}
interface_up_down_delays {
    eth0 0.5 1
}
vrrp_instance A {
    state BACKUP
    interface eth0
    virtual_router_id 7
    priority 150
    advert_int 0.25
    nopreempt
    unicast_src_ip 10.0.0.1
    unicast_peer {
        10.0.0.2 min_ttl 250
        10.0.0.3
    }
    virtual_ipaddress {
        10.2.0.1/24 brd + no_track
        10.2.0.2/32 dev eth1 peer 10.2.0.9
    }
    virtual_ipaddress_excluded {
        2001:db8::2/128
    }
    track_interface {
        eth2 weight -20 reverse
    }
    garp_lower_prio_repeat 0
    notify_master \"/bin/notify 'a b' c\"
    notify /bin/notify root :wheel
    notify_deleted
    smtp_alert off
    notify_priority_changes
}
vrrp_instance B {
    version 2
    interface eth0
    virtual_router_id 8
    priority 255
    virtual_ipaddress {
        10.2.0.3
    }
    authentication {
        auth_type PASS
        auth_pass secret
    }
}
";

#[test]
fn what_is_printed_reads_the_same_again() {
    for text in ["net_namespace blue\n", FULL] {
        let first = read(text).config.expect("a configuration");
        let printed = first.print(true);
        let again = read(&printed);
        assert_eq!(
            again.diags.exit_status(),
            0,
            "{printed}{:?}",
            again.diags.list
        );
        assert_eq!(again.config.as_ref(), Some(&first), "{printed}");
        assert_eq!(again.config.expect("a configuration").print(true), printed);
    }
}

#[test]
fn a_dump_has_no_secrets_and_shows_what_came_out() {
    let config = read(FULL).config.expect("a configuration");
    let dump = config.dump();
    assert!(
        !dump.contains("secret") && dump.contains("auth_pass ********"),
        "{dump}"
    );
    assert!(
        dump.contains("vrrp_instance B:\n    virtual_router_id = 8\n    version = 2\n"),
        "{dump}"
    );
    assert_eq!(config.vrrp.instances[1].version, Version::V2);
}
