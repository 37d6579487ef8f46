"""The kernel's table of virtual servers, beyond what the C daemon does with it: in user-mode Linux, by `make uml`."""
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402,F401
from backends import balancer, key, pool, real, running, settle, table, virtual  # noqa: E402
from ka import case, never, wait  # noqa: E402
from vrrpkit import conf, inst  # noqa: E402

ONE, TWO, OTHER = "10.77.0.1 80", "10.77.0.2 80", "10.77.0.9 80"
A, B = "10.1.0.1:80", "10.1.0.2:80"


def service(where, *servers, **kw):
    return virtual(where, *[real(*s.split(":"), "weight 5") for s in servers], **kw)


def ipvsadm(h, line):
    return h.run("ipvsadm", *line.split())


def again(h, d, config, *args):
    """A daemon with the files of one that has ended: its next life."""
    h.daemons.remove(d)
    return h.keepalived(config, *args)


@case("uml")
def ipvs_of_an_earlier_life_is_corrected(lab):
    """After --dont-release-ipvs: weights, schedulers and servers become what is configured; what is not, goes."""
    h = balancer(lab)
    d = h.keepalived(service(ONE, A, B) + service(TWO, A), "--dont-release-ipvs")
    settle(h, {A: 5, B: 5}, ONE)
    settle(h, {A: 5}, TWO)
    assert d.stop() == 0
    assert pool(h, ONE) == {A: 5, B: 5} and pool(h, TWO) == {A: 5}, "the table is kept"
    ipvsadm(h, "-e -t 10.77.0.1:80 -r %s -m -w 0" % A)
    ipvsadm(h, "-E -t 10.77.0.1:80 -s wlc")
    ipvsadm(h, "-a -t 10.77.0.1:80 -r 10.1.0.7:80 -m")
    ipvsadm(h, "-A -t 10.77.0.9:80 -s rr")
    d = again(h, d, service(ONE, A, B))
    settle(h, {A: 5, B: 5}, ONE)
    settle(h, None, TWO, what="is configured no more")
    assert table(h)[key(ONE)]["sched"] == "rr"
    assert pool(h, OTHER) == {}, "a service of others stays"
    assert d.stop() == 0
    assert list(table(h)) == [key(OTHER)]


@case("uml")
def ipvs_after_a_crash_of_the_checker(lab):
    """A killed checker's table is taken over and corrected, without a moment without it."""
    h = balancer(lab)
    d = h.keepalived(service(ONE, A, B))
    settle(h, {A: 5, B: 5}, ONE)
    old = d.pid("_check")
    # The next one starts at once: so the damage is done before, unseen.
    os.kill(old, signal.SIGSTOP)
    ipvsadm(h, "-e -t 10.77.0.1:80 -r %s -m -w 0" % A)
    os.kill(old, signal.SIGKILL)
    never(lambda: pool(h, ONE) in (None, {}), 1, "the service is gone")
    wait(lambda: running(d) not in (None, old), 8, "a new checker")
    settle(h, {A: 5, B: 5}, ONE)
    assert d.stop() == 0 and table(h) == {}


def disturb(h):
    ipvsadm(h, "-a -t 10.77.0.1:80 -r 10.1.0.7:80 -m")
    ipvsadm(h, "-d -t 10.77.0.1:80 -r %s" % B)
    ipvsadm(h, "-E -t 10.77.0.1:80 -s sh")


@case("uml")
def ipvs_changes_of_others_are_put_right(lab):
    """What somebody else changes is put right at a reload, and at the configured interval without one; and told."""
    for interval in (None, 0.5):
        h = balancer(lab, "lb%s" % (interval is None))
        text = service(ONE, A, B)
        if interval:
            text = "global_defs {\nlvs_table_check_interval %s\n}\n" % interval + text
        d = h.keepalived(text)
        settle(h, {A: 5, B: 5}, ONE)
        disturb(h)
        if not interval:
            d.reload()
        settle(h, {A: 5, B: 5}, ONE)
        wait(lambda: table(h)[key(ONE)]["sched"] == "rr", 3, "the scheduler")
        wait(lambda: "somebody else has changed the table" in d.log(), 3, "a message")
        assert d.stop() == 0 and table(h) == {}


@case("uml")
def ipvs_flush_at_start_and_stop(lab):
    """lvs_flush empties the table at start, lvs_flush_on_stop at the end; with VS only our services go."""
    h = balancer(lab)
    for option, left in (("lvs_flush", []), ("lvs_flush_on_stop", []), ("lvs_flush_on_stop VS", [key(OTHER)])):
        ipvsadm(h, "-C")
        ipvsadm(h, "-A -t 10.77.0.9:80 -s rr")
        d = h.keepalived("global_defs {\n%s\n}\n" % option + service(ONE, A))
        settle(h, {A: 5}, ONE)
        assert (key(OTHER) in table(h)) == (option != "lvs_flush"), option
        assert d.stop() == 0
        assert list(table(h)) == left, option


@case("uml")
def ipvs_in_another_namespace(lab):
    """net_namespace_ipvs: the services are there, and only there."""
    h, far = balancer(lab), balancer(lab, "far")
    d = h.keepalived("net_namespace_ipvs %s\n" % far.ns + service(ONE, A))
    settle(far, {A: 5}, ONE)
    assert table(h) == {}
    assert d.stop() == 0 and table(far) == {}


def daemons(h):
    """The sync daemons that run: {role: line}."""
    out = ipvsadm(h, "-L --daemon")
    return {line.split()[0]: line for line in out.splitlines() if "sync daemon" in line}


@case("uml")
def ipvs_sync_daemon_with_and_without_an_instance(lab):
    """One that names an instance changes roles with it; one without runs in both; both end with the daemon."""
    r1, r2 = lab.pair()
    head = "global_defs {\nlvs_sync_daemon eth0 inst V1 id 7 maxlen 1400\n}\n"
    text = lambda prio: head + conf(inst("V1", prio=prio, adv=0.3, vips=["10.77.0.100/24"]))
    d1 = r1.keepalived(text(200))
    d2 = r2.keepalived(text(100))
    wait(lambda: list(daemons(r1)) == ["master"] and list(daemons(r2)) == ["backup"], 10, "one role each")
    assert "syncid=7" in daemons(r1)["master"] and "maxlen=1400" in daemons(r1)["master"]
    assert d1.stop() == 0
    assert daemons(r1) == {}
    wait(lambda: list(daemons(r2)) == ["master"], 10, "the backup takes over, and its daemon")
    assert d2.stop() == 0 and daemons(r2) == {}
    old = conf(inst("V1", prio=200, adv=0.3, vips=["10.77.0.100/24"], extra="lvs_sync_daemon_interface eth0"))
    d = again(r1, d1, old)
    wait(lambda: list(daemons(r1)) == ["master"], 10, "as the instance itself asks for it")
    assert "syncid=51" in daemons(r1)["master"] and "mcast=eth0" in daemons(r1)["master"], daemons(r1)
    assert d.stop() == 0 and daemons(r1) == {}
    d = again(r1, d, "global_defs {\nlvs_sync_daemon eth0 id 9\n}\n" + service(ONE, A))
    wait(lambda: sorted(daemons(r1)) == ["backup", "master"], 5, "both roles")
    assert d.stop() == 0 and daemons(r1) == {}


@case("uml")
def ipvs_sync_daemon_in_another_namespace(lab):
    """net_namespace_ipvs: the daemons that follow an instance run where the services are."""
    r1, far = lab.host("r1").nic("eth0", "lan", ["10.77.0.1/24"]), lab.host("far").nic("sync0", "other", ["10.9.0.1/24"])
    head = "net_namespace_ipvs %s\nglobal_defs {\nlvs_sync_daemon sync0 inst V1 id 7\n}\n" % far.ns
    text = head + conf(inst("V1", prio=200, adv=0.3, vips=["10.77.0.100/24"]))
    d = r1.keepalived(text)
    wait(lambda: list(daemons(far)) == ["master"], 10, "the role of the instance")
    assert "mcast=sync0" in daemons(far)["master"] and daemons(r1) == {}, (daemons(far), daemons(r1))
    assert d.stop() == 0 and daemons(far) == {}
