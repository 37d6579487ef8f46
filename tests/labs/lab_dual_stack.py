"""IPv4 and IPv6 together, with VRRP version 3 and a failover in less than half a second.

    client ── lan ── r1 192.0.2.1, r2 192.0.2.2, both with a web server; 192.0.2.100 and 2001:db8::100
"""
V4, V6 = "192.0.2.100", "2001:db8::100"


def play(site):
    routers = [site.router("r%d" % n, ("eth0", "lan", "192.0.2.%d/24" % n, "2001:db8::%d/64" % n)) for n in (1, 2)]
    r1, r2 = routers
    for router in routers:
        site.web(router)
    host = site.host("client", ("eth0", "lan", "192.0.2.10/24", "2001:db8::10/64"))
    clients = [site.client(host, V4, name="the IPv4 client"), site.client(host, V6, name="the IPv6 client")]

    site.head("Both routers start")
    site.do("r1 and r2 start")
    for router in routers:
        site.start(router)
    moved(site, r1, clients)
    site.head("The master dies")
    site.do("r1 dies")
    site.power_off(r1)
    moved(site, r2, clients, "r1 dies")
    site.head("It comes back")
    site.do("r1 comes back")
    site.power_on(r1)
    moved(site, r1, clients, "r1 comes back")
    site.head("The master is stopped in order")
    site.do("r1: SIGTERM to the daemon")
    assert site.daemons["r1"].stop() == 0
    moved(site, r2, clients, "r1 is stopped in order")
    site.stop_all()


def moved(site, router, clients, what=None):
    for address in (V4, V6):
        site.alone(router, address)
    for client in clients:
        site.served(client, router.name)
        if what:
            outage = site.measured("%s: %s" % (what, client.title), client)
            assert outage < 1000, "%s got nothing for %.0f ms" % (client.title, outage)
