"""Notify scripts, a FIFO, and mail on transitions, read back from a mail server.

    mail 192.0.2.25 ── lan ── r1 192.0.2.1 (priority 150), r2 192.0.2.2 (priority 100)
                              uplink: eth1 of both, watched by track_interface
"""
import os

import backends

VIP = "192.0.2.100"


class Mails(list):
    """The mails that have come; each one is told."""

    def __init__(self, stage):
        super().__init__()
        self.stage = stage

    def append(self, mail):
        self.stage.say("mail from %s: %s" % (mail["from"].strip("<>"), mail["headers"]["Subject"]))
        super().append(mail)

    def subjects(self, router):
        return [m["headers"]["Subject"] for m in self if "keepalived@%s." % router in m["from"]]


def play(site):
    routers = [site.router("r%d" % n, ("eth0", "lan", "192.0.2.%d/24" % n), ("eth1", "uplink", "198.51.100.%d/24" % n)) for n in (1, 2)]
    r1, r2 = routers
    server = backends.Smtp(site.host("mail", ("eth0", "lan", "192.0.2.25/24")), "192.0.2.25")
    mails = server.mails = Mails(site.stage)
    fifos = {}
    for router in routers:
        site.eyes.tail(path(site, router), lambda line, name=router.name: site.say("%s runs %s" % (name, line)))
        fifos[router.name] = listen(site, router)

    site.head("Both routers start")
    site.do("r1 and r2 start")
    for router in routers:
        site.start(router)
    site.alone(r1, VIP)
    expect(site, fifos, mails, r1, "serving", "MASTER", "Entering MASTER state")
    expect(site, fifos, mails, r2, "waiting", "BACKUP", "Entering BACKUP state")

    site.head("r1 loses its uplink")
    site.do("r1: the cable of eth1 is pulled")
    r1.carrier("eth1", False)
    site.alone(r2, VIP)
    expect(site, fifos, mails, r1, "broken", "FAULT", "Entering FAULT state")
    expect(site, fifos, mails, r2, "serving", "MASTER", "Entering MASTER state")

    site.head("The uplink is back")
    site.do("r1: the cable of eth1 is plugged in")
    r1.carrier("eth1", True)
    site.alone(r1, VIP)
    expect(site, fifos, mails, r1, "serving", "MASTER", "Entering MASTER state")

    site.head("The daemon on r1 is stopped")
    site.do("r1: SIGTERM to the daemon")
    assert site.daemons["r1"].stop() == 0
    site.alone(r2, VIP)
    site.until(lambda: "state.sh: stopped" in backends.read(path(site, r1)), "notify_stop has run on r1")
    assert all(sorted(m["to"]) == ["<admin@example.org>", "<oncall@example.org>"] for m in mails), mails
    site.stop_all()
    site.note("mails from r1", "; ".join(mails.subjects("r1")))


def path(site, router):
    return os.path.join(site.var(router), "notify.log")


def listen(site, router):
    """Read the router's FIFO: the lines so far."""
    got = []

    def on_line(line):
        got.append(line)
        site.say("%s writes %s" % (router.name, line))
    site.eyes.fifo(os.path.join(site.var(router), "events.fifo"), on_line)
    return got


def expect(site, fifos, mails, router, word, state, subject):
    """All three ways have told of the state, as the latest that this router has."""
    def told():
        ran = backends.read(path(site, router)).splitlines()
        last = [[line for line in ran if line.startswith(name)][-1:] for name in ("state.sh", "changes.sh")]
        return (last[0] == ["state.sh: " + word] and "WEB is %s" % state in "".join(last[1])
                and ' "WEB" %s ' % state in "".join(fifos[router.name][-1:]) and subject in "".join(mails.subjects(router.name)[-1:]))
    site.until(told, "%s: script, FIFO and mail tell of %s" % (router.name, state))
