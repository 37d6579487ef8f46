"""What a reload changes around the checks without changing a virtual server: in user-mode Linux."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402,F401
from backends import VIP, Fifo, Tcp, balancer, check, pool, real, recorder, settle, virtual  # noqa: E402
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


@case("uml")
def lvs_reload_changes_the_sorry_server_of_a_lost_quorum(lab):
    """The quorum is lost and stays lost: a sorry server that a reload brings stands in at once, and that is told once, as it
    is at the start; one that it takes away goes without a word to scripts; a reload that changes nothing of it is silent."""
    h = balancer(lab)
    fifo = Fifo(lab)
    path, calls = recorder(lab, "told")
    text = lambda more: ("global_defs {\nlvs_notify_fifo %s\n}\n" % fifo.path + virtual(
        VIP + " 80", real(A, 80, check("TCP_CHECK")), opts='alpha\nquorum_up "%s up"\nquorum_down "%s down"\n%s' % (path, path, more)))
    server, service = "RS [%s]:tcp:80 [%s]:tcp:80 " % (A, VIP), "VS [%s]:tcp:80 " % VIP
    d = h.keepalived(text(""))
    wait(lambda: fifo.lines() == [server + "DOWN"], 10, "the first failure")

    def over_to(more, want):
        finished = d.log().count("Reload finished")
        d.reload(text(more))
        wait(lambda: d.log().count("Reload finished") > finished, 10, "the reload")
        settle(h, want, timeout=10)
    over_to("sorry_server 10.1.0.9 80", {"10.1.0.9:80": 1})
    over_to("sorry_server 10.1.0.9 80\ndelay_loop 7", {"10.1.0.9:80": 1})
    assert d.log().count("Adding sorry server [10.1.0.9]:tcp:80 to VS [%s]:tcp:80" % VIP) == 1, d.log()
    over_to("sorry_server 10.1.0.8 80", {"10.1.0.8:80": 1})
    assert d.log().count("Removing sorry server [10.1.0.9]:tcp:80 from VS [%s]:tcp:80" % VIP) == 1, d.log()
    over_to("", {})
    Tcp(h, A, 80)
    settle(h, {A + ":80": 1}, timeout=10)
    wait(lambda: service + "UP" in fifo.lines(), 10, "the quorum")
    assert fifo.lines() == [server + "DOWN", service + "DOWN", service + "DOWN", server + "UP", service + "UP"], fifo.lines()
    wait(lambda: calls() == ["down", "down", "up"], 10, "the scripts: %s" % calls())
    assert "sorry server [10.1.0.8]:tcp:80 from" in d.log(), d.log()


@case("uml")
def lvs_reload_brings_alpha_checks_to_servers_that_are_alive(lab):
    """Another kind of check, with alpha: a server that was alive stays in the table until that check has failed."""
    h = balancer(lab)
    Tcp(h, A, 80)
    good, bad = Tcp(h, A, 81), "10.1.0.2"
    Tcp(h, bad, 80)
    fifo = Fifo(lab)
    around = "global_defs {\nlvs_notify_fifo %s\n}\n" % fifo.path
    d = h.keepalived(around + virtual(VIP + " 80", *[real(ip, 80, check("TCP_CHECK")) for ip in (A, bad)]))
    settle(h, {A + ":80": 1, bad + ":80": 1})
    other = [real(ip, 80, check("TCP_CHECK", "connect_port 81")) for ip in (A, bad)]
    d.reload(around + virtual(VIP + " 80", *other, opts="alpha"))
    settle(h, {A + ":80": 1}, timeout=10)
    wait(good.count, 10, "the other check")
    lines = fifo.lines()
    assert lines == ["VS [%s]:tcp:80 UP" % VIP, "RS [%s]:tcp:80 [%s]:tcp:80 DOWN" % (bad, VIP)], lines
