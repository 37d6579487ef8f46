"""Keywords that Debian's keepalived 2.2 does not know: what each of them does."""
import contextlib
import json
import os
import shutil
import signal
import time
from ka import case, never, wait
from opskit import JSON
from vrrpkit import VIP, Sender, advert3, conf, frame4, inst, lines, mac_of, routes, script, single

FOREIGN = "10.77.0.99"


def dumped(path, what=lambda text: True):
    """The text of a file that a dump makes, when it is whole."""
    def read():
        text = "\n".join(lines(path))
        return text if text and what(text) else None
    return wait(read, 10, path)


@contextlib.contextmanager
def etc(host, name, text):
    """Another file in /etc for what is run on a host."""
    folder = os.path.join("/etc/netns", host.ns)
    os.makedirs(folder, exist_ok=True)
    try:
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
        yield
    finally:
        shutil.rmtree(folder)


@case("defects")
def newer_state_dump_file(lab):
    """One path for all processes: the suffix of each goes before the last dot."""
    (r1,) = lab.pair(("r1",))
    path = os.path.join(lab.dir, "y.dump")
    d = r1.keepalived(single(globals="state_dump_file %s" % path))
    wait(lambda: r1.has(VIP), 10)
    d.signal(signal.SIGUSR1)
    dumped(path, lambda text: "VRRP Instance = VI_1" in text)
    dumped(os.path.join(lab.dir, "y_parent.dump"))


@case("defects")
def newer_json_version(lab):
    """Version 2: instances below "vrrp", tracked processes beside them."""
    (r1,) = lab.pair(("r1",))
    d = r1.keepalived(single(globals="json_version 2", before="vrrp_track_process tp {\nprocess sleep 54322\n}",
                             extra="track_process {\ntp weight 1\n}"))
    wait(lambda: r1.has(VIP), 10)
    os.kill(d.proc.pid, JSON)
    told = json.loads(dumped(os.path.join(d.tmpdir, "keepalived.json"), lambda text: text.rstrip().endswith("}")))
    assert [entry["data"]["iname"] for entry in told["vrrp"]] == ["VI_1"], told
    assert "track_process" in told, told.keys()


@case("defects")
def newer_iproute_etc_dir(lab):
    """Names of tables are looked up in the folder that is named, and in its .d folder."""
    (r1,) = lab.pair(("r1",))
    folder = os.path.join(lab.dir, "iproute2")
    os.makedirs(os.path.join(folder, "rt_tables.d"))
    for name, text in (("rt_tables", "# names\n4711 blue\n"), ("rt_tables.d/more.conf", "4712 green\n")):
        with open(os.path.join(folder, name), "w") as f:
            f.write(text)
    r1.keepalived(single(globals="iproute_etc_dir %s" % folder,
                         extra="virtual_routes {\n10.99.1.0/24 dev eth0 table blue\n10.99.2.0/24 dev eth0 table green\n}"))
    found = lambda: {(str(r.get("table")), r["dst"]) for r in routes(r1, "table", "all")}
    wait(lambda: found() >= {("4711", "10.99.1.0/24"), ("4712", "10.99.2.0/24")}, 10, "the routes in their tables")


@case("defects")
def newer_use_symlink_paths(lab):
    """A script is run by its real path, or by the one that is configured."""
    (r1,) = lab.pair(("r1",))
    told, link = os.path.join(lab.dir, "told"), os.path.join(lab.dir, "link.sh")
    real = script(lab, "real.sh", 'echo "$0" >> %s' % told)
    os.symlink(real, link)
    for choice, path in (("no", os.path.realpath(real)), ("yes", link)):
        d = r1.keepalived(conf("vrrp_script s {\nscript %s\ninterval 1\n}" % link, inst(extra="track_script {\ns\n}"),
                               globals="use_symlink_paths %s\nscript_user root" % choice))
        wait(lambda: lines(told), 10, "the script is run")
        d.stop()
        assert set(lines(told)) == {path}, (choice, lines(told))
        os.unlink(told)


@case("defects")
def newer_set_supplementary_groups(lab):
    """Scripts have the other groups of their user only if that is asked for."""
    (r1,) = lab.pair(("r1",))
    told = os.path.join(lab.dir, "groups")
    ask = script(lab, "groups.sh", "id -G >> %s" % told)
    os.chmod(lab.dir, 0o755)
    with etc(r1, "group", "root:x:0:\ngames:x:60:\naudio:x:29:games\n"):
        for choice, groups in (("no", {"60"}), ("yes", {"60", "29"})):
            with open(told, "w"):
                pass
            os.chmod(told, 0o666)
            d = r1.keepalived(single(globals="script_user games\nset_supplementary_groups %s" % choice, extra="notify_master %s" % ask))
            wait(lambda: lines(told), 10, "the script is run: %s" % d.log())
            assert set(lines(told)[0].split()) == groups, (choice, lines(told))
            d.stop()


@case("defects")
def newer_vrrp_delay_after_boot(lab):
    """The time since the machine started counts: only what is left is waited for."""
    (r1,) = lab.pair(("r1",))
    with open("/proc/uptime") as f:
        uptime = float(f.read().split()[0])
    longest = 4294.0
    began = time.monotonic()
    d = r1.keepalived(single(globals="vrrp_delay_after_boot %.3f" % min(uptime + 4, longest)))
    wait(lambda: r1.has(VIP), 30, "master in the end")
    assert uptime + 4 > longest or time.monotonic() - began > 3, d.log()


@case("defects")
def newer_owner_ignore_adverts(lab):
    """Two owners: the one with the lower address gives way, unless it does not listen."""
    (r1,) = lab.pair(("r1",))
    rival = frame4(FOREIGN, advert3(FOREIGN, prio=255))
    owner = lambda more: single(prio=255, state="MASTER", extra=more)
    with Sender(stranger(lab), [rival], every=0.05):
        d = r1.keepalived(owner(""))
        wait(lambda: "Entering BACKUP STATE" in d.log(), 10, d.log())
        d.stop()
        r1.keepalived(owner("owner_ignore_adverts yes"))
        wait(lambda: r1.has(VIP), 10)
        never(lambda: not r1.has(VIP), 1.5, "the owner gives way")


def stranger(lab):
    """A host that only sends."""
    return lab.host("x").nic("eth0", "lan", ["%s/24" % FOREIGN])


@case("defects")
def newer_no_virtual_ipaddress(lab):
    """An instance without addresses announces itself, and nobody warns."""
    (r1,) = lab.pair(("r1",))
    wire = lab.sniff()
    d = r1.keepalived(conf(inst(vips=(), extra="no_virtual_ipaddress")))
    wire.wait(lambda p: p.kind == "vrrp" and p.vrid == 51, 10, "adverts")
    assert "no virtual_ipaddress" not in d.log(), d.log()


@case("defects")
def newer_log_unknown_vrids(lab):
    """Adverts of virtual routers that nobody has configured are told."""
    (r1,) = lab.pair(("r1",))
    unknown = frame4(FOREIGN, advert3(FOREIGN, vrid=77))
    with Sender(stranger(lab), [unknown], every=0.1):
        d = r1.keepalived(single(globals="log_unknown_vrids"))
        wait(lambda: "77" in d.log() and FOREIGN in d.log(), 10, "the log tells: %s" % d.log())


@case("defects")
def newer_unicast_sources(lab):
    """Adverts of a higher priority from somebody who is no peer, or from too far away, are dropped."""
    (r1,) = lab.pair(("r1",))
    sender = stranger(lab)
    mac = mac_of(r1)

    def higher(source, ttl):
        return frame4(source, advert3(source, prio=200, dst="10.77.0.1"), dst="10.77.0.1", ttl=ttl, dmac=mac)
    peers = lambda entry, more: single(extra="unicast_src_ip 10.77.0.1\nunicast_peer {\n%s\n}\n%s" % (entry, more))
    cases = (("10.77.0.98", "", 255, False), ("10.77.0.98", "check_unicast_src", 255, True),
             (FOREIGN + " min_ttl 254", "", 64, True), (FOREIGN + " min_ttl 254", "", 254, False))
    for entry, more, ttl, master in cases:
        with Sender(sender, [higher(FOREIGN, ttl)], every=0.05):
            d = r1.keepalived(peers(entry, more))
            if master:
                wait(lambda: r1.has(VIP), 10, "master with %s %s ttl %d" % (entry, more, ttl))
            else:
                wait(lambda: "Entering BACKUP STATE" in d.log(), 10, d.log())
                never(lambda: r1.has(VIP), 1.5, "master with %s %s ttl %d" % (entry, more, ttl))
            d.stop()
