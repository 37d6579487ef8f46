"""Trackers beyond the public cases: processes, and static items that concern instances."""
import subprocess
import time
from ka import case, never, wait
from vrrpkit import VIP, conf, inst, single

@case("defects")
def trackers_process_comes_and_goes(lab):
    """FAULT while there is no such process."""
    (r1,) = lab.pair(("r1",))
    r1.keepalived(single(before="vrrp_track_process tp {\nprocess sleep 54321\n}", extra="track_process {\ntp\n}"))
    never(lambda: r1.has(VIP), 1.5)
    p = subprocess.Popen(["sleep", "54321"])
    wait(lambda: r1.has(VIP), 6)
    p.kill(); p.wait()
    wait(lambda: not r1.has(VIP), 3)

@case("defects")
def trackers_static_item_deleted_makes_the_group_give_up(lab):
    """A deleted static address of a track_group: priority 0, and back with everything."""
    (r1,) = lab.pair(("r1",))
    wire = lab.sniff()
    r1.keepalived(conf("track_group tg {\ngroup {\nVI_1\n}\n}\nstatic_ipaddress {\n10.99.0.1/24 dev eth0 track_group tg\n}", inst()))
    wait(lambda: r1.has(VIP) and r1.has("10.99.0.1"), 5)
    time.sleep(0.3)
    mark = time.time()
    r1.ip("addr", "del", "10.99.0.1/24", "dev", "eth0")
    wire.wait(lambda p: p.kind == "vrrp" and p.prio == 0, 2, "gives up", mark)
    wait(lambda: r1.has("10.99.0.1") and r1.has(VIP), 5)

@case("defects")
def trackers_linkbeat_asks_for_the_link(lab):
    """linkbeat_interfaces: the driver's answer counts, in the way that works, and so does the administrator's switch."""
    (r1,) = lab.pair(("r1",))
    d = r1.keepalived(single(before="linkbeat_interfaces {\neth0 MII\n}"))
    wait(lambda: r1.has(VIP), 5)
    assert "asked for its link by ETHTOOL" in d.log(), d.log()
    for off, on in ((lambda: r1.carrier("eth0", False), lambda: r1.carrier("eth0", True)),
                    (lambda: r1.ip("link", "set", "eth0", "down"), lambda: r1.ip("link", "set", "eth0", "up"))):
        off()
        wait(lambda: not r1.has(VIP), 4, "FAULT without a link")
        on()
        wait(lambda: r1.has(VIP), 6, "master again")
    d.reload(single())
    wait(lambda: "Reload finished" in d.log(), 3)
    assert r1.has(VIP)
    r1.carrier("eth0", False)
    wait(lambda: not r1.has(VIP), 2, "the kernel's word again")
