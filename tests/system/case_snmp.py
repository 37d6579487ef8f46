"""SNMP of whole daemons: net-snmp's agent as master, walks, notifications, and masters that misbehave."""
import os
import random
import re
import signal
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402
from kit import ours, theirs  # noqa: E402
from ka import case, wait  # noqa: E402
from snmpkit import Master, index_of, router, started  # noqa: E402
from vrrpkit import VIP, Sender, advert2, advert3, conf, frame4, inst, sniff_all  # noqa: E402

V2, V3 = ".1.3.6.1.2.1.68", ".1.3.6.1.2.1.207"
OLD = inst(name="old", vrid=51, prio=150, version=2, adv=1, vips=["10.77.0.101/24", "10.77.0.100/24"])
NEW = inst(name="new", vrid=52, prio=120, vips=["10.77.0.110/24"], extra="nopreempt")
SIX = inst(name="six", vrid=53, prio=120, vips=["fe80::5:1/64", "fd77::100/64"])
GLOBALS = "router_id r\nenable_traps\nenable_snmp_rfc\n"


def gaps(wire, since, vrid=52):
    """The pauses between adverts of an instance."""
    seen = wire.adverts("10.77.0.1", vrid=vrid, since=since)
    assert len(seen) > 2, seen
    return kit.pauses(seen)


def on_time(wire, since, seconds):
    """Adverts every 100 ms for so long: none so late that a backup would think of taking over."""
    time.sleep(max(0.0, since + seconds - time.time()))
    pauses = gaps(wire, since)
    assert max(pauses) < 0.25 and len(pauses) > seconds * 8, (max(pauses), len(pauses))


def cpu(daemon):
    """Seconds that the VRRP process has run."""
    with open("/proc/%d/stat" % daemon.pid("_vrrp")) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@case("interop", "snmp")
def snmp_walk_is_that_of_the_c_daemon(lab):
    """Both MIBs of the RFCs: the same names, types and values, but for times."""
    walks = []
    for number, binary in ((1, ours()), (2, theirs())):
        segment = "lan%d" % number
        host = lab.host("r%d" % number).nic("eth0", segment, ["10.77.0.1/24", "fd77::1/64"])
        host.run("ip", "link", "set", "eth0", "address", "02:00:00:00:77:01")
        master = Master(host)
        started(host, master, conf(OLD, NEW, SIX, globals=GLOBALS), binary=binary)
        wait(lambda: all(host.has(a) for a in ("10.77.0.100", "10.77.0.110", "fd77::100")), 12)
        index = index_of(host)
        rows = {}
        for oid, value in {**wait(lambda: master.walk(V2), 8), **master.walk(V3)}.items():
            rows[oid.replace(".%s.5" % index, ".IF.5")] = re.sub(r"Timeticks: \(\d+\).*", "Timeticks", value)
        for name in ("3", "4"):
            rows = {o: v for o, v in rows.items() if not (o.startswith(V3 + ".1.1.1.1." + name) and o.endswith(".53.2"))}
        walks.append(rows)
    mine, other = walks
    assert len(mine) > 70 and mine == other, sorted(set(mine.items()) ^ set(other.items()))


@case("defects", "snmp")
def snmp_walk_by_getnext_and_by_getbulk_is_the_same(lab):
    """And the master knows the subagent's objects again after another configuration, and no longer when it is switched off."""
    r1 = router(lab)
    master = Master(r1, "tcp:127.0.0.1:16705")
    d = started(r1, master, conf(OLD, NEW, globals=GLOBALS))
    wait(lambda: r1.has("10.77.0.100") and master.walk(V2), 12)
    times = re.compile(r"Timeticks.*")
    one, many = ({o: times.sub("", v) for o, v in master.walk(V2, how).items()} for how in ("snmpwalk", "snmpbulkwalk"))
    assert one == many and list(one) == list(many) and len(one) > 28, (one, many)
    index = index_of(r1)
    state = V3 + ".1.1.1.1.6." + index + ".%d.1"
    assert list(master.walk(V3 + ".1.1.1.1.6")) == [state % 51, state % 52], "version 2 is there, too"
    d.reload(conf(OLD, NEW.replace("virtual_router_id 52", "virtual_router_id 42"), inst(name="more", vrid=60, vips=["10.77.0.120/24"]), globals=GLOBALS))
    wait(lambda: list(master.walk(V3 + ".1.1.1.1.6")) == [state % 42, state % 51, state % 60], 8, "the rows follow")
    assert d.log().count("AgentX subagent connected") == 1, "the session stays"
    d.reload(conf(OLD, NEW, globals="enable_snmp_rfcv2\n"))
    wait(lambda: master.walk(V2) and not master.walk(V3), 8, "one MIB less")
    assert master.walk(V2 + ".1.2")[V2 + ".1.2.0"] == "INTEGER: 2", "no notifications any more"
    d.reload(conf(OLD, NEW))
    wait(lambda: not master.walk(V2), 8, "nothing")


@case("defects", "snmp")
def snmp_notifications_of_the_rfcs_are_read_back(lab):
    """New masters of both versions, an advert that fails authentication, and one with a wrong TTL."""
    r1 = router(lab)
    master = Master(r1)
    secret = "authentication {\nauth_type PASS\nauth_pass secret\n}"
    d = started(r1, master, conf(inst(name="old", vrid=51, version=2, adv=1, vips=[VIP + "/24"], extra=secret), NEW, globals=GLOBALS))
    wait(lambda: "AgentX subagent connected" in d.log(), 8)
    index = index_of(r1)
    old = wait(lambda: master.traps(V2 + ".0.1"), 12)
    assert V2 + ".1.3.1.7." + index + ".51 = IpAddress: 10.77.0.1" in old[0], old
    new = wait(lambda: [t for t in master.traps(V3 + ".0.1") if ".%s.52.1 =" % index in t], 6)
    assert V3 + ".1.1.1.1.3." + index + ".52.1 = Hex-STRING: 0A 4D 00 01" in new[0], new
    assert V3 + ".1.2.5.1.2." + index + ".52.1 = INTEGER: 3" in new[0], new
    wait(lambda: [t for t in master.traps(V3 + ".0.1") if ".%s.51.1 =" % index in t], 6, "the other MIB knows it, too")
    other = router(lab, "r2", 2)
    with Sender(other, [frame4("10.77.0.2", advert2(vrid=51, prio=1, auth=1, data=b"wrong\0\0\0")),
                        frame4("10.77.0.2", advert3("10.77.0.2", vrid=52, prio=1), ttl=7)], every=0.2):
        failed = wait(lambda: master.traps(V2 + ".0.2"), 5)
        assert V2 + ".1.5." + index + ".51 = IpAddress: 10.77.0.2" in failed[0] and V2 + ".1.6." + index + ".51 = INTEGER: 3" in failed[0], failed
        wrong = wait(lambda: master.traps(V3 + ".0.2"), 5)
        assert V3 + ".1.2.5.1.6." + index + ".52.1 = INTEGER: 1" in wrong[0], wrong
    errors = master.walk(V3 + ".1.2.5.1.5")
    assert int(errors[V3 + ".1.2.5.1.5." + index + ".52.1"].split()[-1]) > 0, errors
    # Many were refused; few were told.
    assert len(master.traps(V3 + ".0.2")) <= 6


@case("defects", "snmp")
def snmp_master_comes_back(lab):
    """A master that is stopped and started again is found again, and no advert minds."""
    r1 = router(lab)
    wire = sniff_all(lab)
    master = Master(r1)
    d = started(r1, master, conf(NEW, globals=GLOBALS))
    wait(lambda: r1.has("10.77.0.110") and master.walk(V3), 12)
    mark = time.time()
    master.stop()
    wait(lambda: "No session with the SNMP master agent" in d.log(), 5)
    master.start()
    wait(lambda: master.walk(V3), 15, "it is found again")
    on_time(wire, mark, 2)


@case("defects", "snmp")
def snmp_master_that_hangs_does_no_harm(lab):
    """A stopped master, in the middle of a walk: adverts every 100 ms; afterwards it is served again."""
    r1 = router(lab)
    wire = sniff_all(lab)
    master = Master(r1)
    started(r1, master, conf(NEW, globals=GLOBALS))
    wait(lambda: r1.has("10.77.0.110") and master.walk(V3), 12)
    mark = time.time()
    master.proc.send_signal(signal.SIGSTOP)
    try:
        # Notifications pile up in the socket.
        for up in (False, True, False, True):
            r1.ip("link", "set", "eth0", "up" if up else "down")
        wait(lambda: r1.has("10.77.0.110"), 5)
        mark = time.time()
        on_time(wire, mark, 3)
    finally:
        master.proc.send_signal(signal.SIGCONT)
    wait(lambda: master.walk(V3), 10, "it is served again")


class Nonsense:
    """Something that is no master: it takes connections and says what `speak` does with each."""

    def __init__(self, path, speak):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(8)
        self.speak, self.count = speak, 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.socket.accept()
            except OSError:
                return
            self.count += 1
            with peer:
                peer.settimeout(5)
                try:
                    self.speak(peer)
                except OSError:
                    pass


def response(request):
    """A master's good answer to a packet: session 1, no error."""
    return struct.pack(">BBBBIIIIIHH", 1, 18, 0x10, 0, 1, 0, struct.unpack(">I", request[12:16])[0], 8, 0, 0, 0)


def head(kind, length, session=1):
    return struct.pack(">BBBBIIII", 1, kind, 0x10, 0, session, 1, 1, length)


def flood(peer):
    """A session that is opened, and then octets without end."""
    for _ in range(3):
        peer.sendall(response(peer.recv(4096)))
    noise = random.Random(5)
    end = time.time() + 1.5
    while time.time() < end:
        peer.sendall(noise.choice([head(13, 0) * 500, head(5, 8) + bytes([1, 0, 0, 0, 0, 0, 0, 9]) + noise.randbytes(3000), head(7, 12) * 9]))


@case("defects", "snmp")
def snmp_master_that_talks_nonsense_does_no_harm(lab):
    """Garbage, a promise of a long packet, silence, a flood of requests whose answers nobody reads: adverts every 100 ms, and little work."""
    r1 = router(lab)
    wire = sniff_all(lab)
    path = os.path.join(lab.dir, "nonsense")
    speeches = [lambda peer: peer.sendall(os.urandom(60000)), lambda peer: peer.sendall(head(18, 0x7ffffffc) + bytes(50000)),
                lambda peer: peer.sendall(head(5, 262144) + bytes(200000)), flood]
    turn = iter(speeches)
    wrong = Nonsense(path, lambda peer: next(turn, flood)(peer))
    r1.lab.daemon = os.path.abspath(ours())
    d = r1.keepalived(conf(NEW, globals=GLOBALS), "-x", "-A", "unix:" + path)
    wait(lambda: r1.has("10.77.0.110"), 8)
    mark, before = time.time(), cpu(d)
    wait(lambda: wrong.count > len(speeches), 40, "it tries again and again", step=0.1)
    on_time(wire, mark, 2)
    spent = (cpu(d) - before) / (time.time() - mark)
    assert spent < 0.5, "%.0f %% of a CPU" % (100 * spent)
    assert d.log().count("No session with the SNMP master agent") < 8, d.log()[-3000:]


@case("defects", "snmp")
def snmp_thousand_instances_are_walked_in_bounded_time(lab):
    """1,000 instances: a walk of their states takes seconds, and the adverts of one of them come every 100 ms meanwhile."""
    r1 = lab.host("r1")
    blocks = [NEW]
    for nic in range(4):
        dev = "eth%d" % nic
        r1.nic(dev, "lan" if nic == 0 else "lan%d" % nic, ["10.%d.0.1/16" % (77 + nic)])
        blocks += [inst(name="v%d_%d" % (nic, vrid), vrid=vrid, prio=50, adv=40, dev=dev, vips=["10.%d.1.%d/16" % (77 + nic, vrid)])
                   for vrid in range(1, 251) if vrid != 52 or nic]
    wire = sniff_all(lab)
    master = Master(r1)
    d = started(r1, master, conf(*blocks, globals=GLOBALS), binary=ours())
    wait(lambda: r1.has("10.77.0.110"), 30)
    wait(lambda: "AgentX subagent connected" in d.log(), 8)
    mark, before = time.time(), cpu(d)
    states = master.walk(V3 + ".1.1.1.1", "snmpbulkwalk", "-Cr50")
    took, spent = time.time() - mark, cpu(d) - before
    assert len(states) == 11 * 1000, len(states)
    on_time(wire, mark, max(2, took))
    print("%d values in %.1f s, of which the daemon's %.2f s" % (len(states), took, spent))
    assert took < 30 and spent < 5, (took, spent)
