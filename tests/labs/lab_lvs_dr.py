"""LVS with direct routing: two directors, each at work for one of two services, sorry server, sync daemon.

    client 192.0.2.10, lb1 .1, lb2 .2, web1 .11, web2 .12, sorry .13: one network
    SHOP 192.0.2.101 (lb1), NEWS 192.0.2.102 (lb2)
"""
import collections
import os
import threading
import time

import backends

IN_UML = True
SHOP, NEWS = "192.0.2.101", "192.0.2.102"


class Download(threading.Thread):
    """One long connection: a piece of the page every tenth of a second, until it is closed or breaks."""

    def __init__(self, host, address):
        super().__init__(daemon=True)
        self.socket = backends.connect(host, address, 80)
        self.pieces, self.latest, self.broken = 0, 0.0, None

    def run(self):
        try:
            self.socket.settimeout(10)
            self.socket.sendall(b"GET /download HTTP/1.0\r\n\r\n")
            while self.socket.recv(64):
                # The director only sees this direction: an answer to each piece.
                self.socket.sendall(b"+")
                self.pieces, self.latest = self.pieces + 1, time.time()
            self.broken = "closed by the server"
        except OSError as error:
            self.broken = error

    def end(self):
        self.socket.close()


def in_pieces(connection, _):
    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 32)
        if not connection.recv(64):
            return
        time.sleep(0.1)


def play(site):
    site.eyes.told.append(r"(Adding|Removing) .*service|sorry|Quorum|Lost quorum|Gained quorum|HTTP_CHECK on")
    lb1, lb2 = site.routers(names=("lb1", "lb2"))
    webs = {}
    for number, name in enumerate(("web1", "web2", "sorry"), 11):
        host = site.host(name, ("eth0", "lan", "192.0.2.%d/24" % number))
        host.run(os.path.join(site.folder, "real-server.sh"), SHOP, NEWS)
        webs[name] = backends.Http(host, "0.0.0.0", 80, {"": (200, b"%s\n" % name.encode()), "/health": 200, "/download": in_pieces})
    host = site.host("client", ("eth0", "lan", "192.0.2.10/24"))
    clients = [site.client(host, address, period=0.1, name=name, tells_names=False)
               for address, name in ((SHOP, "SHOP's client"), (NEWS, "NEWS' client"))]

    site.head("Both directors start, each at work for one service")
    site.do("lb1 and lb2 start")
    site.start(lb1)
    site.start(lb2)
    each_at_work(site, lb1, lb2)
    for client in clients:
        answers_from(site, client, {"web1", "web2"})

    site.head("A long download through lb1 begins, and lb2 learns of the connection")
    site.do("the download begins")
    download = site.run(Download(host, SHOP))
    own = "192.0.2.10:%d" % download.socket.getsockname()[1]
    site.until(lambda: own in lb2.run("ipvsadm", "-Lnc"), "lb2 knows the connection", 30)
    site.say("lb2: ipvsadm -Lnc shows %s" % " ".join(next(line for line in lb2.run("ipvsadm", "-Lnc").splitlines() if own in line).split()))

    site.head("lb1 dies")
    site.do("lb1 dies")
    site.power_off(lb1)
    site.alone(lb2, SHOP)
    goes_on(site, download)
    for client in clients:
        answers_from(site, client, {"web1", "web2"})
        site.measured("lb1 dies: %s" % client.title, client)
    download.end()

    site.head("lb1 comes back")
    site.do("lb1 comes back")
    site.power_on(lb1)
    each_at_work(site, lb1, lb2)

    site.head("Both servers die, and one comes back")
    site.do("web1 and web2 die")
    for name in ("web1", "web2"):
        webs[name].stop()
    for client in clients:
        answers_from(site, client, {"sorry"})
    site.do("web2 is back")
    webs["web2"].start()
    for client in clients:
        answers_from(site, client, {"web2"})
    site.stop_all()


def each_at_work(site, lb1, lb2):
    site.alone(lb1, SHOP)
    site.alone(lb2, NEWS)


def goes_on(site, download):
    """The long connection gets pieces after the failover."""
    before = time.time()
    site.until(lambda: download.broken or download.latest > before, "the download goes on", 20)
    assert not download.broken, "the download broke: %s" % download.broken
    site.say("the download goes on through lb2", "good")


def answers_from(site, client, names, count=10):
    """Wait until the client gets answers from exactly these, for a while."""
    def settled():
        return collections.Counter(name for _, name in client.answers[-count:]) if len(client.answers) >= count \
            and client.answers[-count][0] > since else None
    since = time.time()
    while set(site.until(settled, "%s gets pages" % client.title, 20)) != names:
        since = time.time()
        assert since < site.marked + 40, "%s gets pages from %s" % (client.title, settled() or client.served)
    site.say("%s: %s" % (client.title, ", ".join("%d pages from %s" % (n, name) for name, n in sorted(settled().items()))), "good")
