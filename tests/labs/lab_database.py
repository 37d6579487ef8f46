"""A database pair: a TCP check whose notify_down stops the daemon, so that the address moves.

    client 192.0.2.10 ── lan ── r1 192.0.2.1, r2 192.0.2.2, both with a database on port 3306

What stands for the database answers with the name of its host.
"""
import os

IN_UML = True
VIP = "192.0.2.100"


def play(site):
    site.eyes.told.append(r"TCP.*(failed|succeeded)|Removing service|Quorum|^Stopped Keepalived")
    r1, r2 = site.routers()
    databases = {}
    for router in (r1, r2):
        databases[router.name] = site.web(router, 3306)
        site.eyes.tail(os.path.join(site.var(router), "leave.log"), lambda line, name=router.name: site.say("%s runs %s" % (name, line)))
    client = site.client(site.host("client", ("eth0", "lan", "192.0.2.10/24")), VIP, 3306, 0.1)

    site.head("Both hosts start")
    site.do("r1 and r2 start")
    site.start(r1)
    site.alone(r1, VIP)
    site.start(r2)
    site.served(client, "r1")
    site.heard(r2, "Entering BACKUP STATE")

    site.head("The database of r1 dies")
    site.do("r1: the database ends")
    databases["r1"].end()
    site.heard(r1, "Stopped Keepalived")
    assert site.daemons["r1"].proc.wait(10) == 0, "the daemon did not end well"
    site.alone(r2, VIP)
    site.served(client, "r2")
    site.measured("the database of r1 dies", client)

    site.head("It is repaired, and the daemon started again: nothing moves")
    site.do("r1: database and daemon start")
    site.web(r1, 3306)
    site.start(r1)
    site.heard(r1, r"Entering BACKUP STATE")
    site.do("r2: an administrator stops the daemon to bring the address back")
    assert site.eyes.holders(VIP) == ["r2"], "the address has moved back by itself"
    site.daemons["r2"].stop()
    site.alone(r1, VIP)
    site.served(client, "r1")
    site.measured("the address is brought back", client)
    site.stop_all()
