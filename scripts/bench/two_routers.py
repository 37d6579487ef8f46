"""Two nodes on a bridge, each in a network namespace, and what is seen of their daemons from outside: packets on
the bridge, processor time and memory of the processes, addresses in the kernel."""
import ctypes, os, select, signal, socket, struct, subprocess, tempfile, time

PFX = "kb%d" % (os.getpid() % 10000)
NS = {"a": PFX + "a", "b": PFX + "b", "sw": PFX + "sw"}


def sh(*cmd, check=True):
    return subprocess.run(cmd, check=check, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True).stdout


def setns(name):
    fd = os.open("/run/netns/" + name, os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(fd, 0x40000000):
        raise OSError(ctypes.get_errno(), "setns")
    os.close(fd)


def topology(ifaces):
    for n in NS.values():
        sh("ip", "netns", "add", n)
    for i in range(ifaces):                     # one broadcast domain per interface
        sh("ip", "-n", NS["sw"], "link", "add", "br%d" % i, "type", "bridge", "mcast_snooping", "0")
        sh("ip", "-n", NS["sw"], "link", "set", "br%d" % i, "up")
    for k, host in (("a", 1), ("b", 2)):
        sh("ip", "-n", NS[k], "link", "set", "lo", "up")
        for i in range(ifaces):
            sh("ip", "link", "add", "eth%d" % i, "netns", NS[k], "type", "veth",
               "peer", "name", "%s%d" % (k, i), "netns", NS["sw"])
            sh("ip", "-n", NS["sw"], "link", "set", "%s%d" % (k, i), "master", "br%d" % i, "up")
            sh("ip", "-n", NS[k], "addr", "add", "10.%d.0.%d/16" % (100 + i, host), "dev", "eth%d" % i)
            sh("ip", "-n", NS[k], "link", "set", "eth%d" % i, "up")


def teardown():
    for n in NS.values():
        sh("ip", "netns", "del", n, check=False)


def vip(n):
    return "172.%d.%d.%d" % (16 + n // 62500, (n // 250) % 250, 1 + n % 250)


def config(path, prio, args, host, changed=None):
    """`--vips` addresses on one instance, or `--instances` instances of one address each."""
    with open(path, "w") as f:
        f.write("global_defs {\n router_id bench%d\n}\n" % host)
        for i in range(args.instances):
            f.write("vrrp_instance I%d {\n state BACKUP\n interface eth%d\n virtual_router_id %d\n"
                    " version 3\n priority %d\n advert_int %g\n"
                    % (i, i // 250, 1 + i % 250, prio - (i == changed), args.advert))
            more = "\n  172.31.0.1/32" if i == changed else ""
            f.write(" virtual_ipaddress {\n  10.%d.1.%d/32%s\n }\n" % (100 + i // 250, 1 + i % 250, more))
            if i == 0 and args.vips:
                f.write(" virtual_ipaddress_excluded {\n")
                for n in range(args.vips):
                    f.write("  %s/32\n" % vip(n))
                f.write(" }\n")
            f.write("}\n")


class Account:
    """What all processes of a control group have used of the processors, those that ended included, exactly."""

    PLACES = (("/sys/fs/cgroup/cpuacct", "cpuacct.usage"), ("/sys/fs/cgroup", "cpu.stat"), ("/sys/fs/cgroup/unified", "cpu.stat"))

    def __init__(self, name):
        self.path = None
        for place, file in self.PLACES:
            path = os.path.join(place, name)
            try:
                os.mkdir(path)
            except OSError:
                continue
            if os.path.exists(os.path.join(path, file)):
                self.path, self.file = path, os.path.join(path, file)
                return
            os.rmdir(path)

    def enter(self):
        """For the process that is about to become the daemon."""
        if self.path:
            with open(os.path.join(self.path, "cgroup.procs"), "w") as f:
                f.write("0")

    def milliseconds(self):
        """None where there are no control groups."""
        if not self.path:
            return None
        with open(self.file) as f:
            text = f.read().split()
        return int(text[0]) / 1e6 if len(text) == 1 else int(text[text.index("usage_usec") + 1]) / 1e3

    def close(self):
        end = time.monotonic() + 5
        while self.path and time.monotonic() < end:
            try:
                os.rmdir(self.path)
                return
            except OSError:
                time.sleep(0.05)


def before_others(args):
    """The beginning of a command that shall not wait for other work of the machine."""
    return ["chrt", "--fifo", "5"] if args.undisturbed else []


class Daemon:
    def __init__(self, key, conf, tmp, args):
        self.key, self.tmp = key, tmp
        self.account = Account("%s.%s" % (PFX, key))
        self.log = open(os.path.join(tmp, key + ".log"), "w")
        p = lambda s: os.path.join(tmp, key + s + ".pid")
        self.proc = subprocess.Popen(
            before_others(args) + ["ip", "netns", "exec", NS[key], args.daemon, "-n", "-l", "-P", "-f", conf,
             "-p", p(""), "-r", p("v"), "-c", p("c")],
            stdout=self.log, stderr=self.log, start_new_session=True, env=dict(os.environ, TMPDIR=tmp),
            preexec_fn=self.account.enter)

    def cpu(self):
        """CPU of all processes in ms, those that have ended included."""
        used = self.account.milliseconds()
        return self.usage()[0] if used is None else used

    def pids(self):
        out = []
        for d in os.listdir("/proc"):
            if d.isdigit():
                try:
                    if os.getsid(int(d)) == self.proc.pid or self._child(int(d)):
                        out.append(int(d))
                except (ProcessLookupError, FileNotFoundError):
                    pass
        return out

    def _child(self, pid):
        while pid > 1:
            if pid == self.proc.pid:
                return True
            with open("/proc/%d/stat" % pid) as f:
                pid = int(f.read().rsplit(")", 1)[1].split()[1])
        return False

    def usage(self):
        """CPU of all processes in ms, RSS and PSS in kB. What a process used that has ended is in
        the account of the parent that waited for it, in ticks of 10 ms."""
        cpu = rss = pss = 0
        for pid in self.pids():
            try:
                with open("/proc/%d/schedstat" % pid) as f:
                    own = int(f.read().split()[0]) / 1e6
                with open("/proc/%d/stat" % pid) as f:
                    fields = f.read().rsplit(")", 1)[1].split()
                with open("/proc/%d/smaps_rollup" % pid) as f:
                    sizes = [line.split() for line in f]
            except (FileNotFoundError, ProcessLookupError):
                continue
            ended = (int(fields[13]) + int(fields[14])) * 1e3 / os.sysconf("SC_CLK_TCK")
            cpu += own + ended
            rss += sum(int(s[1]) for s in sizes if s[0] == "Rss:")
            pss += sum(int(s[1]) for s in sizes if s[0] == "Pss:")
        return cpu, rss, pss

    def kill(self, sig):
        # Stopped first: a child that is told of its parent's death would say farewell.
        pids = self.pids()
        for s in (signal.SIGSTOP, sig):
            for pid in pids:
                try:
                    os.kill(pid, s)
                except ProcessLookupError:
                    pass

    def stop(self):
        if self.proc.poll() is None:
            self.proc.terminate()
            try:
                self.proc.wait(30)
            except subprocess.TimeoutExpired:
                self.kill(signal.SIGKILL)
                self.proc.wait()
        self.log.close()
        self.account.close()


class Sniffer:
    """Adverts and gratuitous ARPs seen on the bridge, with kernel timestamps."""

    def __init__(self, ifaces):
        pid_ns = os.open("/proc/self/ns/net", os.O_RDONLY)
        setns(NS["sw"])
        self.socks = []
        for i in range(ifaces):
            s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            s.setsockopt(socket.SOL_SOCKET, 33, 1 << 27)      # SO_RCVBUFFORCE
            s.setsockopt(socket.SOL_SOCKET, 35, 1)            # SO_TIMESTAMPNS
            s.bind(("br%d" % i, 3))                           # ETH_P_ALL
            s.setblocking(False)
            self.socks.append(s)
        ctypes.CDLL(None).setns(pid_ns, 0x40000000)
        os.close(pid_ns)

    def events(self, until, rest=0):
        """Yield (time, kind, source, value) until the monotonic deadline. With `rest` seconds between two looks
        no packet wakes this process."""
        while True:
            if rest:
                time.sleep(rest)
            left = until - time.monotonic()
            if left <= 0:
                return
            ready = select.select(self.socks, [], [], left)[0]
            if not ready:
                return
            for s in ready:
                for _ in range(100000 if rest else 64):
                    try:
                        data, anc, _, _ = s.recvmsg(2048, 64)
                    except BlockingIOError:
                        break
                    ev = self.decode(data, anc)
                    if ev:
                        yield ev

    @staticmethod
    def decode(data, anc):
        ts = 0.0
        for _, typ, d in anc:
            if typ == 35:
                sec, nsec = struct.unpack("qq", d[:16])
                ts = sec + nsec / 1e9
        et = data[12:14]
        if et == b"\x08\x00" and data[23] == 112:
            ihl = (data[14] & 15) * 4
            v = data[14 + ihl:]
            return ts, "adv", socket.inet_ntoa(data[26:30]), (v[1], v[2])
        if et == b"\x08\x06" and data[28:32] == data[38:42]:
            return ts, "garp", data[6:12].hex(), data[28:32]
        return None


def floor(args, what, n):
    """The kernel's own cost in node b, whose daemon must have stopped: (wall ms, cpu ms), or None without a C compiler."""
    here = os.path.dirname(os.path.abspath(__file__))
    exe = os.path.join(tempfile.gettempdir(), "kernel_floor.%d" % os.getpid())
    try:
        sh("cc", "-O2", "-o", exe, os.path.join(here, "kernel_floor.c"))
        out = sh(*before_others(args), "ip", "netns", "exec", NS["b"], exe, what, "eth0", str(n), "256")
        if what != "adv":
            sh("ip", "netns", "exec", NS["b"], exe, "del", "eth0", str(n), "256")
        return [float(x) for x in out.split()[1:3]]
    except (subprocess.CalledProcessError, FileNotFoundError):
        return None
    finally:
        if os.path.exists(exe):
            os.unlink(exe)


def addr_count(key):
    return sh("ip", "-n", NS[key], "-o", "addr").count("\n")


def wait_master(snf, host, args, seen_all=True):
    """Wait until every instance adverts from 10.x.0.<host>, at most args.settle seconds."""
    vr, end = set(), time.monotonic() + args.settle
    for ts, kind, src, val in snf.events(end):
        if kind == "adv" and src.endswith(".0.%d" % host):
            vr.add((src, val[0]))
            if len(vr) >= args.instances:
                return True
    return False


def wait_addresses(key, args):
    """Wait until a node has all its addresses, at most args.settle seconds; how many they are to be."""
    want = args.vips + args.instances
    end = time.monotonic() + args.settle
    while addr_count(key) < want and time.monotonic() < end:
        time.sleep(0.1)
    return want
