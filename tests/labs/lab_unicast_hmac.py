"""Unicast peers in different networks, signed adverts (auth_hmac), and a route that follows the master.

    r1 10.1.0.1 ── zone1 ── fabric ── zone2 ── r2 10.2.0.2, intruder 10.2.0.66
                              └── clients ── client 10.9.0.10        203.0.113.100 is what it asks
"""
import backends
import ka
from vrrpkit import Sender, advert3, frame4, mac_of, sniff_all

VIP = "203.0.113.100"


def play(site):
    site.eyes.told.append(r"auth|HMAC|hmac|replay|signature")
    r1 = site.router("r1", ("eth0", "zone1", "10.1.0.1/24"))
    r2 = site.router("r2", ("eth0", "zone2", "10.2.0.2/24"))
    intruder = site.host("evil", ("eth0", "zone2", "10.2.0.66/24"))
    host = site.host("client", ("eth0", "clients", "10.9.0.10/24"))
    fabric = make_fabric(site)
    for h, net in ((r1, 1), (r2, 2), (intruder, 2), (host, 9)):
        h.ip("route", "add", "default", "via", "10.%d.0.254" % net)
    for router in (r1, r2):
        site.web(router)
    client = site.client(host, VIP)
    near, far = sniff_all(site.lab, "zone1"), sniff_all(site.lab, "zone2")

    site.head("Both routers start")
    site.do("r1 and r2 start")
    site.start(r1)
    site.start(r2)
    site.alone(r1, VIP)
    site.served(client, "r1")
    signed = near.wait(lambda p: p.kind == "vrrp" and p.src == "10.1.0.1", 5, "an advert", site.marked)
    assert len(signed.trailer) == 28, "not signed"
    site.say("an advert from 10.1.0.1 to %s with %d octets of signature behind it" % (signed.dst, len(signed.trailer)))
    site.served(client, "r1")

    site.head("Somebody forges adverts with the highest priority, as if they came from r1 and r2")
    old = far.wait(lambda p: p.kind == "vrrp" and p.src == "10.1.0.1", 5, "a genuine advert", site.marked)
    forge(site, intruder, fabric, r1, r2)

    site.head("r1 dies")
    site.do("r1 dies")
    site.power_off(r1)
    site.alone(r2, VIP)
    site.served(client, "r2")
    site.measured("r1 dies", client)

    site.head("The intruder repeats a genuine advert of r1 that it has recorded")
    site.do("an advert of r1, priority %d, correctly signed, is sent to r2 again" % old.prio)
    with Sender(intruder) as sender:
        sender.send(mac_of(r2) + mac_of(intruder) + old.data[12:])
    site.until(lambda: unwanted(r2, site), "r2 says why it does not listen")
    assert site.eyes.holders(VIP) == ["r2"], "a repeated advert has moved the address"

    site.head("r1 comes back")
    site.do("r1 comes back")
    site.power_on(r1)
    site.alone(r1, VIP)
    site.served(client, "r1")
    site.measured("r1 comes back", client)
    site.stop_all()


def make_fabric(site):
    """The routers in between, in one host, with an interface to ask for routes."""
    fabric = site.host("fabric", ("eth1", "zone1", "10.1.0.254/24"), ("eth2", "zone2", "10.2.0.254/24"), ("eth9", "clients", "10.9.0.254/24"))
    fabric.sysctl("net.ipv4.ip_forward", "1")

    def on_request(connection, head):
        verb, path = head.split()[:2]
        address, peer = path.rsplit("/", 1)[-1], connection.getpeername()[0]
        fabric.ip("route", "replace", address, "via", peer)
        site.say("%s asks for the route to %s, and gets it" % (peer, address))
        connection.sendall(backends.reply((200, b"")))
    backends.Http(fabric, "10.9.0.254", 8080, {"": on_request})
    return fabric


def forge(site, intruder, fabric, r1, r2):
    site.do("adverts with priority 254 are sent to both routers")
    gate = mac_of(fabric, "eth2")
    with Sender(intruder) as sender:
        for _ in range(5):
            to_r1 = advert3("10.2.0.2", prio=254, vips=(VIP,), adv=0.3, dst="10.1.0.1")
            sender.send(frame4("10.2.0.2", to_r1, dst="10.1.0.1", dmac=gate, smac=mac_of(intruder)))
            to_r2 = advert3("10.1.0.1", prio=254, vips=(VIP,), adv=0.3, dst="10.2.0.2")
            sender.send(frame4("10.1.0.1", to_r2, dst="10.2.0.2", ttl=254, dmac=mac_of(r2), smac=mac_of(intruder)))
    for router in (r1, r2):
        site.until(lambda: unwanted(router, site), "%s says why it does not listen" % router.name)
    assert site.eyes.holders(VIP) == ["r1"], "a forged advert has moved the address"


def unwanted(router, site):
    return site.eyes.heard(router.name, r"HMAC|hmac|replay|signature", site.marked)
