"""What a killed daemon leaves in the kernel, when the next one has another configuration."""
import os
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402,F401
from ka import case, wait  # noqa: E402
from vrrpkit import VIP, conf, inst, routes, rules  # noqa: E402

PATIENCE = 20


class Machine:
    """A host whose daemons have the same pid files at every start, as on a machine."""

    def __init__(self, lab):
        self.base = os.path.join(lab.dir, "same")
        self.pid, self.vrrp, self.record = (self.base + end for end in (".pid", "_vrrp.pid", ".record"))
        self.host = lab.host("r1").nic("eth0", "lan", ["10.77.0.1/24"]).nic("eth1", "other", ["10.78.0.1/24"])
        self.host.sysctl("net.ipv4.conf.all.rp_filter", "1")

    def start(self, config, *args):
        return self.host.keepalived(config, "-p", self.pid, "-r", self.vrrp, "-c", self.base + "_check.pid", *args)

    def picture(self):
        """What is there."""
        host = self.host
        links = sorted(line.split(":")[1].split("@")[0].strip() for line in host.ip("-o", "link").splitlines())
        paths = sorted(map(str, routes(host) + routes(host, family="-6"))), rules(host), rules(host, "-6")
        settings = [host.run("sysctl", "-n", "net.ipv4.conf.%s.%s" % (dev, name)).strip() for dev in ("all", "eth0", "eth1")
                    for name in ("rp_filter", "arp_ignore", "arp_filter", "arp_announce", "promote_secondaries")]
        return {"eth0": sorted(host.addresses("eth0")), "eth1": sorted(host.addresses("eth1")), "links": links, "paths": paths,
                "nft": host.run("nft", "list", "ruleset").strip(), "settings": settings}

    def administrator(self):
        """Somebody puts things there himself, among those of the daemon."""
        self.host.ip("addr", "add", "10.79.0.9/24", "dev", "eth1")
        self.host.ip("addr", "add", "10.99.0.77/32", "dev", "eth0")
        self.host.ip("route", "add", "203.0.113.0/24", "via", "10.77.0.253")
        self.host.ip("rule", "add", "from", "203.0.113.0/24", "table", "100", "priority", "600")
        self.host.run("nft", "add", "table", "ip", "mine")

    def is_clean(self, before):
        now = self.picture()
        return [(name, now[name], before[name]) for name in before if now[name] != before[name]]


def plain(extra=""):
    """The instance that stays."""
    return inst("PLAIN", prio=200, adv=0.1, extra=extra)


def everything():
    """Of every kind of thing one at least, beside the instance that stays."""
    more = inst("MORE", vrid=52, prio=200, adv=0.1, vips=["10.77.0.101/24", "10.79.0.101/24 dev eth1"], extra="""no_accept
        promote_secondaries
        virtual_ipaddress_excluded {
        %s
        2001:db8:5::1/64
        10.79.0.102/32 peer 10.79.0.103/32 dev eth1
        }
        virtual_routes {
        192.0.2.0/24 via 10.77.0.254 dev eth0 metric 7
        198.18.0.0/24 table 100 nexthop via 10.77.0.254 dev eth0 nexthop via 10.78.0.254 dev eth1 weight 3
        blackhole 198.19.0.0/24
        2001:db8:9::/48 dev eth0
        }
        virtual_rules {
        from 192.0.2.0/24 table 100 priority 500
        to 2001:db8:9::/48 table 100 priority 501
        }""" % "\n".join("10.99.0.%d/32" % n for n in range(1, 60)))
    made = inst("MADE", vrid=53, prio=200, adv=0.1, vips=["10.77.0.153/24"], extra="use_vmac")
    named = inst("NAMED", vrid=54, prio=200, adv=0.1, vips=["10.77.0.154/24"], extra="use_vmac own54\nvmac_xmit_base")
    statics = """static_ipaddress {
        10.98.0.1/24 dev eth1
        }
        static_routes {
        198.51.100.0/24 via 10.77.0.253 dev eth0
        }
        static_rules {
        from 198.51.100.0/24 table 100 priority 700
        }"""
    return conf(statics, plain(), more, made, named)


def is_there(host, last="10.99.0.59"):
    return (host.has(VIP) and host.has(last) and host.has("10.77.0.153", "vrrp.53") and host.has("10.77.0.154", "own54")
            and host.has("10.98.0.1") and host.has("2001:db8:5::1") and len(rules(host)) == 2)


def leads(d, names=("PLAIN", "MORE", "MADE", "NAMED"), since=0):
    return all("(%s) Entering MASTER" % name in d.log()[since:] for name in names)


@case("defects")
def leftovers_of_another_configuration(lab):
    """Killed with everything, started with one instance of it, and with nothing for VRRP at all: what is configured no more is
    gone, what somebody has put there himself stays."""
    m = Machine(lab)
    before = m.picture()
    d = m.start(everything())
    wait(lambda: leads(d) and is_there(m.host), PATIENCE, "everything")
    assert os.stat(m.record).st_mode & 0o777 == 0o600
    m.administrator()
    d.crash()
    assert m.host.has("10.99.0.59") and m.host.has("10.77.0.153", "vrrp.53"), "everything is left"
    d = m.start(conf(plain()))
    wait(lambda: leads(d, ["PLAIN"]) and m.host.has(VIP), PATIENCE, "the next one leads")
    assert "addresses of a run that was killed: they are configured no more" in d.log(), d.log()
    assert not m.host.has("10.77.0.101") and "table ip keepalived" not in m.picture()["nft"]
    d.crash()
    # Only a checker, as far as there is one: its start does not depend on a kernel with IPVS.
    d = m.start(conf(inst("OTHER", vrid=60)), "-C")
    wait(lambda: not m.host.has(VIP), PATIENCE, "nothing of VRRP")
    assert d.stop() == 0
    m.host.ip("addr", "del", "10.79.0.9/24", "dev", "eth1")
    m.host.ip("addr", "del", "10.99.0.77/32", "dev", "eth0")
    m.host.ip("route", "del", "203.0.113.0/24", "via", "10.77.0.253")
    m.host.ip("rule", "del", "priority", "600")
    m.host.run("nft", "delete", "table", "ip", "mine")
    assert not m.is_clean(before), m.is_clean(before)
    assert not os.path.exists(m.record)


@case("defects")
def leftovers_with_no_vrrp_process_at_all(lab):
    """Killed with everything, started without VRRP: interfaces, settings and the rest are given back by the parent."""
    m = Machine(lab)
    before = m.picture()
    d = m.start(everything())
    wait(lambda: leads(d) and is_there(m.host), PATIENCE, "everything")
    d.crash()
    d = m.start(conf(), "-C")
    wait(lambda: not m.is_clean(before), PATIENCE, lambda: str(m.is_clean(before)))
    assert d.stop() == 0
    assert not m.is_clean(before), m.is_clean(before)


@case("defects")
def leftovers_of_a_reload_in_the_middle(lab):
    """Killed while it goes over to another configuration, the daemon or its VRRP process, at several moments."""
    m = Machine(lab)
    before = m.picture()
    a, b = everything(), conf(plain("no_accept"), inst("NEW", vrid=70, prio=200, adv=0.1, vips=["10.77.0.170/24"]))
    after = None
    for moment in ("asked", "Reload: ", "Reload finished", "child asked", "child Reload: "):
        d = m.start(a)
        wait(lambda: leads(d) and is_there(m.host), PATIENCE, "everything, before %s" % moment)
        d.write(b)
        seen = len(d.log())
        os.kill(d.proc.pid, signal.SIGHUP)
        word = moment.rpartition("child ")[2]
        if word != "asked":
            wait(lambda: word in d.log()[seen:], PATIENCE, word)
        if "child" in moment:
            with open(m.vrrp) as f:
                os.kill(int(f.read()), signal.SIGKILL)
            wait(lambda: "exited due to signal 9" in d.log()[seen:], PATIENCE, "the parent sees it")
        else:
            d.crash()
            d = m.start(b)
            seen = 0
        if "Reload refused" in d.log()[seen:]:
            # There was no process to ask.
            os.kill(d.proc.pid, signal.SIGHUP)
        wait(lambda: leads(d, ["NEW"], seen) and m.host.has("10.77.0.170") and m.host.has(VIP), PATIENCE, "the new one, %s" % moment)
        after = after or m.picture()
        wait(lambda: not m.is_clean(after), PATIENCE, lambda: "%s: %s" % (moment, m.is_clean(after)))
        assert not m.host.has("10.77.0.101") and not m.host.has("10.98.0.1") and not rules(m.host)
        assert d.stop() == 0
        assert not m.is_clean(before), (moment, m.is_clean(before))


@case("defects")
def leftovers_are_recorded_until_they_are_gone(lab):
    """The record has both configurations during a reload, the new one when all is done; an orderly stop leaves none, neither does
    one that keeps the addresses, and the next start leaves them alone."""
    m = Machine(lab)
    of = lambda *numbers: conf(inst(prio=200, adv=0.1, vips=["10.77.0.%d/24" % n for n in numbers]))
    text = lambda: open(m.record).read()
    d = m.start(of(101, 102), "--dont-release-vrrp")
    wait(lambda: m.host.has("10.77.0.102"), PATIENCE, "master")
    assert "\naddress eth0 10.77.0.101/24\naddress eth0 10.77.0.102/24\nend 2\n" in text(), text()
    d.write(of(102, 103))
    os.kill(d.proc.pid, signal.SIGHUP)
    wait(lambda: "\naddress eth0 10.77.0.102/24\naddress eth0 10.77.0.103/24\nend 2\n" in text(), PATIENCE, text)
    assert d.stop() == 0
    assert not os.path.exists(m.record) and m.host.has("10.77.0.103")
    d = m.start(of(104))
    wait(lambda: m.host.has("10.77.0.104"), PATIENCE, "master")
    assert m.host.has("10.77.0.103"), "kept on purpose"
    assert d.stop() == 0
    assert not os.path.exists(m.record) and not os.path.exists(m.record + ".new")


@case("defects")
def leftovers_records_that_are_not_believed(lab):
    """Cut off, garbled, writable by others, of another network, or naming what a living daemon has: nothing is removed."""
    m = Machine(lab)
    old, new = (conf(inst(prio=200, adv=0.1, vips=["10.77.0.%d/24" % n])) for n in (101, 102))
    d = m.start(old)
    wait(lambda: m.host.has("10.77.0.101"), PATIENCE, "master")
    text = open(m.record).read()
    d.crash()
    d = m.start(old, "--dont-release-vrrp")
    wait(lambda: leads(d, ["VI_1"]) and m.host.has("10.77.0.101"), PATIENCE, "master again")
    assert d.stop() == 0
    assert m.host.has("10.77.0.101")

    def plant(content, mode=0o600):
        with open(m.record, "w") as f:
            f.write(content)
        os.chmod(m.record, mode)

    for content, mode, why in ((text[:-4], 0o600, "it is cut off"), (text.replace("address eth0", "address"), 0o600, "line 3 is not understood"),
                               (text, 0o666, "only this daemon's user may write"), (text.replace("net:[", "net:[1"), 0o600, None)):
        plant(content, mode)
        d = m.start(new)
        wait(lambda: m.host.has("10.77.0.102"), PATIENCE, "master")
        assert m.host.has("10.77.0.101"), why
        assert why is None or why in d.log(), d.log()
        assert d.stop() == 0
    # Another daemon on this machine has taken the address over meanwhile.
    other = m.host.keepalived(conf(inst("OTHER", prio=200, vrid=60, adv=0.1, vips=["10.77.0.101/24"])))
    wait(lambda: "Entering MASTER" in other.log(), PATIENCE, "the other one leads")
    plant(text)
    d = m.start(new)
    wait(lambda: leads(d, ["VI_1"]) and m.host.has("10.77.0.102"), PATIENCE, "master")
    assert m.host.has("10.77.0.101"), "it is the other one's"
    d.crash()
    other.crash()
    plant(text)
    d = m.start(new)
    wait(lambda: leads(d, ["VI_1"]) and not m.host.has("10.77.0.101"), PATIENCE, "it is nobody's any more")
    assert d.stop() == 0


@case("defects")
def leftovers_of_a_process_that_hangs(lab):
    """A VRRP process that does not stop is killed, and one that is killed is not started again with -R: the parent removes what
    is left of it."""
    m = Machine(lab)
    before = m.picture()
    text = "child_wait_time 1\n" + everything()
    for args, sign, status in (([], signal.SIGSTOP, 0), (["-R"], signal.SIGKILL, 1)):
        d = m.start(text, *args)
        wait(lambda: leads(d) and is_there(m.host), PATIENCE, "everything")
        with open(m.vrrp) as f:
            os.kill(int(f.read()), sign)
        if sign == signal.SIGSTOP:
            d.proc.terminate()
        assert d.proc.wait(PATIENCE) == status
        assert "addresses of a process that did not end in order" in d.log(), d.log()
        assert not m.is_clean(before), m.is_clean(before)
        assert not os.path.exists(m.record)


@case("defects")
def leftovers_that_stay_on_purpose(lab):
    """--dont-release-vrrp: the next start without them leaves interfaces alone, one that uses them again takes them over."""
    m = Machine(lab)
    before = m.picture()
    made = inst("MADE", vrid=53, prio=200, adv=0.1, vips=["10.77.0.153/24"], extra="use_vmac own53")
    of = lambda *more: conf(plain(), *more)
    d = m.start(of(made), "--dont-release-vrrp")
    wait(lambda: leads(d, ["PLAIN", "MADE"]) and m.host.has("10.77.0.153", "own53"), PATIENCE, "master")
    assert d.stop() == 0
    d = m.start(of(), "--dont-release-vrrp")
    wait(lambda: leads(d, ["PLAIN"]), PATIENCE, "master")
    assert d.stop() == 0
    assert m.host.has("10.77.0.153", "own53"), "kept on purpose"
    d = m.start(of(made))
    wait(lambda: leads(d, ["PLAIN", "MADE"]), PATIENCE, "master")
    assert d.stop() == 0
    assert not m.is_clean(before), m.is_clean(before)


@case("defects")
def leftovers_of_a_table_with_another_name(lab):
    """A reload that calls the table of nftables otherwise leaves no second one."""
    m = Machine(lab)
    of = lambda name: conf(plain("no_accept"), globals="nftables " + name)
    d = m.start(of("first"))
    wait(lambda: "table ip first" in m.picture()["nft"], PATIENCE, "the table")
    d.write(of("second"))
    os.kill(d.proc.pid, signal.SIGHUP)
    wait(lambda: "table ip second" in m.picture()["nft"], PATIENCE, "the other table")
    assert "first" not in m.picture()["nft"], m.picture()["nft"]
    d.crash()
    d = m.start(of("third"))
    wait(lambda: "table ip third" in m.picture()["nft"], PATIENCE, "the next table")
    assert "second" not in m.picture()["nft"], m.picture()["nft"]
    assert d.stop() == 0
    assert m.picture()["nft"] == ""


@case("defects")
def leftovers_without_a_place_for_the_record(lab):
    """A record that cannot be written is one line in the log, and the daemon works."""
    m = Machine(lab)
    os.mkdir(m.record)
    d = m.start(conf(plain()))
    wait(lambda: m.host.has(VIP), PATIENCE, "master")
    assert d.log().count("Cannot write the record") == 1, d.log()
    assert d.stop() == 0
    assert not m.host.has(VIP)


@case("defects")
def leftovers_in_another_namespace(lab):
    """The table with the marks of a killed run is in the namespace of net_namespace_ipvs: it goes there, and nowhere else."""
    m = Machine(lab)
    lb = lab.host("lb")
    for host in (m.host, lb):
        host.run("nft", "add", "table", "ip", "keepalived_ipvs")
    d = m.start(conf(plain()))
    wait(lambda: leads(d, ["PLAIN"]), PATIENCE, "master")
    d.crash()
    # What a run with net_namespace_ipvs and nftables_ipvs had written there; it needs IPVS, which this kernel may not have.
    with open(m.record) as f:
        lines = f.read().splitlines()
    lines[2:-1] = sorted(lines[2:-1] + ["marks keepalived_ipvs in " + lb.ns, "marks other in nowhere"])
    lines[-1] = "end %d" % (len(lines) - 3)
    with open(m.record, "w") as f:
        f.write("\n".join(lines) + "\n")
    d = m.start(conf(plain()))
    wait(lambda: leads(d, ["PLAIN"]), PATIENCE, "the next one leads")
    assert lb.run("nft", "list", "ruleset").strip() == "", d.log()
    assert "table ip keepalived_ipvs" in m.host.run("nft", "list", "ruleset"), d.log()
    assert "Removed 1 tables of nftables" in d.log(), d.log()
    assert d.stop() == 0
