"""Reloads that make, rename and remove virtual interfaces."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402
from case_reload import reload, started, vi  # noqa: E402
from ka import case, wait  # noqa: E402
from opskit import PIDS, Run  # noqa: E402
from vrrpkit import VIP, conf, inst  # noqa: E402


@case("defects")
def reload_takes_and_leaves_a_virtual_mac(lab):
    """use_vmac comes and goes by reload: the address moves, the interface is made and removed."""
    r1, d = started(lab, conf(vi(1)))
    reload(d, conf(vi(1, "use_vmac vrrp.51")))
    wait(lambda: r1.has(VIP, "vrrp.51") and not r1.has(VIP, "eth0"), 6, "the address is on the virtual interface")
    reload(d, conf(vi(1)))
    wait(lambda: r1.has(VIP, "eth0"), 6, "the address is back")
    wait(lambda: "vrrp.51" not in r1.ip("link"), 3, "the interface is gone")


def renamed(lab, family):
    """The name of a virtual interface changes: nothing else does, and nobody on the network notices."""
    vips = {4: ["10.77.0.100/24"], 6: ["fe80::5:1/64", "fd77::100/64"]}[family]
    target, way = {4: ("192.0.2.0/24", "10.77.0.9"), 6: ("2001:db8:9::/64", "fd77::9")}[family]

    def text(name):
        extra = "use_vmac %s\ntrack_interface {\n%s\n}\nvirtual_routes {\n%s via %s dev %s\n}" % (name, name, target, way, name)
        return conf(inst(prio=150, vips=vips, extra=extra), globals="dynamic_interfaces")
    (r1,) = lab.pair(("r1",))
    d = Run(r1, text("first"), "-n", "-l", "-D", *PIDS)
    vip = vips[-1].split("/")[0]
    route = lambda name: target in r1.ip("-%d" % family, "route", "show", "dev", name, check=False)
    wait(lambda: r1.has(vip, "first") and route("first"), 10, "master")
    plan = r1.run(kit.ours(), "--reload-plan", "--running", d.conf, "-f", write(lab, "new", text("second")))
    assert plan.strip() == "rename virtual interface first to second: VI_1 goes on; no election", plan
    index = json.loads(r1.ip("-j", "link", "show", "first"))[0]["ifindex"]
    wire = lab.sniff()
    mark = time.time()
    log = reload(d, text("second"))
    wait(lambda: all(r1.has(v.split("/")[0], "second") for v in vips) and route("second"), 10, "everything is where it was")
    wire.wait(lambda p: p.kind == "vrrp" and p.ts > mark + 0.5, 10, "adverts go on")
    assert json.loads(r1.ip("-j", "link", "show", "second"))[0]["ifindex"] == index, "it is the same interface"
    assert "first" not in r1.ip("link") and "STATE" not in d.log()[d.log().index(log):], d.log()
    assert {p.prio for p in wire.adverts(since=mark)} == {150}, "it never gave up"
    assert d.stop() == 0
    wait(lambda: "second" not in r1.ip("link"), 10, "the interface goes with the daemon")


def write(lab, name, text):
    path = "%s/%s.conf" % (lab.dir, name)
    with open(path, "w") as f:
        f.write(text)
    return path


@case("defects")
def reload_renames_a_virtual_interface(lab):
    renamed(lab, 4)


@case("uml")
def uml_reload_renames_a_virtual_interface(lab):
    """The same on a kernel that renames no interface that is up: IPv6 addresses and routes come back."""
    renamed(lab, 6)


@case("defects")
def reload_exchanges_virtual_interfaces(lab):
    """Names that change places, or a name with more: a restart, but no fault, and every interface has its own MAC address."""
    mac = lambda name: json.loads(r1.ip("-j", "link", "show", name))[0]["address"][-2:]
    r1, d = started(lab, conf(vi(1, "use_vmac first"), vi(2, "use_vmac second")))
    wait(lambda: r1.has("10.77.0.101", "second"), 10)
    mark = len(d.log())
    reload(d, conf(vi(1, "use_vmac second"), vi(2, "use_vmac first")))
    wait(lambda: r1.has(VIP, "second") and r1.has("10.77.0.101", "first"), 10, "both are master again")
    assert (mac("second"), mac("first")) == ("33", "34")
    reload(d, conf(vi(1, "use_vmac third\nmcast_dst_ip 224.0.0.77"), vi(2, "use_vmac first")))
    wait(lambda: r1.has(VIP, "third"), 10, "master on an interface of another name")
    assert "second" not in r1.ip("link")
    log = d.log()[mark:]
    assert "FAULT" not in log and "already in use" not in log, log
