"""When two are master, say why: each of the usual causes is told once, with what to check."""
import json
import os
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402
from ka import case, wait  # noqa: E402
from vrrpkit import VIP, Sender, advert2, advert3, frame4, single  # noqa: E402

RIVAL = "10.77.0.9"
STRANGER = bytes.fromhex("02000000abcd")


def gratuitous(address, mac, op=1):
    spa = socket.inet_aton(address)
    return b"\xff" * 6 + mac + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, op) + mac + spa + b"\xff" * 6 + spa


def heard(lab, frames, extra="", said="", times=1, more=(), **kw):
    """A master that hears these frames says this so many times, however often they come."""
    r1 = lab.pair(("r1",))[0]
    d = r1.keepalived(single(extra=extra, **kw))
    wait(lambda: r1.has(VIP), 8, "master")
    host = lab.host("rival").nic("eth0", "lan", [RIVAL + "/24"])
    with Sender(host) as sender:
        for _ in range(20):
            sender.send(*frames)
            time.sleep(0.02)
    for word in (said, *more):
        wait(lambda: word in d.log(), 3, "the log says: %s" % word)
        assert d.log().count(word) == times, d.log()
    return r1, d


@case("defects")
def rivals_foreign_mac(lab):
    """Somebody else announces a virtual address."""
    r1, d = heard(lab, [gratuitous(VIP, STRANGER)], said="%s is announced by 02:00:00:00:ab:cd, too" % VIP)
    assert r1.has(VIP)


@case("defects")
def rivals_foreign_mac_answers(lab):
    """Somebody else answers for a virtual address; addresses that are none of ours concern nobody."""
    _, d = heard(lab, [gratuitous(VIP, STRANGER, 2), gratuitous("10.77.0.77", STRANGER)],
                 said="%s is announced by 02:00:00:00:ab:cd, too" % VIP)
    assert "10.77.0.77" not in d.log()


def advertisement(address, mac):
    """An unsolicited neighbour advertisement."""
    target, here = socket.inet_pton(socket.AF_INET6, address), socket.inet_pton(socket.AF_INET6, "fe80::9")
    everybody = socket.inet_pton(socket.AF_INET6, "ff02::1")
    body = struct.pack("!BBHI", 136, 0, 0, 0x20000000) + target + b"\2\1" + mac
    head = struct.pack("!IHBB", 6 << 28, len(body), 58, 255) + here + everybody
    return bytes.fromhex("333300000001") + mac + struct.pack("!H", 0x86dd) + head + body


@case("defects")
def rivals_foreign_neighbour(lab):
    """Somebody else advertises a virtual IPv6 address: told once, and counted in the dumps."""
    address = "fd77::100"
    (r1,) = lab.pair(("r1",))
    d = r1.keepalived(single(vips=[address + "/64"]))
    wait(lambda: r1.has(address), 8, "master")
    host = lab.host("rival").nic("eth0", "lan", [RIVAL + "/24"])
    said = "%s is announced by 02:00:00:00:ab:cd, too" % address
    with Sender(host) as sender:
        for _ in range(20):
            sender.send(advertisement(address, STRANGER), advertisement("fd77::77", STRANGER))
            time.sleep(0.02)
    wait(lambda: said in d.log(), 3, "the log says so")
    assert d.log().count("is announced by") == 1, d.log()

    def counted():
        d.signal(signal.SIGUSR1, "_vrrp")
        time.sleep(0.2)
        with open(d.tmpdir + "/keepalived.data") as f:
            lines = [line for line in f if "Foreign announcements of its addresses" in line]
        return int(lines[0].split("=")[1])
    wait(lambda: counted() == 20, 5, "all are counted")
    d.signal(36, "_vrrp")
    wait(lambda: os.path.exists(d.tmpdir + "/keepalived.json"), 5)
    with open(d.tmpdir + "/keepalived.json") as f:
        assert json.load(f)[0]["data"]["foreign_announcements"] == 20


@case("defects")
def rivals_own_announcements_are_none(lab):
    """Own announcements, and those of the router that has just taken over, are no second master."""
    r1, r2 = lab.pair()
    d1 = r1.keepalived(single(prio=100))
    wait(lambda: r1.has(VIP), 5)
    d2 = r2.keepalived(single(prio=200))
    wait(lambda: r2.has(VIP) and not r1.has(VIP), 5)
    time.sleep(0.5)
    for d in (d1, d2):
        assert "is announced by" not in d.log(), d.log()


@case("defects")
def rivals_announcements_in_masses(lab):
    """Thousands of foreign announcements a second: adverts keep their interval."""
    r1 = lab.pair(("r1",))[0]
    wire = lab.sniff()
    r1.keepalived(single())
    wait(lambda: r1.has(VIP), 5)
    host = lab.host("rival").nic("eth0", "lan", [RIVAL + "/24"])
    mark, frames = time.time(), [gratuitous("10.77.%d.%d" % (1 + n // 250, n % 250), STRANGER) for n in range(2000)]
    with Sender(host) as sender:
        while time.time() < mark + 2:
            sender.send(*frames)
            wire.poll()         # or its buffer would overflow
    waits = kit.pauses(wire.adverts("10.77.0.1", since=mark))
    assert len(waits) > 10 and max(waits) < 0.25, waits


@case("defects")
def rivals_other_addresses(lab):
    """Another list of addresses: told once."""
    heard(lab, [frame4(RIVAL, advert3(RIVAL, prio=50, vips=(VIP, "10.77.0.200")))], said="advert of %s" % RIVAL, prio=200)


@case("defects")
def rivals_other_version(lab):
    """Another version."""
    heard(lab, [frame4(RIVAL, advert2(prio=50))], said="all routers must have the same version", prio=200)


@case("defects")
def rivals_other_interval(lab):
    """Version 2 with another interval."""
    heard(lab, [frame4(RIVAL, advert2(prio=50, adv=3))], said="all routers must have the same advert_int", version=2, adv=1, prio=200)


@case("defects")
def rivals_other_authentication(lab):
    """Another password."""
    heard(lab, [frame4(RIVAL, advert2(prio=50, auth=1, data=b"wrong\0\0\0"))], said="all routers must have the same authentication",
          extra="authentication {\nauth_type PASS\nauth_pass right\n}", version=2, adv=1, prio=200)


@case("defects")
def rivals_who_do_not_hear(lab):
    """A master of lower priority that does not stop: it does not hear us."""
    heard(lab, [frame4(RIVAL, advert3(RIVAL, prio=50))], said="%s goes on as master with the lower priority 50" % RIVAL,
          more=["with lower priority 50"], prio=200)


@case("defects")
def rivals_nobody_heard(lab):
    """A master that was never told anything says so once; one that has heard another does not."""
    r1, r2 = lab.pair()
    d1 = r1.keepalived(single(prio=200))
    wait(lambda: r1.has(VIP), 5)
    wait(lambda: d1.log().count("no advert for VRID 51 was ever received") == 1, 2)
    d2 = r2.keepalived(single(prio=100))
    wait(lambda: "master is 10.77.0.1" in d2.log(), 5)
    d1.crash()
    wait(lambda: r2.has(VIP), 5)
    assert "ever received" not in d2.log(), d2.log()

