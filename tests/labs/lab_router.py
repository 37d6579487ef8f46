"""A router pair between two networks, with continuous requests through it: what is lost of them is counted.

    client 192.0.2.10 ── clients ── r1, r2 (gateway 192.0.2.254) ── world ── server 198.51.100.10
"""
import ka
from traffic import EchoServer, Questions

INSIDE, OUTSIDE = "192.0.2.254", "198.51.100.254"


def play(site):
    routers = [site.router("r%d" % n, ("eth0", "clients", "192.0.2.%d/24" % n), ("eth1", "world", "198.51.100.%d/24" % n))
               for n in (1, 2)]
    r1, r2 = routers
    client = site.host("client", ("eth0", "clients", "192.0.2.10/24"))
    server = site.host("server", ("eth0", "world", "198.51.100.10/24"))
    for router in routers:
        router.sysctl("net.ipv4.ip_forward", "1")
    client.ip("route", "add", "default", "via", INSIDE)
    server.ip("route", "add", "default", "via", OUTSIDE)
    site.run(EchoServer(server))

    site.head("Both routers start; the client asks the server a hundred times a second")
    site.do("r1 and r2 start")
    for router in routers:
        site.start(router)
    has_both(site, r1)
    asked = site.run(Questions(client, site.stage, "198.51.100.10"))
    answered(site, asked)

    scene(site, asked, "r1 dies", lambda: site.power_off(r1), r2)
    scene(site, asked, "r1 comes back", lambda: site.power_on(r1), r1)
    lost = scene(site, asked, "r1 is stopped in order", lambda: site.daemons["r1"].stop(), r2)
    # It still forwards what comes to it until the neighbours have learned of r2.
    assert lost < 20, "%d requests lost although the daemon said that it goes" % lost
    scene(site, asked, "r1 is started again", lambda: site.start(r1), r1)
    scene(site, asked, "the cable between r1 and the world is pulled", lambda: r1.carrier("eth1", False), r2)
    scene(site, asked, "the cable is plugged in again", lambda: r1.carrier("eth1", True), r1)
    site.stop_all()


def has_both(site, router):
    site.alone(router, INSIDE)
    site.alone(router, OUTSIDE)


def answered(site, asked):
    """Wait until all of some requests that are asked from now on have got their answers; the time of the first of these."""
    first = len(asked.sent)
    while True:
        site.until(lambda: len(asked.sent) > first + 15, "requests are sent")
        if all(n in asked.answered for n in range(first, first + 10)):
            return asked.sent[first]
        first += 10
        assert ka.time.time() < site.marked + 20, "requests are not answered"


def scene(site, asked, what, act, router):
    site.head(what)
    site.do(what)
    act()
    has_both(site, router)
    sent, lost = asked.lost(site.marked, answered(site, asked))
    site.note(what, "%d of %d requests lost, %.0f ms without an answer" % (lost, sent, asked.outage(site.marked)))
    return lost
