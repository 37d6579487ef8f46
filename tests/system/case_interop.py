"""This daemon and another implementation share a virtual router, in every combination of roles and transports.

Every transport of kit.TRANSPORTS gets two cases: ours as the better router and theirs as backup, and the
reverse. The election among three, ties, `nopreempt` and healed splits follow.
"""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kit import TRANSPORTS, Group, Transport, ours, pauses, theirs  # noqa: E402
from ka import Lab, case, never, wait  # noqa: E402
from vrrpkit import split  # noqa: E402

V3 = TRANSPORTS[0]


def named(name, docs):
    """Register a case under a name made at run time."""
    def mark(fn):
        fn.__name__, fn.__doc__ = name, docs
        case("interop")(fn)
        return fn
    return mark


def on_time(begin, end, due):
    """Not before it is due, and before the next advert of a master would be; the machine may have stood still."""
    waited = end - begin - Lab.stood_still.between(begin, end)
    assert end - begin > due - 0.02 and waited < due + 0.9, "took over after %.3f s, due after %.3f s" % (waited, due)


def life(lab, transport, better, worse):
    """Election, silence of the backup, crash takeover, preemption, handover by priority 0."""
    group = Group(lab, transport, (better, 200), (worse, 100))
    one, two = group.routers
    group.start()
    group.wait_master(one)

    # A backup that hears its master is silent.
    mark = time.time()
    wait(lambda: len(one.adverts(mark)) >= 5, 5 * transport.adv + 10, "five adverts of the master")
    assert not two.adverts(mark), "the backup speaks beside its master"

    # A crash is noticed after three intervals and the skew, and announced to the neighbours.
    mark = time.time()
    one.daemon.crash()
    last = one.adverts()[-1].ts
    wait(lambda: two.adverts(mark), transport.patience(), "r2 takes over after the crash")
    on_time(last, two.adverts(mark)[0].ts, 3 * transport.adv + transport.skew(100))
    wait(lambda: two.holds(), 10, "r2 has the addresses")
    group.announced(two, mark)

    # The better router comes back: it cleans up and takes over again.
    mark = time.time()
    one.start()
    group.wait_master(one)
    group.announced(one, mark)

    # An orderly stop hands over at once.
    mark = time.time()
    assert one.daemon.stop() == 0, "exit status"
    farewell = [p for p in one.adverts(mark) if p.prio == 0]
    assert farewell, "no advert with priority 0"
    wait(lambda: two.adverts(mark), transport.patience(), "r2 takes over after the farewell")
    on_time(farewell[0].ts, two.adverts(mark)[0].ts, transport.skew(100))
    wait(lambda: two.holds(), 10, "r2 has the addresses")
    assert one.holds() is False, "addresses left behind"


for _t in TRANSPORTS:
    @named("interop_%s_ours_is_better" % _t.name, "ours with priority 200, theirs with 100")
    def _(lab, t=_t):
        life(lab, t, ours(), theirs())

    @named("interop_%s_theirs_is_better" % _t.name, "theirs with priority 200, ours with 100")
    def _(lab, t=_t):
        life(lab, t, theirs(), ours())


def ladder(lab, binaries, transport=V3):
    """Three routers; the best dies, then the second; they come back in reverse order."""
    group = Group(lab, transport, *zip(binaries, (200, 150, 100)))
    one, two, three = group.routers
    group.start()
    group.wait_master(one)
    one.daemon.crash()
    wait(lambda: two.holds() and three.holds() is False, 10, "the second takes over")
    mark = time.time()
    wait(lambda: len(two.adverts(mark)) > 3, 10, "adverts of the second")
    assert not three.adverts(mark), "the third speaks beside the second"
    two.daemon.stop()
    wait(lambda: three.holds() and two.holds() is False, 10, "the third takes over")
    two.start()
    wait(lambda: two.holds() and three.holds() is False, 10, "the second is back")
    one.start()
    group.wait_master(one)


@case("interop")
def interop_three_routers_theirs_in_the_middle(lab):
    """Ours 200, theirs 150, ours 100."""
    ladder(lab, (ours(), theirs(), ours()))


@case("interop")
def interop_three_routers_ours_in_the_middle(lab):
    """Theirs 200, ours 150, theirs 100."""
    ladder(lab, (theirs(), ours(), theirs()))


@case("interop")
def interop_three_routers_unicast_ipv6(lab):
    """Ours 200, theirs 150, ours 100, over unicast IPv6."""
    ladder(lab, (ours(), theirs(), ours()), TRANSPORTS[3])


def tie(lab, low, high):
    """Equal priorities: of two masters that meet, the one with the higher address stays."""
    group = Group(lab, V3, (low, 100), (high, 100))
    one, two = group.routers
    one.start()
    group.wait_master(one)
    split(lab, [one.host, two.host], True)
    two.start()
    wait(lambda: one.holds() and two.holds(), 10, "both are master while cut off")
    split(lab, [one.host, two.host], False)
    group.wait_master(two)


@case("interop")
def interop_tie_ours_has_the_higher_address(lab):
    """A healed split between equals: ours stays."""
    tie(lab, theirs(), ours())


@case("interop")
def interop_tie_theirs_has_the_higher_address(lab):
    """A healed split between equals: theirs stays."""
    tie(lab, ours(), theirs())


def healed(lab, better, worse):
    """Two masters after a split: the better one stays, without a moment of no master."""
    group = Group(lab, V3, (better, 200), (worse, 100))
    one, two = group.routers
    group.start()
    group.wait_master(one)
    split(lab, [one.host, two.host], True)
    wait(lambda: one.holds() and two.holds(), 10, "both are master while cut off")
    mark = time.time()
    split(lab, [one.host, two.host], False)
    group.wait_master(one)
    never(lambda: two.holds() is not False, 0.5, "the worse router takes the address again")
    assert max(pauses(one.adverts(mark))) < 3 * V3.adv, "the better master paused"


@case("interop")
def interop_healed_split_ours_is_better(lab):
    """Ours stays master after a split heals."""
    healed(lab, ours(), theirs())


@case("interop")
def interop_healed_split_theirs_is_better(lab):
    """Theirs stays master after a split heals."""
    healed(lab, theirs(), ours())


def stays(lab, better, worse):
    """`nopreempt`: the better router, coming back, leaves the address where it is."""
    group = Group(lab, V3, (better, 200, "nopreempt"), (worse, 100))
    one, two = group.routers
    two.start()
    group.wait_master(two)
    one.start()
    mark = time.time()
    wait(lambda: len(two.adverts(mark)) > 15, 10, "fifteen more adverts of the worse router")
    assert not one.adverts(mark) and one.holds() is False, "preempted in spite of nopreempt"
    two.daemon.crash()
    wait(lambda: one.holds(), 10, "takes over when the master is gone")


@case("interop")
def interop_nopreempt_ours(lab):
    """Ours has nopreempt."""
    stays(lab, ours(), theirs())


@case("interop")
def interop_nopreempt_theirs(lab):
    """Theirs has nopreempt."""
    stays(lab, theirs(), ours())


def learns(lab, master, backup):
    """Version 3: the backup counts in the master's interval, not its own (RFC 9568 6.4.2)."""
    fast, slow = Transport("fast"), Transport("slow", adv=1)
    group = Group(lab, fast, (master, 200), (backup, 100))
    one, two = group.routers
    one.start()
    group.wait_master(one)
    group.transport = slow
    two.start()
    mark = time.time()
    wait(lambda: len(one.adverts(mark)) > 10, 10, "the backup has heard the master")
    one.daemon.crash()
    last = one.adverts()[-1].ts
    wait(lambda: two.adverts(), 10, "takes over")
    waited = two.adverts()[0].ts - last
    assert waited < 2, "took over after %.3f s, in its own interval" % waited


@case("interop")
def interop_ours_learns_their_interval(lab):
    """Theirs adverts every 100 ms, ours is configured for a second."""
    learns(lab, theirs(), ours())


@case("interop")
def interop_theirs_learns_our_interval(lab):
    """Ours adverts every 100 ms, theirs is configured for a second."""
    learns(lab, ours(), theirs())
