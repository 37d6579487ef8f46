"""A packet filter drops the adverts between two routers: both become master, both say why, and it heals.

    client ── lan ── r1 192.0.2.1 (priority 150), r2 192.0.2.2 (priority 100), each with a packet filter
"""
import os

import ka

VIP = "192.0.2.100"


def play(site):
    if ka.shutil.which("nft") is None:
        raise ka.Skip("nft is not installed: run scripts/install-needs")
    site.eyes.told += ["no advert for VRID", "is announced by", "goes on as master"]
    r1, r2 = site.routers()
    for router in (r1, r2):
        site.web(router)
    client = site.client(site.host("client", ("eth0", "lan", "192.0.2.10/24")), VIP)
    wire = site.lab.sniff()

    site.head("Both routers have a packet filter that forgets VRRP (firewall-forgotten.nft)")
    for router in (r1, r2):
        rules(site, router, "firewall-forgotten.nft")
    site.do("both routers start")
    site.start(r1)
    site.start(r2)
    both_are_masters(site)
    for router in (r1, r2):
        site.heard(router, "protocol 112 passes firewalls")

    site.head("The filters learn of VRRP (firewall.nft): it heals")
    heal(site, wire, r1, r2)
    site.served(client, "r1")

    site.head("Somebody loads the old rules again on r2")
    site.do("r2: firewall-forgotten.nft")
    rules(site, r2, "firewall-forgotten.nft", tell=False)
    both_are_masters(site)
    site.heard(r2, r"Entering MASTER STATE \(no advert from 192.0.2.1 for")
    site.heard(r1, "192.0.2.2 goes on as master with the lower priority 100: it does not hear this router")

    site.head("And that is put right, too")
    heal(site, wire, r1, r2)
    site.served(client, "r1")
    site.stop_all()


def rules(site, router, name, tell=True):
    if tell:
        site.do("%s: %s" % (router.name, name))
    router.run("nft", "-f", os.path.join(site.etc(router), name))


def both_are_masters(site):
    site.until(lambda: site.eyes.holders(VIP) == ["r1", "r2"], "both have the address")
    site.say("both routers have %s now, and no client can rely on it" % VIP, "bad")


def heal(site, wire, r1, r2):
    for router in (r1, r2):
        rules(site, router, "firewall.nft")
    site.alone(r1, VIP)
    site.heard(r2, r"Entering BACKUP STATE \(higher priority 150 from 192.0.2.1\)")
    seen = wire.wait(lambda p: p.kind == "arp" and p.gratuitous and p.spa == ka.socket.inet_aton(VIP), 5,
                     "r1 announces the address again", site.marked)
    site.stage.say("r1 announces the address again (gratuitous ARP): neighbours that had believed r2 learn better", at=seen.ts)
