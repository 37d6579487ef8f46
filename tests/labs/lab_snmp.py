"""SNMP monitoring of a failover: what a monitoring system reads of both routers, and the traps it gets.

    nms 192.0.2.50 ── lan ── r1 192.0.2.1, r2 192.0.2.2, both with net-snmp's agent
"""
import os
import re
import subprocess
import time

import ka

VIP = "192.0.2.100"
BASE = ".1.3.6.1.4.1.9586.100.5"                      # KEEPALIVED-MIB
NAME, STATE, PRIORITY = (BASE + ".2.3.1.%d" % column for column in (2, 4, 8))
CHANGED, ROUTER = BASE + ".2.10.0.2", BASE + ".1.2.0"
NEW_MASTER = ".1.3.6.1.2.1.207.0.1"                   # VRRPV3-MIB
STATES = {"0": "init", "1": "backup", "2": "master", "3": "fault", "4": "unknown", "5": "shutdown", "6": "deleted"}
CALM = {"r1": ["WEB", "master", "150"], "r2": ["WEB", "backup", "100"]}
AGENT = ["snmpd", "-f", "-C", "-c", "/etc/keepalived/snmpd.conf", "-p", "/run/keepalived/snmpd.pid", "-Lf", "/run/keepalived/snmpd.log",
         "-I", "-smux", "udp:161"]


class Nms:
    """The monitoring system: asks, and keeps the traps that come."""

    def __init__(self, site, routers):
        self.site, self.routers, self.traps = site, routers, []
        self.host = site.host("nms", ("eth0", "lan", "192.0.2.50/24"))
        log = os.path.join(site.var(self.host), "traps")
        site.background(self.host, "snmptrapd", "-f", "-C", "-c", "/etc/keepalived/snmptrapd.conf", "-On", "-Oq", "-Oe",
                        "-F", "%b %v\n", "-p", "/run/keepalived/snmptrapd.pid", "-Lf", "/run/keepalived/traps", "udp:162")
        site.eyes.tail(log, self.on_trap)

    def on_trap(self, line):
        found = re.search(r"\[(192\.0\.2\.\d+)\].*?\.1\.3\.6\.1\.6\.3\.1\.1\.4\.1\.0 (\.[\d.]+)", line)
        if not found:
            return
        who = self.routers.get(found[1], found[1])
        if found[2] == CHANGED:
            values = dict(re.findall(r"(%s[\d.]*) (\"[^\"]*\"|\S+)" % re.escape(BASE), line))
            name, state = values[NAME].strip('"'), STATES.get(values[STATE].strip('"'), values[STATE])
            self.told(who, "vrrpInstanceStateChange", "%s is %s" % (name, state), "(routerId %s)" % values[ROUTER].strip('"'))
        elif found[2] == NEW_MASTER:
            self.told(who, "vrrpv3NewMaster", "", "(VRRPV3-MIB)")

    def told(self, who, what, text, more):
        self.traps.append((time.time(), who, what, text))
        self.site.say("trap from %s: %s" % (who, " ".join(filter(None, (what, text, more)))))

    def expect(self, who, state):
        """Wait for the traps that tell of this change since the last act."""
        wanted = {("vrrpInstanceStateChange", "WEB is " + state)} | ({("vrrpv3NewMaster", "")} if state == "master" else set())
        since = self.site.marked
        got = lambda: {(what, text) for at, name, what, text in self.traps if name == who and at >= since}
        self.site.until(lambda: wanted <= got(), "traps from %s that WEB is %s" % (who, state))

    def reads(self, **routers):
        """What the agents answer is this (nothing: no answer)."""
        for router, wanted in routers.items():
            def answer():
                got = self.ask("192.0.2." + router[1:], NAME + ".1", STATE + ".1", PRIORITY + ".1")
                return [got[0], STATES.get(got[1]), got[2]] if len(got) == 3 else []
            # The daemon asks for a new agent after 1 s, 2 s, 4 s and so on.
            self.site.until(lambda: answer() == wanted, "%s answers %s" % (router, wanted), 40)
            self.site.say("nms reads of %s: %s" % (router, "%s is %s, priority %s" % tuple(wanted) if wanted else "no answer"))

    def ask(self, router, *names):
        """Values of an agent, or nothing."""
        r = subprocess.run(["ip", "netns", "exec", self.host.ns, "snmpget", "-v2c", "-c", "public", "-Onqe", "-Ov", "-t", "1", "-r", "0",
                            router, *names], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=dict(os.environ, MIBS=""))
        return [line.strip().strip('"') for line in r.stdout.splitlines()] if r.returncode == 0 else []


def play(site):
    if not all(map(ka.shutil.which, ("snmpd", "snmptrapd", "snmpget"))):
        raise ka.Skip("net-snmp is not installed: run scripts/install-needs")
    site.eyes.told.append("SNMP|AgentX|NET-SNMP")
    r1, r2 = [site.router("r%d" % n, ("eth0", "lan", "192.0.2.%d/24" % n), ("eth1", "uplink", "198.51.100.%d/24" % n)) for n in (1, 2)]
    nms = Nms(site, {"192.0.2.1": "r1", "192.0.2.2": "r2"})

    site.head("The agents and the daemons start")
    agents = {router.name: site.background(router, *AGENT) for router in (r1, r2)}
    site.do("r1 and r2 start")
    for router in (r1, r2):
        site.start(router)
    site.alone(r1, VIP)
    nms.expect("r1", "master")
    nms.reads(**CALM)

    site.head("r1 loses its uplink")
    site.do("r1: the cable of eth1 is pulled")
    r1.carrier("eth1", False)
    site.alone(r2, VIP)
    nms.expect("r1", "fault")
    nms.expect("r2", "master")
    nms.reads(r1=["WEB", "fault", "150"], r2=["WEB", "master", "100"])

    site.head("The uplink is back")
    site.do("r1: the cable of eth1 is plugged in")
    r1.carrier("eth1", True)
    site.alone(r1, VIP)
    nms.expect("r2", "backup")
    nms.expect("r1", "master")
    nms.reads(**CALM)

    site.head("The agent of r2 dies and is started again; then r1 dies")
    site.do("r2: snmpd is killed")
    agents["r2"].kill()
    agents["r2"].wait()
    site.until(lambda: not nms.ask("192.0.2.2", NAME + ".1"), "r2 does not answer")
    site.do("r2: snmpd is started")
    site.background(r2, *AGENT)
    nms.reads(**CALM)
    site.do("r1 dies")
    site.power_off(r1)
    site.alone(r2, VIP)
    nms.expect("r2", "master")
    nms.reads(r1=[], r2=["WEB", "master", "100"])

    site.head("The daemon of r2 is stopped in order")
    site.do("r2: SIGTERM to the daemon")
    site.stop_all()
    nms.expect("r2", "shutdown")
    site.note("traps", "%d from r1, %d from r2" % tuple(sum(who == name for _, who, _, _ in nms.traps) for name in ("r1", "r2")))
