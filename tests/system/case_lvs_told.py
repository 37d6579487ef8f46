"""What is told of virtual and real servers, in which order and in which words: in user-mode Linux."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402,F401
from backends import (VIP, Fifo, Smtp, Tcp, balancer, check, pool, real, recorder, script, settle, virtual, write)  # noqa: E402
from ka import case, never, wait  # noqa: E402

A, B = "10.1.0.1", "10.1.0.2"
TCP = check("TCP_CHECK")


def around(fifo, more=""):
    """global_defs with a pipe and mails."""
    return ("global_defs {\nrouter_id lb\nlvs_notify_fifo %s\nnotification_email {\nwatch@example.net\n}\nsmtp_server 10.1.0.25 25\n%s\n}\n"
            % (fifo.path, more))


def bodies(mails):
    """Subjects without what they all have, with the bodies."""
    return [(m["headers"]["Subject"].replace("[lb] ", ""), m["body"].strip()) for m in mails]


@case("uml")
def lvs_starts_are_told_servers_first(lab):
    """rs_init_notifies: the servers, then the service, when all of it is in the table; the mail has the numbers of the quorum."""
    h = balancer(lab)
    Tcp(h, A, 80)
    fifo, sink = Fifo(lab), Smtp(h, "10.1.0.25", 25)
    seen = os.path.join(lab.dir, "seen")
    up = script(lab, "up", "cat /proc/net/ip_vs > %s.new; mv %s.new %s\n" % (seen, seen, seen))
    h.keepalived(around(fifo, "rs_init_notifies") + virtual(VIP + " 80", real(A, 80, TCP), opts="smtp_alert\nquorum_up %s" % up))
    wait(lambda: len(fifo.lines()) >= 2, 5, "two lines")
    assert fifo.lines() == ["RS [%s]:tcp:80 [%s]:tcp:80 UP" % (A, VIP), "VS [%s]:tcp:80 UP" % VIP], fifo.lines()
    wait(lambda: os.path.exists(seen), 5, "quorum_up")
    with open(seen) as f:
        assert "0A4D0064:0050" in f.read(), "quorum_up ran before the service was there"
    wait(lambda: sink.mails, 5, "a mail")
    assert bodies(sink.mails)[0] == ("Virtualserver [%s]:tcp:80 - UP" % VIP, "=> Starting with quorum up 1+0=1 <= 1 <="), bodies(sink.mails)


@case("uml")
def lvs_mails_of_lost_quorums_and_removed_servers(lab):
    """The words of the C daemon: `Lost quorum 1+0=1 <= 0`, and `Removing` of a server that a reload takes away."""
    h = balancer(lab)
    a = Tcp(h, A, 80)
    Tcp(h, B, 80)
    fifo, sink = Fifo(lab), Smtp(h, "10.1.0.25", 25)
    one, two = real(A, 80, TCP), real(B, 80, TCP)
    d = h.keepalived(around(fifo) + virtual(VIP + " 80", one, two, opts="smtp_alert"))
    settle(h, {A + ":80": 1, B + ":80": 1})
    d.reload(around(fifo) + virtual(VIP + " 80", one, opts="smtp_alert"))
    settle(h, {A + ":80": 1})
    gone = ("Realserver [%s]:tcp:80 of virtual server [%s]:tcp:80 - DOWN" % (B, VIP), "=> Removing <=")
    wait(lambda: gone in bodies(sink.mails), 5, "the mail of the removed server")
    wait(a.count, 5, "a check")
    a.stop()
    lost = ("Virtualserver [%s]:tcp:80 - DOWN" % VIP, "=> Lost quorum 1+0=1 <= 0 <=")
    wait(lambda: lost in bodies(sink.mails), 10, "the mail of the lost quorum")
    down, up = ("Realserver [%s]:tcp:80 of virtual server [%s]:tcp:80 - %s" % (A, VIP, word) for word in ("DOWN", "UP"))
    wait(lambda: bodies(sink.mails)[-1][0] == down, 10, "then that of its server")
    assert bodies(sink.mails)[-2] == lost, bodies(sink.mails)
    Tcp(h, A, 80)
    wait(lambda: bodies(sink.mails)[-1][0] == up, 10, "and the way back: %s" % bodies(sink.mails))
    assert bodies(sink.mails)[-2][1] == "=> Gained quorum 1+0=1 <= 1 <=", bodies(sink.mails)


@case("uml")
def lvs_first_failure_of_alpha_is_no_change_of_the_server(lab):
    """alpha: the first failure runs notify_down; there is no mail, since the check was down before. With omega the end is told
    of a service that never had a quorum."""
    h = balancer(lab)
    fifo, sink = Fifo(lab), Smtp(h, "10.1.0.25", 25)
    path, calls = recorder(lab, "told")
    body = TCP + 'notify_down "%s down"\n' % path
    d = h.keepalived(around(fifo) + virtual(VIP + " 80", real(A, 80, body), opts='alpha\nomega\nquorum_down "%s lost"' % path))
    wait(lambda: calls() == ["down"], 6, "notify_down: %s" % calls())
    never(lambda: sink.mails, 0.5, "a mail")
    assert d.stop() == 0
    wait(lambda: calls() == ["down", "lost"], 5, "quorum_down: %s" % calls())
    assert fifo.lines()[-1] == "VS [%s]:tcp:80 DOWN" % VIP, fifo.lines()


@case("uml")
def lvs_exit_0_of_a_dynamic_script_is_the_weight_of_the_configuration(lab):
    """misc_dynamic: what an earlier status has said of the weight is over with a status of 0."""
    h = balancer(lab)
    path = script(lab, "probe", "exit $(cat $0.code)\n")
    write(path + ".code", "32")
    h.keepalived(virtual(VIP + " 80", real(A, 80, "weight 9\n" + check("MISC_CHECK", 'misc_path "%s"\nmisc_dynamic' % path))))
    settle(h, {A + ":80": 30})
    write(path + ".code", "0")
    settle(h, {A + ":80": 9})


@case("uml")
def lvs_smtp_checks_are_retried_while_down(lab):
    """SMTP_CHECK: a server that is down is asked 1 + retry times in each round, and the mail says why it is down."""
    h = balancer(lab)
    fifo, sink = Fifo(lab), Smtp(h, "10.1.0.25", 25)
    back = Smtp(h, A, 2500, {"banner": "554 no"})
    body = check("SMTP_CHECK", "connect_port 2500", delay="4", retry="2", pause="0.2")
    h.keepalived(around(fifo) + virtual(VIP + " 80", real(A, 80, body)))
    wait(lambda: pool(h) == {}, 6, "the server is out")
    assert back.count() == 3, back.count()
    wait(lambda: sink.mails, 5, "a mail")
    assert bodies(sink.mails)[0][1].startswith("=> CHECK failed on service : Bad greeting banner"), bodies(sink.mails)
    wait(lambda: back.count() == 6, 10, "another round")
    first, *_, last = back.times()[3:6]
    assert last - first < 2, back.times()


@case("uml")
def lvs_start_with_a_lost_quorum_names_what_it_takes(lab):
    """The mail of a start whose quorum is lost has what has to be alive for it, with the hysteresis; it is told for the sorry
    server."""
    h = balancer(lab)
    fifo, sink = Fifo(lab), Smtp(h, "10.1.0.25", 25)
    opts = "smtp_alert\nalpha\nquorum 2\nhysteresis 1\nsorry_server 10.1.0.9 80"
    d = h.keepalived(around(fifo) + virtual(VIP + " 80", real(A, 80, TCP), real(B, 80, TCP), real("10.1.0.3", 80, TCP), opts=opts))
    settle(h, {"10.1.0.9:80": 1}, timeout=10)
    subject = "Virtualserver [%s]:tcp:80 - DOWN" % VIP
    wait(lambda: (subject, "=> Starting with quorum down 2+1=3 <= 0 <=") in bodies(sink.mails), 10, "the mail: %s" % bodies(sink.mails))
    assert "Starting with quorum down 2+1=3 > 0 for VS" in d.log(), d.log()


@case("uml")
def lvs_a_file_that_says_down_at_the_start_is_no_change(lab):
    """FILE_CHECK with weight 0: a server that begins down is not in the table, and nothing is told until it comes up."""
    h = balancer(lab)
    fifo, sink = Fifo(lab), Smtp(h, "10.1.0.25", 25)
    path = os.path.join(lab.dir, "drain")
    write(path, "1")
    told, calls = recorder(lab, "told")
    body = 'FILE_CHECK {\ntrack_file drain\nweight 0\n}\nnotify_down "%s down"\n' % told
    conf = "track_file drain {\nfile %s\n}\n" % path
    opts = 'smtp_alert\nquorum_up "%s up"\nquorum_down "%s lost"' % (told, told)
    h.keepalived(around(fifo) + conf + virtual(VIP + " 80", real(A, 80, body), opts=opts))
    settle(h, {})
    never(lambda: calls() or sink.mails or fifo.lines(), 0.5, "anything")
    write(path, "0")
    settle(h, {A + ":80": 1})
    wait(lambda: calls() == ["up"], 10, "quorum_up: %s" % calls())


@case("uml")
def lvs_mails_of_checks_say_how_the_server_is(lab):
    """Of two checks that failed one recovers: its mail says so, and that the server is DOWN still."""
    h = balancer(lab)
    one, two = Tcp(h, A, 80), Tcp(h, A, 81)
    fifo, sink = Fifo(lab), Smtp(h, "10.1.0.25", 25)
    h.keepalived(around(fifo) + virtual(VIP + " 80", real(A, 80, TCP + check("TCP_CHECK", "connect_port 81"))))
    settle(h, {A + ":80": 1})
    wait(lambda: one.count() and two.count(), 10, "a check of each")
    subject = "Realserver [%s]:tcp:80 of virtual server [%s]:tcp:80 - " % (A, VIP)
    failed = (subject + "DOWN", "=> TCP CHECK failed on service <=")
    said = lambda: [m for m in bodies(sink.mails) if m[0].startswith(subject)]
    one.stop()
    two.stop()
    wait(lambda: said() == [failed] * 2, 10, "mails of both: %s" % said())
    one.start()
    wait(lambda: said()[2:] == [(subject + "DOWN", "=> TCP CHECK succeed on service <=")], 10, "the first one: %s" % said())
    two.start()
    wait(lambda: said()[3:] == [(subject + "UP", "=> TCP CHECK succeed on service <=")], 10, "the second one: %s" % said())


@case("uml")
def lvs_servers_that_another_stands_in_for_have_no_end(lab):
    """omega, and a reload that removes servers: what is out of the table because the sorry server is in is not told of again."""
    h = balancer(lab)
    Tcp(h, A, 80)
    fifo = Fifo(lab)
    text = lambda *reals: around(fifo) + virtual(VIP + " 80", *reals, opts="omega\nquorum 3\nsorry_server 10.1.0.9 80")
    up, down, more = real(A, 80, TCP), real(B, 80, TCP), real("10.1.0.3", 80, "")
    d = h.keepalived(text(up, down, more))
    settle(h, {"10.1.0.9:80": 1}, timeout=10)
    lost = "VS [%s]:tcp:80 DOWN" % VIP
    wait(lambda: lost in fifo.lines(), 10, "the quorum")
    before = len(fifo.lines())
    d.reload(text(up, down))
    wait(lambda: "Reload finished" in d.log(), 10, "the reload")
    assert d.stop() == 0
    assert fifo.lines()[before:] == [lost], fifo.lines()


@case("uml")
def lvs_files_count_from_the_beginning(lab):
    """FILE_CHECK: init_file makes the file even without VRRP, at a reload, too; a server comes into the table with the weight
    that its files say."""
    h = balancer(lab)
    seen, made, later = (os.path.join(lab.dir, name) for name in ("seen", "made", "later"))
    write(seen, "3\n")
    up = script(lab, "up", "cat /proc/net/ip_vs > %s.new; mv %s.new %s.table\n" % ((seen,) * 3))
    files = "track_file f {\nfile %s\nweight 2\n}\ntrack_file g {\nfile %s\ninit_file 4\nweight -1\n}\n" % (seen, made)
    more = "track_file l {\nfile %s\ninit_file 7\n}\n" % later
    of = lambda *names: "weight 10\n" + "".join("FILE_CHECK {\ntrack_file %s\n}\n" % name for name in names)
    service = lambda *reals: virtual(VIP + " 80", *reals, opts="quorum_up %s" % up)
    d = h.keepalived(files + service(real(A, 80, of("f")), real(B, 80, of("f", "g"))))
    wait(lambda: os.path.exists(seen + ".table"), 10, "quorum_up")
    with open(seen + ".table") as f:
        weights = {line.split()[1]: line.split()[3] for line in f if "Masq" in line}
    assert weights == {"0A010001:0050": "16", "0A010002:0050": "12"}, weights
    d.reload(files + more + service(real(A, 80, of("f")), real(B, 80, of("f", "l"))))
    settle(h, {A + ":80": 16, B + ":80": 23})
    with open(later) as f:
        assert f.read() == "7\n"
