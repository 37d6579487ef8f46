"""KEEPALIVED-MIB of whole daemons, read with net-snmp's tools: tables, what can be set, notifications, the MIB file."""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from snmpkit import ENV, Master, router, started  # noqa: E402
from backends import table  # noqa: E402
from ka import case, wait  # noqa: E402
from vrrpkit import conf, inst  # noqa: E402

TOP = os.path.dirname(os.path.dirname(HERE))
BASE = ".1.3.6.1.4.1.9586.100.5"
MIBS = os.path.join(HERE, "mibs") + ":" + os.path.join(TOP, "doc", "mibs")
ON = "enable_traps\nenable_snmp_vrrp\nenable_snmp_checker\nscript_user root\n"
PAIR = ("vrrp_sync_group G1 {\ngroup {\none\ntwo\n}\n}\n" + inst(name="one", vrid=51, prio=100)
        + "\n" + inst(name="two", vrid=52, prio=90, vips=["10.77.0.110/24"]))


def number(oid):
    return [int(n) for n in oid.strip(".").split(".")]


class Reader:
    """Columns of a master's tables."""

    def __init__(self, master):
        self.master = master

    def all(self, below="", *options):
        return self.master.walk(BASE + below, "snmpwalk", "-Cc", *options)

    def column(self, table, column):
        """The values of a column by index, without their types."""
        begin = "%s.%s.1.%d." % (BASE, table, column)
        rows = self.all(".%s.1.%d" % (table, column))
        return {oid[len(begin):]: re.sub(r"^[\w-]+: ", "", value).strip('"') for oid, value in rows.items() if oid.startswith(begin)}

    def set(self, table, column, index, value):
        """What snmpset says to a new integer."""
        run = ["ip", "netns", "exec", self.master.host.ns, "snmpset", "-v2c", "-c", "private", "-On", "-Oe", "-t", "5", "-r", "0",
               "127.0.0.1:16161", "%s.%s.1.%d.%s" % (BASE, table, column, index), "i", str(value)]
        done = subprocess.run(run, env=ENV, capture_output=True, text=True)
        return done.stdout + done.stderr

    def ready(self, table, column, wanted):
        wait(lambda: self.column(table, column) == wanted, 10, "column %d of %s is %s" % (column, table, wanted))


def lines(master, oid, *words):
    """Notifications with this name and these words, in order."""
    return [line for line in master.traps(BASE + oid) if all(w in line for w in words)]


@case("defects", "snmp")
def the_mib_file_is_read_by_net_snmp(lab):
    """No complaint, all names with their numbers, and the types that programs know."""
    env = dict(os.environ, MIBDIRS="", MIBS="")

    def translate(*words):
        run = subprocess.run(["snmptranslate", "-M", MIBS, "-m", "KEEPALIVED-MIB", "-Pw", *words], env=env, capture_output=True, text=True)
        assert run.stderr == "", run.stderr
        return run.stdout
    names = dict(re.findall(r'"([\w-]+)"\s+"1\.3\.6\.1\.4\.1\.9586\.100\.5\.([\d.]+)"', translate("-Tz")))
    assert len(names) > 500, len(names)
    known = {"version": "1.1", "vrrpInstanceState": "2.3.1.4", "vrrpRuleDstPortEnd": "2.8.1.38", "realServerWeight": "3.4.1.7",
             "vrrpInstanceStateChange": "2.10.0.2", "virtualServerQuorumStateChange": "3.5.0.2", "realServerGroup": "4.2.3.3"}
    for name, suffix in known.items():
        assert names.get(name) == suffix, (name, names.get(name))
    text = translate("-Td", "KEEPALIVED-MIB::realServerWeight")
    assert "MAX-ACCESS\tread-write" in text and "SYNTAX\tInteger32" in text, text
    with open(os.path.join(TOP, "doc", "mibs", "KEEPALIVED-MIB.txt")) as f:
        assert not re.search("[^\t\n -~]", f.read()), "characters beyond ASCII"


@case("defects", "snmp")
def every_table_of_a_rich_configuration(lab):
    """All tables of instances are there, in order, the same by GETNEXT and GETBULK, and readable with the MIB file."""
    host = router(lab).nic("eth1", "lan2", ["10.78.0.1/24"])
    master = Master(host)
    with open(os.path.join(TOP, "src", "snmp", "keepalived", "tests", "all.conf")) as f:
        text = f.read().replace("lvs_sync_daemon", "# ").replace("interval 2\n", "interval 0.2\n")
    daemon = started(host, master, text, "-P")
    read = Reader(master)
    wait(lambda: read.column("2.3", 4).get("1") == "2", 15, "the first instance is master")
    rows = read.all()
    order = [number(oid) for oid in rows]
    assert order == sorted(order) and len(order) > 500, len(order)
    tables = {oid[len(BASE) + 1:].split(".")[1] for oid in rows if oid.startswith(BASE + ".2.")}
    assert tables == {str(n) for n in range(1, 23)} - {"10"}, sorted(tables)
    assert set(rows) == set(master.walk(BASE)), "a bulk walk differs"
    assert rows[BASE + ".1.2.0"] == 'STRING: "rich-node"', "the VRRP process serves what concerns all"
    assert read.column("2.3", 22) == {"1": "'/bin/true' 'a b' 'c'"}, read.column("2.3", 22)
    assert read.column("2.6", 8)["1.4"] == "eth1" and read.column("2.6", 11)["1.3"] == "2"
    wait(lambda: read.column("2.7", 14).get("0.1") == "1", 5, "the static route is set")
    assert read.column("2.13", 4) == {"1": "7"}, "the number in the file"
    assert read.column("2.18", 3) == {"1": "0"}, "the session"
    named = ["ip", "netns", "exec", host.ns, "snmpwalk", "-v2c", "-c", "public", "-Cc", "-M", MIBS, "-m", "KEEPALIVED-MIB", "127.0.0.1:16161"]
    out = subprocess.run([*named, "KEEPALIVED-MIB::vrrp"], env=dict(os.environ, MIBS="KEEPALIVED-MIB"), capture_output=True, text=True).stdout
    assert "KEEPALIVED-MIB::vrrpInstanceState.1 = INTEGER: master(2)" in out, out[:2000]
    assert "Wrong Type" not in out and not re.search(r"INTEGER: \d+$", "\n".join(
        line for line in out.splitlines() if re.search(r"State|Status|Type|WgtRev\b", line) and "Interface" not in line and "AuthType" not in line), re.M), out
    assert daemon.alive()


@case("defects", "snmp")
def transitions_are_told_by_traps(lab):
    """Instance and sync group: master, fault, backup, the end. Name, state and router id are in the notification."""
    host = router(lab)
    master = Master(host)
    daemon = started(host, master, conf(PAIR, globals=ON))
    instance, group = ".2.10.0.2", ".2.10.0.1"
    name, state, initial = (BASE + ".2.3.1.%d = " % n for n in (2, 4, 5))
    told = [name + 'STRING: "one"', initial + "INTEGER: 1", BASE + '.1.2.0 = STRING: "test"']
    wait(lambda: lines(master, instance, state + "INTEGER: 2", *told), 10, "instance one is master")
    wait(lambda: lines(master, group, BASE + '.2.1.1.2 = STRING: "G1"', BASE + ".2.1.1.3 = INTEGER: 2"), 5, "the group is master")
    host.carrier("eth0", False)
    wait(lambda: lines(master, instance, state + "INTEGER: 3", *told), 10, "instance one has a fault")
    wait(lambda: lines(master, group, BASE + ".2.1.1.3 = INTEGER: 3"), 5, "the group has a fault")
    host.carrier("eth0", True)
    wait(lambda: len(lines(master, instance, state + "INTEGER: 2", *told)) > 1, 10, "instance one is master again")
    order = [re.search(re.escape(state) + r"INTEGER: (\d)", line).group(1) for line in lines(master, instance, told[0])]
    assert order[:2] == ["1", "2"] and order[-2:] == ["1", "2"], order
    daemon.stop()
    wait(lambda: lines(master, instance, state + "INTEGER: 5", *told), 5, "the end of instance one")


@case("defects", "snmp")
def priorities_and_preemption_are_set(lab):
    """A new base priority is in the next adverts, and lasts until a reload; what makes no sense is refused."""
    host = router(lab)
    master = Master(host)
    wire = lab.sniff()
    daemon = started(host, master, conf(inst(prio=100), globals=ON))
    read = Reader(master)
    read.ready("2.3", 4, {"1": "2"})
    assert "INTEGER: 140" in read.set("2.3", 7, 1, 140)
    wire.wait(lambda p: p in wire.adverts("10.77.0.1") and p.prio == 140, 5, "an advert of priority 140")
    assert read.column("2.3", 7) == {"1": "140"} and read.column("2.3", 8) == {"1": "140"}
    assert "INTEGER: 2" in read.set("2.3", 13, 1, 2)
    assert read.column("2.3", 13) == {"1": "2"}
    for column, value, why in ((7, 0, "wrongValue"), (7, 300, "wrongValue"), (13, 3, "wrongValue"), (27, 1, "noAccess"), (4, 1, "notWritable")):
        assert why in read.set("2.3", column, 1, value), (column, value, read.set("2.3", column, 1, value))
    daemon.reload()
    read.ready("2.3", 7, {"1": "100"})
    read.ready("2.3", 13, {"1": "1"})
    wire.wait(lambda p: p in wire.adverts("10.77.0.1")[-3:] and p.prio == 100, 5, "an advert of priority 100")


@case("uml", "ipvs", "snmp")
def virtual_servers_by_snmp(lab):
    """Tables, counters of the kernel, a weight that is set, and the notifications of a server and of the quorum."""
    host = router(lab)
    host.ip("addr", "add", "10.77.0.200/32", "dev", "eth0")
    master = Master(host)
    flag = os.path.join(lab.dir, "up")
    open(flag, "w").close()
    misc = 'MISC_CHECK {\nmisc_path "/usr/bin/test -e %s"\n}' % flag
    text = conf("""virtual_server 10.77.0.200 53 {
        delay_loop 0.3
        lvs_sched rr
        lvs_method NAT
        protocol UDP
        quorum 2
        snmp_name names
        sorry_server 10.77.0.9 53
        real_server 10.77.0.51 53 {
            weight 3
        }
        real_server 10.77.0.52 53 {
            %s
        }
    }
    virtual_server fwmark 7 {
        lvs_sched wlc
        real_server 10.77.0.53 80 {
        }
    }""" % misc, globals=ON + "snmp_vs_stats_update_interval 0.1\n")
    daemon = started(host, master, text, "-C")
    read = Reader(master)
    read.ready("3.4", 6, {"1.2": "1", "1.3": "1", "2.1": "1"})
    rows = read.all()
    order = [number(oid) for oid in rows]
    assert order == sorted(order) and len(order) > 300, len(order)
    assert rows[BASE + ".1.2.0"] == 'STRING: "test"', "the checker process serves what concerns all"
    assert read.column("3.3", 2) == {"1": "2", "2": "1"} and read.column("3.3", 4) == {"2": "7"}
    assert read.column("3.3", 71) == {"1": "names"} and read.column("3.3", 23) == {"1": "1", "2": "1"}
    assert read.column("3.4", 2) == {"1.1": "2", "1.2": "1", "1.3": "1", "2.1": "1"}
    assert "INTEGER: 9" in read.set("3.4", 7, "1.2", 9)
    weight = lambda: table(host)[("UDP", "10.77.0.200", 53)]["rs"].get(("10.77.0.51", 53), (0, 0))[1]
    wait(lambda: weight() == 9, 5, "the kernel has weight 9")
    for value, index, why in ((-1, "1.2", "wrongValue"), (3, "1.1", "noCreation"), (3, "1.4", "noCreation")):
        assert why in read.set("3.4", 7, index, value), (value, index)
    for _ in range(4):
        host.run("bash", "-c", "echo x > /dev/udp/10.77.0.200/53", check=False)
    wait(lambda: int(read.column("3.3", 38)["1"]) >= 4, 10, "the virtual server has 4 connections")
    wait(lambda: sum(int(n) for n in read.column("3.4", 27).values()) >= 4, 10, "so have its real servers")
    os.unlink(flag)
    server, quorum = ".3.5.0.1", ".3.5.0.2"
    known = [BASE + ".3.3.1.%d = %s" % of for of in ((2, "INTEGER: 2"), (5, "INTEGER: 1"), (6, "Hex-STRING: 0A 4D 00 C8"), (7, "Gauge32: 53"), (8, "INTEGER: 2"))]
    down = [BASE + ".3.4.1.4 = Hex-STRING: 0A 4D 00 34", BASE + ".3.4.1.6 = INTEGER: 2", BASE + ".3.3.1.21 = Gauge32: 1", *known]
    wait(lambda: lines(master, server, *down), 10, "the second server is down")
    read.ready("3.4", 6, {"1.2": "1", "1.3": "2", "2.1": "1"})
    assert "INTEGER: 1" in read.set("3.4", 7, "1.2", 1)
    wait(lambda: lines(master, quorum, BASE + ".3.3.1.23 = INTEGER: 2", *known), 5, "the quorum is lost")
    open(flag, "w").close()
    wait(lambda: lines(master, quorum, BASE + ".3.3.1.23 = INTEGER: 1", *known), 10, "the quorum is back")
    daemon.reload()
    wait(lambda: read.column("3.4", 7).get("1.2") == "3", 5, "a reload brings the configured weight back")
    # Who ends is not counted any more: by a reload, and at the end of the daemon.
    none = BASE + ".3.3.1.21 = Gauge32: 0"
    daemon.reload(text.replace("fwmark 7", "fwmark 8"))
    wait(lambda: lines(master, quorum, BASE + ".3.3.1.4 = Gauge32: 7", BASE + ".3.3.1.23 = INTEGER: 2", none), 10, "another mark")
    daemon.stop()
    wait(lambda: lines(master, server, BASE + ".3.4.1.4 = Hex-STRING: 0A 4D 00 33", BASE + ".3.3.1.21 = Gauge32: 1", *known), 5, "one is left")
    wait(lambda: lines(master, quorum, BASE + ".3.3.1.23 = INTEGER: 3", none, *known), 5, "the end of the virtual server")
