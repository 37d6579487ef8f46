"""LVS with NAT and persistence: two balancers, two back ends with HTTP checks.

    clients 192.0.2.10, .11 ── lan ── r1, r2 (192.0.2.100) ── back (10.0.0.254) ── web1 10.0.0.11, web2 10.0.0.12
"""
import re
import time

import backends

IN_UML = True
VIP, GATEWAY = "192.0.2.100", "10.0.0.254"


def play(site):
    site.eyes.told.append(r"(Adding|Removing|Enabling|Disabling) .*service|HTTP.*(fail|error|success|status)|Error")
    routers = [site.router("r%d" % n, ("eth0", "lan", "192.0.2.%d/24" % n), ("eth1", "back", "10.0.0.%d/24" % n)) for n in (1, 2)]
    r1, r2 = routers
    for router in routers:
        router.sysctl("net.ipv4.ip_forward", "1")
    webs = {}
    for n in (1, 2):
        host = site.host("web%d" % n, ("eth0", "back", "10.0.0.1%d/24" % n))
        host.ip("route", "add", "default", "via", GATEWAY)
        webs[host.name] = backends.Http(host, "10.0.0.1%d" % n, 80, {"": (200, b"%s\n" % host.name.encode()), "/health": 200})
    clients = [site.client(site.host("c%d" % n, ("eth0", "lan", "192.0.2.1%d/24" % n)), VIP, period=0.1, name="client 192.0.2.1%d" % n)
               for n in (0, 1)]

    site.head("Both balancers start; each client stays with its server")
    site.do("r1 and r2 start")
    for router in routers:
        site.start(router)
    site.alone(r1, VIP)
    site.alone(r1, GATEWAY)
    servers = [stays(site, client) for client in clients]
    assert sorted(servers) == ["web1", "web2"], "both clients are at one server"
    show_table(site, r1)

    site.head("The health page of %s fails" % servers[0])
    site.do("%s: /health is answered with status 503" % servers[0])
    webs[servers[0]].routes["/health"] = 503
    backends.settle(r1, {webs[servers[1]].name: 1}, VIP + " 80", timeout=15)
    site.do("r1 has only %s left" % servers[1])
    for client in clients:
        assert stays(site, client) == servers[1]
    status = site.status(r1)
    assert re.search(r"\b1/2\b", status), status

    site.head("It is well again: who has moved stays")
    site.do("%s: /health is answered with status 200" % servers[0])
    webs[servers[0]].routes["/health"] = 200
    backends.settle(r1, {w.name: 1 for w in webs.values()}, VIP + " 80", timeout=15)
    site.do("r1 has both again")
    for client in clients:
        assert stays(site, client) == servers[1], "a client was moved in spite of persistence"

    site.head("The balancer r1 dies")
    site.do("r1 dies")
    site.power_off(r1)
    site.alone(r2, VIP)
    site.alone(r2, GATEWAY)
    for client in clients:
        stays(site, client)
        site.measured("r1 dies: %s" % client.title, client)
    show_table(site, r2)
    site.stop_all()


def stays(site, client, count=8):
    """The server that a number of requests in a row, from now on, are answered by."""
    since = time.time()
    site.until(lambda: len(client.names(since)) >= count, "%s gets pages" % client.title)
    names = client.names(since)[-count:]
    assert len(set(names)) == 1, "%s is sent to %s" % (client.title, names)
    site.say("%s: %d answers, all from %s" % (client.title, count, names[0]))
    return names[0]


def show_table(site, router):
    site.say("%s: ipvsadm -Ln" % router.name)
    for line in router.run("ipvsadm", "-Ln").splitlines()[3:]:
        site.stage.line("             " + line)
