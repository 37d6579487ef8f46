"""BFD sessions of whole daemons: with this daemon, the C daemon, BIRD and FRR, and what hangs on them."""
import os
import re
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kit import ours, theirs  # noqa: E402
from bfdkit import bird, bird_timers, frr, has_not_gone_down, hosts, packets, session, start, states, wait_state  # noqa: E402
from ka import Lab, case, never, wait  # noqa: E402
from opskit import read  # noqa: E402
from vrrpkit import VIP, conf, inst, linklocal, sniff_all  # noqa: E402


def life(lab, binary, family):
    """Up, quiet, killed: down after the detection time, and up again."""
    one, two = hosts(lab)
    wire = sniff_all(lab)
    a, b = ("10.77.0.1", "10.77.0.2") if family == 4 else ("fd77::1", "fd77::2")
    mine = start(one, ours(), session(b, a))
    other = start(two, binary, session(a, b))
    wait_state(mine, "Up")
    wait_state(other, "Up")
    time.sleep(1.5)
    has_not_gone_down(mine)
    has_not_gone_down(other)
    other.crash()
    wait_state(mine, "Down")
    silence = int(re.findall(r"Expired after (\d+) ms", mine.log())[-1])
    assert silence >= 999, silence
    other = start(two, binary, session(a, b))
    wait_state(mine, "Up")
    wait_state(other, "Up")
    mine.crash()
    wait_state(other, "Down")
    for p in packets(wire, a):
        assert 49152 <= p.sport <= 65535, p.sport
        assert p.ttl == (255 if family == 4 else 64), p.ttl


@case("bfd")
def bfd_ours_and_ours(lab):
    """Two of ours, IPv4."""
    life(lab, ours(), 4)


@case("bfd")
def bfd_ours_and_ours_ipv6(lab):
    """Two of ours, IPv6."""
    life(lab, ours(), 6)


@case("bfd")
def bfd_with_the_c_daemon(lab):
    """Ours and the C daemon, IPv4."""
    life(lab, theirs(), 4)


@case("bfd")
def bfd_with_the_c_daemon_ipv6(lab):
    """Ours and the C daemon, IPv6."""
    life(lab, theirs(), 6)


def foreign_life(mine, make):
    """Sessions B (IPv4) and B6 come up with another program, and notice its end."""
    other = make()
    try:
        for name in ("B", "B6"):
            wait_state(mine, "Up", name=name)
        time.sleep(1.5)
        for name in ("B", "B6"):
            has_not_gone_down(mine, name)
        assert other.is_up(), "it says it is up"
    finally:
        other.kill()
    for name in ("B", "B6"):
        wait_state(mine, "Down", name=name)
    silences = [int(ms) for ms in re.findall(r"Expired after (\d+) ms", mine.log())]
    assert silences and all(ms >= 999 for ms in silences), silences
    other = make()
    try:
        for name in ("B", "B6"):
            wait_state(mine, "Up", name=name)
        mine.stop()
        wait(lambda: not other.is_up(), 15, "it notices our end")
    finally:
        other.kill()


@case("bfd")
def bfd_with_bird(lab):
    """BIRD on the same network, both families."""
    one, two = hosts(lab)
    mine = start(one, ours(), session("10.77.0.2", "10.77.0.1"),
                 session("fd77::2", "fd77::1", extra="hoplimit 255", name="B6"))
    foreign_life(mine, lambda: bird(two, """
        interface "eth0" { %s };
        neighbor 10.77.0.1 dev "eth0" local 10.77.0.2;
        neighbor fd77::1 dev "eth0" local fd77::2;""" % bird_timers()))


@case("bfd")
def bfd_with_bird_some_hops_away(lab):
    """BIRD behind a router: port 4784, and a TTL that is lower on arrival."""
    one = lab.host("r1").nic("eth0", "lan", ["10.77.0.1/24", "fd77::1/64"])
    middle = lab.host("mid").nic("eth0", "lan", ["10.77.0.3/24", "fd77::3/64"]).nic("eth1", "far", ["10.88.0.3/24", "fd88::3/64"])
    two = lab.host("r2").nic("eth0", "far", ["10.88.0.2/24", "fd88::2/64"])
    for key in ("net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"):
        middle.sysctl(key, "1")
    for host, via, net, via6, net6 in ((one, "10.77.0.3", "10.88.0.0/24", "fd77::3", "fd88::/64"),
                                       (two, "10.88.0.3", "10.77.0.0/24", "fd88::3", "fd77::/64")):
        host.ip("route", "add", net, "via", via)
        host.ip("-6", "route", "add", net6, "via", via6)
    hops = "multihop yes\nmax_hops 1\nttl 64"
    mine = start(one, ours(), session("10.88.0.2", "10.77.0.1", extra=hops), session("fd88::2", "fd77::1", extra=hops, name="B6"))
    foreign_life(mine, lambda: bird(two, """
        multihop { %s };
        neighbor 10.77.0.1 local 10.88.0.2 multihop on;
        neighbor fd77::1 local fd88::2 multihop on;""" % bird_timers()))


@case("bfd")
def bfd_with_frr(lab):
    """FRR's bfdd on the same network, both families."""
    one, two = hosts(lab)
    mine = start(one, ours(), session("10.77.0.2", "10.77.0.1"),
                 session("fd77::2", "fd77::1", extra="hoplimit 255", name="B6"))
    peer = " peer %s local-address %s interface eth0\n  detect-multiplier 20\n  receive-interval 50\n  transmit-interval 50\n"
    foreign_life(mine, lambda: frr(two, peer % ("10.77.0.1", "10.77.0.2") + peer % ("fd77::1", "fd77::2")))


@case("bfd")
def bfd_passive_waits(lab):
    """A passive session sends nothing before its neighbour, and comes up with an active one."""
    one, two = hosts(lab)
    wire = sniff_all(lab)
    mine = start(one, ours(), session("10.77.0.2", extra="passive"))
    never(lambda: packets(wire, "10.77.0.1"), 1.5)
    start(two, ours(), session("10.77.0.1"))
    wait_state(mine, "Up")


@case("bfd")
def bfd_a_neighbour_too_far_is_not_heard(lab):
    """A packet with a lower TTL than max_hops allows is dropped."""
    one, two = hosts(lab)
    mine = start(one, ours(), session("10.77.0.2"))
    other = start(two, ours(), session("10.77.0.1", extra="ttl 254\nmax_hops 5"))
    never(lambda: states(mine), 3)
    wait(lambda: "its TTL is too low" in mine.log(), 10)
    mine.reload(conf(session("10.77.0.2", extra="max_hops 1")))
    wait_state(mine, "Up")
    wait_state(other, "Up")


@case("bfd")
def bfd_rubbish_changes_nothing(lab):
    """Foreign octets at the port are counted; the session goes on."""
    one, two = hosts(lab)
    mine = start(one, ours(), session("10.77.0.2", ms=100, mult=20))
    other = start(two, ours(), session("10.77.0.1", ms=100))
    wait_state(mine, "Up")
    wait_state(other, "Up")

    def send():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
            down = bytes.fromhex("2040031800000009000000000000c3500000c35000000000")
            for i in range(3000):
                s.sendto(os.urandom(i % 70), ("10.77.0.1", 3784))
            for octets in (down[:23], b"\x40" + down[1:], down[:3] + b"\x19" + down[4:], down[:4] + bytes(4) + down[8:],
                           down[:8] + b"\x01\x02\x03\x04" + down[12:], down[:1] + b"\x44" + down[2:]):
                s.sendto(octets, ("10.77.0.1", 3784))
    two.inside(send)
    time.sleep(1)
    has_not_gone_down(mine)
    os.kill(mine.pid("_bfd"), signal.SIGUSR1)
    data = os.path.join(mine.tmpdir, "keepalived_bfd.data")
    wait(lambda: os.path.exists(data) and "local state = " in read(data), 10)
    text = read(data)
    assert re.search(r"Dropped, unsupported version = \d{3,}", text), text
    assert "local state = Up" in text


def moves(lab, binary):
    """A router whose BFD session dies gives the address away: the advert leaves right after the detection time."""
    one, two, gate = hosts(lab, ("r1", "r2", "gw"))
    wire = sniff_all(lab)
    track = "track_bfd {\nB\n}"
    mine = start(one, ours(), session("10.77.0.3", "10.77.0.1", ms=10, mult=10), inst(prio=200, extra=track))
    start(two, ours(), inst(prio=100))
    other = start(gate, binary, session("10.77.0.1", "10.77.0.3", ms=10, mult=10))
    wait(lambda: one.has(VIP) and not two.has(VIP), 15)
    took = []
    for _ in range(3):
        other.crash()
        last = packets(wire, "10.77.0.3")[-1].ts
        bye = wire.wait(lambda p: p.kind == "vrrp" and p.src == "10.77.0.1" and p.prio == 0, 15, "priority 0", last)
        took.append((bye.ts - last - Lab.stood_still.between(last, bye.ts)) * 1000)
        wait(lambda: two.has(VIP) and not one.has(VIP), 15)
        other = start(gate, binary, session("10.77.0.1", "10.77.0.3", ms=10, mult=10))
        wait(lambda: one.has(VIP) and not two.has(VIP), 15)
    print("last packet to advert, detection time 100 ms: %s ms" % ", ".join("%.1f" % ms for ms in took))
    # Without the verdict of BFD it would never come.
    assert min(took) < 1000, took


@case("bfd")
def bfd_moves_the_address(lab):
    """track_bfd with weight 0, the neighbour being ours."""
    moves(lab, ours())


@case("bfd")
def bfd_moves_the_address_with_the_c_daemon(lab):
    """track_bfd with weight 0, the neighbour being the C daemon."""
    moves(lab, theirs())


@case("bfd")
def bfd_weights_count(lab):
    """A positive weight counts while the session is up, for an instance and for a group."""
    one, two = hosts(lab)
    wire = sniff_all(lab)
    group = "vrrp_sync_group G {\ngroup {\nVI_2\n}\ntrack_bfd {\nB weight -30\n}\nsync_group_tracking_weight\n}"
    start(one, ours(), session("10.77.0.2", extra="weight 20"), group, inst(extra="track_bfd {\nB\n}"),
          inst("VI_2", vrid=52, vips=["10.77.0.101/24"]))
    prio = lambda vrid: [p.prio for p in wire.adverts("10.77.0.1", vrid)][-1:]
    wait(lambda: prio(51) == [100] and prio(52) == [70], 15, "priorities while it is down")
    other = start(two, ours(), session("10.77.0.1"))
    wait(lambda: prio(51) == [120] and prio(52) == [100], 15, "priorities while it is up")
    other.crash()
    wait(lambda: prio(51) == [100] and prio(52) == [70], 15, "priorities while it is down again")


@case("bfd")
def bfd_link_local_neighbours(lab):
    """The same link-local address on two interfaces: two neighbours, told apart by the interface."""
    one = lab.host("r1").nic("eth0", "lan").nic("eth1", "side")
    two = lab.host("r2").nic("eth0", "lan")
    three = lab.host("r3").nic("eth0", "side")
    own = [linklocal(one, dev) for dev in ("eth0", "eth1")]
    for host in (two, three):
        host.ip("addr", "add", "fe80::77/64", "dev", "eth0", "nodad")
    mine = start(one, ours(), session("fe80::77%eth0", name="B"), session("fe80::77%eth1", name="C"))
    others = [start(host, ours(), session("%s%%eth0" % address, "fe80::77"))
              for host, address in zip((two, three), own)]
    for name in ("B", "C"):
        wait_state(mine, "Up", name=name)
    others[1].crash()
    wait_state(mine, "Down", name="C")
    has_not_gone_down(mine, "B")
