"""Load balancing as a client sees it, through the NAT of the kernel: in user-mode Linux, by `make uml`.

    client 10.77.0.1 ── lan ── 10.77.0.254 balancer 10.88.0.254 ── back ── web1..web4 10.88.0.1..4
"""
import os
import re
import socket
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402,F401
from backends import VIP, Http, Tcp, check, connections, pool, real, settle, table, url, virtual  # noqa: E402
from ka import case, sh, wait  # noqa: E402

WEB = {n: "10.88.0.%d" % n for n in (1, 2, 3, 4)}
HTTP = check("HTTP_GET", url(), delay="0.3", timeout="0.5")


def name(number):
    return WEB[number] + ":80"


class Site:
    """A client, a balancer and web servers, each in a namespace of its own, the client knowing only the first two."""

    def __init__(self, lab, webs=4):
        self.client = lab.host("client").nic("eth0", "lan", ["10.77.0.1/24"])
        self.balancer = lab.host("lb").nic("eth0", "lan", ["10.77.0.254/24", VIP + "/32"]).nic("eth1", "back", ["10.88.0.254/24"])
        self.balancer.sysctl("net.ipv4.ip_forward", "1")
        self.webs = {}
        for n in list(WEB)[:webs]:
            h = lab.host("web%d" % n).nic("eth0", "back", [WEB[n] + "/24"])
            h.ip("route", "add", "default", "via", "10.88.0.254")
            body = b"web%d" % n
            self.webs[n] = Http(h, WEB[n], 80, {"": (200, body), "/slow": slow(body)})


def slow(body):
    """An answer that takes two seconds, in pieces."""
    def answer(conn, _):
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (20 * len(body)))
        for _ in range(20):
            time.sleep(0.1)
            conn.sendall(body)
    return answer


def ask(host, path="/", timeout=3.0):
    """The body of a page through the virtual address; an exception without one."""
    def opened():
        return socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    with host.inside(opened) as s:
        s.settimeout(timeout)
        s.connect((VIP, 80))
        s.sendall(b"GET %s HTTP/1.0\r\n\r\n" % path.encode())
        text = b""
        while True:
            part = s.recv(65536)
            if not part:
                break
            text += part
    head, _, body = text.partition(b"\r\n\r\n")
    length = int(re.search(rb"Content-Length: (\d+)", head).group(1))
    assert len(body) == length, "%d of %d octets" % (len(body), length)
    return body.decode()


class Load:
    """Requests one after the other by several threads: [(begun, ended, body or the exception)]."""

    def __init__(self, host, threads=3):
        self.host, self.done, self.ends = host, [], threading.Event()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(threads)]
        for t in self.threads:
            t.start()

    def run(self):
        while not self.ends.is_set():
            begun = time.monotonic()
            try:
                result = ask(self.host)
            except (OSError, AssertionError, AttributeError) as error:
                result = error
            self.done.append((begun, time.monotonic(), result))
            time.sleep(0.01)

    def end(self):
        self.ends.set()
        for t in self.threads:
            t.join(10)
        return self.done

    def since(self, moment):
        """What the requests that began after this brought."""
        return [result for begun, _, result in list(self.done) if begun > moment]

    def only(self, bodies, count=20, what=""):
        """From now on all requests bring one of these pages, and each of them comes; a number of requests is awaited."""
        now = time.monotonic()
        wait(lambda: len(self.since(now)) >= count and set(bodies) <= set(map(str, self.since(now))), 15, "%s: %s" % (what, bodies))
        strange = [r for r in self.since(now) if r not in bodies]
        assert not strange, "%s: %d of %d: %r" % (what, len(strange), len(self.since(now)), strange[:3])


def counters(host, where=VIP + ":80"):
    """Connections that the kernel has counted for a service: (of the service, {server: of it})."""
    service, servers, inside = None, {}, False
    for line in host.run("ipvsadm", "-Ln", "--stats", "--exact").splitlines():
        w = line.split()
        if w and w[0] in ("TCP", "UDP"):
            inside = w[1] == where
            service = int(w[2]) if inside else service
        elif w and w[0] == "->" and inside:
            servers[w[1]] = int(w[2])
    return service, servers


@case("uml")
def lvs_servers_die_under_load(lab):
    """One of three servers falls silent: no request that begins after it was noticed goes there. Then all: the sorry page."""
    site = Site(lab)
    lb, webs = site.balancer, site.webs
    sorry = "sorry_server %s 80" % WEB[4]
    d = lb.keepalived(virtual(VIP + " 80", *[real(WEB[n], 80, HTTP) for n in (1, 2, 3)], opts=sorry))
    settle(lb, {name(n): 1 for n in (1, 2, 3)})
    load = Load(site.client)
    load.only(["web1", "web2", "web3"], 40, "all are well")

    webs[2].host.ip("link", "set", "eth0", "down")
    settle(lb, {name(1): 1, name(3): 1}, what="one is silent")
    load.only(["web1", "web3"], 40, "one is silent")
    webs[1].stop()
    settle(lb, {name(3): 1}, what="another one refuses")
    load.only(["web3"], 20, "one is left")
    webs[3].stop()
    settle(lb, {name(4): 1}, what="none is left")
    load.only(["web4"], 20, "the sorry page")
    webs[1].start()
    settle(lb, {name(1): 1}, what="one is back")
    load.only(["web1"], 20, "one is back")
    webs[2].host.ip("link", "set", "eth0", "up")
    webs[2].host.ip("route", "replace", "default", "via", "10.88.0.254")
    webs[3].start()
    settle(lb, {name(n): 1 for n in (1, 2, 3)}, what="all are back")
    load.only(["web1", "web2", "web3"], 40, "all are back")
    load.end()
    assert d.stop() == 0 and table(lb) == {}


@case("uml")
def lvs_reload_under_load_loses_no_request(lab):
    """Reloads with and without changes: no request fails, long answers arrive whole, the kernel's counters go on, and a server
    that is down stays down."""
    site = Site(lab, 3)
    lb = site.balancer
    down = site.webs[3]
    down.stop()
    text = lambda weight="weight 1", sched="rr", opts="", more="": virtual(
        VIP + " 80", real(WEB[1], 80, HTTP), real(WEB[2], 80, HTTP + weight), real(WEB[3], 80, HTTP), algo=sched, opts=opts) + more
    d = lb.keepalived(text())
    settle(lb, {name(1): 1, name(2): 1}, what="one is down")
    load = Load(site.client)
    load.only(["web1", "web2"], 20, "before")
    begin = time.monotonic()
    long, threads = [], []
    for _ in range(4):
        threads.append(threading.Thread(target=lambda: long.append(ask(site.client, "/slow", 8)), daemon=True))
        threads[-1].start()
    wait(lambda: sum(len(w.paths()) and w.paths().count("/slow") for w in site.webs.values()) == 4, 3, "long answers begin")
    other = virtual(VIP + " 81", real(WEB[1], 80, HTTP))
    seen, servers = counters(lb)
    for number, (new, weights) in enumerate([
            (text(), {1: 1, 2: 1}), (text("weight 3"), {1: 1, 2: 3}), (text("weight 3", "wlc"), {1: 1, 2: 3}),
            (text("weight 3", "wlc", "quorum 1\nalpha"), {1: 1, 2: 3}), (text("weight 2", "rr", "", other), {1: 1, 2: 2})]):
        d.reload(new)
        wait(lambda: d.log().count("Reload finished") >= number + 1, 8, "reload %d" % number)
        settle(lb, {name(n): w for n, w in weights.items()}, what="reload %d" % number)
        after, of_each = counters(lb)
        assert after >= seen and all(of_each[s] >= n for s, n in servers.items()), ("counters begin anew", number, seen, after, of_each)
        seen, servers = after, of_each
        load.only(["web1", "web2"], 10, "reload %d" % number)
    for t in threads:
        t.join(10)
    assert sorted(map(len, long)) == [80] * 4, [t[:10] for t in long]
    lost = [r for b, _, r in load.end() if b >= begin and not isinstance(r, str)]
    assert not lost, "%d requests are lost: %r" % (len(lost), lost[:3])
    assert connections(lb)
    down.start()
    settle(lb, {name(1): 1, name(2): 2, name(3): 1}, what="the server is back after all")
    assert d.stop() == 0


# ---- dedupe_checks ---------------------------------------------------------------------------

@case("uml")
def lvs_identical_checks_run_once(lab):
    """dedupe_checks: the same check for twenty services runs once, its verdict reaches all; another check runs for itself."""
    h = lab.host("lb")
    sh("ip", "-n", h.ns, "addr", "add", "10.1.0.1/16", "dev", "lo")
    for dedupe in (True, False):
        web = Http(h, "10.1.0.1", 80, {"": 200})
        same, other = check("HTTP_GET", url("/same")), check("HTTP_GET", url("/other"))
        text = "".join(virtual("10.77.1.%d 80" % n, real("10.1.0.1", 80, other if n == 20 else same)) for n in range(1, 21))
        d = h.keepalived(("global_defs {\ndedupe_checks\n}\n" if dedupe else "") + text)
        everywhere = lambda want: all(pool(h, "10.77.1.%d 80" % n) == want for n in range(1, 21))
        wait(lambda: everywhere({"10.1.0.1:80": 1}), 6, "the server is everywhere")
        wait(lambda: "/other" in web.paths(), 4, "the checks begin")
        time.sleep(0.5)
        since = time.monotonic()
        wait(lambda: web.paths(since).count("/other") >= 5, 8, "five checks")
        same = web.paths(since).count("/same")
        assert same <= 7 if dedupe else same >= 60, "%d checks in the time of five" % same
        web.stop()
        wait(lambda: everywhere({}), 6, "the server is nowhere")
        web.start()
        wait(lambda: everywhere({"10.1.0.1:80": 1}), 6, "the server is everywhere again")
        assert d.stop() == 0
        h.daemons.remove(d)
        web.close()


@case("uml")
def lvs_many_checks_are_no_burst(lab):
    """A thousand first checks are spread over the warm-up, and so are the second ones."""
    h = lab.host("lb")
    sh("ip", "-n", h.ns, "addr", "add", "10.1.0.1/16", "dev", "lo")
    web = Tcp(h, "10.1.0.1", 80)
    tcp = "TCP_CHECK {\nconnect_timeout 2\n}\n"
    d = h.keepalived("".join(virtual("10.77.%d.%d 80" % (1 + n // 100, 1 + n % 100), real("10.1.0.1", 80, tcp), opts="delay_loop 4")
                             for n in range(300)))
    wait(lambda: len(web.times()) >= 600, 20, "two rounds of checks", step=0.2)
    times = web.times()
    first = times[0]
    slots = [sum(first + n / 2 <= t < first + (n + 1) / 2 for t in times) for n in range(16)]
    # 300 in 4 s are 37.5 in half a second; a stalled machine may delay those of one slot into the next.
    assert max(slots) < 100, slots
    assert d.stop() == 0
