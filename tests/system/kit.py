"""Routers for the tests of whole daemons: a host, a configuration and a binary of one's choice."""
import os
import socket
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "conformance"))
from ka import Lab, Skip, wait  # noqa: E402
from vrrpkit import conf, inst, linklocal, mac_of, sniff_all  # noqa: E402


def pauses(packets):
    """The seconds between packets, without those in which the whole machine stood still."""
    times = [p.ts for p in packets]
    return [b - a - Lab.stood_still.between(a, b) for a, b in zip(times, times[1:])]


def refuses(host, to, source=None):
    """A datagram to a port where nobody listens; True if the other side says so."""
    def opened():
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if source:
            s.bind((source, 0))
        return s
    with host.inside(opened) as s:
        s.settimeout(1)
        try:
            s.connect((to, 9))
            s.send(b"x")
            s.recv(1)
        except ConnectionRefusedError:
            return True
        except OSError:
            return False


def ours():
    """The binary under test."""
    return os.environ["DAEMON"]


def theirs():
    """The other implementation."""
    path = os.environ.get("PEER", "/usr/sbin/keepalived")
    if not os.access(path, os.X_OK):
        raise Skip("there is no %s" % path)
    return path


class Transport:
    """How the routers of one virtual router talk: version, family, addressing, authentication."""

    def __init__(self, name, version=3, family=4, unicast=False, auth=None, adv=0.1):
        self.name, self.version, self.family, self.unicast, self.auth, self.adv = name, version, family, unicast, auth, adv
        self.vips = ["10.77.0.100/24", "10.77.0.101/24"] if family == 4 else ["fe80::5:1/64", "fd77::100/64"]

    def address(self, host, number):
        """Where this host's adverts come from."""
        if self.family == 4:
            return "10.77.0.%d" % number
        return "fd77::%d" % number if self.unicast else linklocal(host)

    def text(self, priority, number, others, extra=""):
        lines = []
        if self.auth:
            lines.append("authentication {\nauth_type %s\nauth_pass secret\n}" % self.auth)
        if self.unicast:
            own = "10.77.0.%d" if self.family == 4 else "fd77::%d"
            lines += ["unicast_src_ip " + own % number, "unicast_peer {", *(own % n for n in others), "}"]
        return conf(inst(prio=priority, adv=self.adv, version=self.version, vips=self.vips, extra="\n".join(lines) + "\n" + extra))

    def skew(self, priority):
        """Seconds that a router of this priority waits beyond three intervals."""
        return (256 - priority) / 256 * (self.adv if self.version == 3 else 1)

    def patience(self):
        """Seconds after which a takeover that has not happened does not come."""
        return 4 * self.adv + 10


TRANSPORTS = [
    Transport("v3_ipv4_multicast"),
    Transport("v3_ipv6_multicast", family=6),
    Transport("v3_ipv4_unicast", unicast=True),
    Transport("v3_ipv6_unicast", family=6, unicast=True),
    Transport("v2_ipv4_multicast", version=2, adv=1),
    Transport("v2_ipv4_unicast_pass", version=2, adv=1, unicast=True, auth="PASS"),
    Transport("v2_pass", version=2, adv=1, auth="PASS"),
    Transport("v2_ah", version=2, adv=1, auth="AH"),
]


class Router:
    """One daemon on one host of the segment."""

    def __init__(self, group, number, binary, priority, extra=""):
        self.group, self.number, self.binary, self.priority, self.extra = group, number, binary, priority, extra
        self.host = group.lab.host("r%d" % number).nic("eth0", "lan", ["10.77.0.%d/24" % number, "fd77::%d/64" % number])
        self.address = group.transport.address(self.host, number)
        self.daemon = None

    def start(self):
        others = [n for n in range(1, self.group.size + 1) if n != self.number]
        text = self.group.transport.text(self.priority, self.number, others, self.extra)
        self.host.lab.daemon = os.path.abspath(self.binary)
        self.daemon = self.host.keepalived(text, "-P")
        return self

    def adverts(self, since=0.0):
        return self.group.wire.adverts(self.address, since=since)

    def holds(self):
        """Has all virtual addresses (True), none (False), or some (None)."""
        have = [self.host.has(v) for v in self.group.transport.vips]
        return True if all(have) else None if any(have) else False


class Group:
    """The routers of one virtual router, in order of their numbers: (binary, priority) or (binary, priority, extra)."""

    def __init__(self, lab, transport, *routers):
        self.lab, self.transport, self.size = lab, transport, len(routers)
        self.wire = sniff_all(lab)
        self.routers = [Router(self, n, *r) for n, r in enumerate(routers, 1)]

    def start(self):
        for r in self.routers:
            r.start()

    def wait_master(self, router, timeout=None):
        """Wait until this router alone has the addresses and its advert is the newest on the wire."""
        def settled():
            seen = self.wire.adverts()
            return (seen and seen[-1].src == router.address and seen[-1].prio == router.priority
                    and router.holds() is True and not any(r.holds() is not False for r in self.running(router)))
        wait(settled, timeout or self.transport.patience(), "r%d alone is master" % router.number)

    def running(self, but=None):
        return [r for r in self.routers if r is not but and r.daemon and r.daemon.alive()]

    def announced(self, router, since):
        """Wait until a gratuitous ARP or an unsolicited advertisement for each address came from the router's interface."""
        mac = mac_of(router.host)
        for vip in self.transport.vips:
            bare = vip.split("/")[0]
            if self.transport.family == 4:
                wait(lambda: any(p.smac == mac for p in self.wire.garps(bare, since)), 3, "gratuitous ARP for %s" % bare)
            else:
                wait(lambda: any(p.kind == "na" and p.target == bare and p.smac == mac and p.ts >= since
                                 for p in self.wire.poll()), 3, "neighbour advertisement for %s" % bare)


def steady(packets, what, interval=TRANSPORTS[0].adv):
    """No pause of two intervals between these adverts: others wait three, machines stall, and the bench measures."""
    worst = max(pauses(packets), default=None)
    assert worst is not None, "%s: no adverts" % what
    assert worst < 2 * interval, "%s: adverts paused for %.0f ms" % (what, worst * 1e3)


def excluded(count):
    """A block of `count` addresses that are not in the adverts."""
    lines = ["10.%d.%d.%d/32" % (100 + n // 62500, n // 250 % 250, 1 + n % 250) for n in range(count)]
    return "virtual_ipaddress_excluded {\n" + "\n".join(lines) + "\n}"


def count_addresses(host):
    return host.ip("-o", "addr", "show", "dev", "eth0").count("\n")
