"""Reloads of a running daemon, as the network and the operator see them."""
import os
import shutil
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402
from ka import Skip, case, never, wait  # noqa: E402
from opskit import PIDS, Run, read, read_instances, script, tree  # noqa: E402
from vrrpkit import VIP, conf, inst  # noqa: E402


def vi(number, extra="", **kw):
    """An instance of its own, at a tenth of a second."""
    return inst("VI_%d" % number, vrid=50 + number, prio=150, vips=["10.77.0.%d/24" % (99 + number)], extra=extra, **kw)


def group(*numbers):
    return "vrrp_sync_group G {\ngroup {\n%s\n}\n}" % "\n".join("VI_%d" % n for n in numbers)


def started(lab, text, *args, env=None):
    (r1,) = lab.pair(("r1",))
    d = Run(r1, text, "-n", "-l", "-D", *PIDS, *args, env=env)
    wait(lambda: r1.has(VIP), 8, "master")
    return r1, d


def reload(d, text=None, outcome="Reload finished"):
    """SIGHUP, and wait until the daemon has said what came of it; gives that part of the log."""
    if text is not None:
        d.write(text)
    mark = len(d.log())
    os.kill(d.proc.pid, signal.SIGHUP)
    wait(lambda: d.log()[mark:].count(outcome) >= 1, 6, outcome)
    return d.log()[mark:]


def gaps(wire, vrid, since):
    seen = wire.adverts("10.77.0.1", vrid=vrid, since=since)
    return max(kit.pauses(seen), default=99), {p.prio for p in seen}


@case("defects")
def reload_members_come_and_go_without_demoting_the_group(lab):
    """A member joins a leading group and leaves it: the others never give up, no advert is late."""
    two, three = conf(group(1, 2), vi(1), vi(2)), conf(group(1, 2, 3), vi(1), vi(2), vi(3))
    r1, d = started(lab, two)
    wait(lambda: r1.has("10.77.0.101"), 5)
    wire = lab.sniff()
    mark = time.time()
    reload(d, three)
    wait(lambda: r1.has("10.77.0.102"), 3, "the new member leads with the others")
    time.sleep(0.5)
    log = reload(d, two)
    wait(lambda: not r1.has("10.77.0.102"), 3, "the member that left gives its address back")
    time.sleep(0.5)
    wire.poll()
    for vrid in (51, 52):
        longest, priorities = gaps(wire, vrid, mark)
        assert priorities == {150} and longest < 0.19, (vrid, longest, priorities)
    assert r1.has(VIP) and "BACKUP" not in log, log


@case("defects")
def reload_changes_scripts(lab):
    """Scripts come, change and go: weights follow, an unchanged script is not run again, what is known stays."""
    ran = lab.dir + "/ran"
    good = script(lab, "good", "echo x >> %s\nexit 0" % ran)
    bad = script(lab, "bad", "exit 1")

    def text(scripts, tracked):
        blocks = ["vrrp_script %s {\nscript %s\ninterval %s\nfall 2\n}" % s for s in scripts]
        return conf(*blocks, vi(1, "track_script {\n%s\n}" % "\n".join(tracked)))
    r1, d = started(lab, text([("a", good, 100)], ["a weight 20"]))
    wire = lab.sniff()
    wire.wait(lambda p: p.kind == "vrrp" and p.prio == 170, 3)
    assert read(ran).count("x") == 1
    # Another one before it: the first has another place now, and is not run.
    log = reload(d, text([("b", bad, 100), ("a", good, 100)], ["a weight 20", "b weight -10"]))
    wire.wait(lambda p: p.kind == "vrrp" and p.prio == 160, 3)
    assert read(ran).count("x") == 1, "the unchanged script was run again"
    assert "add script b" in log and " a" not in log.split("add script b")[0].split("Reload:")[-1]
    # A shorter interval takes effect, and the status stays.
    reload(d, text([("b", bad, 100), ("a", good, 0.1)], ["a weight 20", "b weight -10"]))
    wait(lambda: read(ran).count("x") > 3, 3, "the shorter interval")
    # The same name with another command is another script.
    mark = time.time()
    reload(d, text([("b", bad, 100), ("a", bad, 0.1)], ["a weight 20", "b weight -10"]))
    wire.wait(lambda p: p.kind == "vrrp" and p.prio == 140, 3, since=mark)
    count = read(ran).count("x")
    reload(d, conf(vi(1)))
    wire.wait(lambda p: p.kind == "vrrp" and p.prio == 150, 3, since=mark)
    never(lambda: read(ran).count("x") > count, 0.5, "a removed script was run")
    assert r1.has(VIP)


@case("defects")
def reload_ends_a_script_that_runs_and_is_removed(lab):
    """A removed script that runs is ended with all it has started, even if it ignores SIGTERM."""
    pid = lab.dir + "/pid"
    slow = script(lab, "slow", "trap '' TERM\necho $$ > %s\nwhile :; do sleep 0.2; done" % pid)
    r1, d = started(lab, conf("vrrp_script s {\nscript %s\ninterval 60\ntimeout 50\n}" % slow, vi(1, "track_script {\ns weight 5\n}")))
    wait(lambda: read(pid), 3)
    reload(d, conf(vi(1)))
    wait(lambda: not os.path.exists("/proc/" + read(pid).strip()), 5, "the script ends")


@case("defects")
def reload_tracks_files_and_processes_at_once(lab):
    """A newly tracked file or process counts at once; one that moved in the configuration keeps its number."""
    first, second = lab.dir + "/first", lab.dir + "/second"
    for path, number in ((first, 7), (second, -20)):
        with open(path, "w") as f:
            f.write("%d\n" % number)
    a, b = ("track_file %s {\nfile %s\nweight 1\n}" % pair for pair in (("a", first), ("b", second)))
    p = "vrrp_track_process me {\nprocess no-such-process\nweight -30\n}"
    r1, d = started(lab, conf(a, vi(1, "track_file {\na\n}")))
    wire = lab.sniff()
    wire.wait(lambda p: p.kind == "vrrp" and p.prio == 157, 3)
    reload(d, conf(b, a, vi(1, "track_file {\na\nb\n}")))
    wire.wait(lambda p: p.kind == "vrrp" and p.prio == 137, 3)
    with open(second, "w") as f:
        f.write("-10\n")
    wire.wait(lambda p: p.kind == "vrrp" and p.prio == 147, 3)
    mark = time.time()
    reload(d, conf(p, b, a, vi(1, "track_file {\na\n}\ntrack_process {\nme\n}")))
    wire.wait(lambda p: p.kind == "vrrp" and p.prio == 127, 3, since=mark)
    assert r1.has(VIP)


@case("defects")
def reload_changes_routes_only_by_difference(lab):
    """Of the virtual routes those that differ are touched, and nothing else of a master."""
    def text(*routes):
        return conf(vi(1, "virtual_routes {\n%s\n}" % "\n".join("%s via 10.77.0.9" % r for r in routes)))
    r1, d = started(lab, text("10.1.0.0/24", "10.2.0.0/24"))
    here = lambda net: net in r1.ip("route", "show", net)
    wait(lambda: here("10.1.0.0/24") and here("10.2.0.0/24"), 5)
    seen = open(lab.dir + "/mon", "w")
    monitor = r1.spawn("ip", "-o", "monitor", "route", "address", stdout=seen)
    time.sleep(0.3)
    wire = lab.sniff()
    mark = time.time()
    reload(d, text("10.2.0.0/24", "10.3.0.0/24"))
    wait(lambda: here("10.3.0.0/24") and not here("10.1.0.0/24"), 3)
    time.sleep(0.5)
    monitor.kill()
    wire.poll()
    changes = read(lab.dir + "/mon")
    assert "10.2.0.0" not in changes and VIP not in changes, changes
    longest, priorities = gaps(wire, 51, mark)
    assert longest < 0.19 and priorities == {150}, (longest, priorities)


@case("defects")
def reload_of_a_bad_file_keeps_what_runs_and_says_why(lab):
    """No file, nothing to run with, or mistakes with reload_check_config: the old configuration stays, and the log says why."""
    check = "reload_check_config"
    r1, d = started(lab, conf(vi(1), globals=check))
    wire = lab.sniff()
    mark = time.time()
    log = reload(d, conf(vi(1, "prority 3"), globals=check), "Reload refused")
    assert "prority" in log and "1 mistakes" in log, log
    os.rename(d.conf, d.conf + ".away")
    log = reload(d, None, "Reload refused")
    assert "keepalived.conf" in log, log
    log = reload(d, "instance other\n" + conf(vi(1), globals=check), "Reload refused")
    assert "instance cannot change without a restart" in log, log
    time.sleep(0.5)
    wire.poll()
    longest, priorities = gaps(wire, 51, mark)
    assert longest < 0.25 and priorities == {150} and d.proc.poll() is None, (longest, priorities)
    log = reload(d, conf(vi(1), globals=check))
    assert r1.has(VIP)


@case("defects")
def reload_tells_the_service_manager(lab):
    """RELOADING with the time, then READY; a refused reload is READY with ERRNO and the reason."""
    if not shutil.which("unshare"):
        raise Skip("there is no unshare")
    # Only what systemd itself has started may speak for the service.
    shutil.copy("/bin/sh", lab.dir + "/systemd")
    address = lab.dir + "/notify"
    box = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    box.bind(address)
    box.setblocking(False)
    got = []

    def said(text):
        try:
            while True:
                got.append(box.recv(4096).decode())
        except BlockingIOError:
            pass
        return [m for m in got if text in m]
    (r1,) = lab.pair(("r1",))
    config = lab.dir + "/c.conf"

    def write(text):
        with open(config, "w") as f:
            f.write(text + "\n")
    write(conf(vi(1), globals="reload_check_config"))
    command = "%s -n -l -D -G -f %s -p %s/p -r %s/r & echo started; wait" % (os.path.abspath(lab.daemon), config, lab.dir, lab.dir)
    log = open(lab.dir + "/log", "w")
    p = r1.spawn("unshare", "-pf", "--mount-proc", "--kill-child", lab.dir + "/systemd", "-c", command,
                 env=dict(os.environ, NOTIFY_SOCKET=address), stdout=log, stderr=log)
    wait(lambda: said("READY=1"), 8, "READY at start")
    pid = [c for c in tree(p.pid) if "keepalived" in read("/proc/%d/comm" % c)][0]
    got.clear()
    os.kill(pid, signal.SIGHUP)
    wait(lambda: said("READY=1"), 5, "READY after the reload")
    begin = said("RELOADING=1")[0]
    stamp = int(dict(line.split("=", 1) for line in begin.split("\n"))["MONOTONIC_USEC"])
    assert abs(stamp / 1e6 - time.clock_gettime(time.CLOCK_MONOTONIC)) < 10, begin
    assert got.index(begin) < got.index(said("READY=1")[0]) and "ERRNO=0" in said("READY=1")[0], got
    got.clear()
    write(conf(vi(1, "prority 3"), globals="reload_check_config"))
    os.kill(pid, signal.SIGHUP)
    wait(lambda: said("READY=1"), 5, "READY after the refusal")
    end = said("READY=1")[0]
    assert "ERRNO=22" in end and "STATUS=Reload refused: the configuration file has 1 mistakes" in end, got
    p.kill()


@case("defects")
def reload_starts_and_ends_processes(lab):
    """A process that the new configuration needs starts, one that it does not need ends in order, and its pid file with it."""
    (r1,) = lab.pair(("r1",))
    d = Run(r1, conf(), "-n", "-l", "-D", *PIDS)
    wait(lambda: "no configuration to run" in d.log() and os.path.exists(d.base + "/p.pid"), 5)
    assert tree(d.proc.pid) == [d.proc.pid] and not os.path.exists(d.base + "/r.pid")
    reload(d, conf(vi(1)), "Reload finished")
    wait(lambda: r1.has(VIP), 5, "the new process works")
    assert [int(read(d.base + "/r.pid"))] == tree(d.proc.pid)[1:]
    wire = lab.sniff()
    reload(d, conf())
    wire.wait(lambda p: p.kind == "vrrp" and p.prio == 0, 3, "it says goodbye")
    wait(lambda: not os.path.exists(d.base + "/r.pid"), 8, "its pid file is gone")
    wait(lambda: tree(d.proc.pid) == [d.proc.pid], 3)
    assert not r1.has(VIP) and "Respawning" not in d.log(), d.log()
    reload(d, conf(vi(1)), "Reload finished")
    wait(lambda: r1.has(VIP), 5, "it is back")
    assert d.stop() == 0 and not os.path.exists(d.base + "/r.pid")


@case("defects")
def reload_changes_pipes(lab):
    """Another FIFO is used from the reload on, its reader with it; all states are written if that is wanted."""
    pipes = [lab.dir + "/one", lab.dir + "/two"]
    reader = script(lab, "reader", "exec cat $1 > $1.lines")
    head = "vrrp_notify_fifo %s\nvrrp_notify_fifo_script " + reader + "\nscript_user root"
    r1, d = started(lab, conf(vi(1), globals=head % pipes[0]))
    wait(lambda: "MASTER" in read(pipes[0] + ".lines"), 4)
    first = [c for c in tree(d.proc.pid) if "cat" in read("/proc/%d/comm" % c)]
    reload(d, conf(vi(1), globals=head % pipes[0]))
    assert [c for c in tree(d.proc.pid) if "cat" in read("/proc/%d/comm" % c)] == first, "the reader stays"
    assert read(pipes[0] + ".lines").count("MASTER") == 1, "nothing is repeated"
    reload(d, conf(vi(1), globals=head % pipes[1] + "\nfifo_write_vrrp_states_on_reload"))
    wait(lambda: 'INSTANCE "VI_1" MASTER 150\n' == read(pipes[1] + ".lines"), 4, "the state in the new pipe")
    assert not os.path.exists(pipes[0]), "the pipe that was made is removed"
    wait(lambda: not os.path.exists("/proc/%d" % first[0]), 3, "its reader is ended")


@case("defects")
def reload_files_around_it(lab):
    """reload_file is there while the configuration is read and gone afterwards; config_save_dir gets copies."""
    marker, folder = lab.dir + "/reading", lab.dir + "/copies"
    r1, d = started(lab, conf(vi(1), globals="reload_file %s\nconfig_save_dir %s" % (marker, folder)))
    with open(marker, "w") as f:
        f.write("I want a reload")
    reload(d)
    assert not os.path.exists(marker)
    pid = d.proc.pid
    names = ["keepalived.conf.%d.1" % pid, "keepalived_vrrp.%d.1.pre" % pid, "keepalived_vrrp.%d.1.post" % pid]
    wait(lambda: sorted(os.listdir(folder)) == sorted(names), 3, "copies")
    assert os.stat(folder).st_mode & 0o777 == 0o700
    assert read_instances(read("%s/%s" % (folder, names[1])))["VI_1"]["State"] == "MASTER"
    assert "vrrp_instance VI_1" in read("%s/%s" % (folder, names[0]))


@case("defects")
def reload_at_a_time(lab):
    """reload_time_file: at the time in the file, which is removed; a date keeps its day, a change moves it, a removal cancels it."""
    when = lab.dir + "/when"
    r1, d = started(lab, conf(vi(1), globals="reload_time_file " + when))

    def put(seconds, form="%H:%M:%S"):
        with open(when + ".new", "w") as f:
            f.write(time.strftime(form, time.localtime(time.time() + seconds)) + "\n")
        os.rename(when + ".new", when)
    put(3600)
    wait(lambda: "Scheduled reload at" in d.log(), 3)
    os.unlink(when)
    wait(lambda: "scheduled reload is cancelled" in d.log(), 3)
    with open(when, "w") as f:
        f.write("soon\n")
    wait(lambda: "is no time" in d.log(), 3)
    d.write(conf(vi(1).replace("priority 150", "priority 140"), globals="reload_time_file %s\nreload_repeat" % when))
    wire = lab.sniff()
    put(5, "%Y-%m-%d %H:%M:%S")
    wire.wait(lambda p: p.kind == "vrrp" and p.prio == 140, 20, "the reload has happened")
    wait(lambda: not os.path.exists(when), 2, "the file is removed")
    d.write(conf(vi(1), globals="reload_time_file %s\nreload_repeat" % when))
    put(5)
    wire.wait(lambda p: p.kind == "vrrp" and p.prio == 150, 20, "the second one, too")
    assert os.path.exists(when), "it is for every day"


@case("defects")
def reload_hundreds_of_times_without_growth(lab):
    """Three hundred reloads with changes of every kind: neither memory nor descriptors grow."""
    run = script(lab, "run", "exit 0")

    def text(n):
        blocks = ["vrrp_script s%d {\nscript %s\ninterval 1\n}" % (n % 3, run), "track_file f%d {\nfile %s/f\n}" % (n % 2, lab.dir)]
        blocks += [vi(i, "track_script {\ns%d weight 1\n}\ntrack_file {\nf%d\n}" % (n % 3, n % 2)) for i in range(1, 6 + n % 5)]
        blocks.append("static_ipaddress {\n10.9.%d.1/32 dev eth0\n}" % (n % 4))
        return conf(*blocks, globals="vrrp_notify_fifo %s/fifo%d\nscript_user root" % (lab.dir, n % 2))
    r1, d = started(lab, text(0))

    def facts():
        pids = sorted(tree(d.proc.pid))[:2]
        rss = [int(line.split()[1]) for p in pids for line in read("/proc/%d/status" % p).splitlines() if line.startswith("VmRSS")]
        return pids, sum(rss), sum(len(os.listdir("/proc/%d/fd" % p)) for p in pids)

    def settle(n):
        mark = d.log().count("Reload finished")
        d.write(text(n))
        os.kill(d.proc.pid, signal.SIGHUP)
        wait(lambda: d.log().count("Reload finished") > mark, 5, "reload %d" % n, step=0.005)
    for n in range(60):
        settle(n)
    before = facts()
    for n in range(60, 300):
        settle(n)
    after = facts()
    assert after[0] == before[0], "other processes"
    assert after[2] <= before[2], "descriptors: %s, then %s" % (before[2], after[2])
    assert after[1] < before[1] + 600, "kB: %s, then %s" % (before[1], after[1])
