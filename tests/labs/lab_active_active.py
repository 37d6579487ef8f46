"""Two routers, both at work: each the backup of the other, with address labels.

    clients ── lan ── r1 192.0.2.1 (master of 192.0.2.101), r2 192.0.2.2 (master of 192.0.2.102)
"""
import re

A, B = "192.0.2.101", "192.0.2.102"


def play(site):
    r1, r2 = site.routers()
    for router in (r1, r2):
        site.web(router)
    host = site.host("client", ("eth0", "lan", "192.0.2.10/24"))
    first, second = site.client(host, A, name="client A"), site.client(host, B, name="client B")

    site.head("Both routers start: each has its own address")
    site.do("r1 and r2 start")
    site.start(r1)
    site.start(r2)
    each_has_its_own(site, r1, r2, first, second)
    for router, label in ((r1, "eth0:a"), (r2, "eth0:b")):
        shown = router.ip("-o", "address", "show", "label", label).split()
        site.say("%s: `ip address show label %s` shows %s" % (router.name, label, shown[3]))
        assert shown[3].split("/")[0] in (A, B)

    site.head("r1 dies: r2 has both")
    site.do("r1 dies")
    site.power_off(r1)
    site.alone(r2, A)
    site.alone(r2, B)
    site.served(first, "r2")
    site.measured("address A, whose router has died", first)
    lost = site.measured("address B, which had nothing to do with it", second)
    assert lost < 500, "the address of the router that lives was away for %.0f ms" % lost

    status = site.status(r2)
    assert all(re.search(r"%s\b.*MASTER" % name, status) for name in ("WEB_A", "WEB_B")), status

    site.head("r1 comes back: each has its own again")
    site.do("r1 comes back")
    site.power_on(r1)
    each_has_its_own(site, r1, r2, first, second)
    site.measured("address A goes back", first)
    site.stop_all()


def each_has_its_own(site, r1, r2, first, second):
    site.alone(r1, A)
    site.alone(r2, B)
    site.served(first, "r1")
    site.served(second, "r2")
