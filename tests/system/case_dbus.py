"""The daemon on D-Bus: a private bus, and the tools that others use with it."""
import os
import re
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402
from dbuskit import DAEMON, INSTANCE, NAME, ROOT, Bus, path, start, vi  # noqa: E402
from ka import case, wait  # noqa: E402
from vrrpkit import VIP, conf, inst  # noqa: E402


@case("defects")
def dbus_objects_properties_and_signals(lab):
    """Names, introspection, properties, transitions, a reload and the end."""
    with Bus(lab).start() as bus:
        heard = bus.monitor()
        r1, daemon = start(lab, bus, vi(1), vi(2, dev="eth0"))
        wait(lambda: bus.state(path()) == (2, "Master"), 8, "master on the bus")
        wait(lambda: len(heard.main()) >= 5, 5, "signals of the start")
        assert heard.main()[0] == "VrrpStarted", heard.seen()
        for vrid in (51, 52):
            own = [s[-1] for s in heard.main() if s.startswith("eth0/%d/IPv4 " % vrid)]
            assert own == ["1", "2"], heard.seen()
        for step, child in (("/", "org"), ("/org/keepalived", "Vrrp1"), (ROOT, "Instance"), (ROOT, "Vrrp"),
                            (ROOT + "/Instance/eth0", "52"), (ROOT + "/Instance/eth0/51", "IPv4")):
            assert "node %s {" % child in bus.introspect(step), (step, bus.introspect(step))
        text = bus.introspect(path())
        for member in ("SendGarp();", "VrrpStatusChange(u status);", "readonly (s) Name = ('VI_1',);",
                       "readonly (us) State = (2, 'Master');"):
            assert member in text, text
        text = bus.introspect(ROOT + "/Vrrp")
        for member in ("PrintData();", "PrintStats();", "PrintStatsClear();", "ReloadConfig();", "VrrpStarted();",
                       "VrrpReloaded();", "VrrpStopped();"):
            assert member in text, text
        assert "'VI_2'" in bus.call(ROOT, "org.freedesktop.DBus.ObjectManager.GetManagedObjects")
        assert "'VI_1'" in bus.call(path(), "org.freedesktop.DBus.Properties.GetAll", INSTANCE)
        assert "UnknownMethod" in bus.call(path(99), INSTANCE + ".SendGarp")
        mark = len(heard.seen())
        r1.ip("link", "set", "eth0", "down")
        wait(lambda: bus.state(path()) == (3, "Fault"), 5, "fault on the bus")
        wait(lambda: {"eth0/51/IPv4 3", "PropertiesChanged"} <= set(heard.seen()[mark:]), 5, "and heard")
        r1.ip("link", "set", "eth0", "up")
        wait(lambda: bus.state(path()) == (2, "Master"), 8, "master again")
        # A reload: one leaves, one comes, one stays.
        mark = len(heard.seen())
        daemon.write(conf(vi(1), vi(3), globals="enable_dbus"))
        assert bus.call(ROOT + "/Vrrp", DAEMON + ".ReloadConfig") == "()"
        wait(lambda: "VrrpReloaded" in heard.seen()[mark:], 5, "the reload is heard")
        wait(lambda: bus.state(path(53)) == (2, "Master"), 8, "the new one is there")
        assert not bus.state(path(52)) and bus.state(path())
        seen = heard.seen()[mark:]
        assert "InterfacesAdded" in seen and "InterfacesRemoved" in seen, seen
        assert not [s for s in seen if s.startswith("eth0/51/")], seen
        assert seen.index("eth0/52/IPv4 3") < seen.index("VrrpReloaded") < seen.index("eth0/53/IPv4 1"), seen
        mark = len(heard.seen())
        assert daemon.stop() == 0
        wait(lambda: "VrrpStopped" in heard.seen()[mark:], 5, "the end is heard")
        assert {"eth0/51/IPv4 98", "eth0/53/IPv4 98"} <= set(heard.seen()[mark:]), heard.seen()[mark:]
        assert not bus.has_name()


@case("defects")
def dbus_methods(lab):
    """SendGarp is on the wire, the Print methods write files, and only root may call them."""
    with Bus(lab).start() as bus:
        r1, daemon = start(lab, bus, vi(1, extra="garp_master_delay 0"), inst("VI_6", vrid=60, vips=["fd77::60/64"]),
                           inst("ELSE", vrid=61, dev=None, vips=["10.77.0.161/24 dev eth0"], extra="unicast_peer {\n10.77.0.9\n}\nunicast_src_ip 10.77.0.1"))
        wait(lambda: bus.state(path()) == (2, "Master"), 8, "master on the bus")
        wait(lambda: bus.state(path(60, family="IPv6")) == (2, "Master"), 8, "IPv6, too")
        wait(lambda: bus.state(path(61, dev="none")), 8, "one without interface")
        wire = lab.sniff()
        time.sleep(0.3)
        wire.poll()
        mark = time.time()
        assert bus.call(path(), INSTANCE + ".SendGarp") == "()"
        wait(lambda: wire.poll() is not None and wire.garps(VIP, since=mark), 5, "a gratuitous ARP")
        time.sleep(0.3)
        wire.poll()
        assert len(wire.garps(VIP, since=mark)) == 1, "one round"
        for method, name in (("PrintData", "keepalived.data"), ("PrintStats", "keepalived.stats")):
            file = os.path.join(daemon.tmpdir, name)
            assert not os.path.exists(file)
            assert bus.call(ROOT + "/Vrrp", DAEMON + "." + method) == "()"
            wait(lambda: os.path.exists(file) and "VI_1" in open(file).read(), 5, file)
        stats = os.path.join(daemon.tmpdir, "keepalived.stats")
        sent = lambda: int(re.search(r"Sent: (\d+)", open(stats).read()).group(1))
        before, old = sent(), os.stat(stats).st_ino
        assert bus.call(ROOT + "/Vrrp", DAEMON + ".PrintStatsClear") == "()"
        wait(lambda: os.stat(stats).st_ino != old and sent() >= before, 5, "statistics before they are cleared")
        os.unlink(stats)
        bus.call(ROOT + "/Vrrp", DAEMON + ".PrintStats")
        wait(lambda: os.path.exists(stats) and sent() < before, 5, "counters begin anew")
        # Somebody else looks, and no more.
        nobody = 65534
        for target, method in ((path(), INSTANCE + ".SendGarp"), (ROOT + "/Vrrp", DAEMON + ".ReloadConfig"),
                               (ROOT + "/Vrrp", DAEMON + ".PrintData")):
            answer = bus.call(target, method, user=nobody)
            assert "AccessDenied" in answer, answer
        get = "org.freedesktop.DBus.Properties.Get"
        assert "Master" in bus.call(path(), get, INSTANCE, "State", user=nobody)
        assert "AccessDenied" in bus.call(path(), "org.freedesktop.DBus.Properties.Set", INSTANCE, "Name", "<'x'>", user=nobody)
        assert "not writable" in bus.call(path(), "org.freedesktop.DBus.Properties.Set", INSTANCE, "Name", "<'x'>")
        assert "Reload" not in daemon.log()


@case("defects")
def dbus_bus_comes_late_and_goes(lab):
    """No bus at the start: VRRP runs; then the bus comes, dies and comes again. Other names for objects."""
    with Bus(lab) as bus:
        r1, daemon = start(lab, bus, vi(1), extra="dbus_service_name org.keepalived.Vrrp1")
        wait(lambda: r1.has(VIP), 8, "master without a bus")
        wait(lambda: "Cannot be on D-Bus" in daemon.log(), 5, "and it is told")
        bus.start()
        wait(bus.has_name, 12, "the name on the bus")
        wait(lambda: bus.state(path()) == (2, "Master"), 5, "master on the bus")
        bus.stop()
        bus.start()
        wait(bus.has_name, 12, "the name on the next bus")
        wait(lambda: bus.state(path()) == (2, "Master"), 5, "still master")
        # The process dies, and its successor knows all.
        old = daemon.pid("_vrrp_dbus")
        os.kill(old, signal.SIGKILL)
        wait(lambda: os.path.exists("/proc/%d" % old) is False and bus.has_name(), 8, "another process has the name")
        wait(lambda: bus.state(path()) == (2, "Master"), 5, "and the instance")
        # VRRP dies; its successor is found.
        os.kill(daemon.pid("_vrrp"), signal.SIGKILL)
        wait(lambda: "VRRP child process died" in daemon.log(), 5)
        wait(lambda: daemon.log().count("Entering MASTER STATE") == 2, 8, "master again")
        wait(lambda: bus.state(path()) == (2, "Master"), 5, "on the bus, too")
        # It dies once more, and its restart waits for a second.
        os.kill(daemon.pid("_vrrp"), signal.SIGKILL)
        wait(lambda: bus.has_name() and not bus.state(path()), 3, "no instance without a VRRP process")
        wait(lambda: bus.state(path()) == (2, "Master"), 8, "and the next one")
        # Another name by reload: whoever listens to the objects hears of it.
        heard = bus.monitor()
        daemon.reload(conf(vi(1), globals="enable_dbus\ndbus_service_name org.example.Mine"))
        wait(lambda: not bus.has_name(), 8, "another name")
        wait(lambda: "VrrpReloaded" in heard.seen(), 8, "the reload is heard")
        # Off and on by reload.
        daemon.reload(conf(vi(1)))
        wait(lambda: not bus.has_name(), 8, "the name is given back")
        daemon.reload(conf(vi(1), globals="enable_dbus"))
        wait(lambda: bus.state(path()) == (2, "Master"), 12, "on the bus again")
        assert daemon.stop() == 0


class Caller:
    """Calls methods without waiting for answers, as fast as the bus takes them (D-Bus specification, "Message Protocol")."""

    def __init__(self, bus):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(bus.socket)
        self.sock.sendall(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode() + b"\r\n")
        assert self.sock.recv(4096).startswith(b"OK")
        self.sock.sendall(b"BEGIN\r\n" + self.message("/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello", "org.freedesktop.DBus", 0))
        assert self.sock.recv(4096)

    @staticmethod
    def message(target, interface, method, destination, flags=1):
        fields = b""
        for code, kind, text in ((1, b"o", target), (2, b"s", interface), (3, b"s", method), (6, b"s", destination)):
            fields += b"\0" * (-len(fields) % 8)
            fields += bytes([code, 1]) + kind + b"\0" + struct.pack("<I", len(text)) + text.encode() + b"\0"
        head = b"l" + bytes([1, flags, 1]) + struct.pack("<III", 0, 1, len(fields)) + fields
        return head + b"\0" * (-len(head) % 8)

    def storm(self, count, target, interface, method):
        self.sock.sendall(self.message(target, interface, method, NAME) * count)


@case("defects")
def dbus_storm_of_print_requests(lab):
    """A client that asks for the data in a loop: requests that come while another is waited for or worked on are joined into
    one, and what is written at last is newer than the last of them."""
    with Bus(lab).start() as bus:
        instances = [vi(1)] + [inst("D_%d" % n, vrid=100 + n, vips=["10.77.1.%d/32" % n]) for n in range(1, 101)]
        r1, daemon = start(lab, bus, *instances)
        wait(lambda: bus.state(path()) == (2, "Master"), 20, "master on the bus")
        file = os.path.join(daemon.tmpdir, "keepalived.data")
        printed = lambda: daemon.log().count("Printing VRRP data for process")
        caller, calls = Caller(bus), 3000
        # A process that does not read for a while: its line is full, and nothing is lost all the same.
        daemon.signal(signal.SIGSTOP, "_vrrp")
        caller.storm(calls, ROOT + "/Vrrp", DAEMON, "PrintData")
        caller.storm(1, ROOT + "/Vrrp", DAEMON, "PrintStats")
        assert bus.call(ROOT + "/Vrrp", DAEMON + ".PrintStats") == "()", "the bus is served meanwhile"
        daemon.signal(signal.SIGCONT, "_vrrp")
        stats = os.path.join(daemon.tmpdir, "keepalived.stats")
        wait(lambda: os.path.exists(stats), 60, "what was asked for last")
        wait(lambda: os.path.exists(file), 20, file)
        assert 0 < printed() < calls / 10, printed()
        old = os.stat(file).st_ino
        bus.call(ROOT + "/Vrrp", DAEMON + ".PrintData")
        wait(lambda: os.stat(file).st_ino != old, 20, "another one afterwards")
        assert "on DBus request" in daemon.log()
        assert daemon.stop() == 0


@case("defects")
def dbus_stalled_bus_delays_no_advert(lab):
    """A bus that is stopped while instances change all the time: adverts at 100 ms stay on time, and the bus
    learns the newest state when it goes on."""
    with Bus(lab).start() as bus:
        others = [inst("D_%d" % n, vrid=100 + n, dev="eth1", vips=["10.9.0.%d/32" % n]) for n in range(1, 41)]
        r1 = lab.host("r1").nic("eth0", "lan", ["10.77.0.1/24"]).nic("eth1", "side", ["10.9.1.1/24"])
        daemon = r1.keepalived(conf(vi(1, prio=200), *others, globals="enable_dbus"),
                               env={"DBUS_SYSTEM_BUS_ADDRESS": bus.address})
        wait(lambda: bus.state(path()) == (2, "Master"), 8, "master on the bus")
        bus.proc.send_signal(signal.SIGSTOP)
        wire = lab.sniff()
        mark = time.time()
        for _ in range(12):
            r1.ip("link", "set", "eth1", "down")
            time.sleep(0.1)
            r1.ip("link", "set", "eth1", "up")
            time.sleep(0.1)
        r1.ip("link", "set", "eth1", "down")
        # A reload is not held up either.
        daemon.reload()
        wait(lambda: "Reload finished" in daemon.log(), 4, "a reload")
        wire.poll()
        gaps = kit.pauses(wire.adverts("10.77.0.1", vrid=51, since=mark))
        assert len(gaps) > 15 and max(gaps) < 0.2, sorted(gaps)[-5:]
        wait(lambda: daemon.log().count("(D_7) Entering FAULT STATE") >= 12, 5, "changes")
        bus.proc.send_signal(signal.SIGCONT)
        wait(lambda: bus.state(path(107, dev="eth1")) == (3, "Fault"), 8, "the newest state")
        assert bus.state(path()) == (2, "Master")
        bus.proc.send_signal(signal.SIGSTOP)
        since = time.time()
        assert daemon.stop() == 0
        assert time.time() - since < 5, "the end does not wait for the bus"


@case("defects")
def dbus_names_of_several_daemons(lab):
    """`instance` is in the paths, another service name is another name; a name that is taken is waited for."""
    with Bus(lab).start() as bus:
        (r1,) = lab.pair(("r1",))
        text = "instance my-own\nglobal_defs {\nrouter_id test\nenable_dbus\ndbus_service_name %s\n}\n" + vi(1)
        daemon = r1.keepalived(text % "org.example.Mine", env={"DBUS_SYSTEM_BUS_ADDRESS": bus.address})
        wait(lambda: "Acquired the name org.example.Mine" in daemon.log(), 8, "another name")
        daemon.reload(text % "org.example.Forbidden")
        wait(lambda: "org.example.Forbidden is refused" in daemon.log(), 8, "a refusal is told")
        daemon.reload(text % NAME)
        wait(lambda: bus.state(path(root=ROOT + "/my_own")) == (2, "Master"), 8, "the instance below its own root")
        assert "VrrpStarted" in bus.introspect(ROOT + "/my_own/Vrrp")
        assert daemon.stop() == 0


@case("defects")
def dbus_none_without_the_keyword(lab):
    """Without enable_dbus there is no D-Bus process."""
    with Bus(lab).start() as bus:
        (r1,) = lab.pair(("r1",))
        daemon = r1.keepalived(conf(vi(1)), env={"DBUS_SYSTEM_BUS_ADDRESS": bus.address})
        wait(lambda: r1.has(VIP), 8, "master")
        assert len(daemon.tree()) == 2 and not bus.has_name(), daemon.log()
