"""What a process is to the system: names, scheduling, limits, locked memory, namespaces, exit status.

Whatever a keyword gives a process, a reload without the keyword takes away, and scripts never get it.
"""
import os
import re
import resource
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402,F401
from ka import case, wait  # noqa: E402
from opskit import BFD, ONE, OWN_RUN, PIDS, Run, children, comm, dump, gone, once, read  # noqa: E402
from vrrpkit import lines, put, script  # noqa: E402

KINDS = (("vrrp", "/r.pid"), ("bfd", "/b.pid"))


def settings(*words):
    return "global_defs {\n%s\n}\n" % "\n".join(words)


def start(host, text, *args, **kw):
    """The daemon, and its processes once all of them run."""
    d = Run(host, text, "-n", "-l", "-D", *PIDS, *args, **kw)
    pids = {"parent": d.proc.pid}
    for kind, name in KINDS:
        if kind == "vrrp" or "bfd_instance" in text:
            wait(lambda: read(d.base + name).strip(), 5, "the %s process" % kind)
            pids[kind] = int(read(d.base + name))
    wait(lambda: "Entering" in d.log(), 5, "the VRRP process has started")
    return d, pids


def reload(d, text):
    finished = d.log().count("Reload finished\n")
    d.write(text)
    d.proc.send_signal(signal.SIGHUP)
    wait(lambda: d.log().count("Reload finished\n") > finished, 5, "the reload")


def status(pid, field):
    return re.search(r"^%s:\s+(.*)$" % field, read("/proc/%d/status" % pid), re.M).group(1)


# CAP_SYS_RESOURCE: without it a hard limit stays where it is; that of the real-time class concerns nobody else.
MAY_RAISE = bool(int(status(os.getpid(), "CapEff"), 16) & 1 << 24)


def stat(pid, number):
    """A field of /proc/PID/stat, counted as proc(5) does."""
    return int(read("/proc/%d/stat" % pid).rsplit(")", 1)[1].split()[number - 3])


def scheduling(pid):
    """(policy, real-time priority, nice value, RLIMIT_RTTIME, processors)"""
    limit = re.search(r"^Max realtime timeout\s+(\S+)\s+(\S+)", read("/proc/%d/limits" % pid), re.M).groups()
    policy, priority = os.sched_getscheduler(pid) & ~0x40000000, stat(pid, 40)
    return policy, priority, stat(pid, 19), limit if priority or MAY_RAISE else None, sorted(os.sched_getaffinity(pid))


def may_trace():
    """Whether strace can be used here: it may be missing, or forbidden to a container."""
    try:
        return subprocess.run(["strace", "-f", "--seccomp-bpf", "-e", "trace=none", "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def oom(pid):
    return int(read("/proc/%d/oom_score_adj" % pid))


@case("defects", "process")
def process_names_follow_the_configuration(lab):
    """process_names, *_process_name: as pgrep sees them, at the start and after a reload."""
    (r1,) = lab.pair(["r1"])
    d, pids = start(r1, settings("process_names", "bfd_process_name watching") + ONE + BFD)
    names = lambda: {kind: comm(pid) for kind, pid in pids.items()}
    assert names() == {"parent": "keepalived", "vrrp": "keepalived_vrrp", "bfd": "watching"}, names()
    reload(d, settings("process_name boss", "vrrp_process_name routing") + ONE + BFD)
    wait(lambda: names() == {"parent": "boss", "vrrp": "routing", "bfd": "keepalived"}, 3, "the names of the new configuration")
    assert d.stop() == 0


@case("defects", "process")
def scheduling_is_given_and_taken_back(lab):
    """Nice value, real-time class and its budget, processors: of the process that is named, and not after a reload without."""
    (r1,) = lab.pair(["r1"])
    before = scheduling(os.getpid())
    last = before[4][-1]
    rest = ONE + BFD
    d, pids = start(r1, settings("vrrp_rt_priority 7", "vrrp_rlimit_rttime 400000", "vrrp_cpu_affinity %d" % last, "bfd_priority -5") + rest)
    given = (os.SCHED_RR, 7, before[2], ("200000", "400000"), [last])
    wait(lambda: scheduling(pids["vrrp"]) == given, 3, "%s, have %s" % (given, scheduling(pids["vrrp"])))
    assert scheduling(pids["bfd"]) == (os.SCHED_OTHER, 0, -5, *before[3:]), scheduling(pids["bfd"])
    assert scheduling(pids["parent"]) == before, scheduling(pids["parent"])
    reload(d, settings("bfd_rt_priority 3") + rest)
    wait(lambda: scheduling(pids["vrrp"]) == before, 3, "all is as at the start, have %s" % (scheduling(pids["vrrp"]),))
    given = (os.SCHED_RR, 3, before[2], ("5000", "10000"), before[4])
    wait(lambda: scheduling(pids["bfd"]) == given, 3, "%s, have %s" % (given, scheduling(pids["bfd"])))
    reload(d, rest)
    wait(lambda: scheduling(pids["bfd"]) == before, 3, "all is as at the start, have %s" % (scheduling(pids["bfd"]),))
    assert d.stop() == 0


@case("defects", "process")
def scripts_are_ordinary_processes(lab):
    """Scripts of a process with priorities, limits and a memory score of its own have what the daemon was started with, and no IFS or LD_*."""
    (r1,) = lab.pair(["r1"])
    out = os.path.join(lab.dir, "seen")
    show = script(lab, "show.sh", """
        exec >> %s
        cut -d' ' -f19,40,41 /proc/self/stat
        grep Cpus_allowed_list /proc/self/status
        grep 'realtime timeout' /proc/self/limits
        cat /proc/self/oom_score_adj
        env | grep -E '^(IFS|LD_|KEPT)'
        echo end""" % out)
    # The nice value -4: the daemon's own start is not that of the test.
    text = settings("script_user root", "vrrp_rt_priority 5", "vrrp_cpu_affinity 0", "vrrp_no_swap", "oom_score_adj 700")
    text += "vrrp_script S {\nscript %s\ninterval 60\n}\n" % show + ONE.replace("priority 150", "priority 150\ntrack_script {\nS\n}")
    d = Run(r1, text, "-n", "-l", *PIDS, pre="renice -n -4 -p $$ >/dev/null; echo 33 > /proc/self/oom_score_adj",
            env={"IFS": "x", "LD_LIBRARY_PATH": "/nowhere", "KEPT": "yes"})
    wait(lambda: "end" in lines(out), 6, "the script has run")
    seen = read(out)
    allowed = status(os.getpid(), "Cpus_allowed_list")
    assert re.search(r"^-4 0 0$", seen, re.M), seen
    assert re.search(r"Cpus_allowed_list:\s+%s$" % allowed, seen, re.M), seen
    if MAY_RAISE:
        assert re.search(r"realtime timeout\s+unlimited\s+unlimited", seen), seen
    assert "33" in lines(out) and "KEPT=yes" in lines(out), seen
    assert not re.search(r"^(IFS|LD_)", seen, re.M), seen
    assert oom(int(read(d.base + "/r.pid"))) == 700 and oom(d.proc.pid) == 700
    assert d.stop() == 0


@case("defects", "process")
def takeovers_hurry_and_no_longer(lab):
    """A new master goes before ordinary work until its addresses are there; then it is ordinary again, and its scripts were all along.
    Both take a moment that cannot be waited for, so the system calls are recorded."""
    (r1,) = lab.pair(["r1"])
    calls = os.path.join(lab.dir, "calls")
    traced = "exec strace -D -f --seccomp-bpf -e trace=sched_setscheduler -o %s \"$0\" \"$@\"" % calls
    out = os.path.join(lab.dir, "seen")
    show = script(lab, "show.sh", "cut -d' ' -f40,41 /proc/self/stat >> %s" % out)
    addresses = "\n".join("10.79.%d.%d/32" % (i // 250, 1 + i % 250) for i in range(600))
    text = ONE.replace("virtual_ipaddress {", "notify_master %s\nvirtual_ipaddress {\n%s" % (show, addresses))
    d, pids = start(r1, settings("script_user root") + text, pre=traced if may_trace() else "")
    before = scheduling(os.getpid())
    wait(lambda: r1.has("10.79.2.100"), 10, "all addresses")
    wait(lambda: lines(out), 10, "the script has run")
    assert lines(out) == ["0 0"], lines(out)
    wait(lambda: scheduling(pids["vrrp"]) == before, 10, "as before, have %s" % (scheduling(pids["vrrp"]),))
    if may_trace():
        priorities = lambda: re.findall(r"^%d +sched_setscheduler\(0, .*, \[(\d+)\]\) = 0$" % pids["vrrp"], read(calls), re.M)
        wait(lambda: priorities()[:2] == ["1", "0"], 10, "it went before others and back: " + read(calls))
    d.proc.send_signal(signal.SIGHUP)
    wait(lambda: d.log().count("Reload finished\n") == 1, 10, "the reload")
    wait(lambda: scheduling(pids["vrrp"]) == before, 10, "ordinary after a reload, too")
    assert d.stop() == 0


@case("defects", "process")
def memory_is_locked_and_let_go(lab):
    """*_no_swap: all pages of that process are locked and room is there beforehand; a reload without lets go."""
    (r1,) = lab.pair(["r1"])
    d, pids = start(r1, settings("vrrp_no_swap") + ONE + BFD)
    locked = lambda pid: int(status(pid, "VmLck").split()[0])
    wait(lambda: locked(pids["vrrp"]) > 1024, 3, "locked pages")
    assert locked(pids["bfd"]) == locked(pids["parent"]) == 0
    resident = int(status(pids["vrrp"], "VmRSS").split()[0])
    assert resident > 0.95 * locked(pids["vrrp"]) - 300, "%d kB of %d" % (resident, locked(pids["vrrp"]))
    faults = stat(pids["vrrp"], 10)
    d.proc.send_signal(signal.SIGUSR1)
    wait(lambda: os.path.exists(d.tmpdir + "/keepalived.data"), 3, "the dump")
    assert stat(pids["vrrp"], 10) - faults < 40, "a dump takes %d new pages" % (stat(pids["vrrp"], 10) - faults)
    reload(d, settings("bfd_no_swap") + ONE + BFD)
    wait(lambda: locked(pids["vrrp"]) == 0 and locked(pids["bfd"]) > 1024, 3, "the other process is locked")
    assert d.stop() == 0


@case("defects", "process")
def memory_score_is_given_and_taken_back(lab):
    """oom_score_adj: of all processes, also after a reload, and a reload without it restores what was."""
    (r1,) = lab.pair(["r1"])
    before = oom(os.getpid())
    d, pids = start(r1, settings("oom_score_adj 300") + ONE + BFD)
    scores = lambda: {oom(pid) for pid in pids.values()}
    assert scores() == {300}, scores()
    reload(d, settings("oom_score_adj 800") + ONE + BFD)
    wait(lambda: scores() == {800}, 3, "the score of the new configuration, have %s" % scores())
    reload(d, ONE + BFD)
    wait(lambda: scores() == {before}, 3, "the score of the start, have %s" % scores())
    assert d.stop() == 0


@case("defects", "process")
def umask_of_configuration_and_command_line(lab):
    """umask: mode of a dump, other after a reload; -u goes before it in any case."""
    (r1,) = lab.pair(["r1"])

    def mode(d, name="keepalived.data"):
        dump(d, signal.SIGUSR1, name)
        return os.stat(os.path.join(d.tmpdir, name)).st_mode & 0o777
    d, _ = start(r1, settings("umask 022") + ONE)
    assert mode(d) == 0o644, oct(mode(d))
    reload(d, settings("umask IRWXO|IWGRP") + ONE)
    assert mode(d) == 0o640 and mode(d, "keepalived_parent.data") == 0o640, oct(mode(d))
    reload(d, ONE)
    assert mode(d) == 0o600, oct(mode(d))
    assert d.stop() == 0
    d, _ = start(r1, settings("umask 022") + ONE, "-u", "0077")
    assert mode(d) == 0o600, oct(mode(d))
    assert d.stop() == 0


@case("defects", "process")
def used_up_budget_is_a_warning(lab):
    """SIGXCPU, the kernel's first warning of RLIMIT_RTTIME: said once, and the process lives on."""
    (r1,) = lab.pair(["r1"])
    d, pids = start(r1, settings("vrrp_rt_priority 2", "bfd_rt_priority 2") + ONE + BFD)
    for kind in ("vrrp", "bfd"):
        os.kill(pids[kind], signal.SIGXCPU)
        wait(lambda: "%s_rlimit_rttime has to be larger" % kind in d.log(), 3, "the warning of the %s process" % kind)
    assert not gone(pids["vrrp"]) and not gone(pids["bfd"]) and "Respawning" not in d.log()
    assert d.stop() == 0


@case("defects", "process")
def late_processes_get_a_priority(lab):
    """max_auto_priority: a VRRP and a BFD process that stood still are real-time afterwards, a step at a time."""
    (r1,) = lab.pair(["r1"])
    d, pids = start(r1, settings("max_auto_priority 2", "min_auto_priority_delay 200000") + ONE + BFD)
    for want in (1, 2, 2):
        for kind in ("vrrp", "bfd"):
            os.kill(pids[kind], signal.SIGSTOP)
        # Deadlines are at most a second ahead.
        time.sleep(1.5)
        for kind in ("vrrp", "bfd"):
            os.kill(pids[kind], signal.SIGCONT)
        wait(lambda: scheduling(pids["vrrp"])[1] >= want, 3, "priority %d of the VRRP process" % want)
    assert scheduling(pids["vrrp"])[:2] == (os.SCHED_RR, 2)
    wait(lambda: scheduling(pids["bfd"])[:2] == (os.SCHED_RR, 2), 3, "the BFD process, too")
    assert d.stop() == 0


@case("defects", "process")
def namespace_and_instance_have_names_of_their_own(lab):
    """-s NAME and `instance`: pid files in a folder of their own, log files, dumps and identities with both names; two daemons side by side."""
    (r1,) = lab.pair(["r1"])
    name = r1.ns
    text = "instance red\n" + settings("data_use_instance true") + ONE
    d = Run(r1, text, "-n", "-l", "-g@BASE@/own.log", "-s", name, pre=OWN_RUN_WITH_NAMES)
    wait(lambda: r1.has("10.77.0.100"), 6, "the address in the namespace")
    vrrp = children(d.proc.pid)[0]
    files = lambda folder: sorted(f for f in os.listdir("/proc/%d/root%s" % (d.proc.pid, folder)) if f.endswith(".pid"))
    assert files("/run/keepalived") == ["keepalived_red.pid", "vrrp_red.pid"], files("/run/keepalived")
    assert read("/proc/%d/root/run/keepalived/vrrp_red.pid" % d.proc.pid).strip() == str(vrrp)
    assert os.readlink("/proc/%d/ns/net" % vrrp) == os.readlink("/proc/%d/ns/net" % d.proc.pid)
    logs = sorted(f for f in os.listdir(d.base) if f.endswith(".log"))
    assert "own_vrrp_%s_red.log" % name in logs and "own_%s_red.log" % name in logs, logs
    d.proc.send_signal(signal.SIGUSR1)
    wait(lambda: "keepalived.%s_red.data" % name in os.listdir(d.tmpdir), 3, "the dump, have %s" % os.listdir(d.tmpdir))
    assert "keepalived_parent.%s_red.data" % name in os.listdir(d.tmpdir)
    # Mounts are private: outside the folder shows the namespace's own.
    outside = os.path.join(d.base, "run", "keepalived", name)
    assert sorted(f for f in os.listdir(outside) if f.endswith(".pid")) == ["keepalived_red.pid", "vrrp_red.pid"]
    reload_refused(d, text.replace("red", "blue"), "instance cannot change without a restart")
    assert d.stop() == 0
    assert not os.path.exists(os.path.dirname(outside)), os.listdir(os.path.dirname(outside))


# A /run of our own in which the namespaces still have their names.
OWN_RUN_WITH_NAMES = "mkdir -p @BASE@/run/netns\nmount --rbind /run/netns @BASE@/run/netns\n" + OWN_RUN.replace("--bind", "--rbind")


def reload_refused(d, text, why):
    d.write(text)
    d.proc.send_signal(signal.SIGHUP)
    wait(lambda: why in d.log(), 5, "the refusal: %s" % why)


@case("defects", "process")
def namespace_of_the_configuration(lab):
    """net_namespace: the daemon runs there, wherever it is started; -s goes before it; -t looks at its interfaces; one that is missing is told."""
    r1, r2 = lab.pair()
    text = "net_namespace %s\n" % r2.ns + ONE
    d = Run(r1, text, "-n", "-l", pre=OWN_RUN_WITH_NAMES)
    wait(lambda: r2.has("10.77.0.100"), 6, "the address where the configuration says")
    assert not r1.has("10.77.0.100")
    assert d.stop() == 0 and not r2.has("10.77.0.100")
    d = Run(r2, text, "-n", "-l", "--namespace=" + r1.ns, pre=OWN_RUN_WITH_NAMES)
    wait(lambda: r1.has("10.77.0.100"), 6, "the address where the command line says")
    assert d.stop() == 0
    third = lab.host("r3")
    path = os.path.join(lab.dir, "ns.conf")
    put(path, text)
    rc, _, err = once(third, "-t", "-f", path)
    assert rc == 0 and err == "", "eth0 is in that namespace: %d %s" % (rc, err)
    put(path, text.replace(r2.ns, "no-such-namespace"))
    rc, _, err = once(r1, "-t", "-f", path)
    assert rc == 5 and "Cannot enter network namespace no-such-namespace" in err, err
    rc, _, err = once(r1, "-n", "-f", path, "-p", path + ".pid")
    assert rc == 1 and "no-such-namespace" in err, (rc, err)


@case("defects", "process")
def release_options_at_the_end(lab):
    """-X changes nothing: an orderly stop removes the address, and keeps it with -V, whatever else is said."""
    (r1,) = lab.pair(["r1"])
    for options, kept in ((["-X"], False), (["-V"], True), (["-V", "--release-vips"], True)):
        d, _ = start(r1, ONE.replace("advert_int 1", "advert_int 0.2\nversion 3"), *options)
        wait(lambda: r1.has("10.77.0.100"), 6, "master")
        assert d.stop() == 0
        assert r1.has("10.77.0.100") == kept, options
    r1.ip("addr", "del", "10.77.0.100/24", "dev", "eth0")


def ended(host, *command):
    """A command in the host, to its end: (exit status, what it said)."""
    process = host.spawn(*command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said, _ = process.communicate(timeout=20)
    return process.returncode, said


@case("defects", "process")
def exit_status_says_why(lab):
    """0 after a stop, 1 bad command line, 2 unusable configuration, 4 no permission, 6 no file, 204 no memory; of the command in daemon mode as well."""
    (r1,) = lab.pair(["r1"])
    good, bad = os.path.join(lab.dir, "good.conf"), os.path.join(lab.dir, "bad.conf")
    put(good, ONE)
    put(bad, ONE.replace("    virtual_router_id 51\n", ""))
    pid = os.path.join(lab.dir, "x.pid")
    for args, want in ((["--nonsense"], 1), (["-f", bad, "-p", pid], 2), (["-n", "-f", bad, "-p", pid], 2), (["-f", bad + ".no", "-p", pid], 6)):
        rc, _, err = once(r1, *args)
        assert rc == want and err.strip(), (args, rc, err)
    for where in ("virtual_routes {\n10.9.0.0/16 dev eth9\n}", "virtual_rules {\nfrom 10.9.0.1 iif eth9 table 9 preference 9\n}"):
        put(bad, ONE.rstrip().removesuffix("}") + where + "\n}\n")
        rc, _, err = once(r1, "-n", "-f", bad, "-p", pid)
        assert rc == 2 and "eth9" in err, (where, rc, err)
    vrrp = os.path.join(lab.dir, "x_vrrp.pid")
    run = [os.path.abspath(lab.daemon), "-n", "-l", "-f", good, "-p", pid, "-r", vrrp]
    rc, err = ended(r1, "setpriv", "--bounding-set", "-net_raw", *run)
    assert rc == 4 and "lacks CAP_NET_RAW: run keepalived as root" in err, (rc, err)
    rc, err = ended(r1, "prlimit", "--nofile=12", *run)
    assert rc == 1 and "Too many open files" in err and not os.path.exists(pid), (rc, err)
    large = os.path.join(lab.dir, "large.conf")
    put(large, "".join(ONE.replace("VI_1", "V%d" % n).replace(" 51", " %d" % (1 + n % 250)) for n in range(12000)))
    daemon = os.path.abspath(lab.daemon)
    rc = r1.spawn("sh", "-c", "ulimit -v 40000; exec %s -t -f %s" % (daemon, large), stderr=-3, stdout=-3).wait(20)
    assert rc == 204, rc


@case("defects", "process")
def a_descriptor_limit_is_raised_for_the_daemon_only(lab):
    """The soft limit of open files goes up to the hard one for the daemon."""
    (r1,) = lab.pair(["r1"])
    d = Run(r1, ONE, "-n", "-l", *PIDS, pre="ulimit -Sn 100")
    wait(lambda: r1.has("10.77.0.100"), 6, "master")
    soft, hard = re.search(r"^Max open files\s+(\d+)\s+(\d+)", read("/proc/%d/limits" % children(d.proc.pid)[0]), re.M).groups()
    assert int(soft) == min(int(hard), 65536) > 100, (soft, hard)
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[1] == int(hard)
    assert d.stop() == 0
