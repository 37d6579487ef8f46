"""What a reload changes around the checks without changing a virtual server: in user-mode Linux."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402,F401
from backends import VIP, Fifo, Tcp, balancer, check, pool, real, settle, virtual  # noqa: E402
from ka import case, wait  # noqa: E402

A = "10.1.0.1"


@case("uml")
def lvs_reload_changes_the_pipe(lab):
    """Another lvs_notify_fifo, and nothing else: what happens from then on is written there."""
    h = balancer(lab)
    back, old, new = Tcp(h, A, 80), Fifo(lab, "old"), Fifo(lab, "new")
    text = lambda fifo: "global_defs {\nlvs_notify_fifo %s\n}\n" % fifo.path + virtual(VIP + " 80", real(A, 80, check("TCP_CHECK")))
    d = h.keepalived(text(old))
    settle(h, {A + ":80": 1})
    wait(back.count, 3)
    before = d.log().count("Reload finished")
    d.reload(text(new))
    wait(lambda: d.log().count("Reload finished") > before, 4, "the reload")
    told = len(old.lines())
    back.stop()
    line = "RS [%s]:tcp:80 [%s]:tcp:80 DOWN" % (A, VIP)
    wait(lambda: line in new.lines(), 5, "the line in the new pipe")
    assert len(old.lines()) == told, old.lines()
    assert not pool(h)
