"""SIGKILL at any moment: the next start and its orderly stop leave the machine as it was."""
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402,F401
from ka import case, wait  # noqa: E402
from vrrpkit import VIP, conf, inst, routes, rules  # noqa: E402

SEED = int(os.environ.get("SEED", "0")) or random.randrange(1 << 30)


def text():
    """Everything that the kernel can be asked for."""
    plain = inst("PLAIN", prio=200, adv=0.05, extra="""no_accept
        virtual_ipaddress_excluded {
        %s
        2001:db8:5::1/64
        }
        virtual_routes {
        192.0.2.0/24 via 10.77.0.254 dev eth0
        2001:db8:9::/48 dev eth0
        }
        virtual_rules {
        from 192.0.2.0/24 table 100 priority 500
        }""" % "\n".join("10.99.0.%d/32" % n for n in range(1, 60)))
    made = inst("MADE", vrid=52, prio=200, adv=0.05, vips=["10.77.0.152/24", "10.78.0.152/24 dev eth1"], extra="use_vmac\nuse_vmac_addr")
    named = inst("NAMED", vrid=53, prio=200, adv=0.05, vips=["10.77.0.153/24"], extra="use_vmac own53")
    return conf("static_ipaddress {\n10.98.0.1/24 dev eth0\n}\nstatic_routes {\n198.51.100.0/24 via 10.77.0.253 dev eth0\n}",
                plain, made, named)


def picture(host):
    """What is there, without numbers that always differ."""
    ours = lambda dev: sorted(a for a in host.addresses(dev))
    links = sorted(line.split(":")[1].split("@")[0].strip() for line in host.ip("-o", "link").splitlines())
    paths = sorted(map(str, routes(host) + routes(host, family="-6"))), rules(host), rules(host, "-6")
    settings = [host.run("sysctl", "-n", "net.ipv4.conf.%s.%s" % (dev, key)).strip()
                for dev in ("all", "eth0", "eth1") for key in ("rp_filter", "arp_ignore", "arp_filter", "arp_announce")]
    return {"eth0": ours("eth0"), "eth1": ours("eth1"), "links": links, "paths": paths, "nft": host.run("nft", "list", "ruleset").strip(),
            "settings": settings}


def with_everything(lab):
    r1 = lab.host("r1").nic("eth0", "lan", ["10.77.0.1/24"]).nic("eth1", "other", ["10.78.0.1/24"])
    r1.sysctl("net.ipv4.conf.all.rp_filter", "1")
    r1.ip("addr", "add", "10.77.0.55/24", "dev", "eth0")
    time.sleep(0.3)
    return r1


def complete(r1):
    return (r1.has(VIP) and r1.has("10.99.0.59") and r1.has("10.77.0.153", "own53") and r1.has("10.78.0.152")
            and r1.has("2001:db8:5::1") and len(rules(r1)) == 1)


@case("defects")
def kill_at_any_moment_leaves_nothing_for_good(lab):
    """The whole daemon or its VRRP process is killed at random moments; after the next orderly stop all is as before."""
    rng = random.Random(SEED)
    r1 = with_everything(lab)
    before = picture(r1)
    config = text()
    for n in range(6):
        if os.path.exists(pid_file(lab)):
            os.unlink(pid_file(lab))
        d = r1.keepalived(config, "-r", pid_file(lab))
        time.sleep(rng.choice((0.02, 0.1, 0.3, 0.5)) * rng.random() * 2)
        if n % 2 or not os.path.exists("/proc/%s" % (vrrp(lab) or "none")):
            d.crash()
            continue
        os.kill(vrrp(lab), 9)
        seen = len(d.log())
        # What the killed one had put there is there all the time.
        led = lambda: all("(%s) Entering MASTER" % name in d.log()[seen:] for name in ("PLAIN", "MADE", "NAMED"))
        wait(lambda: led() and complete(r1), 15, "everything after the respawn (seed %d, %d)" % (SEED, n))
        if n % 4:
            d.crash()
        else:
            assert d.stop() == 0
            assert picture(r1) == before, different(before, picture(r1), n)
    d = r1.keepalived(config, "-r", pid_file(lab))
    wait(lambda: d.log().count("Entering MASTER") == 3 and complete(r1), 15, "everything after the last start (seed %d)" % SEED)
    assert d.stop() == 0
    assert picture(r1) == before, different(before, picture(r1), "end")


def pid_file(lab):
    """The same at every start, as it is on a machine."""
    return os.path.join(lab.dir, "same_vrrp.pid")


def vrrp(lab):
    try:
        with open(pid_file(lab)) as f:
            return int(f.read())
    except (OSError, ValueError):
        return None


def different(before, after, where):
    found = ["%s: %s, was %s" % (k, after[k], before[k]) for k in before if before[k] != after[k]]
    return "seed %d, %s: %s" % (SEED, where, "; ".join(found))


@case("defects")
def kill_a_child_and_it_goes_on_with_the_running_configuration(lab):
    """The file is changed without a reload, and the VRRP process dies: its successor runs what the others
    run, also after a reload."""
    r1 = with_everything(lab)
    of = lambda number, name="PLAIN": conf(inst(name, prio=200, adv=0.05, vips=["10.77.0.%d/24" % number]))
    d = r1.keepalived(of(161), "-r", pid_file(lab))
    wait(lambda: r1.has("10.77.0.161"), 8, "master")
    for now, later in ((161, 162), (162, 163)):
        d.write(of(later, "OTHER"))
        seen = len(d.log())
        os.kill(vrrp(lab), 9)
        wait(lambda: "(PLAIN) Entering MASTER" in d.log()[seen:], 15, "the successor leads")
        wait(lambda: r1.has("10.77.0.%d" % now), 2, "the address of the running configuration")
        assert not r1.has("10.77.0.%d" % later) and "OTHER" not in d.log()[seen:], d.log()[seen:]
        d.write(of(later))
        seen = len(d.log())
        d.signal(signal.SIGHUP)
        wait(lambda: "Reload finished" in d.log()[seen:], 6, "the reload")
        wait(lambda: r1.has("10.77.0.%d" % later) and not r1.has("10.77.0.%d" % now), 3, "the new address")
    assert d.stop() == 0
