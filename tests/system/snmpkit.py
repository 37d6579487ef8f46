"""net-snmp's agent as the master of whole daemons: walks, and a receiver of notifications."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kit import ours  # noqa: E402
from ka import Skip, wait  # noqa: E402

SNMPD, SNMPTRAPD = "/usr/sbin/snmpd", "/usr/sbin/snmptrapd"
ENV = dict(os.environ, MIBS="")


class Master:
    """net-snmp's agent on a host, with an AgentX socket and a receiver of notifications."""

    def __init__(self, host, address=None):
        if not os.access(SNMPD, os.X_OK) or not os.access(SNMPTRAPD, os.X_OK):
            raise Skip("there is no net-snmp")
        self.host, self.folder = host, os.path.join(host.lab.dir, "snmp-" + host.name)
        os.makedirs(self.folder)
        self.socket = self.folder + "/agentx"
        self.address = address or "unix:" + self.socket
        self.env = dict(ENV, SNMP_PERSISTENT_DIR=self.folder)
        self.file("master.conf", "rocommunity public\nrwcommunity private\nmaster agentx\nagentXSocket %s\n"
                  "agentXPerms 0777 0777\ntrap2sink 127.0.0.1:16262 public\n" % self.address)
        self.file("sink.conf", "disableAuthorization yes\n")
        self.trap_log = self.file("traps", "")
        self.sink = host.spawn(SNMPTRAPD, "-f", "-On", "-C", "-c", self.folder + "/sink.conf", "-Lf", self.trap_log,
                               "-p", self.folder + "/sink.pid", "udp:127.0.0.1:16262", env=self.env)
        self.proc = None
        self.start()

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as f:
            f.write(text)
        return path

    def start(self):
        self.proc = self.host.spawn(SNMPD, "-f", "-C", "-c", self.folder + "/master.conf", "-p", self.folder + "/pid",
                                    "-Lf", self.folder + "/log", "-I", "-smux", "udp:127.0.0.1:16161", env=self.env)
        if self.address.startswith("unix:"):
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
    return host.keepalived(text, "-A", master.address, *args)


def router(lab, name="r1", number=1):
    return lab.host(name).nic("eth0", "lan", ["10.77.0.%d/24" % number, "fd77::%d/64" % number])


def index_of(host, dev="eth0"):
    return host.run("cat", "/sys/class/net/%s/ifindex" % dev).strip()
