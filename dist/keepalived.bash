# Completion of keepalived and genhash for bash.
# Generated from the tables of options and keywords: change those, not this file.
# shellcheck shell=bash

_keepalived_keywords='BFD_CHECK DNS_CHECK FILE_CHECK HTTP_GET MISC_CHECK PING_CHECK SMTP_CHECK SSL SSL_GET TCP_CHECK UDP_CHECK accept active_key add advert_int advmss alpha anti_replay append auth_hmac auth_pass auth_type authentication autojoin bfd_cpu_affinity bfd_instance bfd_no_swap bfd_priority bfd_process_name bfd_rlimit_rttime bfd_rt_priority bind_if bind_port bindto blackhole brd broadcast ca certificate check_unicast_src checker checker_cpu_affinity checker_log_all_failures checker_no_swap checker_priority checker_process_name checker_rlimit_rttime checker_rt_priority child_wait_time config_save_dir congctl connect_ip connect_port connect_timeout cwnd data_use_instance dbus_no_interface_name dbus_service_name debug dedupe_checks default_interface delay delay_before_retry delay_loop dev digest disable_local_igmp dont_track_primary down_timer_adverts dport dsfield dst dynamic_interfaces enable_dbus enable_script_security enable_sni enable_snmp_checker enable_snmp_rfc enable_snmp_rfcv2 enable_snmp_rfcv3 enable_snmp_vrrp enable_traps encap expires fall fast_recovery fastopen_no_cookie features fifo_write_vrrp_states_on_reload file flag-1 flag-2 flag-3 flags fork_delay from full_command fwmark garp_extra_if garp_group garp_interval garp_lower_prio_delay garp_lower_prio_repeat garp_master_delay garp_master_refresh garp_master_refresh_repeat garp_master_repeat global_defs gna_interval goto group ha_suspend hashed helo_name higher_prio_send_advert home hoplimit host http_protocol hysteresis id idle_tx iif ila include_check inet inet6 inhibit_on_failure init_fail init_file initcwnd initrwnd instance interface interface_up_down_delays interfaces interval ip ip6 ip_family ipproto iproute_etc_dir iproute_usr_dir json_dump_file json_version kernel_rx_buf_size key l3mdev label lb_algo lb_kind linkbeat_interfaces linkbeat_use_polling log_all_failures log_unknown_vrids lookup lower_prio_no_advert lthreshold lvs_flush lvs_flush_on_stop lvs_method lvs_netlink_cmd_rcv_bufs lvs_netlink_cmd_rcv_bufs_force lvs_netlink_monitor_rcv_bufs lvs_netlink_monitor_rcv_bufs_force lvs_notify_fifo lvs_notify_fifo_script lvs_sched lvs_sync_daemon lvs_sync_daemon_interface lvs_table_check_interval lvs_timeouts max_auto_priority max_hops max_reply_length max_ttl mcast_dst_ip mcast_src_ip metric metrics_listen mh-fallback mh-port min_auto_priority_delay min_reply_length min_rx min_ttl min_tx misc_dynamic misc_path misc_timeout mngtmpaddr mode mpls mtu multihop multiplier name namespace_with_ipsets nat_mask native_ipv6 nb_get_retry neighbor_ip net_namespace net_namespace_ipvs nexthop nftables nftables_counters nftables_ifindex nftables_ipvs nftables_ipvs_priority nftables_ipvs_start_fwmark nftables_priority no_accept no_checker_emails no_email_faults no_track no_virtual_ipaddress nop nopreempt noprefixroute noreverse not notification_email notification_email_from notify notify_backup notify_deleted notify_down notify_fault notify_fifo notify_fifo_script notify_master notify_master_rx_lower_pri notify_priority_changes notify_stop notify_up oif old_unicast_checksum omega onlink oom_score_adj ops or order owner_ignore_adverts param_match passive password path payload peer persistence_engine persistence_granularity persistence_timeout preempt preempt_delay pref preference preferred_lft prepend priority process process_monitor_rcv_bufs process_monitor_rcv_bufs_force process_name process_names prohibit promote_secondaries protocol quickack quorum quorum_down quorum_max quorum_up random_seed real_server realms regex regex_max_offset regex_min_offset regex_no_match regex_options regex_stack reload_check_config reload_file reload_repeat reload_time_file reordering require_reply retry reverse rise router_id rs_init_notifies rto_min rtt rttvar scope script script_user set_supplementary_groups sh-fallback sh-port shutdown_script shutdown_script_timeout skip_check_adv_addr smtp_alert smtp_alert_checker smtp_alert_vrrp smtp_connect_timeout smtp_helo_name smtp_server sni_name snmp_name snmp_rs_stats_update_interval snmp_socket snmp_vs_stats_update_interval sorry_server sorry_server_inhibit sorry_server_lvs_method source_ip sport src ssthresh startup_script startup_script_timeout state state_dump_file static_ipaddress static_routes static_rules stats_dump_file status_code status_socket strict_mode sup_group sup_pl suppress_ifgroup suppress_prefixlength sync_group_tracking_weight table tc terminate_delay time_window timeout timer_expired_backup tls_compliant tmp_config_directory to tos track_bfd track_file track_group track_interface track_process track_script track_src_ip ttl ttl-propagate tunnel-id type uidrange umask unicast_fault_no_peer unicast_peer unicast_src_ip unicast_ttl unreachable url use_ipvlan use_pid_dir use_symlink_paths use_vmac use_vmac_addr user uthreshold v3_checksum_as_v2 version via virtual_ipaddress virtual_ipaddress_excluded virtual_router_id virtual_routes virtual_rules virtual_server virtual_server_group virtualhost vmac_addr_prefix vmac_prefix vmac_xmit_base vrf vrrp vrrp_check_unicast_src vrrp_cpu_affinity vrrp_delay_after_boot vrrp_down_timer_adverts vrrp_garp_extra_if vrrp_garp_interval vrrp_garp_lower_prio_delay vrrp_garp_lower_prio_repeat vrrp_garp_master_delay vrrp_garp_master_refresh vrrp_garp_master_refresh_repeat vrrp_garp_master_repeat vrrp_gna_interval vrrp_higher_prio_send_advert vrrp_instance vrrp_ipsets vrrp_iptables vrrp_lower_prio_no_advert vrrp_mcast_group4 vrrp_mcast_group6 vrrp_min_garp vrrp_netlink_cmd_rcv_bufs vrrp_netlink_cmd_rcv_bufs_force vrrp_netlink_monitor_rcv_bufs vrrp_netlink_monitor_rcv_bufs_force vrrp_no_swap vrrp_notify_fifo vrrp_notify_fifo_script vrrp_notify_priority_changes vrrp_owner_ignore_adverts vrrp_priority vrrp_process_name vrrp_rlimit_rttime vrrp_rt_priority vrrp_rx_bufs_multiplier vrrp_rx_bufs_policy vrrp_script vrrp_skip_check_adv_addr vrrp_startup_delay vrrp_strict vrrp_sync_group vrrp_track_process vrrp_unicast_peer vrrp_version warmup weight window'

_keepalived() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]-} option=
	local keywords=$_keepalived_keywords
	COMPREPLY=()
	if [[ $word == = ]]; then option=$before word=
	elif [[ $before == = ]]; then option=${COMP_WORDS[COMP_CWORD - 2]-}
	else option=$before; fi
	case $option in
	-f|--use-file) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	-S|--log-facility) mapfile -t COMPREPLY < <(compgen -W 'daemon user local0 local1 local2 local3 local4 local5 local6 local7' -- "$word"); return ;;
	-u|--umask) mapfile -t COMPREPLY < <(compgen -W '' -- "$word"); return ;;
	-p|--pid) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	-r|--vrrp_pid) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	-c|--checkers_pid) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	-b|--bfd_pid) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	-A|--snmp-agent-socket) mapfile -t COMPREPLY < <(compgen -W '' -- "$word"); return ;;
	-s|--namespace) mapfile -t COMPREPLY < <(compgen -W "$(ip netns list 2>/dev/null | cut -d' ' -f1)" -- "$word"); return ;;
	-i|--config-id) mapfile -t COMPREPLY < <(compgen -W '' -- "$word"); return ;;
	--signum) mapfile -t COMPREPLY < <(compgen -W 'STOP RELOAD DATA STATS STATS_CLEAR JSON TDUMP' -- "$word"); return ;;
	--no-warn) mapfile -t COMPREPLY < <(compgen -W '' -- "$word"); return ;;
	--explain) mapfile -t COMPREPLY < <(compgen -W "$keywords" -- "$word"); return ;;
	--upgrade-config) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	--running) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	--config-fd) mapfile -t COMPREPLY < <(compgen -W '' -- "$word"); return ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W '-f --use-file -P --vrrp -C --check -B --no_bfd --all -l --log-console -D --log-detail -S --log-facility -g --log-file --flush-log-file -G --no-syslog -u --umask -X --release-vips -V --dont-release-vrrp -I --dont-release-ipvs -R --dont-respawn -n --dont-fork -d --dump-conf -p --pid -r --vrrp_pid -c --checkers_pid -b --bfd_pid -T --genhash -a --address-monitoring -x --snmp -A --snmp-agent-socket -m --core-dump -M --core-dump-pattern --no-mem-check -L --mem-check-log -O --openssl-mem-check -s --namespace -i --config-id -e --all-config --signum -t --config-test --strict --no-warn --explain --upgrade-config --reload-plan --running --status --json --watch --config-fd --ignore-sigint --perf --debug -v --version -h --help' -- "$word")
}

_genhash() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]-} option=
	local keywords=$_keepalived_keywords
	COMPREPLY=()
	if [[ $word == = ]]; then option=$before word=
	elif [[ $before == = ]]; then option=${COMP_WORDS[COMP_CWORD - 2]-}
	else option=$before; fi
	case $option in
	-s|--server) mapfile -t COMPREPLY < <(compgen -W '' -- "$word"); return ;;
	-p|--port) mapfile -t COMPREPLY < <(compgen -W '' -- "$word"); return ;;
	-u|--url) mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
	-V|--use-virtualhost) mapfile -t COMPREPLY < <(compgen -W '' -- "$word"); return ;;
	-H|--hash) mapfile -t COMPREPLY < <(compgen -W 'md5 sha1' -- "$word"); return ;;
	-m|--fwmark) mapfile -t COMPREPLY < <(compgen -W '' -- "$word"); return ;;
	-P|--protocol) mapfile -t COMPREPLY < <(compgen -W '1.0 1.0c 1.1' -- "$word"); return ;;
	-t|--timeout) mapfile -t COMPREPLY < <(compgen -W '' -- "$word"); return ;;
	esac
	mapfile -t COMPREPLY < <(compgen -W '-S --use-ssl -I --use-sni -s --server -p --port -u --url -V --use-virtualhost -H --hash -v --verbose -h --help -r --release -m --fwmark -P --protocol -t --timeout' -- "$word")
}

complete -F _keepalived keepalived
complete -F _genhash genhash
