"""Trackers beyond the public cases: processes, and static items that concern instances."""
import os
import subprocess
import time
from ka import case, never, wait
from vrrpkit import VIP, Fifo, conf, inst, lines, put, script, single

@case("defects")
def trackers_process_comes_and_goes(lab):
    """FAULT while there is no such process."""
    (r1,) = lab.pair(("r1",))
    r1.keepalived(single(before="vrrp_track_process tp {\nprocess sleep 54321\n}", extra="track_process {\ntp\n}"))
    never(lambda: r1.has(VIP), 1.5)
    p = subprocess.Popen(["sleep", "54321"])
    wait(lambda: r1.has(VIP), 10)
    p.kill(); p.wait()
    wait(lambda: not r1.has(VIP), 10)

@case("defects")
def trackers_file_of_a_fault_keeps_its_weight_for_those_who_are_told(lab):
    """FAULT is told with the priority from before, as by the C daemon; what a reload has set is not told."""
    path = os.path.join(lab.dir, "file")
    put(path, "7\n")
    (r1,) = lab.pair(("r1",))
    fifo = Fifo(lab)
    text = lambda prio: single(prio=prio, globals="vrrp_notify_fifo %s" % fifo.path, before="track_file a {\nfile %s\nweight 1\n}" % path,
                               extra="notify_priority_changes\ntrack_file {\na\n}")
    expected = []

    def told(*words):
        expected.extend('INSTANCE "VI_1" ' + word for word in words)
        wait(lambda: fifo.lines() == expected, 10, "%s, in the end, among %s" % (words, fifo.lines()))
    d = r1.keepalived(text(150))
    told("BACKUP_PRIORITY 157", "BACKUP 157", "MASTER 157")
    put(path, "-254\n")
    told("FAULT 157")
    put(path, "-100\n")
    told("BACKUP 50", "MASTER 50")
    put(path, "20\n")
    told("MASTER_PRIORITY 170")
    d.reload(text(100))
    wait(lambda: "effective priority from 170 to 120" in d.log(), 10, "the log has it")
    put(path, "21\n")
    told("MASTER_PRIORITY 121")

@case("defects")
def trackers_static_item_deleted_makes_the_group_give_up(lab):
    """A deleted static address of a track_group: priority 0, and back with everything."""
    (r1,) = lab.pair(("r1",))
    wire = lab.sniff()
    r1.keepalived(conf("track_group tg {\ngroup {\nVI_1\n}\n}\nstatic_ipaddress {\n10.99.0.1/24 dev eth0 track_group tg\n}", inst()))
    wait(lambda: r1.has(VIP) and r1.has("10.99.0.1"), 10)
    wire.wait(lambda p: p.kind == "vrrp", 10, "adverts")
    mark = time.time()
    r1.ip("addr", "del", "10.99.0.1/24", "dev", "eth0")
    wire.wait(lambda p: p.kind == "vrrp" and p.prio == 0, 10, "gives up", mark)
    wait(lambda: r1.has("10.99.0.1") and r1.has(VIP), 10)

@case("defects")
def trackers_linkbeat_asks_for_the_link(lab):
    """linkbeat_interfaces: the driver's answer counts, in the way that works, and so does the administrator's switch."""
    (r1,) = lab.pair(("r1",))
    d = r1.keepalived(single(before="linkbeat_interfaces {\neth0 MII\n}"))
    wait(lambda: r1.has(VIP), 10)
    assert "asked for its link by ETHTOOL" in d.log(), d.log()
    for off, on in ((lambda: r1.carrier("eth0", False), lambda: r1.carrier("eth0", True)),
                    (lambda: r1.ip("link", "set", "eth0", "down"), lambda: r1.ip("link", "set", "eth0", "up"))):
        off()
        wait(lambda: not r1.has(VIP), 10, "FAULT without a link")
        on()
        wait(lambda: r1.has(VIP), 10, "master again")
    d.reload(single())
    wait(lambda: "Reload finished" in d.log(), 10)
    assert r1.has(VIP)
    r1.carrier("eth0", False)
    wait(lambda: not r1.has(VIP), 10, "the kernel's word again")

@case("defects")
def trackers_process_events(lab):
    """The kernel tells of processes at once, also in a network namespace; children count until they run something else."""
    (r1,) = lab.pair(("r1",))
    mine = os.path.join(lab.dir, "counted")
    put(mine, "#!/bin/sh\n(read x < $0.fifo; :) &\nread x < $0.fifo\n")
    os.chmod(mine, 0o755)
    os.mkfifo(mine + ".fifo")
    text = single(adv=0.05, before="vrrp_track_process tp {\nprocess counted\nquorum 2\n}", extra="track_process {\ntp\n}")
    d = r1.keepalived(text)
    never(lambda: r1.has(VIP), 1)
    assert "looked for in /proc" not in d.log(), d.log()
    p = subprocess.Popen([mine])
    # The script and its child, which has run nothing else. Without events only a look at
    # /proc could find them, and nobody looks twice.
    wait(lambda: r1.has(VIP), 10, "two processes")
    p.kill(); p.wait()
    wait(lambda: not r1.has(VIP), 10, "one is left")
    # The child reads the fifo, and ends with its writer.
    os.close(os.open(mine + ".fifo", os.O_RDWR))

@case("defects")
def trackers_scripts_run_as_ordinary_processes(lab):
    """A script of a real-time daemon on one processor with limits is an ordinary process without them."""
    (r1,) = lab.pair(("r1",))
    seen = os.path.join(lab.dir, "seen")
    probe = script(lab, "probe", """
        {
        cut -d')' -f2 /proc/$$/stat | cut -d' ' -f18,39,40
        grep Cpus_allowed_list /proc/$$/status
        grep 'Max open files\\|Max realtime timeout' /proc/$$/limits
        } > %s.new; mv %s.new %s
        """ % (seen, seen, seen))
    own = lambda what: [l.split()[-1] for l in open("/proc/self/status") if l.startswith(what)][0]
    # A hard limit cannot be raised again without CAP_SYS_RESOURCE.
    known = "open files|realtime timeout" if int(own("CapEff"), 16) >> 24 & 1 else "open files"
    limits = lambda text: [l.split() for l in text if any(k in l for k in known.split("|"))]
    d = r1.keepalived(single(globals="""vrrp_rt_priority 30
        vrrp_priority -5
        vrrp_cpu_affinity 0
        vrrp_rlimit_rttime 20000
        script_user root""", before="vrrp_script s {\nscript %s\ninterval 1\n}" % probe, extra="track_script {\ns\n}"))
    wait(lambda: lines(seen), 10, "the script has run")
    with open("/proc/%d/stat" % d.pid("_vrrp")) as f:
        assert f.read().rsplit(")", 1)[1].split()[37:39] == ["30", "2"], "the daemon is no real-time process"
    first, *rest = open(seen).read().splitlines()
    assert first.split() == ["0", "0", "0"], "nice, priority, policy: %s" % first
    assert rest[0].split()[-1] == own("Cpus_allowed_list"), rest
    assert limits(rest) == limits(open("/proc/self/limits")), rest

@case("defects")
def trackers_of_what_it_cannot_do_without_have_no_weight(lab):
    """The own interface, and that of a tracked address: down is FAULT, whatever weight they are given."""
    for extra, vips in (("", (VIP + "/24", "10.78.0.100/24 dev eth1")), ("dont_track_primary", (VIP + "/24",))):
        r1, = lab.pair(("own%d" % len(vips),), segment="lan%d" % len(vips))
        r1.nic("eth1", "other%d" % len(vips), ["10.78.0.1/24"])
        r1.keepalived(single(vips=vips, globals="vrrp_notify_priority_changes", extra=extra + """
            track_interface {
            eth0 weight -10
            eth1 weight 7
            }"""))
        wait(lambda: r1.has(VIP), 10)
        if extra:
            r1.carrier("eth0", False)
            never(lambda: not r1.has(VIP), 1)
            continue
        for dev in ("eth1", "eth0"):
            r1.carrier(dev, False)
            wait(lambda: not r1.has(VIP), 10, "FAULT without " + dev)
            r1.carrier(dev, True)
            wait(lambda: r1.has(VIP), 10, "master again")

@case("defects")
def trackers_move_the_priority_before_the_first_state(lab):
    """With notify_priority_changes a weight that counts at the start is told before the first state; values are those of the change."""
    (r1,) = lab.pair(("r1",))
    put(os.path.join(lab.dir, "value"), "5")
    fifo = Fifo(lab)
    d = r1.keepalived(conf("track_file tf {\nfile %s\nweight 2\n}" % os.path.join(lab.dir, "value"), inst(extra="track_file {\ntf\n}"),
                           globals="vrrp_notify_fifo %s\nvrrp_notify_priority_changes" % fifo.path))
    wait(lambda: r1.has(VIP), 10)
    put(os.path.join(lab.dir, "value"), "-254")
    wait(lambda: not r1.has(VIP), 10)
    wait(lambda: len(fifo.lines()) > 3, 10)
    assert fifo.lines()[:3] == ['INSTANCE "VI_1" %s 110' % word for word in ("BACKUP_PRIORITY", "BACKUP", "MASTER")], fifo.lines()
    assert " FAULT " in fifo.lines()[3], fifo.lines()
    d.signal(12)
    stats = os.path.join(d.tmpdir, "keepalived.stats")
    wait(lambda: any("Priority Zero" in line for line in lines(stats)), 10)
    # Two adverts of priority 0 leave for one that counts.
    assert lines(stats)[-1].strip() == "Sent: 1", lines(stats)

@case("defects")
def trackers_members_of_a_track_group_need_the_interface(lab):
    """The interface of a static route or address with a track_group is tracked by the members of the group, until a reload."""
    (r1,) = lab.pair(("r1",))
    r1.nic("eth1", "other", ["10.78.0.1/24"])
    text = conf("track_group tg {\ngroup {\nVI_1\n}\n}\nstatic_routes {\n10.62.0.0/24 via 10.78.0.2 dev eth1 %s\n}", inst())
    d = r1.keepalived(text % "track_group tg")
    wait(lambda: r1.has(VIP), 10)
    r1.carrier("eth1", False)
    wait(lambda: not r1.has(VIP), 10, "FAULT without eth1")
    r1.carrier("eth1", True)
    wait(lambda: r1.has(VIP), 10, "master again")
    d.reload(text % "")
    wait(lambda: "Reload finished" in d.log(), 10)
    r1.carrier("eth1", False)
    never(lambda: not r1.has(VIP), 1)

@case("defects")
def trackers_routes_with_several_hops_do_without_one(lab):
    """The interface of one of several next hops is not tracked."""
    (r1,) = lab.pair(("r1",))
    r1.nic("eth1", "other", ["10.78.0.1/24"])
    r1.keepalived(single(extra="virtual_routes {\n10.90.0.0/24 nexthop via 10.77.0.2 dev eth0 nexthop via 10.78.0.2 dev eth1\n}"))
    wait(lambda: r1.has(VIP), 10)
    r1.carrier("eth1", False)
    never(lambda: not r1.has(VIP), 1)
