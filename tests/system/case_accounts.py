"""The account of memory (mem-check): what is taken while a daemon runs, and what is left at its end."""
import os
import re
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402,F401
from case_process import reload, settings, start  # noqa: E402
from ka import Skip, case, wait  # noqa: E402
from opskit import BFD, ONE, dump  # noqa: E402


def accounts(d, name):
    """The account of memory in a dump: octets and blocks taken, by subsystem."""
    text = dump(d, signal.SIGUSR1, name)
    found = re.findall(r" Account = (.*)\n   Octets = (\d+)\n   Blocks = \d+\n   Most octets = \d+\n   Blocks taken = (\d+)", text)
    if not found:
        raise Skip("built without mem-check")
    return {who: (int(octets), int(taken)) for who, octets, taken in found}


def taken(d, name):
    """Blocks taken so far, but for those that dumping takes, and tells of."""
    return {who: n for who, (_, n) in accounts(d, name).items() if who not in ("Dump", "Lasting")}


def leaks(d):
    assert "memory: " in d.log(), "no account at the end"
    return [line for line in d.log().splitlines() if " leaks " in line]


@case("process", "memory")
def steady_state_takes_no_memory(lab):
    """mem-check: a master and a backup of adverts ten times a second, with sessions of BFD, take no block in seconds."""
    r1, r2 = lab.pair()
    session = BFD.replace("10.77.0.200", "%s").replace("500", "100")
    text = settings("vrrp_garp_master_delay 1") + ONE.replace("advert_int 1", "advert_int 0.1\nversion 3")
    one, _ = start(r1, text.replace("priority 150", "priority 200") + session % "10.77.0.2", "-G")
    wait(lambda: "Entering MASTER" in one.log(), 5, "a master")
    two, _ = start(r2, text + session % "10.77.0.1", "-G")
    wait(lambda: "master is" in two.log() and "Entering Up state" in two.log(), 8, "a backup, and a session")
    look = lambda: [(d.host.name, name, taken(d, name)) for d in (one, two) for name in ("keepalived.data", "keepalived_bfd.data")]
    before = look()
    wait(lambda: one.log().count("Sending gratuitous ARP on eth0 for 10.77.0.100") >= 2, 5, "the second burst of announcements")

    def is_steady():
        # A machine that stands still makes a takeover, and that does take memory.
        nonlocal before
        time.sleep(2.5)
        was, before = before, look()
        return was == before
    before = look()
    wait(is_steady, 20, "nothing is taken; last was %s" % before)


@case("process", "memory")
def flapping_takes_no_memory(lab):
    """mem-check: addresses of others and carriers that come and go, and takeovers, leave as many octets as there were."""
    (r1,) = lab.pair(["r1"])
    text = ONE.replace("advert_int 1", "advert_int 0.1\nversion 3")
    # Without syslog: lines that nobody takes are kept, up to a limit.
    d, _ = start(r1, text, "-G")
    wait(lambda: "Entering MASTER" in d.log(), 5, "a master")

    def flap(count):
        for n in range(count):
            r1.ip("addr", "add", "10.78.0.9/24", "dev", "eth0")
            r1.ip("addr", "del", "10.78.0.9/24", "dev", "eth0")
            seen = d.log().count("Entering MASTER")
            faults = d.log().count("Entering FAULT")
            r1.ip("link", "set", "eth0", "down")
            # A link that is up again before anybody looks was never down.
            wait(lambda: d.log().count("Entering FAULT") > faults, 10, "the fault")
            r1.ip("link", "set", "eth0", "up")
            wait(lambda: d.log().count("Entering MASTER") > seen, 10, "master again")
    octets = lambda: {who: n for who, (n, _) in accounts(d, "keepalived.data").items() if who not in ("Dump", "Lasting")}
    octets()
    flap(4)
    before = octets()
    flap(6)
    after = octets()
    assert all(after[who] <= before[who] + 512 for who in before), "%s, then %s" % (before, after)


@case("process", "memory")
def nothing_leaks(lab):
    """mem-check: after reloads, dumps and a stop every block is given back; -L logs the account; --no-mem-check has none."""
    (r1,) = lab.pair(["r1"])
    d, pids = start(r1, ONE + BFD, "-L")
    accounts(d, "keepalived.data")
    for n in range(3):
        reload(d, ONE.replace("priority 150", "priority %d" % (100 + n)) + BFD.replace("neighbour", "neighbour%d" % n))
    assert d.stop() == 0
    assert leaks(d) == [], leaks(d)
    for title in ("VRRP", "BFD", "Parent"):
        assert re.search(r"%s memory: Configuration: 0 octets in 0 blocks" % title, d.log()), "%s: %s" % (title, d.log())
    d, _ = start(r1, ONE, "--no-mem-check")
    assert "------< Memory" not in dump(d, signal.SIGUSR1, "keepalived.data")
    assert d.stop() == 0
