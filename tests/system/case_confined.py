"""With the capabilities that the unit grants, and no others: everything works. In user-mode Linux, for its IPVS."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402,F401
from backends import Tcp, balancer, check, pool, read, real, script, settle, table, virtual  # noqa: E402
from ka import case, wait  # noqa: E402
from vrrpkit import conf, inst  # noqa: E402

UNIT = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "dist", "keepalived.service.in")
SERVICE = "10.77.0.1 80"


def confine(lab):
    """Let the lab start its daemons as the unit does: read-only where it says so, with its capabilities."""
    with open(UNIT) as f:
        (granted,) = re.findall(r"^CapabilityBoundingSet=(.*)$", f.read(), re.M)
    names = ",".join("+" + name.lower().removeprefix("cap_") for name in granted.split())
    wrapper = os.path.join(lab.dir, "confined")
    with open(wrapper, "w") as f:
        f.write("#!/bin/sh\nfor d in /usr /etc; do mount --bind -o ro $d $d && mount -o remount,bind,ro $d || exit 99; done\n"
                "exec setpriv --bounding-set=-all,%s '%s' \"$@\"\n" % (names, lab.daemon))
    os.chmod(wrapper, 0o755)
    lab.daemon = wrapper
    return set(granted.lower().split())


@case("uml")
def confined_to_the_capabilities_of_the_unit(lab):
    """A master with a virtual MAC address, scripts of another user, checks, a reload with another priority, a pipe, a stop."""
    h = balancer(lab)
    h.nic("eth0", "lan", ["10.77.0.2/24"])
    server = Tcp(h, "10.1.0.1", 8080)
    # Not below the lab's directory: on the host's file system every new file belongs to root.
    users = "/run/%s.users" % lab.tag
    os.makedirs(users)
    os.chmod(users, 0o777)
    tracked = script(lab, "tracked", "id -un >%s/tracked" % users)
    tested = script(lab, "tested", "id -un >%s/tested" % users)
    hanging = script(lab, "hanging", "sleep 60")
    notify = script(lab, "notify", "echo \"$@\" >>%s/notify" % users)

    def text(priority, *servers):
        return conf("vrrp_script t {\nscript %s\ninterval 2\nfall 3\n}\nvrrp_script slow {\nscript %s\ninterval 3\ntimeout 1\nweight -1\n}" % (tracked, hanging),
                    inst(prio=priority, adv=0.1, extra="use_vmac\nnotify %s\ntrack_script {\nt\nslow\n}" % notify),
                    virtual(SERVICE, *servers),
                    globals="script_user nobody\nenable_script_security\nvrrp_notify_fifo %s/fifo nobody\nvrrp_rt_priority 10\nvrrp_rlimit_rttime 4000000\nvrrp_no_swap" % users)
    checked = real("10.1.0.1", "8080", check("TCP_CHECK") + "\nMISC_CHECK {\ndelay_loop 1\nmisc_path %s\n}" % tested)
    confine(lab)
    d = h.keepalived(text(150, checked))
    wait(lambda: h.has("10.77.0.100", "vrrp.51"), 15, "the address on an interface of its own")
    settle(h, {"10.1.0.1:8080": 1}, SERVICE)
    for name in ("tracked", "tested"):
        wait(lambda: read(users + "/" + name) == "nobody\n", 10, name + " ran as nobody")
    wait(lambda: "INSTANCE VI_1 MASTER" in read(users + "/notify"), 10, "the notification")
    assert os.stat(users + "/fifo").st_uid == os.stat(users + "/notify").st_uid != 0, "the pipe belongs to the user"
    wait(lambda: "runs longer than its timeout" in d.log() or "timed out" in d.log(), 10, "a script of another user is ended")
    server.close()
    settle(h, {}, SERVICE, timeout=15)
    d.reload(text(140))
    wait(lambda: table(h) == {}, 10, "no server, no service")
    assert h.has("10.77.0.100", "vrrp.51")
    d.reload(text(140, real("10.1.0.1", "8081")))
    wait(lambda: pool(h, SERVICE), 10, "the service is back")
    assert d.stop() == 0
    assert table(h) == {} and "vrrp.51" not in h.ip("link")
    refused = [line for line in d.log().splitlines() if re.search(r"ermitted|ermission", line)]
    assert not refused, refused
