"""The BFD process: killed, reloaded, late, and gone when nobody needs it."""
import os
import re
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kit import ours, theirs  # noqa: E402
from bfdkit import has_not_gone_down, hosts, packets, restarted, session, start, states, wait_state  # noqa: E402
from ka import case, never, wait  # noqa: E402
from vrrpkit import VIP, conf, inst, sniff_all  # noqa: E402


@case("bfd")
def bfd_a_killed_process_goes_on(lab):
    """The BFD process dies: its successor keeps the session, and neither neighbour nor VRRP notices."""
    one, two = hosts(lab)
    wire = sniff_all(lab)
    mine = start(one, ours(), session("10.77.0.2", ms=300, mult=5), inst(extra="track_bfd {\nB\n}"))
    other = start(two, theirs(), session("10.77.0.1", ms=300, mult=5))
    wait_state(mine, "Up")
    wait(lambda: one.has(VIP), 15)
    mark = time.time()
    for which in ("_bfd", "_vrrp"):
        old = mine.pid(which)
        os.kill(old, signal.SIGKILL)
        wait(lambda: restarted(mine, which, old), 15)
        # Longer than the detection time.
        time.sleep(2)
        wait(lambda: one.has(VIP), 10)
    has_not_gone_down(mine)
    has_not_gone_down(other)
    numbers = {p.bfd[4:8] for p in packets(wire, "10.77.0.1", mark)}
    assert len(numbers) == 1, "another discriminator"
    other.crash()
    wait(lambda: not one.has(VIP), 15, "the successor finds a silence")


@case("bfd")
def bfd_a_killed_process_finds_a_dead_neighbour(lab):
    """The neighbour dies together with the BFD process: the verdict lives as long as the detection time."""
    one, two = hosts(lab)
    mine = start(one, ours(), session("10.77.0.2", ms=200, mult=3), inst(extra="track_bfd {\nB\n}"))
    other = start(two, ours(), session("10.77.0.1", ms=200, mult=3))
    wait(lambda: one.has(VIP), 15)
    other.crash()
    mark = time.time()
    os.kill(mine.pid("_bfd"), signal.SIGKILL)
    wait(lambda: not one.has(VIP), 15)
    assert time.time() - mark > 0.5, "before the detection time"


@case("bfd")
def bfd_a_reload_keeps_the_session(lab):
    """Other intervals are agreed on by a poll sequence; another session comes and goes."""
    one, two = hosts(lab)
    wire = sniff_all(lab)
    mine = start(one, ours(), session("10.77.0.2"))
    other = start(two, theirs(), session("10.77.0.1"))
    wait_state(mine, "Up")
    wait_state(other, "Up")
    sent = lambda: packets(wire, "10.77.0.1", mark)
    polls = lambda: [p for p in sent() if p.bfd[1] & 0x20]
    mark = time.time()
    mine.reload(conf(session("fd77::2", name="C"), session("10.77.0.2", ms=200)))
    wait(lambda: "Reload finished" in mine.log(), 10)
    wait(polls, 10, "a poll sequence")
    assert int.from_bytes(polls()[0].bfd[12:16], "big") == 200_000
    wait(lambda: not sent()[-1].bfd[1] & 0x20, 10, "its end")
    mark = time.time()
    wait(lambda: len(sent()) > 8, 10, "packets")
    first, *_, last = sent()
    # At least three quarters of 200 ms between them (RFC 5880 section 6.8.7), and 50 ms before.
    assert (last.ts - first.ts) / (len(sent()) - 1) > 0.1, [p.ts for p in sent()]
    said = len(mine.log())
    mine.reload(conf(session("10.77.0.2")))
    wait(lambda: "Reload finished" in mine.log()[said:], 10)
    never(lambda mark=time.time() + 0.5: packets(wire, "fd77::1", mark), 2, "a packet of the session that is gone")
    has_not_gone_down(mine)
    has_not_gone_down(other)


@case("bfd")
def bfd_late_loops_take_nothing_down(lab):
    """The BFD process is held up now and then, for longer than an interval: the session stays up. A neighbour
    that dies is found as soon as the loop runs: what came before counts from when it came."""
    one, two = hosts(lab)
    mine = start(one, ours(), session("10.77.0.2", ms=100, mult=20))
    other = start(two, ours(), session("10.77.0.1", ms=100, mult=6))
    wait_state(mine, "Up")
    wait_state(other, "Up")

    def hold_up():
        os.kill(mine.pid("_bfd"), signal.SIGSTOP)
        time.sleep(0.12)
        os.kill(mine.pid("_bfd"), signal.SIGCONT)
    for _ in range(12):
        hold_up()
        time.sleep(0.05)
    has_not_gone_down(mine)
    has_not_gone_down(other)
    other.crash()
    wait(lambda: hold_up() or "Expired" in mine.log(), 15, "the silence is found")
    overdue = int(re.search(r"Expired after \d+ ms \((\d+) usec overdue", mine.log()).group(1)) / 1000
    assert overdue < 1000, "%.1f ms later than the detection time" % overdue


@case("bfd")
def bfd_a_backlog_is_read_before_a_silence_counts(lab):
    """The process stands still for far longer than its detection time, while the neighbour, which is more patient,
    goes on sending: hundreds of packets wait, and the newest of them is what counts."""
    one, two = hosts(lab)
    mine = start(one, ours(), session("10.77.0.2", ms=10, mult=255))
    other = start(two, ours(), session("10.77.0.1", ms=10, mult=40))
    wait_state(mine, "Up")
    wait_state(other, "Up")
    os.kill(mine.pid("_bfd"), signal.SIGSTOP)
    time.sleep(1.5)
    os.kill(mine.pid("_bfd"), signal.SIGCONT)
    time.sleep(0.5)
    has_not_gone_down(mine)
    has_not_gone_down(other)


@case("bfd")
def bfd_the_process_comes_and_goes_with_its_sessions(lab):
    """The first bfd_instance of a reload starts the process, the last one that is removed ends it."""
    one, two = hosts(lab)
    mine = start(one, ours(), inst())
    other = start(two, ours(), session("10.77.0.1"))
    wait(lambda: one.has(VIP), 15)
    for _ in range(2):
        before = len(states(mine))
        mine.reload(conf(session("10.77.0.2"), inst(extra="track_bfd {\nB\n}")))
        wait(lambda: states(mine)[before:] == ["Up"], 15, "the session of the new process")
        wait(lambda: one.has(VIP), 15, "master with it")
        pid = mine.pid("_bfd")
        mine.reload(conf(inst()))
        wait(lambda: not os.path.exists("/proc/%d" % pid), 15, "the process ends")
        wait(lambda: not os.path.exists(mine.base + "_bfd.pid"), 15, "and its pid file goes")
        wait_state(other, "Down")
        assert one.has(VIP)
    assert mine.log().count("Entering MASTER") <= 3, mine.log()


@case("bfd")
def bfd_a_verdict_ends_while_the_restart_is_delayed(lab):
    """The process dies again and again, so its restart waits: the trackers keep their verdict for the detection
    time and no longer, and the next process begins anew."""
    one, two = hosts(lab)
    mine = start(one, ours(), session("10.77.0.2", ms=200, mult=3), inst(extra="track_bfd {\nB\n}"))
    other = start(two, ours(), session("10.77.0.1", ms=200, mult=3))
    wait(lambda: one.has(VIP), 15)

    def kill():
        old = mine.pid("_bfd")
        os.kill(old, signal.SIGKILL)
        return old
    # At once, after one second, after two: twice the detection time and more.
    old = kill()
    wait(lambda: restarted(mine, "_bfd", old), 15)
    old = kill()
    wait(lambda: restarted(mine, "_bfd", old), 15)
    wait(lambda: mine.log().count("Entering MASTER"), 15)
    wait(lambda: one.has(VIP), 15, "up again")
    wait_state(other, "Up")
    mark = time.time()
    old = kill()
    said = len(mine.log())
    wait(lambda: not one.has(VIP), 15, "the verdict has ended")
    assert 0.5 < time.time() - mark, "before the detection time"
    wait(lambda: "Starting BFD" in mine.log()[said:], 15, "the process is started again")
    assert "FAULT" in mine.log()[said:].split("Starting BFD")[0], mine.log()[said:]
    wait(lambda: restarted(mine, "_bfd", old), 15)
    wait(lambda: one.has(VIP), 15, "up again")
    assert other.alive()
