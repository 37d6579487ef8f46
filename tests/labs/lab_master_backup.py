"""Master and backup for a web server, with preemption, without, and with a delay.

    client 192.0.2.10 ── lan ── r1 192.0.2.1 (priority 150), r2 192.0.2.2 (priority 100), both with a web server
                                192.0.2.100: the address that the client asks

Three times the same story: both start, the master dies, the master comes back.
"""
import time

VIP = "192.0.2.100"


def play(site):
    r1, r2 = site.routers()
    for router in (r1, r2):
        site.web(router)
    client = site.client(site.host("client", ("eth0", "lan", "192.0.2.10/24")), VIP)

    site.head("With preemption (preempt.conf)")
    begin_and_die(site, "preempt", r1, r2, client)
    come_back(site, "preempt", r1)
    site.alone(r1, VIP)
    site.served(client, "r1")
    site.measured("preempt: the master comes back and takes the address", client)

    site.stop_all()
    site.head("Without preemption (nopreempt.conf)")
    begin_and_die(site, "nopreempt", r1, r2, client)
    come_back(site, "nopreempt", r1)
    site.heard(r1, r"Entering BACKUP STATE \(init\)")
    quiet = time.time() + 2.0                       # more than it would need if it heard nobody
    site.until(lambda: time.time() > quiet or site.eyes.holders(VIP) != ["r2"], "r2 keeps the address")
    assert site.eyes.holders(VIP) == ["r2"], "the address has moved in spite of nopreempt"
    site.say("r2 still has the address")
    site.measured("nopreempt: the master comes back and does nothing", client)

    site.stop_all()
    site.head("With a delay of 3 s (preempt-delay.conf)")
    begin_and_die(site, "preempt-delay", r1, r2, client)
    come_back(site, "preempt-delay", r1)
    site.alone(r1, VIP)
    waited = time.time() - site.marked
    assert waited >= 3, "taken back after %.1f s already" % waited
    site.served(client, "r1")
    site.measured("preempt_delay 3: taken back after %.1f s" % waited, client)
    site.stop_all()


def begin_and_die(site, config, r1, r2, client):
    site.do("both routers start")
    for router in (r1, r2):
        site.power_on(router, config, "--config-id", router.name)
    site.alone(r1, VIP)
    site.served(client, "r1")
    site.do("r1 dies")
    site.power_off(r1)
    site.alone(r2, VIP)
    site.served(client, "r2")
    site.measured("%s: the master dies" % config.replace("-", "_"), client)


def come_back(site, config, router):
    site.do("r1 comes back")
    site.power_on(router, config, "--config-id", router.name)
