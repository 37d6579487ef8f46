"""What the cases of BFD share: sessions, how they are seen, and the other daemons that speak it."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402,F401 - knows where ka is
from ka import Skip, wait  # noqa: E402
from vrrpkit import conf, put  # noqa: E402

BIRD, FRR, ZEBRA = "/usr/sbin/bird", "/usr/lib/frr/bfdd", "/usr/lib/frr/zebra"


def session(neighbour, source=None, ms=50, mult=20, extra="", name="B"):
    """Text of a bfd_instance block. Detected after a second, unless it says otherwise: a machine may stand still."""
    source = "source_ip %s\n" % source if source else ""
    return "bfd_instance %s {\nneighbor_ip %s\n%smin_rx %s\nmin_tx %s\nmultiplier %d\n%s\n}" % (
        name, neighbour, source, ms, ms, mult, extra)


def states(daemon, name="B"):
    """The states the log tells of, in order."""
    return re.findall(r"\(%s\) Entering (Up|Down|AdminDown) state" % name, daemon.log())


def wait_state(daemon, state, timeout=15, name="B"):
    wait(lambda: states(daemon, name)[-1:] == [state], timeout, "(%s) is %s\n%s" % (name, state, daemon.log()[-2000:]))


def hosts(lab, names=("r1", "r2"), net6=True):
    """Hosts on one segment with addresses of both families."""
    return [lab.host(n).nic("eth0", "lan", ["10.77.0.%d/24" % i] + (["fd77::%d/64" % i] if net6 else []))
            for i, n in enumerate(names, 1)]


def start(host, binary, *blocks, args=()):
    host.lab.daemon = os.path.abspath(binary)
    return host.keepalived(conf(*blocks), *args)


def packets(wire, source, since=0.0):
    return [p for p in wire.poll() if p.kind == "bfd" and p.src == source and p.ts >= since]


def has_not_gone_down(daemon, name="B"):
    assert "Down" not in states(daemon, name), daemon.log()[-3000:]


def restarted(daemon, which, old):
    """Another process is in the pid file, which is empty for a moment."""
    try:
        return daemon.pid(which) != old
    except ValueError:
        return False


class Foreign:
    """A BFD program that is no keepalived, on a host; `answer` asks it for its sessions."""

    def __init__(self, host, run, ask):
        self.host, self.ask = host, ask
        self.log = open(os.path.join(host.lab.dir, host.name + ".foreign.log"), "w")
        self.proc = host.spawn(*run, stdout=self.log, stderr=subprocess.STDOUT)

    def is_up(self):
        return re.search(r"\b[Uu]p\b", self.host.run(*self.ask, check=False))

    def kill(self):
        self.proc.kill()
        self.proc.wait()
        self.log.close()


def bird(host, protocol):
    """BIRD with `protocol bfd { ... }`."""
    if not os.access(BIRD, os.X_OK):
        raise Skip("BIRD is not installed")
    base = os.path.join(host.lab.dir, host.name + ".bird")
    put(base, "log stderr all;\nrouter id 10.77.0.2;\nprotocol device {}\nprotocol bfd {\n%s\n}\n" % protocol)
    return Foreign(host, [BIRD, "-f", "-c", base, "-s", base + ".ctl", "-P", base + ".pid"],
                   ["birdc", "-s", base + ".ctl", "show", "bfd", "sessions"])


def bird_timers(ms=50):
    return "min rx interval %d ms; min tx interval %d ms; idle tx interval 1 s; multiplier 20;" % (ms, ms)


def frr(host, peers):
    """FRR's bfdd, which knows of interfaces from its zebra."""
    if not os.access(FRR, os.X_OK):
        raise Skip("FRR is not installed")
    base = os.path.join(host.lab.dir, host.name + ".frr")
    os.makedirs(base + ".d", exist_ok=True)
    os.chmod(host.lab.dir, 0o755)
    os.chmod(base + ".d", 0o777)
    put(base, "bfd\n%s\n" % peers)
    os.chmod(base, 0o644)
    zebra = base + ".d/zebra.sock"
    common = ["--vty_socket", base + ".d", "-z", zebra, "--log", "stdout"]
    with open(os.path.join(host.lab.dir, host.name + ".zebra.log"), "a") as log:
        host.spawn(ZEBRA, "-f", "/dev/null", "-i", base + ".d/zebra.pid", *common, stdout=log, stderr=subprocess.STDOUT)
    wait(lambda: os.path.exists(zebra), 15)
    return Foreign(host, [FRR, "-f", base, "-i", base + ".d/bfdd.pid", "--bfdctl", base + ".d/bfdd.sock", *common],
                   ["vtysh", "--vty_socket", base + ".d", "-d", "bfdd", "-c", "show bfd peers brief"])
