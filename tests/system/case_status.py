"""What a running daemon tells those who watch: `keepalived --status`, metrics."""
import grp
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402
from backends import Http, balancer, check, real, settle, url, virtual  # noqa: E402
from ka import Skip, case, sh, wait  # noqa: E402
from vrrpkit import VIP, conf, inst, script, single  # noqa: E402

# The parser of a scraper, as Debian has it.
PARSER = "import sys\nfrom prometheus_client.openmetrics.parser import text_string_to_metric_families as parse\n" \
         "import json\nprint(json.dumps([[f.name, f.type, f.unit, [[s.name, s.labels, s.value] for s in f.samples]]" \
         " for f in parse(sys.stdin.read())]))\n"


def status(daemon, *options, check=True):
    """What the command says of this daemon."""
    command = [daemon.host.lab.daemon, "--status=" + daemon.base + ".sock", *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
    assert not check or done.returncode == 0, done
    return done.stdout if check else done


def state(daemon):
    return json.loads(status(daemon, "--json"))


def instance(daemon, name="VI_1"):
    found = [i for i in state(daemon)["vrrp"]["instances"] if i["name"] == name]
    return found[0] if found else None


def answer(sock):
    """All that comes until the end."""
    text = b""
    while True:
        part = sock.recv(1 << 16)
        if not part:
            return text
        text += part


def parsed(text):
    """Families of metrics by name: type, unit and samples; the parser must take the text."""
    if not os.path.isdir("/usr/lib/python3/dist-packages/prometheus_client"):
        raise Skip("python3-prometheus-client is not installed")
    out = sh("/usr/bin/python3", "-c", PARSER, input=text)
    return {name: (kind, unit, samples) for name, kind, unit, samples in json.loads(out)}


def fetch(host, at, request=b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"):
    """Head and body of an answer; `at` is a path or a port."""
    def connected():
        kind = socket.AF_INET if isinstance(at, int) else socket.AF_UNIX
        return socket.socket(kind, socket.SOCK_STREAM)
    with host.inside(connected) as s:
        s.settimeout(10)
        s.connect(("127.0.0.1", at) if isinstance(at, int) else at)
        s.sendall(request)
        head, _, body = answer(s).partition(b"\r\n\r\n")
    return head.decode(), body.decode()


@case("defects")
def status_says_what_is_and_why(lab):
    """State, since when, why, the priority and what it is composed of, addresses, peers, groups and trackers."""
    r1, r2 = lab.pair()
    bad = script(lab, "chk", "exit 1")
    tracked = conf("vrrp_script chk {\nscript %s\ninterval 1\nweight -20\nfall 1\nuser root\n}" % bad,
                   "vrrp_sync_group G {\ngroup {\nVI_2\nVI_3\n}\n}",
                   inst(prio=200, extra="track_script {\nchk\n}"),
                   inst(name="VI_2", vrid=52, vips=["10.77.0.101/24"]),
                   inst(name="VI_3", vrid=53, vips=["10.77.0.102/24"]), globals="enable_script_security\ndynamic_interfaces")
    d1 = r1.keepalived(tracked)
    d2 = r2.keepalived(single(prio=50))
    wait(lambda: r1.has(VIP) and instance(d1)["priority"]["effective"] == 180, 8, "master with what is tracked")
    wait(lambda: instance(d2)["master"], 5, "the backup knows its master")
    one, other = instance(d1), instance(d2)
    assert one["state"] == "MASTER" and other["state"] == "BACKUP"
    assert abs(time.time() - one["since"]) < 30 and one["cause"], one
    parts = {p["of"]: p for p in one["priority"]["parts"]}
    assert parts["script chk"]["adds"] == -20 and parts["script chk"]["state"] == "down", parts
    assert one["addresses"] == [{"address": VIP + "/24", "is_set": True}]
    assert other["master"] == {"address": "10.77.0.1", "priority": 180}, other["master"]
    (peer,) = other["peers"]
    assert peer["address"] == "10.77.0.1" and peer["priority"] == 180 and peer["heard"] < 5 and peer["refused"] is None
    everything = state(d1)
    assert [g["members"] for g in everything["vrrp"]["groups"]] == [["VI_2", "VI_3"]]
    assert everything["vrrp"]["trackers"] == [{"name": "script chk", "state": "down"}]
    text = status(d1)
    for part in ("MASTER", "180 = 200 - 20 script chk", VIP + "/24", "VI_2, VI_3", "script chk  down"):
        assert part in text, text
    assert "\x1b" not in text, "colours are for terminals"
    # A reload that is refused is told until another takes over.
    d1.reload("net_namespace other\n" + tracked)
    refusal = wait(lambda: state(d1)["daemon"]["refusal"], 8, "the reload is refused")
    assert "net_namespace" in refusal["reason"] and "The last reload, " in status(d1), refusal
    # Why it cannot run: one member of a group by what it tracks, the other by the first; one without an interface.
    d1.reload(tracked.replace("\nvrrp_instance VI_2 {", "\nvrrp_instance VI_2 {\ntrack_interface {\nnosuch0\n}"))
    wait(lambda: instance(d1, "VI_2")["state"] == instance(d1, "VI_3")["state"] == "FAULT", 8)
    assert state(d1)["daemon"]["refusal"] is None and "The last reload, " not in status(d1)
    assert instance(d1, "VI_2")["faults"] == ["interface nosuch0 does not exist"]
    assert instance(d1, "VI_3")["faults"] == ["VI_2 of its sync group has a fault"]
    r1.carrier("eth0", False)
    wait(lambda: instance(d1)["state"] == "FAULT", 8)
    assert instance(d1)["faults"][0] == "interface eth0 is down" and "interface eth0 is down" in status(d1)


@case("defects")
def status_is_for_those_who_may(lab):
    """Root only, or whoever the mode lets in; a reload changes that; a stale socket gives way, and none is left."""
    (r1,) = lab.pair(("r1",))
    os.chmod(lab.dir, 0o755)
    d = r1.keepalived(single())
    path = d.base + ".sock"
    wait(lambda: os.path.exists(path), 5)

    def as_nobody():
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sys.executable, "-c",
                   "import socket; socket.socket(socket.AF_UNIX).connect(%r)" % path]
        return subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600 and not as_nobody()
    group = grp.getgrgid(65534).gr_name
    d.reload(single(globals="status_socket mode 0660 group %s" % group))
    wait(lambda: "Reload finished" in d.log(), 8)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o660 and os.stat(path).st_gid == 65534 and as_nobody()
    d.reload(single(globals="status_socket off"))
    wait(lambda: not os.path.exists(path), 8, "no socket")
    done = status(d, check=False)
    assert done.returncode == 1 and "No daemon answers" in done.stderr, done
    d.reload(single())
    wait(lambda: os.path.exists(path), 8)
    d.crash()
    assert os.path.exists(path)
    d.proc = r1.spawn(lab.daemon, "-n", "-l", "-G", "-f", d.conf, "-p", d.base + ".pid", "-r", d.base + "_vrrp.pid",
                      stdout=d.out, stderr=d.out)
    wait(lambda: status(d, check=False).returncode == 0, 8, "the stale socket gives way")
    d.proc.send_signal(signal.SIGTERM)
    assert d.proc.wait(10) == 0 and not os.path.exists(path)


@case("defects")
def status_watches_and_finds_the_socket(lab):
    """--watch shows it again; without a path the configuration says where; closing the output ends it."""
    (r1,) = lab.pair(("r1",))
    d = r1.keepalived(single(globals="status_socket %s/s mode 0600" % lab.dir))
    wait(lambda: r1.has(VIP), 8)
    p = r1.spawn(lab.daemon, "--status", "-f", d.conf, "--watch=0.5", stdout=subprocess.PIPE, text=True)
    seen = 0
    while seen < 3:
        seen += "VI_1 " in p.stdout.readline()
    p.stdout.close()
    assert p.wait(10) == 0
    done = subprocess.run([lab.daemon, "--status", "--watch=0", "-f", d.conf], stderr=subprocess.PIPE)
    assert done.returncode == 1
    assert d.stop() == 0 and not os.path.exists(lab.dir + "/s")


@case("defects")
def status_of_processes_that_hang_and_die(lab):
    """A process that hangs is silent, one that was killed is counted; the daemon answers all the same."""
    (r1,) = lab.pair(("r1",))
    d = r1.keepalived(single())
    wait(lambda: r1.has(VIP), 8)

    def process():
        (found,) = state(d)["processes"]
        return found
    before = process()
    assert before["state"] == "running" and before["pid"] == d.pid("_vrrp") and before["restarts"] == 0
    d.signal(signal.SIGSTOP, "_vrrp")
    wait(lambda: process()["state"] == "silent", 8)
    begin = time.time()
    assert "The vrrp process does not answer." in status(d) and state(d)["vrrp"] is None
    end = time.time()
    assert end - begin - lab.stood_still.between(begin, end) < 1, "one that owes an answer is not waited for again"
    d.signal(signal.SIGKILL, "_vrrp")
    wait(lambda: process()["restarts"] == 1 and process()["state"] == "running", 8, "a restart")


@case("defects")
def status_clients_that_do_harm(lab):
    """Hundreds who never read, say nothing or talk nonsense: adverts keep their interval, and others are answered."""
    (r1,) = lab.pair(("r1",))
    metrics = lab.dir + "/m"
    wire = lab.sniff()
    d = r1.keepalived(single(globals="metrics_listen unix:%s" % metrics))
    wait(lambda: r1.has(VIP), 8)
    mark, idle = time.time(), []
    for number in range(300):
        for path in (d.base + ".sock", metrics):
            s = socket.socket(socket.AF_UNIX)
            s.setblocking(False)
            try:
                s.connect(path)
                s.send(b"\0\xff" * (number + 1))
            except OSError:
                pass
            idle.append(s)
        wire.poll()
    while time.time() < mark + 2:
        wire.poll()
        time.sleep(0.01)
    waits = kit.pauses(wire.adverts("10.77.0.1", since=mark))
    assert len(waits) > 10 and max(waits) < 0.3, waits
    wait(lambda: status(d, check=False).returncode == 0, 12, "an answer for others")
    wait(lambda: len(os.listdir("/proc/%d/fd" % d.pid())) < 40, 12, "those who did not read are dropped")
    for s in idle:
        s.close()
    assert d.alive() and "panic" not in d.log()


def busy(daemon, which):
    """Seconds of a processor that a process has taken."""
    with open("/proc/%d/schedstat" % daemon.pid(which)) as f:
        return int(f.read().split()[0]) / 1e9


@case("defects")
def storms_of_questions(lab):
    """Fifty ask again and again: the processes are asked twice a second at most. Signals for dumps come by the thousand:
    the VRRP process spends a small part of its time on them, and the last one is obeyed."""
    (r1,) = lab.pair(("r1",))
    others = [inst("VI_%d" % n, vrid=n, adv=1, vips=["10.77.1.%d/24" % n]) for n in range(60, 160)]
    d = r1.keepalived(conf(inst(prio=200), *others))
    wait(lambda: r1.has(VIP), 8)
    wait(lambda: status(d, check=False).returncode == 0, 8)
    asker = ("import json, socket, sys, time\nend, seen = time.time() + 3, set()\nwhile time.time() < end:\n"
             " s = socket.socket(socket.AF_UNIX)\n s.connect(sys.argv[1])\n text = b''.join(iter(lambda: s.recv(1 << 20), b''))\n"
             " seen.add(text[:60].partition(b'taken')[2].partition(b',')[0])\n s.close()\nprint(b' '.join(seen - {b''}).decode())\n")
    begin = time.monotonic()
    askers = [r1.spawn(sys.executable, "-c", asker, d.base + ".sock", stdout=subprocess.PIPE, text=True) for _ in range(50)]
    seen = {taken for p in askers for taken in p.communicate(timeout=60)[0].split()}
    lasted = time.monotonic() - begin
    print("%d snapshots in %.1f s" % (len(seen), lasted))
    assert 1 <= len(seen) <= 2 * lasted + 2, "%d snapshots in %.1f s" % (len(seen), lasted)
    used, begin = busy(d, "_vrrp"), time.monotonic()
    while time.monotonic() < begin + 2:
        for number in (signal.SIGUSR1, signal.SIGUSR2, 36):
            d.signal(number, "_vrrp")
        time.sleep(0.0005)
    lasted = time.monotonic() - begin
    share = (busy(d, "_vrrp") - used) / lasted
    print("%.0f %% of the time" % (100 * share))
    assert share < 0.2, "%.0f %% of a processor" % (100 * share)
    before = d.log().count("Printing VRRP data")
    d.signal(signal.SIGUSR1, "_vrrp")
    wait(lambda: d.log().count("Printing VRRP data") > before, 8, "the last one")
    assert d.stop() == 0


@case("defects")
def status_askers_in_a_loop_delay_no_advert(lab):
    """Fifty ask as fast as they are answered, half of them for metrics, and one watches: a router with 100 instances that
    adverts every 100 ms sends as many adverts as before, and its process spends a small part of its time on the askers."""
    (r1,) = lab.pair(("r1",))
    metrics = lab.dir + "/m"
    others = [inst("VI_%d" % n, vrid=n, adv=1, vips=["10.77.1.%d/24" % n]) for n in range(60, 160)]
    wire = lab.sniff()
    d = r1.keepalived(conf(inst(prio=200, adv=0.1), *others, globals="metrics_listen unix:%s" % metrics))
    wait(lambda: r1.has(VIP), 20)
    wait(lambda: status(d, check=False).returncode == 0 and os.path.exists(metrics), 20)
    asker = ("import socket, sys, threading, time\nend, got = time.time() + 4, []\n"
             "def ask(path):\n while time.time() < end:\n"
             "  s, size = socket.socket(socket.AF_UNIX), 0\n"
             "  try:\n   s.connect(path)\n   s.sendall(b'GET /metrics HTTP/1.0\\r\\n\\r\\n' if path == sys.argv[2] else b'')\n"
             "   size = sum(map(len, iter(lambda: s.recv(1 << 20), b'')))\n"
             "  except OSError:\n   pass\n"
             "  got.append(size > 0)\n  s.close()\n"
             "all = [threading.Thread(target=ask, args=(path,)) for path in sys.argv[1:] for _ in range(5)]\n"
             "[t.start() for t in all]\n[t.join() for t in all]\nprint(sum(got), len(got))\n")
    watch = r1.spawn(lab.daemon, "--status=" + d.base + ".sock", "--watch=0.5", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    used, mark, begin = busy(d, "_vrrp"), time.time(), time.monotonic()
    askers = [r1.spawn(sys.executable, "-c", asker, d.base + ".sock", metrics, stdout=subprocess.PIPE, text=True) for _ in range(5)]
    answered = [p.communicate(timeout=60)[0].split() for p in askers]
    lasted, share = time.monotonic() - begin, busy(d, "_vrrp") - used
    assert watch.poll() is None, "it still watches"
    watch.kill()
    wire.poll()
    sent = [p.ts for p in wire.adverts("10.77.0.1", vrid=51, since=mark) if p.ts <= mark + lasted]
    gap = max(b - a for a, b in zip(sent, sent[1:]))
    print("%s answers; %d adverts in %.1f s, the longest gap %.1f ms; %.1f %% of a processor"
          % (answered, len(sent), lasted, gap * 1000, 100 * share / lasted))
    assert any(int(good) > 0 for good, _ in answered), answered
    assert len(sent) > 6 * lasted, "%d adverts in %.1f s" % (len(sent), lasted)
    assert share < 0.2 * lasted, "%.2f s of %.1f s" % (share, lasted)
    assert d.stop() == 0


@case("defects")
def metrics_as_a_scraper_reads_them(lab):
    """The parser of a scraper takes them, over TCP and a local socket; everything but GET /metrics is refused."""
    r1, r2 = lab.pair()
    local = lab.dir + "/m"
    d1 = r1.keepalived(single(prio=200, globals="metrics_listen 127.0.0.1:9650"))
    d2 = r2.keepalived(single(prio=50, adv=0.2, globals="metrics_listen unix:%s mode 0666" % local))
    wait(lambda: r1.has(VIP), 8)
    wait(lambda: instance(d2)["refused"] or instance(d2)["peers"], 8)
    assert stat.S_IMODE(os.stat(local).st_mode) == 0o666
    head, body = fetch(r1, 9650)
    assert head.startswith("HTTP/1.1 200 OK") and "application/openmetrics-text" in head, head
    assert "Content-Length: %d" % len(body) in head
    families = parsed(body)

    def value(families, name, family=None, **labels):
        found = [v for n, given, v in families[family or name][2] if n == name and labels.items() <= given.items()]
        assert len(found) == 1, (name, labels, found)
        return found[0]
    assert value(families, "keepalived_vrrp_state", keepalived_vrrp_state="MASTER", vrrp_instance="VI_1") == 1
    assert value(families, "keepalived_vrrp_state", keepalived_vrrp_state="BACKUP", vrrp_instance="VI_1") == 0
    assert value(families, "keepalived_vrrp_adverts_sent_total", "keepalived_vrrp_adverts_sent") >= 1
    assert value(families, "keepalived_vrrp_became_master_total", "keepalived_vrrp_became_master") == 1
    assert value(families, "keepalived_process_restarts_total", "keepalived_process_restarts", process="vrrp") == 0
    lateness = "keepalived_timer_lateness_seconds"
    assert families[lateness][0] == "histogram" and families[lateness][1] == "seconds"
    assert value(families, lateness + "_count", lateness, process="vrrp") >= 1
    assert value(families, "keepalived_process_resident_memory_bytes", process="parent") > 1e6
    backup = parsed(fetch(r2, local)[1])
    assert value(backup, "keepalived_vrrp_state", keepalived_vrrp_state="BACKUP") == 1
    assert value(backup, "keepalived_vrrp_peer_heard_age_seconds", peer="10.77.0.1") < 5
    d1.signal(signal.SIGKILL, "_vrrp")
    time.sleep(0.6)     # a snapshot is kept for half a second
    wait(lambda: value(parsed(fetch(r1, 9650)[1]), "keepalived_process_restarts_total", "keepalived_process_restarts") == 1, 8)
    for request, status in (("GET / HTTP/1.1", 404), ("GET /metricsx HTTP/1.1", 404), ("POST /metrics HTTP/1.1", 405),
                            ("HEAD /metrics HTTP/1.1", 405), ("hello", 400), ("GET /" + "x" * 9000, 400)):
        assert fetch(r1, 9650, request.encode() + b"\r\n\r\n")[0].startswith("HTTP/1.1 %d " % status), request
    # Nothing but the machine itself may be meant.
    d1.write(single(globals="metrics_listen 0.0.0.0:9650"))
    done = subprocess.run([lab.daemon, "-t", "-f", d1.conf], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 5 and "own addresses" in done.stderr, done


@case("uml")
def status_of_virtual_servers(lab):
    """Services with servers up, the last result of each check with its reason and age; repairs of the kernel's table."""
    h = balancer(lab)
    a, b = "10.78.0.11", "10.78.0.12"
    h.ip("addr", "add", a + "/32", "dev", "lo")
    h.ip("addr", "add", b + "/32", "dev", "lo")
    Http(h, a, 80, {"": (200, b"a")})
    Http(h, b, 80, {"": (500, b"b")})
    http = check("HTTP_GET", url("/", "status_code 200"), delay="0.3")
    d = h.keepalived("global_defs {\nlvs_table_check_interval 1\nmetrics_listen 127.0.0.1:9650\n}\n"
                     + virtual(VIP + " 80", real(a, 80, http), real(b, 80, http)))
    settle(h, {a + ":80": 1}, timeout=10)
    seen = wait(lambda: [c for s in state(d)["check"]["servers"] for c in s["checks"] if c["result"] == "failed"], 8)
    assert "500" in seen[0]["reason"] and seen[0]["age"] < 5 and seen[0]["failures"] > 0, seen
    (service,) = state(d)["check"]["services"]
    assert (service["servers_up"], service["servers"], service["has_quorum"]) == (1, 2, True), service
    text = status(d)
    assert "1/2" in text and "HTTP_GET" in text and "500" in text, text
    h.run("ipvsadm", "-C")
    settle(h, {a + ":80": 1}, timeout=10)
    wait(lambda: state(d)["check"]["repairs"] > 0, 5, "repairs are counted")
    body = fetch(h, 9650)[1]
    for line in ('keepalived_real_server_up{virtual_server="[%s]:tcp:80",real_server="[%s]:tcp:80"} 1' % (VIP, a),
                 'keepalived_real_server_up{virtual_server="[%s]:tcp:80",real_server="[%s]:tcp:80"} 0' % (VIP, b),
                 "# UNIT keepalived_check_duration_seconds seconds", "keepalived_ipvs_repairs_total "):
        assert line in body, body
    assert "keepalived_ipvs_repairs_total 0" not in body
    d.signal(signal.SIGUSR1, "_check")
    dump = d.tmpdir + "/keepalived_check.data"
    wait(lambda: os.path.exists(dump) and " Entries put right = " in open(dump).read(), 5)
    assert " Entries put right = 0\n" not in open(dump).read()
