"""The kernel's netlink sockets fail: whatever was lost is found out, acted on, and adverts go on.

The VRRP process is stopped while others change what it looks after and fill its receive buffers, so that it hears of
none of it; then it goes on.
"""
import os
import re
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from case_robust import master, survives  # noqa: E402
from ka import Skip, case, wait  # noqa: E402
from vrrpkit import VIP, conf, inst, put, single  # noqa: E402

# The smallest the kernel gives: some ten events.
SMALL = "vrrp_netlink_monitor_rcv_bufs 2048\nvrrp_netlink_cmd_rcv_bufs 2048"
ROUTE, RULE = "10.99.0.0/24", "10.98.0.0/24"
PATHS = ("virtual_routes {\n%s via 10.77.0.2 dev eth0\n}\nvirtual_rules {\nfrom %s lookup main priority 7000\n}"
         % (ROUTE, RULE))


class Deaf:
    """The VRRP process does not run, and its receive buffer is full."""

    def __init__(self, lab, host, daemon):
        self.lab, self.host, self.daemon = lab, host, daemon

    def __enter__(self):
        self.daemon.signal(signal.SIGSTOP, "_vrrp")
        flood(self.lab, self.host)

    def __exit__(self, *_):
        flood(self.lab, self.host)
        self.mark = time.time()
        self.daemon.signal(signal.SIGCONT, "_vrrp")


def flood(lab, host):
    """Events of addresses and of links, of routes and rules, more than fit; all is as before in the end."""
    path = os.path.join(lab.dir, "flood")
    if not os.path.exists(path):
        host.ip("link", "add", "other", "type", "bridge")
        host.ip("link", "set", "other", "up")
        lines = []
        for n in range(60):
            lines += ["addr add 10.200.0.%d/32 dev other" % (n + 1), "route add 10.201.0.%d/32 dev other proto 18" % n,
                      "rule add from 10.202.0.%d/32 priority %d protocol 18" % (n, 8000 + n),
                      "link set other mtu %d" % (1400 + n)]
        undo = [re.sub(" add ", " del ", line) for line in reversed(lines) if " add " in line]
        put(path, "\n".join(lines + undo) + "\n")
    host.ip("-batch", path)


def has_route(host):
    return ROUTE in host.ip("route")


def has_rule(host):
    return "from " + RULE in host.ip("rule")


def begin(lab, extra=PATHS, globals=SMALL, more=()):
    r1, d, wire = master(lab, conf(inst(prio=200, extra=extra), *more, globals=globals))
    wait(lambda: has_route(r1) and has_rule(r1), 8, "the route and the rule")
    return r1, d, wire


@case("defects")
def changes_that_nobody_told(lab):
    """Address, route and rule are deleted, one after the other, while events are lost: each is noticed and put back."""
    r1, d, wire = begin(lab)
    for what, delete, is_there in (
            ("IP " + re.escape(VIP), ("addr", "del", VIP + "/24", "dev", "eth0"), lambda: r1.has(VIP)),
            ("route .*" + re.escape(ROUTE), ("route", "del", ROUTE), lambda: has_route(r1)),
            ("rule", ("rule", "del", "priority", "7000"), lambda: has_rule(r1))):
        before = len(d.log())
        deaf = Deaf(lab, r1, d)
        with deaf:
            r1.ip(*delete)
            assert not is_there()
        wait(is_there, 12, what + " is there again")
        assert re.search("Netlink reflector reports " + what, d.log()[before:]), d.log()[before:]
        wait(lambda: r1.has(VIP) and has_route(r1) and has_rule(r1), 12, "all of it")
    assert "Events of the kernel were lost" in d.log()
    # Nothing changed: nothing is done.
    before = len(d.log())
    deaf = Deaf(lab, r1, d)
    with deaf:
        pass
    survives(d, wire, deaf.mark + 0.3, "after a loss of events about nothing", 1.5)
    assert "reports" not in d.log()[before:] and "Entering" not in d.log()[before:], d.log()[before:]
    assert d.stop() == 0 and not r1.has(VIP) and not has_route(r1) and not has_rule(r1)


@case("defects")
def links_that_nobody_told(lab):
    """An interface goes down while events are lost, and comes back while others are; one is made anew."""
    (r1,) = lab.pair(("r1",))
    r1.nic("eth1", "other-lan", ["10.78.0.1/24"])
    other = inst("VI_2", vrid=52, dev="eth1", prio=150, vips=["10.78.0.100/24"])
    d = r1.keepalived(conf(inst(prio=200, extra=PATHS), other, globals=SMALL))
    wire = lab.sniff()
    wait(lambda: r1.has(VIP) and r1.has("10.78.0.100"), 8, "master of both")

    def entered(state):
        return re.findall(r"\(VI_2\) Entering (\w+) STATE", d.log())[-1:] == [state]
    for up, state in ((False, "FAULT"), (True, "MASTER")):
        deaf = Deaf(lab, r1, d)
        with deaf:
            r1.carrier("eth1", up)
            wait(lambda: ("NO-CARRIER" in r1.ip("link", "show", "eth1")) != up, 8)
        wait(lambda: entered(state), 12, state)
    wait(lambda: r1.has("10.78.0.100"), 8)
    deaf = Deaf(lab, r1, d)
    with deaf:
        r1.ip("link", "del", "eth1")
        r1.nic("eth1", "other-lan", ["10.78.0.1/24"])
    wait(lambda: r1.has("10.78.0.100"), 12, "master on the new interface")
    survives(d, wire, time.time(), "after links were lost", 1.5)
    assert d.stop() == 0


@case("defects")
def refusals_that_do_not_fit(lab):
    """The kernel refuses hundreds of addresses, and its answers do not fit: each is told with its reason."""
    numbers = ["fd99::%x/64" % n for n in range(1, 301)]
    (r1,) = lab.pair(("r1",))
    r1.nic("eth1", "other-lan", ["10.78.0.1/24"])
    r1.sysctl("net.ipv6.conf.eth1.disable_ipv6", "1")
    excluded = "virtual_ipaddress_excluded {\n%s\n}" % "\n".join(n + " dev eth1" for n in numbers)
    d = r1.keepalived(single(prio=200, extra=excluded, globals=SMALL))
    wire = lab.sniff()
    wait(lambda: r1.has(VIP), 8, "master")

    def refused():
        return re.findall(r"cannot add address (\S+) on eth1: (.*)", d.log())
    wait(lambda: len({address for address, _ in refused()}) == len(numbers), 12, "every refusal")
    reasons = {re.sub(r" \(os error.*", "", reason) for _, reason in refused()}
    assert len(reasons) == 1 and "buffer" not in reasons.pop(), reasons
    assert len(refused()) == len(numbers), "each is told once"
    survives(d, wire, time.time(), "after the refusals", 1.5)
    assert d.stop() == 0

@case("defects")
def netlink_address_of_the_administrator_stays(lab):
    """An owner's address that was on the interface before is used, and survives FAULT, reload and stop; ours go."""
    (r1,) = lab.pair(("r1",))
    release = tuple(int(n) for n in re.match(r"(\d+)\.(\d+)", os.uname().release).groups())
    if release < (5, 18):
        raise Skip("this kernel does not say who has set an address")
    fixed, own, other = "10.77.0.1", "10.77.0.101", "10.77.0.102"
    text = lambda *vips: single(prio=255, state="MASTER", vips=[v + "/24" for v in vips])
    wire = lab.sniff()
    d = r1.keepalived(text(fixed, own))
    for address in (fixed, own):
        wire.wait(lambda p: p.kind == "arp" and p.gratuitous and p.spa == socket.inet_aton(address), 10, address)
    r1.carrier("eth0", False)
    wait(lambda: not r1.has(own), 10, "FAULT")
    assert r1.has(fixed)
    r1.carrier("eth0", True)
    wait(lambda: r1.has(own), 10, "master again")
    d.reload(text(other))
    wait(lambda: r1.has(other) and not r1.has(own), 10, "the reload")
    assert r1.has(fixed)
    d.reload(text(other, fixed))
    wait(lambda: wire.adverts() and wire.adverts()[-1].addrs == [other, fixed], 10, "the second reload")
    d.stop()
    assert r1.addresses("eth0") & {a + "/24" for a in (fixed, own, other)} == {fixed + "/24"}

@case("defects")
def netlink_lost_source_says_goodbye(lab):
    """The address that adverts come from is deleted: others hear of it at once, and need not wait for silence."""
    (r1,) = lab.pair(("r1",))
    wire = lab.sniff()
    r1.keepalived(single())
    wait(lambda: r1.has(VIP), 10)
    r1.ip("addr", "del", "10.77.0.1/24", "dev", "eth0")
    wire.wait(lambda p: p.kind == "vrrp" and p.prio == 0 and p.src == "10.77.0.1", 10, "priority 0")
