"""What needs IPVS and nftables in one kernel: in Debian's stock kernel, by `scripts/vm-run` (`scripts/system-tests vm`).

    client 10.77.0.1 ── lan ── 10.77.0.254 balancer 10.88.0.254 ── back ── web1, web2 10.88.0.1, .2

Emulated, that kernel needs a fifth of a second to start a program: a few cases that look at much.
"""
import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kit import refuses  # noqa: E402
from backends import Server, Udp, check, table  # noqa: E402
from ka import case, sh, wait  # noqa: E402
from vrrpkit import conf, inst  # noqa: E402

# Patience with an emulated machine.
LONG = 30
TCP = check("TCP_CHECK", delay="0.5", timeout="3")


class Echo(Server):
    """Says its name behind each line, and keeps the connection."""

    def __init__(self, host, ip, port=80):
        super().__init__(host, ip, port)

    def connection(self, conn, peer):
        conn.settimeout(600)
        while True:
            text = conn.recv(100)
            if not text:
                return
            conn.sendall(text.strip() + b" " + self.host.name.encode() + b"\n")


class Client:
    """A connection through the balancer."""

    def __init__(self, host, ip, port=80):
        self.sock = host.inside(lambda: socket.socket(socket.AF_INET6 if ":" in ip else socket.AF_INET))
        self.sock.settimeout(10)
        try:
            self.sock.connect((ip, port))
        except OSError:
            self.sock.close()
            raise

    def says(self, text="hello"):
        """Who answers."""
        self.sock.sendall(text.encode() + b"\n")
        back = self.sock.recv(100).decode().split()
        assert back and back[0] == text, back
        return back[1]


def ask(host, ip, port=80):
    """Who answers a new connection, or '' if nobody listens."""
    try:
        client = Client(host, ip, port)
    except ConnectionRefusedError:
        return ""
    with client.sock:
        return client.says()


def ask_udp(host, ip, port=80):
    with host.inside(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as s:
        s.settimeout(3)
        s.connect((ip, port))
        s.send(b"hello")
        return s.recv(100).decode()


def batch(host, text):
    """Several commands of ip at once."""
    sh("ip", "-n", host.ns, "-batch", "-", input=text)


def marked(host):
    """The services by mark: {mark: {server: weight}}; a service by address fails the case."""
    found = table(host)
    assert all(k[0] == "FWM" for k in found), found
    return {k[1]: {"%s:%d" % rs: w for rs, (_, w) in v["rs"].items()} for k, v in found.items()}


def group(name, *entries):
    return "virtual_server_group %s {\n%s\n}\n" % (name, "\n".join(entries))


def service(name, servers, proto="TCP", kind="NAT", opts="", body=TCP):
    reals = "".join("real_server %s {\n%s\n}\n" % (s, body) for s in servers)
    return "virtual_server group %s {\nlvs_sched rr\nlvs_method %s\nprotocol %s\n%s\n%s}\n" % (name, kind, proto, opts, reals)


def reloaded(daemon, text, logged="Reload finished"):
    before = daemon.log().count(logged)
    daemon.reload(text)
    wait(lambda: daemon.log().count(logged) > before, LONG, "the reload")


class Site:
    """Two web servers behind a balancer that translates addresses, over IPv4 and IPv6."""

    def __init__(self, lab):
        self.client = lab.host("client").nic("eth0", "lan", ["10.77.0.1/24", "fd77::1/64"])
        self.lb = lab.host("lb").nic("eth0", "lan", ["10.77.0.254/24", "fd77::fe/64"]).nic("eth1", "back", ["10.88.0.254/24", "fd88::fe/64"])
        virtual = ["10.77.0.%d/32" % n for n in (100, 101, 102, 103)] + ["fd77::100/128"]
        batch(self.lb, "".join("addr add %s dev eth0\n" % a for a in virtual))
        self.lb.run("sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1")
        self.webs = []
        for n in (1, 2):
            web = lab.host("web%d" % n).nic("eth0", "back", ["10.88.0.%d/24" % n, "fd88::%d/64" % n])
            batch(web, "route add default via 10.88.0.254\nroute add default via fd88::fe\n")
            self.webs.append([Echo(web, "10.88.0.%d" % n), Echo(web, "fd88::%d" % n),
                              Udp(web, "10.88.0.%d" % n, 53, web.name.encode())])


FOUR = ["10.88.0.1 80", "10.88.0.2 80"]
NAMES = {"web1", "web2"}


@case("vm")
def vm_marks_with_nat(lab):
    """nftables_ipvs: a client reaches the servers of groups by mark, over TCP, UDP and IPv6; a reload keeps what has not
    changed, with its connections; the table comes back after `nft flush ruleset`; a dead server leaves; a stop leaves nothing."""
    site = Site(lab)
    lb, client = site.lb, site.client
    every = lambda *addresses: [{ask(client, *a) for _ in range(4)} for a in addresses]
    opts = "global_defs {\nnftables_ipvs\n}\n"
    text = opts + group("four", "10.77.0.100-101 80", "10.77.0.100 8080") + group("six", "fd77::100 80") + \
        service("four", FOUR) + service("four", ["10.88.0.1 53", "10.88.0.2 53"], "UDP", body="") + \
        service("six", ["fd88::1 80", "fd88::2 80"])
    d = lb.keepalived(text)
    both = {"10.88.0.1:80": 1, "10.88.0.2:80": 1}
    want = {1000: both, 1001: {"10.88.0.1:53": 1, "10.88.0.2:53": 1}, 1002: {"fd88::1:80": 1, "fd88::2:80": 1}}
    wait(lambda: marked(lb) == want, LONG, "services by mark")
    assert every(("10.77.0.100",), ("10.77.0.101",), ("10.77.0.100", 8080), ("fd77::100",)) == [NAMES] * 4
    assert {ask_udp(client, "10.77.0.100", 80) for _ in range(4)} >= {"web1"}, "UDP"
    assert every(("10.77.0.102",)) == [{""}], "an address that is in no group"

    held = Client(client, "10.77.0.100")
    server = held.says()
    text = opts + group("new", "10.77.0.103 80") + group("four", "10.77.0.100 80", "10.77.0.102 80") + group("six", "fd77::100 80") + \
        service("new", FOUR) + service("four", FOUR) + service("six", ["fd88::1 80"])
    reloaded(d, text)
    want = {1000: both, 1002: {"fd88::1:80": 1}, 1003: both}
    wait(lambda: marked(lb) == want, LONG, "what has not changed has its mark, what is new another one")
    assert held.says() == server, "the connection lives"
    assert every(("10.77.0.100",), ("10.77.0.102",), ("10.77.0.103",), ("10.77.0.101",), ("fd77::100",)) == \
        [NAMES, NAMES, NAMES, {""}, {"web1"}]
    # The kernel adds up its counters every other second.
    connections = lambda: int(lb.run("ipvsadm", "-Ln", "--stats", "--exact", "-f", "1000").splitlines()[-3].split()[2])
    wait(lambda: connections() >= 13, LONG, "the counters went on")

    lb.run("nft", "flush", "ruleset")
    reloaded(d, text)
    wait(lambda: "put back" in d.log(), LONG, "the table is missed")
    assert every(("10.77.0.100",)) == [NAMES], "the table is back"
    assert held.says() == server

    site.webs[0][0].stop()
    wait(lambda: marked(lb)[1000] == marked(lb)[1003] == {"10.88.0.2:80": 1}, LONG, "the dead server leaves")
    assert every(("10.77.0.102",), ("10.77.0.103",)) == [{"web2"}] * 2
    assert d.stop(LONG) == 0
    assert table(lb) == {} and lb.run("nft", "list", "ruleset") == ""


@case("vm")
def vm_marks_with_direct_routing(lab):
    """Direct routing by mark, into the namespace of net_namespace_ipvs, with persistence; an entry without port has a service of its own."""
    virtual = ["10.77.0.100/32", "10.77.0.101/32"]
    client = lab.host("client").nic("eth0", "lan", ["10.77.0.1/24"])
    lb = lab.host("lb").nic("eth0", "lan", ["10.77.0.254/24", *virtual])
    boss = lab.host("boss").nic("eth0", "lan", ["10.77.0.253/24"])
    for n in (1, 2):
        web = lab.host("web%d" % n).nic("eth0", "lan", ["10.77.0.%d/24" % (n + 10)])
        web.run("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2")
        batch(web, "".join("addr add %s dev lo\n" % v for v in virtual))
        for port in (80, 81):
            Echo(web, "0.0.0.0", port)
    servers = ["10.77.0.11 80", "10.77.0.12 80"]
    opts = "net_namespace_ipvs %s\nglobal_defs {\nnftables_ipvs marks\nnftables_ipvs_start_fwmark 7\n}\n" % lb.ns
    text = opts + group("web", "10.77.0.100 80", "10.77.0.101") + service("web", servers, kind="DR")
    d = boss.keepalived(text)
    reals = {("10.77.0.11", 0): ("Route", 1), ("10.77.0.12", 0): ("Route", 1)}
    want = {("FWM", 7): reals, ("TCP", "10.77.0.101", 0): reals}
    wait(lambda: {k: v["rs"] for k, v in table(lb).items()} == want, LONG, "the services")
    assert all("persistent" in v["flags"] for v in table(lb).values()), table(lb)
    assert "10.77.0.100 . 80 : 0x00000007" in lb.run("nft", "list", "map", "ip", "marks", "tcp_map")
    assert boss.run("nft", "list", "ruleset") == "", "marks where the services are, and only there"
    # One client stays with one server, whatever the port of what has none.
    assert len({ask(client, "10.77.0.100") for _ in range(3)}) == 1
    assert len({ask(client, "10.77.0.101", port) for port in (80, 81, 80)}) == 1
    assert ask(client, "10.77.0.100", 81) == "", "a port that is not in the group"

    reloaded(d, text.replace("nftables_ipvs marks", "").replace("nftables_ipvs_start_fwmark 7", ""))
    wait(lambda: {k[:2] for k in table(lb)} == {("TCP", "10.77.0.100"), ("TCP", "10.77.0.101")}, LONG, "by address")
    assert lb.run("nft", "list", "ruleset") == ""
    assert ask(client, "10.77.0.100") in NAMES
    assert d.stop(LONG) == 0
    assert table(lb) == {}


@case("vm")
def vm_balancers_take_over(lab):
    """Two balancers with virtual MAC, marks and IPVS synchronisation: a connection outlives the crash of the first one."""
    client = lab.host("client").nic("eth0", "lan", ["10.77.0.9/24"])
    web = lab.host("web1").nic("eth0", "lan", ["10.77.0.11/24"])
    web.run("sysctl", "-qw", "net.ipv4.conf.all.arp_ignore=1", "net.ipv4.conf.all.arp_announce=2")
    batch(web, "addr add 10.77.0.100/32 dev lo\n")
    Echo(web, "0.0.0.0")
    r1, r2 = lab.pair()
    text = lambda prio: conf(inst(prio=prio, adv=0.5, extra="use_vmac"), globals="lvs_sync_daemon eth0 VI_1 id 7\nnftables_ipvs") + "\n" + \
        group("web", "10.77.0.100 80") + service("web", ["10.77.0.11 80"], kind="DR")
    for h in (r1, r2):
        # Each packet is told of.
        h.run("sysctl", "-qw", "net.ipv4.vs.sync_threshold=0 1", "net.ipv4.ip_forward=1")
    d1 = r1.keepalived(text(200))
    wait(lambda: r1.has("10.77.0.100", "vrrp.51") and marked(r1).get(1000), LONG, "the first one leads")
    d2 = r2.keepalived(text(100))
    wait(lambda: marked(r2).get(1000), LONG, "the second one is ready")
    wait(lambda: "backup" in r2.run("ipvsadm", "-ln", "--daemon"), LONG, "it hears of connections")
    assert "master" in r1.run("ipvsadm", "-ln", "--daemon")
    held = Client(client, "10.77.0.100")
    assert [held.says() for _ in range(3)] == ["web1"] * 3
    wait(lambda: "10.77.0.100:80" in r2.run("ipvsadm", "-lcn"), LONG, "the second one knows the connection")
    d1.crash()
    wait(lambda: r2.has("10.77.0.100", "vrrp.51"), LONG, "the second one leads")
    r1.ip("link", "set", "eth0", "down")
    assert held.says() == "web1", "the connection lives"
    wait(lambda: "master" in r2.run("ipvsadm", "-ln", "--daemon"), LONG, "it tells of connections now")
    assert ask(client, "10.77.0.100") == "web1"
    rules = r2.run("nft", "list", "ruleset")
    assert "keepalived_ipvs" in rules and "table ip keepalived {" in rules, rules
    assert d2.stop(LONG) == 0
    assert table(r2) == {} and r2.run("nft", "list", "ruleset") == "" and "vrrp.51" not in r2.ip("link")


@case("vm")
def vm_closed_addresses_on_ipvlan_and_in_a_vrf(lab):
    """no_accept with use_ipvlan, and with use_vmac in a VRF: the address is announced and answers nothing, until it may."""
    r1, r2, other = lab.pair(("r1", "r2", "other"))
    batch(r2, "link add red type vrf table 77\nlink set red up\nlink set eth0 master red\n")
    kinds = {"ipvlan": (r1, "use_ipvlan ipv.51 10.77.0.21/24", "10.77.0.100", 51),
             "VRF": (r2, "use_vmac", "10.77.0.101", 52)}
    for what, (host, extra, vip, vrid) in kinds.items():
        text = lambda more: conf(inst(vrid=vrid, adv=0.5, vips=[vip + "/24"], extra=extra + "\n" + more))
        d = host.keepalived(text("no_accept"))
        wait(lambda: host.has(vip), LONG, "%s: the address" % what)
        assert not refuses(other, vip), "%s: the closed address answers" % what
        assert "lladdr" in other.ip("neigh", "show", vip), "%s: but ARP" % what
        reloaded(d, text(""))
        wait(lambda: refuses(other, vip), LONG, "%s: the open address answers" % what)
        assert d.stop(LONG) == 0
        assert host.run("nft", "list", "ruleset") == "", what


@case("vm")
def vm_processes_are_told_by_the_kernel(lab):
    """track_process by the kernel's events, which the daemon gets from its network namespace too."""
    (r1,) = lab.pair(("r1",))
    d = r1.keepalived(conf("vrrp_track_process tp {\nprocess sleep 54321\n}", inst(extra="track_process {\ntp\n}")))
    wait(lambda: "FAULT" in d.log(), LONG, "FAULT without the process")
    assert "looked for in /proc" not in d.log(), d.log()
    p = subprocess.Popen(["sleep", "54321"])
    wait(lambda: r1.has("10.77.0.100"), LONG, "master with it")
    p.kill()
    p.wait()
    wait(lambda: not r1.has("10.77.0.100"), LONG, "FAULT again")
