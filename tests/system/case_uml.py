"""What the machine's own kernel may lack: run in user-mode Linux, by `make uml`."""
import os
import sys

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
