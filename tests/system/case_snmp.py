"""SNMP of whole daemons: net-snmp's agent as master, walks, notifications, and masters that misbehave."""
import os
import re
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kit import ours, theirs  # noqa: E402
from ka import Skip, case, wait  # noqa: E402
from vrrpkit import VIP, conf, inst, sniff_all  # noqa: E402

SNMPD, SNMPTRAPD = "/usr/sbin/snmpd", "/usr/sbin/snmptrapd"
V2, V3 = ".1.3.6.1.2.1.68", ".1.3.6.1.2.1.207"
ENV = dict(os.environ, MIBS="")


class Master:
    """net-snmp's agent on a host, with an AgentX socket and a receiver of notifications."""

    def __init__(self, host):
        if not os.access(SNMPD, os.X_OK) or not os.access(SNMPTRAPD, os.X_OK):
            raise Skip("there is no net-snmp")
        self.host, self.folder = host, os.path.join(host.lab.dir, "snmp-" + host.name)
        os.makedirs(self.folder)
        self.socket = self.folder + "/agentx"
        self.env = dict(ENV, SNMP_PERSISTENT_DIR=self.folder)
        self.file("snmpd.conf", "rocommunity public\nrwcommunity private\nmaster agentx\nagentXSocket unix:%s\n"
                  "agentXPerms 0777 0777\ntrap2sink 127.0.0.1:16262 public\n" % self.socket)
        self.file("snmptrapd.conf", "disableAuthorization yes\n")
        self.trap_log = self.file("traps", "")
        self.sink = host.spawn(SNMPTRAPD, "-f", "-On", "-C", "-c", self.folder + "/snmptrapd.conf", "-Lf", self.trap_log,
                               "-p", self.folder + "/sink.pid", "udp:127.0.0.1:16262", env=self.env)
        self.proc = None
        self.start()

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def start(self):
        self.proc = self.host.spawn(SNMPD, "-f", "-C", "-c", self.folder + "/snmpd.conf", "-p", self.folder + "/pid",
                                    "-Lf", self.folder + "/log", "-I", "-smux", "udp:127.0.0.1:16161", env=self.env)
        wait(lambda: os.path.exists(self.socket), 10, "the AgentX socket")

    def stop(self):
        self.proc.terminate()
        self.proc.wait(10)
        if os.path.exists(self.socket):
            os.unlink(self.socket)

    def walk(self, oid, command="snmpbulkwalk", *options):
        """OIDs and their values with types, in the order they come."""
        run = ["ip", "netns", "exec", self.host.ns, command, "-v2c", "-c", "public", "-On", "-Oe", "-t", "5", "-r", "1",
               *options, "127.0.0.1:16161", oid]
        out = subprocess.run(run, env=self.env, capture_output=True, text=True).stdout
        rows = {}
        for line in out.splitlines():
            found = re.match(r"(\.[\d.]+) = (.*)$", line)
            if found and "No Such" not in line and "No more" not in line:
                rows[found.group(1)] = found.group(2).strip()
        return rows

    def traps(self, oid):
        """The lines of notifications with this name."""
        with open(self.trap_log) as f:
            return [line for line in f.read().splitlines() if re.search(r"= OID: %s\b" % re.escape(oid), line)]


def started(host, master, text, *args, binary=None):
    host.lab.daemon = os.path.abspath(binary or ours())
    return host.keepalived(text, "-A", "unix:" + master.socket, *args)


def router(lab, name="r1", number=1):
    return lab.host(name).nic("eth0", "lan", ["10.77.0.%d/24" % number, "fd77::%d/64" % number])


TWO = (inst(name="old", vrid=51, prio=150, version=2, adv=1, vips=["10.77.0.101/24", "10.77.0.100/24"])
       + inst(name="new", vrid=52, prio=120, vips=["10.77.0.110/24"], extra="nopreempt")
       + inst(name="six", vrid=53, prio=120, vips=["fe80::5:1/64", "fd77::100/64"]))


def index_of(host, dev="eth0"):
    return host.run("cat", "/sys/class/net/%s/ifindex" % dev).strip()
