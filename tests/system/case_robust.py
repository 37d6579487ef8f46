"""Attack and fault: whatever else fails on the machine, or is sent to it, adverts are on time.

Each case runs a master at a tenth of a second, does something bad to it for seconds, and looks at its adverts from
outside. None of the faults may end the daemon, make it give up an address, or fill its log.
"""
import ctypes
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kit import steady  # noqa: E402
from ka import Sniffer, case, sh, wait  # noqa: E402
from opskit import script  # noqa: E402
from vrrpkit import VIP, advert3, conf, frame4, inst, put, single  # noqa: E402

R1, NOISE = "10.77.0.1", "10.77.0.9"
SECONDS = 2.5


class Filtered(Sniffer):
    """A sniffer that hears one sender only: the kernel drops everybody else's frames."""

    def __init__(self, lab, host, segment="lan"):
        super().__init__(lab, segment)
        lab.sniffers.append(self)
        mac = bytes.fromhex(mac_of(host).replace(":", ""))
        high, low = struct.unpack("!IH", mac)
        program = [(0x20, 0, 0, 6), (0x15, 0, 3, high), (0x28, 0, 0, 10), (0x15, 0, 1, low), (0x06, 0, 0, 0xffffffff), (0x06, 0, 0, 0)]
        code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
        self.sock.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HP", len(program), ctypes.addressof(code)))


def mac_of(host):
    return host.ip("-o", "link", "show", "dev", "eth0").split("link/ether ")[1].split()[0]


def master(lab, text, *args, env=None):
    """A router that leads, and its adverts."""
    (r1,) = lab.pair(("r1",))
    wire = Filtered(lab, r1)
    d = r1.keepalived(text, *args, env=env)
    wait(lambda: r1.has(VIP), 8, "master")
    return r1, d, wire


def survives(d, wire, since, what, seconds=SECONDS):
    """Adverts come for some time, none of them late, and the daemon goes on."""
    wait(lambda: wire.adverts(vrid=51, since=since + seconds), seconds + 5, "adverts " + what)
    seen = wire.adverts(vrid=51, since=since)
    assert all(p.prio == 200 for p in seen), "%s: priorities %s" % (what, {p.prio for p in seen})
    steady(seen, what)
    assert d.alive()


FLOODER = """
import ctypes, os, socket, sys, time

class Piece(ctypes.Structure):
    _fields_ = [("base", ctypes.c_char_p), ("length", ctypes.c_size_t)]

class Message(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("namelen", ctypes.c_uint), ("pieces", ctypes.POINTER(Piece)), ("count", ctypes.c_size_t),
                ("control", ctypes.c_void_p), ("controllen", ctypes.c_size_t), ("flags", ctypes.c_int), ("sent", ctypes.c_uint)]

os.nice(-10)                                      # a busy machine must not slow an attacker down
sockets = []
for port in sys.argv[2:]:
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    s.setsockopt(263, 20, 1)                      # SOL_PACKET, PACKET_QDISC_BYPASS
    s.setsockopt(socket.SOL_SOCKET, 32, 1 << 26)  # SO_SNDBUFFORCE
    s.bind((port, 0))
    sockets.append(s)
frames = [bytes.fromhex(line) for line in sys.stdin.read().split()] * 16
pieces = [Piece(frame, len(frame)) for frame in frames]
many = (Message * len(frames))(*(Message(pieces=ctypes.pointer(piece), count=1) for piece in pieces))
sendmmsg = ctypes.CDLL(None, use_errno=True).sendmmsg
print("ready", flush=True)
sent, end = 0, time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    for s in sockets:
        sent += max(0, sendmmsg(s.fileno(), many, len(frames), 0))
print(sent, flush=True)
"""


def evil():
    """Adverts of a foreign router, malformed ones, and forged ones that the master would send otherwise."""
    body = advert3(R1, prio=200)
    return [frame4(NOISE, advert3(NOISE, vrid=99, prio=250)),                       # nobody's business
            frame4(NOISE, advert3(NOISE, prio=250, first=0x41)),                    # another version
            frame4(R1, body[:5]),                                                   # cut off
            frame4(R1, advert3(R1, prio=255, sum=0x1234)),                          # a wrong checksum
            frame4(R1, advert3(R1, prio=255), ttl=64),                              # from afar
            frame4(NOISE, advert3(NOISE, prio=255, vips=("10.66.6.6",), sum=1)),    # other addresses
            frame4(R1, b"\x31" + os.urandom(30)),
            frame4(NOISE, os.urandom(40))]


@case("defects")
def flood_of_evil_adverts(lab):
    """As many bad adverts as can be sent, to the routers alternately and right into their cables, so that no switch
    has to copy them: ours are on time, the backup stays one, the log stays short."""
    r1, r2 = lab.pair(("r1", "r2"))
    ours, theirs = Filtered(lab, r1), Filtered(lab, r2)
    d1, d2 = r1.keepalived(single(prio=200)), r2.keepalived(single(prio=100))
    wait(lambda: r1.has(VIP) and "BACKUP" in d2.log(), 8, "a master and a backup")
    before = len(d1.log()), len(d2.log())
    flooder = lab.switch.spawn(sys.executable, "-c", FLOODER, str(SECONDS), "r1.eth0", "r2.eth0", stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    flooder.stdin.write(" ".join(f.hex() for f in evil()).encode())
    flooder.stdin.close()
    assert flooder.stdout.readline() == b"ready\n"
    mark = time.time()
    survives(d1, ours, mark, "in the flood")
    rate = int(flooder.stdout.read()) / SECONDS
    flooder.wait()
    print("%.0f bad adverts a second" % rate)
    assert rate > 5_000, "only %.0f bad adverts a second were sent" % rate
    assert not theirs.adverts(since=mark), "the backup spoke"
    assert r1.has(VIP) and not r2.has(VIP)
    for d, start in zip((d1, d2), before):
        lines = d.log()[start:].count("\n")
        assert lines < 100, "%d log lines about %d packets" % (lines, rate * SECONDS)


def fill(path):
    """Write until the disk is full."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT)
    try:
        while True:
            os.write(fd, b"." * 4096)
    except OSError:
        os.close(fd)


@case("defects")
def full_disk(lab):
    """Log file, dumps and the folder of saved configurations are on a full disk."""
    disk = os.path.join(lab.dir, "disk")
    os.mkdir(disk)
    sh("mount", "-t", "tmpfs", "-o", "size=64k", "full", disk)
    try:
        r1, d, wire = master(lab, single(prio=200, globals="config_save_dir %s" % disk), "-g", os.path.join(disk, "log"),
                             env={"TMPDIR": disk})
        fill(os.path.join(disk, "filler"))
        mark = time.time()
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGHUP):
            d.signal(number)
        wait(lambda: "Reload finished" in d.log(), 5, "a reload on a full disk")
        survives(d, wire, mark, "with a full disk")
        assert "No space left on device" in d.log(), "nobody was told of the full disk"
        assert d.stop() == 0
    finally:
        sh("umount", "-l", disk)


def deaf_server(host, port):
    """A mail server that takes connections and never says a word."""
    def opened():
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("10.77.0.2", port))
        s.listen(64)
        return s
    return host.inside(opened)


@case("defects")
def mail_server_that_does_not_answer(lab):
    """Mails of each transition go to a server that only listens; then to one that is not there at all."""
    r1, r2 = lab.pair(("r1", "r2"))
    server = deaf_server(r2, 2525)
    globals = "notification_email {\n root@localhost\n}\nsmtp_server 10.77.0.2 2525\nsmtp_connect_timeout 1\nsmtp_alert\n"
    flapping = inst("VI_2", vrid=52, prio=150, vips=["10.77.0.152/24"], extra="track_file {\nflap\n}")
    flag = os.path.join(lab.dir, "flap")
    put(flag, "0")
    text = conf("track_file flap {\nfile %s\nweight 1\n}" % flag, inst(prio=200), flapping, globals=globals)
    wire = Filtered(lab, r1)
    d = r1.keepalived(text)
    wait(lambda: r1.has(VIP) and r1.has("10.77.0.152"), 8, "master of both")
    mark = time.time()
    for n in range(6):
        put(flag, "-254" if n % 2 == 0 else "0")
        wait(lambda: r1.has("10.77.0.152") == bool(n % 2), 5, "transition %d" % n)
        if n == 3:
            server.close()
    survives(d, wire, mark, "with mails to nobody")
    assert d.stop() == 0


@case("defects")
def scripts_that_hang(lab):
    """Notify and track scripts that never end and ignore SIGTERM; the latter are gone when the daemon is."""
    stuck = script(lab, "stuck", "trap '' TERM\nwhile :; do sleep 9731; done")
    told = script(lab, "told", "trap '' TERM\nwhile :; do sleep 9732; done")
    text = conf("vrrp_script S {\nscript %s\ninterval 1\ntimeout 1\nweight -1\nrise 1\nfall 1\n}" % stuck,
                "vrrp_script T {\nscript %s\ninterval 1\ntimeout 1\nweight 0\ninit_fail\n}" % stuck,
                inst(prio=200, extra="notify %s" % told),
                inst("VI_2", vrid=52, prio=150, vips=["10.77.0.152/24"], extra="track_script {\nS\nT\n}\nnotify %s" % told),
                globals="script_user root\nenable_script_security")
    r1, d, wire = master(lab, text)
    mark = time.time()
    survives(d, wire, mark, "with hanging scripts", 3.5)
    assert re.search(r"(?i)script.*(timed? ?out|timeout|no response)", d.log()), d.log()[-500:]
    assert d.stop() == 0
    wait(lambda: not running(r1, "sleep 9731"), 5, "the scripts are gone")


def running(host, words):
    return [pid for pid in sh("ip", "netns", "pids", host.ns).split()
            if words in sh("ps", "-o", "args=", "-p", pid, check=False)]


@case("defects")
def exhausted_descriptors(lab):
    """No descriptor is left in the VRRP process: scripts and dumps cannot be made and say so, adverts can."""
    quick = script(lab, "quick", "exit 0")
    text = conf("vrrp_script S {\nscript %s\ninterval 1\nweight 1\n}" % quick, inst(prio=200, extra="track_script {\nS\n}"),
                globals="script_user root")
    text = text.replace("priority 200", "priority 199")
    r1, d, wire = master(lab, text)
    wait(lambda: [p for p in wire.adverts(vrid=51) if p.prio == 200], 5, "the script counts")
    vrrp = d.pid("_vrrp")
    used = len(os.listdir("/proc/%d/fd" % vrrp))
    resource.prlimit(vrrp, resource.RLIMIT_NOFILE, (used, 4096))
    mark = time.time()
    os.kill(vrrp, signal.SIGUSR1)
    survives(d, wire, mark, "without descriptors")
    resource.prlimit(vrrp, resource.RLIMIT_NOFILE, (4096, 4096))
    mark = time.time()
    survives(d, wire, mark, "with descriptors again", 1.5)
    assert d.pid("_vrrp") == vrrp and "respawn" not in d.log().lower()
    assert d.stop() == 0


@case("defects")
def netlink_overrun(lab):
    """Others change thousands of addresses while the monitor's buffer is tiny: events are lost, found out, and an
    address that was deleted meanwhile is noticed."""
    globals = "vrrp_netlink_monitor_rcv_bufs 4096\nvrrp_netlink_cmd_rcv_bufs 4096"
    r1, d, wire = master(lab, single(prio=200, globals=globals))
    r1.ip("link", "add", "other", "type", "bridge")
    r1.ip("link", "set", "other", "up")
    batch = os.path.join(lab.dir, "batch")
    numbers = ["10.%d.%d.%d/32" % (200, n // 250, 1 + n % 250) for n in range(4000)]
    add, remove = ("".join("addr %s %s dev other\n" % (verb, n) for n in numbers) for verb in ("add", "del"))
    put(batch, add + remove)
    mark = time.time()
    changer = threading.Thread(target=lambda: r1.ip("-batch", batch))
    changer.start()
    survives(d, wire, mark, "in a flood of netlink events", 1.5)
    changer.join()
    r1.ip("addr", "del", VIP + "/24", "dev", "eth0")
    wait(lambda: r1.has(VIP), 8, "the deleted address is put back")
    assert d.stop() == 0 and not r1.has(VIP)


@case("uml")
def clock_jumps(lab):
    """The clock is set forward and back by hours: nobody notices but the log."""
    flag = os.path.join(lab.dir, "flap")
    put(flag, "0")
    text = conf("track_file flap {\nfile %s\nweight 1\n}" % flag,
                inst(prio=200), inst("VI_2", vrid=52, prio=150, vips=["10.77.0.152/24"],
                                                             extra="track_file {\nflap\n}"))
    r1, d, wire = master(lab, text)
    wait(lambda: r1.has("10.77.0.152"), 5)
    for hours in (7, -30, 23):
        before = time.monotonic()
        jump(hours * 3600)
        start = len(wire.adverts(vrid=51))
        wait(lambda: len(wire.adverts(vrid=51)) >= start + 20, 5, "twenty adverts after a jump of %d hours" % hours)
        assert 1.5 < time.monotonic() - before < 3.5, "twenty adverts took %.1f s" % (time.monotonic() - before)
        steady(wire.adverts(vrid=51)[start + 1:], "after a jump of %d hours" % hours)
        put(flag, "-254" if hours != -30 else "0")
        wait(lambda: r1.has("10.77.0.152") == (hours == -30), 5, "a file is still followed")
    jump(0)
    assert d.stop() == 0


def jump(seconds):
    now = time.clock_gettime(time.CLOCK_REALTIME)
    time.clock_settime(time.CLOCK_REALTIME, now + seconds)
