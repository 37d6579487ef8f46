"""What a killed daemon leaves in the tables of IPVS: virtual servers, synchronisation, time-outs."""
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402,F401
from backends import balancer, key, real, settle, table, virtual  # noqa: E402
from case_leftovers import PATIENCE, Machine, leads, plain  # noqa: E402
from ka import case, wait  # noqa: E402
from vrrpkit import conf  # noqa: E402


@case("uml")
def leftovers_virtual_servers(lab):
    """Killed with virtual servers: those that are configured no more go, with another configuration and without any."""
    h = balancer(lab)
    base = os.path.join(lab.dir, "same")
    start = lambda text, *args: h.keepalived(text, "-p", base + ".pid", "-c", base + "_check.pid", "-r", base + "_vrrp.pid", *args)
    one, two, mine = "10.77.0.100 80", "10.77.0.101 80", "10.77.0.109:80"
    both = virtual(one, real("10.1.0.1", 80), real("10.1.0.2", 80)) + virtual(two, real("10.1.0.3", 80))
    h.run("ipvsadm", "-A", "-t", mine, "-s", "rr")
    has = lambda *names: set(table(h)) == {key(name) for name in names} | {key("10.77.0.109 80")}
    d = start(both)
    wait(lambda: has(one, two), PATIENCE, "both")
    d.crash()
    d = start(virtual(one, real("10.1.0.2", 80)))
    wait(lambda: has(one), PATIENCE, "the one that is left")
    settle(h, {"10.1.0.2:80": 1})
    d.crash()
    d = start(conf(), "-P")
    wait(lambda: has(), PATIENCE, "only what somebody has put there himself")
    assert d.stop() == 0
    d = start(both)
    wait(lambda: has(one, two), PATIENCE, "both again")
    seen = len(d.log())
    d.write(virtual(one, real("10.1.0.2", 80)))
    os.kill(d.proc.pid, signal.SIGHUP)
    wait(lambda: "Reload finished" in d.log()[seen:], PATIENCE, "the reload")
    with open(base + "_check.pid") as f:
        os.kill(int(f.read()), signal.SIGKILL)
    wait(lambda: has(one), PATIENCE, "the one that is left after a reload")
    assert d.stop() == 0
    assert has() and not os.path.exists(base + ".record")


@case("uml")
def leftovers_connection_synchronisation(lab):
    """Killed with synchronisation daemons of the kernel: they end if they are configured no more, those of somebody else go on."""
    m = Machine(lab)
    running = lambda: sorted(line.split()[0] for line in m.host.run("ipvsadm", "-L", "--daemon").splitlines() if "sync daemon" in line)
    text = lambda more: "global_defs {\n%s\n}\n" % more + plain()
    d = m.start(text("lvs_sync_daemon eth0 inst PLAIN id 7"))
    wait(lambda: running() == ["master"], PATIENCE, "the daemon of the master")
    d.crash()
    d = m.start(text(""))
    wait(lambda: leads(d, ["PLAIN"]), PATIENCE, "the next one leads")
    assert running() == [], d.log()
    d.crash()
    d = m.start(text("lvs_sync_daemon eth0 inst PLAIN id 7"))
    wait(lambda: running() == ["master"], PATIENCE, "the daemon of the master")
    d.crash()
    m.host.run("ipvsadm", "--stop-daemon", "master")
    m.host.run("ipvsadm", "--start-daemon", "master", "--mcast-interface", "eth1", "--syncid", "9")
    d = m.start(text(""))
    wait(lambda: leads(d, ["PLAIN"]), PATIENCE, "the next one leads")
    assert running() == ["master"], d.log()
    assert d.stop() == 0


@case("uml")
def leftovers_timeouts(lab):
    """Killed with lvs_timeouts: the next start without them gives back what was there before, with virtual servers and without
    any; what somebody else has set since stays."""
    h = balancer(lab).nic("eth0", "lan", ["10.77.0.1/24"])
    base = os.path.join(lab.dir, "same")
    start = lambda text, *args: h.keepalived(text, "-p", base + ".pid", "-c", base + "_check.pid", "-r", base + "_vrrp.pid", *args)
    now = lambda: h.run("ipvsadm", "-L", "--timeout").split(":")[1].split()
    one = virtual("10.77.0.100 80", real("10.1.0.1", 80))
    timeouts = lambda text: "global_defs {\nlvs_timeouts %s\n}\n" % text + one
    before = now()

    def killed(text="tcp 1234 tcpfin 56 udp 78", want=("1234", "56", "78")):
        d = start(timeouts(text))
        wait(lambda: now() == list(want), PATIENCE, "the time-outs of %s" % text)
        d.crash()
    killed()
    d = start(one)
    wait(lambda: now() == before and "Starting with quorum up" in d.log(), PATIENCE, "those before")
    assert d.stop() == 0
    killed()
    killed("tcp 77", ["77"] + before[1:])
    d = start(timeouts("tcp 78"))
    wait(lambda: now() == ["78"] + before[1:], PATIENCE, "others")
    seen = d.log().count("Reload finished")
    d.write(timeouts("udp 79"))
    os.kill(d.proc.pid, signal.SIGHUP)
    wait(lambda: d.log().count("Reload finished") > seen and now() == before[:2] + ["79"], PATIENCE, "others after a reload")
    assert d.stop() == 0
    assert now() == before, (now(), before)
    killed()
    d = start(conf(plain()), "-P")
    wait(lambda: now() == before and leads(d, ["PLAIN"]), PATIENCE, "those before, without virtual servers")
    assert d.stop() == 0
    killed()
    h.run("ipvsadm", "--set", "5", "6", "7")
    d = start(one)
    wait(lambda: "Starting with quorum up" in d.log(), PATIENCE, "the table")
    assert now() == ["5", "6", "7"], now()
    assert d.stop() == 0
    assert now() == ["5", "6", "7"], now()
    h.run("ipvsadm", "--set", *before)


@case("uml")
def leftovers_of_virtual_servers_in_another_namespace(lab):
    """Killed with net_namespace_ipvs: services and time-outs go from there, and those of others with the same address stay."""
    h, lb = balancer(lab).nic("eth0", "lan", ["10.77.0.1/24"]), balancer(lab, "lb2")
    base = os.path.join(lab.dir, "same")
    start = lambda text, *args: h.keepalived(text, "-p", base + ".pid", "-c", base + "_check.pid", "-r", base + "_vrrp.pid", *args)
    one, two = "10.77.0.100 80", "10.77.0.101 80"
    now = lambda: lb.run("ipvsadm", "-L", "--timeout").split(":")[1].split()
    before = now()
    there = "net_namespace_ipvs %s\nglobal_defs {\nlvs_timeouts tcp 1234\n}\n" % lb.ns
    for text, args, begun in ((virtual(two, real("10.1.0.1", 80)), (), "Starting with quorum up"), (conf(plain()), ("-P",), "Entering MASTER")):
        h.run("ipvsadm", "-A", "-t", "10.77.0.100:80", "-s", "rr")
        d = start(there + virtual(one, real("10.1.0.1", 80)))
        wait(lambda: key(one) in table(lb) and now()[0] == "1234", PATIENCE, "the service")
        d.crash()
        d = start(text, *args)
        wait(lambda: not table(lb) and now() == before and begun in d.log(), PATIENCE, "nothing is left there")
        assert key(one) in table(h), d.log()
        assert d.stop() == 0
        assert key(one) in table(h)
        h.run("ipvsadm", "-C")
