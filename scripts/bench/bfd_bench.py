#!/usr/bin/env python3
"""BFD benchmark: N sessions between two daemons in two network namespaces, observed from outside.

Runs any keepalived-compatible binary, on both ends and with a realtime priority (so that other work on the machine does not count), and needs root:

    bfd_bench.py --daemon target/release/keepalived --sessions 500 --interval 50
    bfd_bench.py --daemon /usr/sbin/keepalived      --sessions 500 --interval 50
    bfd_bench.py --daemon target/release/keepalived --latency

Prints one JSON object:
    up              sessions that are up before the window begins
    up_ms           start of the second daemon -> all of them
    lost            sessions that went down within the window; must be 0
    packets_per_s   sent by one end
    cpu_percent     of one processor, user and system, of one end's BFD process (the mean of both ends)
    cpu_us_packet   the same per packet sent and received
    rss_kb          of one end's BFD process
With --latency: one session at 10 ms times 3 that a VRRP instance tracks; its neighbour is killed again and
again, and the advert of priority 0 is awaited on the wire:
    over_ms         from the neighbour's last packet to the advert, less the detection time of 30 ms
"""
import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tests/conformance"))


def sh(*cmd, check=True, **kw):
    return subprocess.run(cmd, check=check, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kw).stdout


def address(side, number):
    return "10.%d.%d.%d" % (50 + side, number // 250, 1 + number % 250)


class End:
    """One daemon in its namespace."""

    def __init__(self, a, tmp, side):
        self.a, self.side, self.ns, self.base = a, side, "bfdbench%d" % side, "%s/%d" % (tmp, side)
        sh("ip", "netns", "add", self.ns)

    def addresses(self):
        own, numbers = "b%d" % self.side, range(self.a.sessions)
        mac = "02:00:00:00:00:0%d"
        lines = ["link set %s address %s up" % (own, mac % self.side)]
        lines += ["addr add %s/13 dev %s" % (address(self.side, n), own) for n in numbers]
        # Permanent: the kernel's table of neighbours is one for all namespaces, and has room for 1024 others.
        lines += ["neigh add %s lladdr %s dev %s nud permanent" % (address(1 - self.side, n), mac % (1 - self.side), own) for n in numbers]
        sh("ip", "-n", self.ns, "-batch", "-", input="\n".join(lines) + "\n")

    def start(self):
        with open(self.base + ".conf", "w") as f:
            f.write("global_defs {\n router_id bench\n bfd_rt_priority 20\n bfd_rlimit_rttime 1000000\n}\n")
            for n in range(self.a.sessions):
                f.write("bfd_instance S%d {\n neighbor_ip %s\n source_ip %s\n min_rx %d\n min_tx %d\n multiplier %d\n}\n" % (
                    n, address(1 - self.side, n), address(self.side, n), self.a.interval, self.a.interval, self.a.multiplier))
        pids = [x for f, s in (("-p", ""), ("-r", "_vrrp"), ("-c", "_check"), ("-b", "_bfd")) for x in (f, self.base + s + ".pid")]
        self.log = open(self.base + ".log", "w")
        self.proc = subprocess.Popen(["ip", "netns", "exec", self.ns, self.a.daemon, "-n", "-l", "-f", self.base + ".conf", *pids],
                                     stdout=self.log, stderr=subprocess.STDOUT, env=dict(os.environ, TMPDIR=os.path.dirname(self.base)))

    def states(self):
        """The last state of each session, and how often any went down."""
        found = re.findall(r"\((S\d+)\) Entering (Up|Down)", open(self.base + ".log", errors="replace").read())
        return dict(found), sum(state == "Down" for _, state in found)

    def up(self):
        return sum(state == "Up" for state in self.states()[0].values())

    def pid(self):
        return int(open(self.base + "_bfd.pid").read())

    def cpu(self):
        return int(open("/proc/%d/schedstat" % self.pid()).read().split()[0]) / 1e9

    def rss(self):
        return int(re.search(r"VmRSS:\s+(\d+)", open("/proc/%d/status" % self.pid()).read()).group(1))

    def sent(self):
        return int(sh("ip", "netns", "exec", self.ns, "cat", "/sys/class/net/b%d/statistics/tx_packets" % self.side))

    def stop(self):
        self.proc.send_signal(signal.SIGTERM)
        self.proc.wait(20)


def sessions(a, tmp):
    ends = [End(a, tmp, side) for side in (0, 1)]
    try:
        sh("ip", "link", "add", "b0", "netns", ends[0].ns, "type", "veth", "peer", "name", "b1", "netns", ends[1].ns)
        for end in ends:
            end.addresses()
        ends[0].start()
        time.sleep(1)
        began = time.monotonic()
        ends[1].start()
        while min(end.up() for end in ends) < a.sessions and time.monotonic() - began < 30:
            time.sleep(0.05)
        up_ms = (time.monotonic() - began) * 1000
        time.sleep(3)
        up, before = min(end.up() for end in ends), sum(end.states()[1] for end in ends)
        marks = [(end.cpu(), end.sent()) for end in ends]
        began = time.monotonic()
        time.sleep(a.seconds)
        took = time.monotonic() - began
        cpu = sum(end.cpu() - mark[0] for end, mark in zip(ends, marks)) / 2
        packets = sum(end.sent() - mark[1] for end, mark in zip(ends, marks)) / 2
        lost = sum(end.states()[1] for end in ends) - before
        result = dict(up=up, up_ms=round(up_ms), lost=lost, packets_per_s=round(packets / took),
                      cpu_percent=round(100 * cpu / took, 2), cpu_us_packet=round(1e6 * cpu / packets / 2, 2), rss_kb=ends[0].rss())
        for end in ends:
            end.stop()
        return result
    finally:
        for end in ends:
            for pid in sh("ip", "netns", "pids", end.ns, check=False).split():
                os.kill(int(pid), signal.SIGKILL)
            sh("ip", "netns", "del", end.ns, check=False)


def latency(a):
    from ka import Lab, wait
    from vrrpkit import VIP, conf, inst, sniff_all
    over = []
    session = "bfd_instance B {\nneighbor_ip 10.77.0.%d\nsource_ip 10.77.0.%d\nmin_rx 10\nmin_tx 10\nmultiplier 3\n}"
    with Lab(os.path.abspath(a.daemon)) as lab:
        wire = sniff_all(lab)
        one, gate = lab.pair(("r1", "gw"))
        one.keepalived(conf(session % (2, 1), inst(extra="track_bfd {\nB\n}")))
        for _ in range(a.rounds):
            other = gate.keepalived(conf(session % (1, 2)))
            wait(lambda: one.has(VIP), 10)
            time.sleep(0.5)
            other.crash()
            last = [p for p in wire.poll() if p.kind == "bfd" and p.src == "10.77.0.2"][-1].ts
            bye = wire.wait(lambda p: p.kind == "vrrp" and p.prio == 0, 2, "priority 0", last)
            over.append(round((bye.ts - last) * 1000 - 30, 2))
            wait(lambda: not one.has(VIP), 5)
    return dict(over_ms=sorted(over))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--daemon", required=True)
    p.add_argument("--sessions", type=int, default=500)
    p.add_argument("--interval", type=int, default=50, help="milliseconds")
    p.add_argument("--multiplier", type=int, default=5)
    p.add_argument("--seconds", type=float, default=10)
    p.add_argument("--latency", action="store_true")
    p.add_argument("--rounds", type=int, default=10)
    a = p.parse_args()
    tmp = tempfile.mkdtemp(prefix="bfdbench.")
    try:
        print(json.dumps(latency(a) if a.latency else sessions(a, tmp)))
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


if __name__ == "__main__":
    main()
