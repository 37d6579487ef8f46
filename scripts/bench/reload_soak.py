#!/usr/bin/env python3
"""Thousands of reloads of a large configuration: what does a reload leave behind?

    reload_soak.py --daemon target/release/keepalived
    scripts/uml-run -m 1G -- scripts/bench/reload_soak.py --services 40 --reloads 2000

Two configurations take turns, each in force before the next reload is asked for. They
differ in priorities, addresses, routes, rules, scripts and real servers; some instances
and services are in one of them only. Without --services no IPVS is needed. Everything is
taken from /proc: resident and anonymous memory, open descriptors, processes. Prints a
line for each moment and in the end one JSON object; exit status 1 if anything has grown
between the first thousand reloads (the warm-up) and the last. Needs root.
"""
import argparse, json, os, shutil, signal, subprocess, sys, tempfile, time

# Octets by which allocations of a process may differ between two moments: free pages
# that the allocator has not given back, no more.
SLACK = 128 * 1024


def sh(*cmd, check=True):
    return subprocess.run(cmd, check=check, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout


def instance(n, variant, a):
    """Number n of a variant (0 or 1)."""
    odd = variant and n % 7 == 3
    text = ("vrrp_instance I%d {\n state MASTER\n interface d%d\n virtual_router_id %d\n version 3\n advert_int %g\n priority %d\n"
            % (n, n // 250, 1 + n % 250, a.advert, 200 - odd))
    addresses = ["10.%d.%d.1/24" % (100 + n // 250, n % 250)] + ["10.%d.%d.2/24" % (100 + n // 250, n % 250)] * (variant and n % 5 == 2)
    text += " virtual_ipaddress {\n  %s\n }\n" % "\n  ".join(addresses)
    if n % 3 == 0:
        hop = 1 + (variant and n % 2)
        text += " virtual_routes {\n  172.%d.%d.0/24 via 10.%d.250.%d dev d%d\n }\n" % (
            16 + n // 250, n % 250, 100 + n // 250, hop, n // 250)
    if n % 10 == 1 + variant:
        text += " virtual_rules {\n  from 172.30.%d.%d/32 table 7\n }\n" % (n // 250, n % 250)
    if n % 4 == 0:
        text += " track_script {\n  s%d\n }\n" % (n % a.scripts)
    if n % 6 == 0:
        text += " notify_backup \"/bin/true %d %d\"\n" % (n, variant)
    return text + "}\n"


def configuration(variant, a):
    text = "global_defs {\n router_id soak%d\n script_user root\n enable_script_security\n}\n" % variant
    for n in range(a.scripts):
        text += "vrrp_script s%d {\n script /bin/true\n interval %d\n weight %d\n}\n" % (n, 5 + variant, 1 + n % 3)
    for n in range(a.instances):
        if n % 50 != 49 - variant:
            text += instance(n, variant, a)
    text += "vrrp_sync_group G {\n group {\n  I%s\n }\n}\n" % "\n  I".join(str(n) for n in range(4 + variant, 12))
    text += "static_routes {\n 172.31.%d.0/24 dev d0\n}\n" % variant
    for v in range(a.services):
        if v % 20 == 19 - variant:
            continue
        text += "virtual_server 127.2.%d.%d 80 {\n delay_loop 60\n lb_algo rr\n lb_kind NAT\n protocol TCP\n" % (v // 250, 1 + v % 250)
        for n in range(4 + (variant and v % 3 == 0)):
            check = "TCP_CHECK {\n connect_timeout 1\n }" if n % 2 else "HTTP_GET {\n url {\n path /%d\n status_code 200\n }\n }" % variant
            text += " real_server 127.1.%d.%d 8080 {\n weight %d\n %s\n }\n" % (v % 250, 1 + n, 1 + (variant and n), check)
        text += "}\n"
    return text


def write(path, text):
    with open(path + ".new", "w") as f:
        f.write(text)
    os.rename(path + ".new", path)


def children(pid):
    """A process and all below it."""
    found = [pid]
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/children" % (pid, task)) as f:
            for child in f.read().split():
                found += children(int(child))
    return found


def look(pid):
    """Of each process of the daemon: name, memory in kB, descriptors; how many others there are."""
    out, others = {}, 0
    for p in children(pid):
        with open("/proc/%d/comm" % p) as f:
            name = f.read().strip()
        if p != pid and "keepalived" not in name:
            others += 1
            continue
        with open("/proc/%d/smaps_rollup" % p) as f:
            sizes = {line.split(":")[0]: int(line.split()[1]) for line in f if line.rstrip().endswith("kB")}
        key = "parent" if p == pid else "child%d" % len(out)
        out[key] = {"name": name, "rss_kb": sizes["Rss"], "anonymous_kb": sizes["Anonymous"], "descriptors": len(os.listdir("/proc/%d/fd" % p))}
    return out, others


def quiet_look(pid):
    """A look at a moment when no script runs."""
    for _ in range(200):
        time.sleep(0.05)
        try:
            out, others = look(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue
        if not others:
            break
    return out, others


class Daemon:
    def __init__(self, a, conf, tmp):
        command = [os.path.abspath(a.daemon), "-n", "-l", "-f", conf, "-p", tmp + "/p", "-r", tmp + "/v", "-c", tmp + "/c"]
        if not a.services:
            command.append("-P")
        self.proc = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                                     env=dict(os.environ, TMPDIR=tmp))

        # The checker process says so, too, and before the parent does.
        self.sayings = 2 if a.services else 1
        self.refused = 0

    def reload(self):
        """Returns when the new configuration is in force in all processes."""
        self.proc.send_signal(signal.SIGHUP)
        left = self.sayings
        for line in self.proc.stdout:
            if "panic" in line or "but not in" in line:
                sys.exit(line)
            if "Reload refused" in line:
                # A machine so busy that a process was silent for seconds.
                self.refused += 1
                self.proc.send_signal(signal.SIGHUP)
            left -= line.endswith("Reload finished\n")
            if not left:
                return
        sys.exit("the daemon has ended")


def soak(a, tmp):
    texts = [configuration(variant, a) for variant in (0, 1)]
    conf = tmp + "/k.conf"
    write(conf, texts[0])
    for n in range((a.instances + 249) // 250):
        sh("ip", "link", "add", "d%d" % n, "type", "veth", "peer", "name", "e%d" % n)
        sh("ip", "addr", "add", "10.%d.250.250/16" % (100 + n), "dev", "d%d" % n)
        for name in ("d%d" % n, "e%d" % n):
            sh("ip", "link", "set", name, "up")
    d = Daemon(a, conf, tmp)
    try:
        time.sleep(5)
        seen, begin = {}, time.monotonic()
        moments = [0, *(m for m in (100, 1000) if m < a.reloads), a.reloads]
        for number in range(a.reloads + 1):
            if number in moments:
                seen[number] = quiet_look(d.proc.pid)
                print("%6d reloads, %5.0f s: %s" % (number, time.monotonic() - begin, show(*seen[number])), flush=True)
            if number < a.reloads:
                write(conf, texts[(number + 1) % 2])
                d.reload()
        print("%d reloads were refused at first" % d.refused)
        return verdict(a, seen, moments)
    finally:
        d.proc.send_signal(signal.SIGTERM)
        for _ in d.proc.stdout:
            pass
        d.proc.wait(30)


def show(processes, others):
    parts = ["%s rss %d anonymous %d kB, %d fds" % (p["name"], p["rss_kb"], p["anonymous_kb"], p["descriptors"]) for p in processes.values()]
    return "; ".join(parts) + ("; %d other processes" % others if others else "")


def verdict(a, seen, moments):
    """What has grown since the warm-up."""
    (before, _), (after, others) = seen[moments[-2]], seen[moments[-1]]
    grown = ["%s: %s %d -> %d" % (key, what, old[what], after[key][what]) for key, old in before.items() for what, slack in
             (("anonymous_kb", SLACK // 1024), ("descriptors", 0)) if key in after and after[key][what] > old[what] + slack]
    if len(before) != len(after) or others:
        grown.append("processes: %d -> %d, others %d" % (len(before), len(after), others))
    print(json.dumps({"bench": "reload_soak", "daemon": os.path.basename(a.daemon), "reloads": a.reloads, "instances": a.instances,
                      "services": a.services, "moments": {str(m): seen[m][0] for m in moments}, "grown": grown}))
    return 1 if grown else 0


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--daemon", default="target/release/keepalived")
    ap.add_argument("--reloads", type=int, default=10000, help="an even number, so that the end compares with the start")
    ap.add_argument("--instances", type=int, default=300)
    ap.add_argument("--services", type=int, default=0, help="virtual servers; needs IPVS")
    ap.add_argument("--scripts", type=int, default=20)
    ap.add_argument("--advert", type=float, default=10, help="advert interval, s")
    a = ap.parse_args()
    a.reloads += a.reloads % 2
    if os.environ.get("SOAK_INSIDE") != "1":
        # In a network namespace of its own, which ends with it.
        os.environ["SOAK_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv])
    sh("ip", "link", "set", "lo", "up")
    tmp = tempfile.mkdtemp(prefix="reload_soak.")
    try:
        sys.exit(soak(a, tmp))
    finally:
        shutil.rmtree(tmp, ignore_errors=True)


if __name__ == "__main__":
    main()
