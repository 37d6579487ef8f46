"""Mistakes of the C daemon that are not copied, and what a user relies on when something dies.

Each case says in its first line what must hold. Those about adverts that must not be late are in
case_delays.
"""
import os
import random
import re
import select
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kit import TRANSPORTS, Group, count_addresses, excluded, ours, steady  # noqa: E402
from ka import case, never, wait  # noqa: E402
from vrrpkit import MAC4, Sender, conf, frame4, inst, put, routes, rules, single, split  # noqa: E402

V3 = TRANSPORTS[0]
VIP = "10.77.0.100"


@case("defects")
def address_with_a_peer_is_removed(lab):
    """A virtual address with `peer` goes away at an orderly stop, and when mastership is lost."""
    r1 = lab.pair()[0]
    d = r1.keepalived(single(vips=["10.99.0.1 peer 10.99.0.2/32", VIP + "/24"]))
    wait(lambda: r1.has("10.99.0.1") and r1.has(VIP), 3, "has both addresses")
    assert d.stop() == 0
    assert not r1.has(VIP) and not r1.has("10.99.0.1"), "left behind: %s" % r1.addresses("eth0")


@case("defects")
def rule_with_a_bad_word_matches_nothing(lab):
    """A port that is no range is an error, and leaves no rule without that condition behind."""
    (r1,) = lab.pair(("r1",))
    r1.keepalived(single(extra="""
        virtual_rules {
        from all ipproto tcp sport 80 table 100 priority 500
        from 192.0.2.0/24 table 100 priority 501
        }"""))
    wait(lambda: rules(r1), 5)
    assert [r.split(":")[0] for r in rules(r1)] == ["501"], rules(r1)


@case("defects")
def static_routes_are_removed_at_stop(lab):
    """Static routes go with the daemon, and so do IPv6 routes without a metric."""
    (r1,) = lab.pair(("r1",))
    r1.ip("addr", "add", "2001:db8:77::1/64", "dev", "eth0", "nodad")
    d = r1.keepalived(conf("""
        static_routes {
        192.0.2.0/24 via 10.77.0.254 dev eth0
        2001:db8:1::/48 via 2001:db8:77::fe dev eth0
        unreachable 2001:db8:2::/48
        blackhole 198.51.100.0/24
        }""", inst()))
    ours = lambda: routes(r1, "proto", "18") + routes(r1, "proto", "18", family="-6")
    wait(lambda: len(ours()) == 4, 5, "all static routes")
    d.stop()
    assert not ours(), ours()


@case("defects")
def renamed_interface_gives_its_addresses_up(lab):
    """An interface that gets another name says goodbye and keeps no virtual address; with its old name it leads again."""
    (r1,) = lab.pair(["r1"])
    wire = lab.sniff()
    r1.keepalived(single())
    wait(lambda: r1.has(VIP), 5)
    r1.ip("link", "set", "eth0", "name", "other")
    wire.wait(lambda p: p.kind == "vrrp" and p.prio == 0, 3, "the farewell")
    wait(lambda: not r1.has(VIP), 3, "the address is gone")
    r1.ip("link", "set", "other", "name", "eth0")
    wait(lambda: r1.has(VIP), 5, "it leads again")


@case("defects")
def owner_starts_at_once_whatever_its_state(lab):
    """Priority 255 with `state BACKUP` is master at once (RFC 9568 6.4.1), and is never told to be backup."""
    r1 = lab.pair()[0]
    wire = lab.sniff()
    told = os.path.join(lab.dir, "told")
    os.mkfifo(told)
    pipe = os.open(told, os.O_RDONLY | os.O_NONBLOCK)
    r1.keepalived(single(prio=255, adv=1, vips=["10.77.0.1/24"], globals="vrrp_notify_fifo %s" % told))
    first = wire.wait(lambda p: p.kind == "vrrp", 2, "an advert of the owner, before three intervals")
    assert first.prio == 255
    lines = wait(lambda: os.read(pipe, 4096) if select.select([pipe], [], [], 0)[0] else b"", 10, "what the pipe is told")
    os.close(pipe)
    assert lines.startswith(b'INSTANCE "VI_1" MASTER 255\n'), lines


@case("defects")
def file_that_includes_itself_is_refused(lab):
    """A file that includes itself: an error from -t, soon, with the file's name."""
    path = os.path.join(lab.dir, "self.conf")
    put(path, "global_defs {\n router_id x\n}\ninclude %s\n" % path)
    host = lab.host("r1")
    r = host.run("sh", "-c", "timeout 5 %s -t -f %s 2>&1; echo status $?" % (lab.daemon, path), check=False)
    status = int(re.search(r"status (\d+)", r).group(1))
    assert status not in (0, 124) and status < 124, "status %d: %s" % (status, r[-300:])
    assert "self.conf" in r, r[-300:]


def noise(rng):
    """A frame with a random protocol-112 packet; some look almost right."""
    body = bytearray(rng.randbytes(rng.randrange(0, 60)))
    if len(body) >= 8 and rng.random() < 0.7:
        body[0:2] = bytes([rng.choice((0x21, 0x31, 0x32, 0x41)), 51])
        body[2] = rng.choice((0, 1, 200, 255))
    return frame4("10.77.0.%d" % rng.choice((1, 9, 200)), bytes(body), ttl=rng.choice((255, 255, 1)), dmac=MAC4)


@case("defects")
def storm_of_random_packets_changes_nothing(lab):
    """150 random protocol-112 packets every 0.3 s: no takeover, no word of a new master, few log lines."""
    group = Group(lab, V3, (ours(), 200), (ours(), 100))
    one, two = group.routers
    group.start()
    group.wait_master(one)
    rng = random.Random(25)
    host = lab.host("noise").nic("eth0", "lan", ["10.77.0.9/24"])
    before, mark = two.daemon.log(), time.time()
    told = "the next lines would come from the storm"
    assert before, told
    macs = {r.host.name: r.host.ip("-o", "link", "show", "dev", "eth0").split("link/ether ")[1].split()[0] for r in group.routers}
    with Sender(host) as sender:
        end = time.monotonic() + 3
        while time.monotonic() < end:
            sender.send(*(noise(rng) for _ in range(150)))
            time.sleep(0.3)
    real = lambda name: [p for p in group.wire.poll() if p.kind == "vrrp" and p.ts >= mark
                         and p.smac == bytes.fromhex(macs[name].replace(":", ""))]
    assert not real("r2"), "the backup took over"
    steady(real("r1"), "in the storm")
    assert one.holds() and two.holds() is False
    log = two.daemon.log()[len(before):]
    said = re.findall(r"(?i)^.*(?:new master|master changed|entering|transition).*$", log, re.M)
    assert not said, "said: %s" % said[0]
    assert log.count("\n") < 150, "%d log lines about the storm" % log.count("\n")


@case("defects")
def killed_vrrp_process_is_back_within_a_second(lab):
    """SIGKILL to the VRRP process: a new one within a second, and the addresses are right again."""
    group = Group(lab, V3, (ours(), 200), (ours(), 100))
    one, two = group.routers
    group.start()
    group.wait_master(one)
    old = one.daemon.pid("_vrrp")
    os.kill(old, 9)

    def respawned():
        try:
            new = one.daemon.pid("_vrrp")
            return new != old and os.path.exists("/proc/%d" % new)
        except (OSError, ValueError):
            return False
    wait(respawned, 1, "a new VRRP process")
    group.wait_master(one, 4)
    never(lambda: two.holds() is not False, 0.5, "two routers with the address")
    assert one.daemon.alive()


@case("defects")
def killed_daemon_leaves_nothing_for_good(lab):
    """A daemon started after a SIGKILL takes its predecessor's addresses away, and nobody else's."""
    group = Group(lab, V3, (ours(), 200, excluded(20)), (ours(), 100))
    one, two = group.routers
    one.host.ip("addr", "add", "10.77.0.55/24", "dev", "eth0")
    group.start()
    group.wait_master(one)
    wait(lambda: count_addresses(one.host) >= 20, 2)
    one.daemon.crash()
    assert one.holds(), "the crash took the addresses along"
    wait(lambda: two.holds(), 3, "the backup takes over")
    one.priority = 50
    one.start()
    wait(lambda: one.holds() is False and not one.host.has("10.100.0.1"), 1.5, "the leftovers are gone")
    assert one.host.has("10.77.0.55") and one.host.has("10.77.0.1"), "removed somebody else's address"
    never(lambda: one.holds() is not False, 0.6, "the worse router takes the address")


@case("defects")
def healed_split_is_announced(lab):
    """The better master of a healed split tells the neighbours again: their ARP entries are stale."""
    group = Group(lab, V3, (ours(), 200, "garp_master_delay 0"), (ours(), 100, "garp_master_delay 0"))
    one, two = group.routers
    group.start()
    group.wait_master(one)
    split(lab, [one.host, two.host], True)
    wait(lambda: one.holds() and two.holds(), 3, "both are master while cut off")
    wait(lambda: len(two.adverts()) > 5, 2)
    mark = time.time()
    split(lab, [one.host, two.host], False)
    group.wait_master(one, 2)
    group.announced(one, mark)


@case("defects")
def unicast_source_is_announced_after_a_fault(lab):
    """A unicast router that leaves FAULT announces its own address once, so that peers learn its MAC."""
    (r1,) = lab.pair(("r1",))
    wire = lab.sniff()
    d = r1.keepalived(single(extra="unicast_src_ip 10.77.0.1\nunicast_peer {\n10.77.0.2\n}"))
    wait(lambda: r1.has(VIP), 5)
    r1.carrier("eth0", False)
    wait(lambda: "Entering FAULT" in d.log(), 5)
    mark = time.time()
    r1.carrier("eth0", True)
    wire.wait(lambda p: p.kind == "arp" and p.gratuitous and p.spa == socket.inet_aton("10.77.0.1"), 5, "the own address", mark)
    wait(lambda: r1.has(VIP), 5)
    assert len(wire.garps("10.77.0.1", mark)) == 1


def judged(lab, text, *args):
    """Exit status and words of -t for a configuration."""
    path = os.path.join(lab.dir, "judged.conf")
    put(path, text)
    host = lab.host("judge") if "judge" in lab.hosts else lab.host("judge").nic("eth0", "lan", ["10.77.0.7/24"])
    out = host.run("sh", "-c", "timeout 10 %s -t %s -f %s 2>&1; echo status $?" % (lab.daemon, " ".join(args), path), check=False)
    return int(re.search(r"status (\d+)", out).group(1)), out


@case("defects")
def small_mistakes_of_old(lab):
    """${_ENV} without a name is told and does not crash; --log-facility=local3 is a facility."""
    status, out = judged(lab, "$X=${_ENV}\n" + single())
    assert status < 124 and "panicked" not in out, out
    status, out = judged(lab, single(), "--log-facility=local3")
    assert status == 0 and "invalid" not in out.lower(), out


@case("defects")
def script_below_a_symlinked_folder_is_secure(lab):
    """enable_script_security: /bin/true of a merged /usr is as secure as /usr/bin/true, and counts."""
    (r1,) = lab.pair(("r1",))
    wire = lab.sniff()
    for path in ("/bin/true", "/usr/bin/true"):
        text = single(globals="enable_script_security\nscript_user root", before="vrrp_script s {\nscript %s\ninterval 1\nweight 20\n}" % path,
                      extra="track_script {\ns\n}")
        status, out = judged(lab, text)
        assert status == 0, out
    d = r1.keepalived(text.replace("/usr/bin/true", "/bin/true"))
    wire.wait(lambda p: p.kind == "vrrp" and p.prio == 120, 5, "the script counts")
    assert d.stop() == 0


@case("defects")
def one_of_two_dead_interfaces_is_not_enough(lab):
    """With two tracked interfaces down the recovery of one does not end FAULT."""
    r1 = lab.host("r1").nic("eth0", "lan", ["10.77.0.1/24"]).nic("eth1", "second").nic("eth2", "third")
    r1.keepalived(single(extra="track_interface {\neth1\neth2\n}"))
    wait(lambda: r1.has(VIP), 5)
    for dev in ("eth1", "eth2"):
        r1.carrier(dev, False)
    wait(lambda: not r1.has(VIP), 5)
    r1.carrier("eth1", True)
    never(lambda: r1.has(VIP), 1.5, "master with an interface down")
    r1.carrier("eth2", True)
    wait(lambda: r1.has(VIP), 5)


@case("defects")
def checked_reload_takes_effect(lab):
    """reload_check_config, with and without a file: a new priority is in force after the reload, a bad file changes nothing."""
    (r1,) = lab.pair(("r1",))
    wire = lab.sniff()
    for n, word in enumerate(("reload_check_config", "reload_check_config %s" % os.path.join(lab.dir, "check.log"))):
        d = r1.keepalived(single(prio=100, globals=word))
        wait(lambda: r1.has(VIP), 5)
        mark = time.time()
        d.reload(single(prio=150 + n, globals=word))
        wire.wait(lambda p: p.kind == "vrrp" and p.prio == 150 + n, 5, "the new priority", mark)
        d.reload(single(prio=300, globals=word))
        time.sleep(0.7)
        assert wire.adverts()[-1].prio == 150 + n, "a bad file is in force"
        assert d.stop() == 0


@case("defects")
def pid_files_go_at_the_stop(lab):
    """No pid file stays behind, however soon the stop comes."""
    (r1,) = lab.pair(("r1",))
    for n in range(8):
        d = r1.keepalived(single())
        wait(lambda: os.path.exists(d.base + ".pid"), 5)
        time.sleep(0.03 * n)
        d.stop()
        left = [f for f in os.listdir(lab.dir) if f.endswith(".pid")]
        assert not left, left


@case("defects")
def json_is_closed_under_its_final_name(lab):
    """keepalived.json: both MOVED_TO and CLOSE_WRITE on the final name, for whoever waits for one of them."""
    from opskit import JSON, Watch
    (r1,) = lab.pair(("r1",))
    d = r1.keepalived(single())
    wait(lambda: r1.has(VIP), 5)
    watch = Watch(d.tmpdir)
    os.kill(d.proc.pid, JSON)
    both = {("MOVED_TO", "keepalived.json"), ("CLOSE_WRITE", "keepalived.json")}
    wait(lambda: both <= set(watch.poll(0.1)), 5, "both events")
    watch.close()


@case("defects")
def late_master_yields_for_good(lab):
    """timer_expired_backup: a master that stood still longer than a takeover takes is backup afterwards, without a word on the wire."""
    stubborn = "nopreempt\n"
    group = Group(lab, V3, (ours(), 200, stubborn + "timer_expired_backup 254"), (ours(), 100, stubborn))
    one, two = group.routers
    one.start()
    group.wait_master(one)
    two.start()
    wait(lambda: "Entering BACKUP" in two.daemon.log(), 3, "the second router runs")
    one.daemon.freeze()
    wait(lambda: two.holds() is True and two.adverts(), 4, "the second router takes over")
    mark = time.time()
    one.daemon.freeze(False)
    wait(lambda: one.holds() is False, 4, "the late one gives up")
    never(lambda: one.adverts(mark), 1, "an advert of the late one")
    group.wait_master(two)
    assert "no advert could be sent for" in one.daemon.log(), one.daemon.log()
