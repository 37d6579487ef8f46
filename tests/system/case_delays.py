"""Adverts keep their interval whatever else the daemon has to do: logs that nobody reads, thousands of addresses
and routes."""
import fcntl
import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kit import TRANSPORTS, Group, count_addresses, excluded, ours, steady  # noqa: E402
from ka import case, wait  # noqa: E402
from vrrpkit import put, routes, rules  # noqa: E402

V3 = TRANSPORTS[0]
ADV = V3.adv


def deaf_log(lab):
    """A wrapper of the daemon whose /dev/log is a socket that nobody reads; also the socket's owner."""
    path = os.path.join(lab.dir, "log.socket")
    deaf = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    deaf.bind(path)
    os.chmod(path, 0o666)
    dev, wrapper = os.path.join(lab.dir, "dev"), os.path.join(lab.dir, "wrapped")
    os.mkdir(dev)
    # `ip netns exec` has made a mount namespace of our own already.
    put(wrapper, """#!/bin/sh -e
        mount -t tmpfs -o mode=755 dev %(dev)s
        for f in null zero full random urandom tty; do touch %(dev)s/$f; mount --bind /dev/$f %(dev)s/$f; done
        ln -s %(path)s %(dev)s/log
        mount --rbind %(dev)s /dev
        exec %(daemon)s "$@"
        """ % {"dev": dev, "path": path, "daemon": os.path.abspath(ours())})
    os.chmod(wrapper, 0o755)
    return wrapper, deaf


def flood(path):
    """Fill a datagram socket's queue."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.setblocking(False)
        s.connect(path)
        while True:
            try:
                s.send(b"<30>filler")
            except BlockingIOError:
                return


@case("defects")
def full_log_queue_delays_nothing(lab):
    """Nobody reads /dev/log and its queue is full: mastership and adverts come when they are due."""
    wrapper, deaf = deaf_log(lab)
    flood(deaf.getsockname())
    group = Group(lab, V3, (wrapper, 200))
    one = group.routers[0]
    mark = time.time()
    one.start()
    wait(lambda: one.adverts(), 4, "becomes master")
    waited = one.adverts()[0].ts - mark
    assert waited < 3 * ADV + V3.skew(200) + 0.7, "became master after %.3f s" % waited
    wait(lambda: len(one.adverts()) > 20, 5, "twenty adverts")
    steady(one.adverts(), "with a full log queue")
    assert one.daemon.stop(5) == 0
    deaf.close()


@case("defects")
def full_console_delays_nothing(lab):
    """Nobody reads the standard error output of a daemon with -l: mastership and adverts come when they are due."""
    group = Group(lab, V3, (ours(), 200))
    one = group.routers[0]
    path = os.path.join(lab.dir, "one.conf")
    put(path, V3.text(200, 1, []))
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b".")
    except BlockingIOError:
        os.set_blocking(writer, True)
    pids = [os.path.join(lab.dir, n) for n in ("p", "r", "c")]
    daemon = one.host.spawn(os.path.abspath(ours()), "-n", "-l", "-D", "-P", "-f", path, "-p", pids[0], "-r", pids[1], "-c", pids[2],
                            stdout=writer, stderr=writer)
    os.close(writer)
    wait(lambda: len(one.adverts()) > 20, 6, "twenty adverts")
    steady(one.adverts(), "with a full console")
    daemon.terminate()
    assert daemon.wait(5) == 0
    os.close(reader)


@case("defects")
def announcing_many_addresses_delays_no_advert(lab):
    """300 addresses announced twice with -D: no pause, and the backup stays backup."""
    text = "garp_master_delay 1\n" + excluded(300)
    group = Group(lab, V3, (ours(), 200, text), (ours(), 100, text))
    one, two = group.routers
    two.start()
    group.wait_master(two)
    mark = time.time()
    one.start()
    wait(lambda: one.adverts(), 4, "the better router takes over")
    wait(lambda: len({p.spa for p in group.wire.garps(since=mark)}) >= 302, 5, "every address is announced")
    first = one.adverts()[0].ts
    wait(lambda: one.adverts()[-1].ts > first + 2.5, 5, "adverts for 2.5 s")
    steady(one.adverts(), "while announcing")
    late = [p for p in two.adverts(first + 0.03) if p.prio]
    assert not late, "the old master spoke %.0f ms after the new one" % ((late[-1].ts - first) * 1e3)


@case("defects")
def many_routes_delay_no_advert(lab):
    """5,000 routes and 1,000 rules are handed over, put back and removed between the adverts."""
    lines = ["10.%d.%d.0/24 via 10.77.0.254" % (100 + n // 250, n % 250) for n in range(5000)]
    more = ["from 10.200.%d.%d table 10 priority %d" % (n // 250, n % 250, 1000 + n) for n in range(1000)]
    text = "virtual_routes {\n%s\n}\nvirtual_rules {\n%s\n}" % ("\n".join(lines), "\n".join(more))
    group = Group(lab, V3, (ours(), 200, text))
    (one,) = group.routers
    one.start()
    wait(lambda: len(rules(one.host)) == 1000, 10, "all rules")
    one.host.ip("rule", "del", "priority", "1500")
    wait(lambda: len(rules(one.host)) < 1000, 3, "a rule less")
    wait(lambda: len(rules(one.host)) == 1000, 10, "all rules again")
    steady([p for p in one.adverts() if p.prio], "while routes come and go")
    one.daemon.stop()
    assert not rules(one.host) and not routes(one.host, "proto", "18")


def first_speech(router, since):
    return wait(lambda: router.adverts(since), 10, "r%d speaks" % router.number)[0].ts


@case("defects")
def takeover_of_5000_addresses_without_two_masters(lab):
    """5,000 addresses at 100 ms: after a crash and at preemption the new master never pauses, nobody else speaks."""
    text = excluded(5000)
    group = Group(lab, V3, (ours(), 200, text), (ours(), 150, text), (ours(), 50))
    one, two, three = group.routers
    group.start()
    first_speech(one, 0)
    wait(lambda: count_addresses(one.host) >= 5000, 20, "the first has all addresses", 0.2)
    mark = time.time()
    one.daemon.crash()
    first_speech(two, mark)
    wait(lambda: count_addresses(two.host) >= 5000, 20, "the second has all addresses", 0.2)
    wait(lambda: two.adverts()[-1].ts > mark + 2.5, 5)
    steady(two.adverts(mark), "the new master")
    assert not three.adverts(mark), "a third router took over meanwhile"

    mark = time.time()
    one.start()
    first = first_speech(one, mark)
    wait(lambda: count_addresses(two.host) < 100 and count_addresses(one.host) >= 5000, 20, "the addresses have moved", 0.2)
    wait(lambda: one.adverts()[-1].ts > first + 1.5, 5)
    steady(one.adverts(mark), "the returned master")
    late = [p for p in two.adverts(first + 0.05) if p.prio]
    assert not late, "the old master spoke %.0f ms after the new one" % ((late[-1].ts - first) * 1e3)
    assert not three.adverts(mark), "a third router took over meanwhile"


@case("defects")
def deletion_during_a_takeover_is_noticed(lab):
    """An address deleted while 2,000 others are being added comes back; that no deletion happened is not said."""
    group = Group(lab, V3, (ours(), 200, excluded(2000)), (ours(), 100, excluded(2000)))
    one, two = group.routers
    group.start()
    first_speech(one, 0)
    wait(lambda: count_addresses(one.host) >= 2000, 20, "the first has all addresses", 0.2)
    mark = time.time()
    one.daemon.crash()
    gone = "10.100.0.1"
    wait(lambda: two.host.has(gone), 5, "the first addresses are there", 0.01)
    two.host.ip("addr", "del", gone + "/32", "dev", "eth0")
    wait(lambda: two.host.has(gone) and count_addresses(two.host) >= 2000, 20, "all addresses are there", 0.2)
    wait(lambda: two.adverts()[-1].ts > mark + 2.5, 5)
    told = [line for line in two.daemon.log().splitlines() if "removed from" in line]
    assert told and all(gone in line for line in told), "said of deletions: %s" % told[:3]
