"""What the machine's own kernel may lack: run in user-mode Linux, by `make uml`."""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kit import TRANSPORTS, Group, ours  # noqa: E402
from ka import case, wait  # noqa: E402
from vrrpkit import single  # noqa: E402


@case("uml")
def uml_failover_on_vlans(lab):
    """The virtual router lives on VLAN 10 of a trunk: election, crash, orderly stop."""
    r1, r2 = lab.pair()
    vip = "10.88.0.100"
    for n, r in enumerate((r1, r2), 1):
        r.ip("link", "add", "link", "eth0", "name", "eth0.10", "type", "vlan", "id", "10")
        r.ip("link", "set", "eth0.10", "up")
        r.ip("addr", "add", "10.88.0.%d/24" % n, "dev", "eth0.10")
    text = lambda prio: single(prio=prio, adv=0.5, dev="eth0.10", vips=[vip + "/24"])
    d1 = r1.keepalived(text(200))
    r2.keepalived(text(100))
    wait(lambda: r1.has(vip, "eth0.10") and not r2.has(vip), 10, "the better router has the address")
    d1.crash()
    wait(lambda: r2.has(vip, "eth0.10"), 10, "the backup takes over after the crash")
    d1 = r1.keepalived(text(200))
    wait(lambda: r1.has(vip) and not r2.has(vip), 10, "the better router is back")
    assert d1.stop() == 0
    wait(lambda: r2.has(vip), 5, "handover at the stop")
    assert not r1.has(vip)


@case("uml")
def uml_failover_with_ah(lab):
    """Adverts in an authentication header, on a kernel that knows AH itself."""
    transport = next(t for t in TRANSPORTS if t.auth == "AH")
    group = Group(lab, transport, (ours(), 200), (ours(), 100))
    one, two = group.routers
    group.start()
    group.wait_master(one, 15)
    assert all(p.ah for p in one.adverts()), "an advert without AH"
    assert one.daemon.stop() == 0
    wait(lambda: two.holds() and one.holds() is False, 5, "handover at the stop")


@case("uml")
def uml_address_on_a_dummy_interface(lab):
    """A virtual address with `dev dummy0`."""
    r1 = lab.pair()[0]
    r1.ip("link", "add", "dummy0", "type", "dummy")
    r1.ip("link", "set", "dummy0", "up")
    d = r1.keepalived(single(adv=0.5, vips=["10.77.0.100/24", "10.99.0.1/32 dev dummy0"]))
    wait(lambda: r1.has("10.99.0.1", "dummy0") and r1.has("10.77.0.100", "eth0"), 10, "both addresses")
    assert d.stop() == 0
    assert not r1.has("10.99.0.1") and not r1.has("10.77.0.100")


@case("uml")
def uml_ipvlan(lab):
    """use_ipvlan: an L2 ipvlan with the address given, the source of adverts; gone at the stop, and a handover works."""
    r1, r2 = lab.pair()
    wire = lab.sniff()
    text = lambda n, prio: single(prio=prio, adv=0.5, extra="use_ipvlan ipv.51 10.77.0.%d/24 private" % (n + 20))
    d1 = r1.keepalived(text(1, 200))
    r2.keepalived(text(2, 100))
    wait(lambda: r1.has("10.77.0.100", "ipv.51") and not r2.has("10.77.0.100"), 10, "the better router leads")
    link = r1.ip("-d", "link", "show", "ipv.51")
    assert "ipvlan" in link and "mode l2" in link and "private" in link, link
    wire.wait(lambda p: p.kind == "vrrp" and p.src == "10.77.0.21", 5, "adverts from the address of the ipvlan")
    assert d1.stop() == 0
    wait(lambda: r2.has("10.77.0.100", "ipv.51"), 5, "handover at the stop")
    assert "ipv.51" not in r1.ip("-o", "link")


@case("uml")
def uml_ipvlan_ipv6(lab):
    """use_ipvlan over IPv6 without an address: its link-local one is the source."""
    r1 = lab.pair(("r1",))[0]
    wire = lab.sniff()
    d = r1.keepalived(single(version=None, adv=0.5, vips=["fe80::5:1/64", "2001:db8::5/64"], extra="use_ipvlan"))
    wait(lambda: r1.has("2001:db8::5", "vrrp6.51"), 10, "master")
    wire.wait(lambda p: p.kind == "vrrp" and p.family == 6, 5, "adverts")
    assert d.stop() == 0
    assert "vrrp6.51" not in r1.ip("-o", "link")


def with_vrf(host):
    host.ip("link", "add", "red", "type", "vrf", "table", "77")
    host.ip("link", "set", "red", "up")
    host.ip("link", "set", "eth0", "master", "red")
    # Enslaving takes the address's routes along; the address stays.
    return host


@case("uml")
def uml_vmac_in_a_vrf(lab):
    """An interface in a VRF: the virtual interface is in the same VRF, and so are the routes of a `vrf` line."""
    r1, r2 = (with_vrf(h) for h in lab.pair())
    text = lambda prio: single(prio=prio, adv=0.5, extra="use_vmac\nvirtual_routes {\n192.0.2.0/24 via 10.77.0.9 vrf red\n}")
    d = r1.keepalived(text(200))
    r2.keepalived(text(100))
    wait(lambda: r1.has("10.77.0.100", "vrrp.51") and not r2.has("10.77.0.100"), 10, "the better router leads")
    assert "master red" in r1.ip("link", "show", "vrrp.51")
    wait(lambda: "192.0.2.0/24" in r1.ip("route", "show", "table", "77"), 5, "the route in the table of the VRF")
    assert d.stop() == 0
    wait(lambda: r2.has("10.77.0.100", "vrrp.51"), 5, "handover")
    assert "192.0.2.0/24" not in r1.ip("route", "show", "table", "77")


@case("uml")
def uml_unicast_in_a_vrf(lab):
    """`vrf`: a unicast instance without interface talks through the VRF."""
    r1, r2 = (with_vrf(h) for h in lab.pair())
    text = lambda n, prio: single(prio=prio, adv=0.5, dev=None, vips=["10.77.0.100/24 dev eth0"], extra="""vrf red
        unicast_src_ip 10.77.0.%d
        unicast_peer {
        10.77.0.%d
        }""" % (n, 3 - n))
    d = r1.keepalived(text(1, 200))
    r2.keepalived(text(2, 100))
    wait(lambda: r1.has("10.77.0.100"), 10, "the better router leads")
    time.sleep(3)
    assert not r2.has("10.77.0.100"), "the other one does not hear it"
    assert d.stop() == 0
    wait(lambda: r2.has("10.77.0.100"), 5, "handover")
