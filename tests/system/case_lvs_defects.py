"""Mistakes of the C daemon's health checkers that are not copied, against real servers: in user-mode Linux, by `make uml`.

The mistakes of its table of virtual servers are in case_ipvs.py.
"""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kit import ours  # noqa: E402
from backends import (VIP, Dns, Http, Smtp, Tcp, Udp, balancer, check, header, key, md5, pool, real, recorder, settle, table,  # noqa: E402
                      url, virtual, write)
from ka import Skip, case, never, wait  # noqa: E402

A, B, C, D = ("10.1.0.%d" % i for i in range(1, 5))


def verdict(lab, text):
    """Exit status and messages of -t."""
    path = os.path.join(lab.dir, "test.conf")
    write(path, text)
    r = subprocess.run([ours(), "-t", "-f", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return r.returncode, r.stdout


@case("uml")
def lvs_weight_0_and_hysteresis(lab):
    """A single server of weight 0: the quorum cannot be reached, with hysteresis or without; a change of the weight is followed."""
    h = balancer(lab)
    path, calls = recorder(lab, "quorum")
    text = lambda weight, opts="": virtual(VIP + " 80", real(A, 80, "weight %d" % weight), opts='sorry_server %s 80\nquorum_up "%s up"\n'
                                           'quorum_down "%s down"\n%s' % (D, path, path, opts))
    d = h.keepalived(text(0))
    settle(h, {D + ":80": 1})
    never(lambda: "up" in calls(), 0.5, "a quorum of nothing")
    d.reload(text(0, "quorum 1\nhysteresis 1"))
    wait(lambda: "Reload finished" in d.log(), 5)
    never(lambda: pool(h) != {D + ":80": 1}, 0.5, "a quorum of nothing with hysteresis")
    d.reload(text(2))
    settle(h, {A + ":80": 2})
    wait(lambda: calls()[-1:] == ["up"], 3, "quorum_up")
    assert d.stop() == 0


@case("uml")
def lvs_group_range_crosses_octets(lab):
    """10.77.4.254-10.77.5.1 are four addresses, and fd77::fffe-fd77::1:1 too."""
    h = balancer(lab)
    group = lambda what: "virtual_server_group g {\n%s 80\n}\n" % what + virtual("group g", real(A if "." in what else "fd01::5", 80))
    for what, want in (("10.77.4.254-10.77.5.1", ["10.77.4.254", "10.77.4.255", "10.77.5.0", "10.77.5.1"]),
                       ("fd77::fffe-fd77::1:1", ["fd77::fffe", "fd77::ffff", "fd77::1:0", "fd77::1:1"])):
        d = h.keepalived(group(what))
        wait(lambda: set(table(h)) == {key("%s 80" % ip) for ip in want}, 5, what)
        assert d.stop() == 0
        h.daemons.remove(d)


@case("uml")
def lvs_dns_names_of_one_letter(lab):
    """A name whose first label has one letter is asked for, and nothing else."""
    h = balancer(lab)
    s = Dns(h, A)
    h.keepalived(virtual(VIP + " 53", real(A, 53, check("DNS_CHECK", "type A\nname x.example.org", timeout="0.6")), proto="UDP"))
    wait(lambda: s.count() >= 2, 5, "questions")
    assert {q[0] for q in s.questions()} == {"x.example.org"}, s.questions()


@case("uml")
def lvs_smtp_answers_of_several_lines(lab):
    """`220-...` and `250-...` are parts of an answer that goes on."""
    h = balancer(lab)
    s = Smtp(h, A, 25, {"banner": "220-welcome\r\n220-to\r\n220 back.example ESMTP", "EHLO": "250-back.example\r\n250-SIZE 1000\r\n250 HELP",
                        "HELO": "250-back.example\r\n250-SIZE 1000\r\n250 HELP"})
    bad = Smtp(h, B, 25, {"banner": "554-no\r\n554 service"})
    h.keepalived(virtual(VIP + " 25", *[real(x.ip, 25, check("SMTP_CHECK", timeout="3")) for x in (s, bad)], opts="alpha"))
    settle(h, {s.name: 1}, VIP + " 25")
    wait(lambda: s.count() >= 3 and bad.count() >= 2, 6, "several sessions")
    assert pool(h, VIP + " 25") == {s.name: 1}
    assert [line.split()[0] for line in s.items()[0]] in (["HELO", "QUIT"], ["EHLO", "QUIT"]), s.items()[0]


@case("uml")
def lvs_udp_reply_lengths_without_a_pattern(lab):
    """min_reply_length and max_reply_length count if require_reply has no pattern."""
    h = balancer(lab)
    replies = {A: b"abc", B: b"abcdef", C: b"123456789"}
    for ip, reply in replies.items():
        Udp(h, ip, 9, reply)
    lim = check("UDP_CHECK", "require_reply\nmin_reply_length 4\nmax_reply_length 8", timeout="0.7")
    h.keepalived(virtual(VIP + " 9", *[real(ip, 9, lim) for ip in replies], proto="UDP"))
    settle(h, {B + ":9": 1}, VIP + " 9", "UDP")
    never(lambda: pool(h, VIP + " 9", "UDP") != {B + ":9": 1}, 1)


@case("uml")
def lvs_own_port_without_own_address(lab):
    """bind_port alone is used, with the address that the kernel picks."""
    h = balancer(lab)
    s = Tcp(h, A, 80)
    d = h.keepalived(virtual(VIP + " 80", real(A, 80, check("TCP_CHECK", "bind_port 4321"))))
    wait(lambda: s.count() >= 3, 6, "checks")
    assert {port for _, port in s.items()} == {4321}, s.items()
    assert pool(h) == {A + ":80": 1} and "cannot be made" not in d.log()


def held(answer):
    """The answer, and then silence on an open connection."""
    def send(conn, _):
        conn.sendall(answer)
        conn.recv(1)
    return send


OK = b"HTTP/1.1 200 OK\r\n"


@case("uml")
def lvs_http_as_the_rfc_has_it(lab):
    """Chunks, lengths, connections held open, interim answers, line feeds, empty bodies and offsets as RFC 9112 and the manual say."""
    h = balancer(lab)
    hello = OK + b"Content-Length: 5\r\n\r\nhello"
    digest = "digest " + md5(b"hello")
    good = [
        (OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: 1\r\n\r\n", digest),
        (held(hello), digest),
        (held(OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"), digest),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + hello, digest + "\nstatus_code 200"),
        (hello.replace(b"\r\n", b"\n"), digest),
        (OK + b"Content-Length: 0\r\n\r\n", "regex ^$"),
        (OK + b"Content-Length: 7\r\n\r\nxxhello", "regex hello\nregex_min_offset 2"),
    ]
    bad = [
        (OK + b"Content-Length: 10\r\n\r\nhello", digest),
        (OK + b"Content-Length: 10\r\n\r\nhello", "status_code 200"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", digest),
        (OK + b"Content-Length: 7\r\n\r\nxxhello", "regex hello\nregex_min_offset 3"),
        (OK + b"Content-Length: 1\r\n\r\nx", "regex ^$"),
    ]
    servers = [Http(h, "10.1.1.%d" % n, 80, {"": answer}) for n, (answer, _) in enumerate(good + bad, 1)]
    get = lambda words: check("HTTP_GET", url("/", words), timeout="6")
    d = h.keepalived(virtual(VIP + " 80", *[real(s.ip, 80, get(words)) for s, (_, words) in zip(servers, good + bad)], opts="alpha"))
    # Sooner than connect_timeout after the first check: no answer is waited for beyond its end.
    settle(h, {s.name: 1 for s in servers[:len(good)]}, timeout=6)
    wait(lambda: all(s.count() >= 2 for s in servers), 9, "each is checked again")
    assert set(pool(h)) == {s.name for s in servers[:len(good)]}, d.log()[-2000:]
    assert {header(head, "Host") for head in servers[0].items() if head} == {servers[0].ip}, servers[0].items()[:1]


@case("uml")
def lvs_two_services_of_one_address(lab):
    """A second virtual_server with the address of the first is reported and not used; one of another protocol is no second one."""
    h = balancer(lab)
    first, second = virtual(VIP + " 80", real(A, 80)), virtual(VIP + " 80", real(B, 80))
    status, text = verdict(lab, first + second)
    assert status != 0 and "has a virtual server already" in text and VIP in text, (status, text)
    status, text = verdict(lab, first + virtual(VIP + " 80", real(B, 80), proto="UDP"))
    assert status == 0, text
    d = h.keepalived(first + second)
    settle(h, {A + ":80": 1}, what="it runs all the same, with the first one")
    assert d.stop() == 0 and table(h) == {}


@case("uml")
def lvs_first_check_that_fails_counts_at_once(lab):
    """Kept as it is in C: the first check that fails takes a server down without a retry."""
    h = balancer(lab)
    s = Tcp(h, A, 80, start=False)
    d = h.keepalived(virtual(VIP + " 80", real(A, 80, check("TCP_CHECK", retry="5", pause="9"))))
    settle(h, {A + ":80": 1}, what="at the start")
    settle(h, {}, what="after the first check", timeout=4)
    s.start()
    settle(h, {A + ":80": 1})
    assert d.stop() == 0


@case("uml")
def lvs_dump_tells_of_the_first_check(lab):
    """Until a check has ended the dump says that a failure counts at once, and then how many may still fail."""
    h = balancer(lab)
    Tcp(h, A, 80)

    def left(d):
        path = d.tmpdir + "/keepalived_check.data"
        if os.path.exists(path):
            os.remove(path)
        d.signal(signal.SIGUSR1, "_check")
        wait(lambda: os.path.exists(path), 5, "a dump")
        with open(path) as f:
            return [line.split(" = ")[1].strip() for line in f if "Retries left" in line]
    soon = virtual(VIP + " 80", real(A, 80, check("TCP_CHECK", retry="5")))
    d = h.keepalived(soon.replace("warmup 0", "warmup 900").replace("delay_loop 0.4", "delay_loop 900"))
    settle(h, {A + ":80": 1})
    assert left(d) == ["0 (first check)"], left(d)
    assert d.stop() == 0
    d = h.keepalived(soon)
    settle(h, {A + ":80": 1})
    wait(lambda: left(d) == ["5"], 8, "the first check has passed")


@case("defects")
def lvs_without_ipvs_in_the_kernel(lab):
    """--all starts a checker process without virtual servers: it needs no IPVS. A reload that brings a virtual server is refused,
    and a start with one fails."""
    if os.path.exists("/proc/net/ip_vs") or subprocess.run(["modprobe", "-nq", "ip_vs"], check=False).returncode == 0:
        raise Skip("this kernel has IPVS")
    h = lab.host("lb")
    d = h.keepalived("global_defs {\nlvs_timeouts tcp 100\n}\n", "--all")
    wait(lambda: "lvs_timeouts and lvs_sync_daemon have no effect" in d.log(), 20, "that is told: " + d.log())
    text = virtual(VIP + " 80", real("10.1.0.1", 80))
    d.reload(text)
    refused = "Reload refused, the old configuration stays: Healthcheck process: IPVS: Can't initialize ipvs"
    wait(lambda: refused in d.log(), 20, "the refusal: " + d.log())
    d.reload("global_defs {\nrouter_id other\n}\n")
    wait(lambda: "Reload finished" in d.log().split(refused)[1], 20, "another reload: " + d.log())
    assert d.stop() == 0
    d = h.keepalived(text)
    assert d.proc.wait(20) == 1, d.log()
    assert d.log().count("Can't initialize ipvs") == 1, d.log()


@case("uml")
def lvs_files_of_tls_that_cannot_be_used(lab):
    """SSL: with a file that cannot be used no check over TLS could be made. A test of the configuration says so, a start ends
    with 2, and a reload is refused; without such a check the files are of no interest."""
    h = balancer(lab)
    page = 'SSL_GET {\nurl {\npath /\nstatus_code 200\n}\n}\n'
    text = lambda file, body: "SSL {\n%s\n}\n" % (file and "ca " + file) + virtual(VIP + " 80", real("10.1.0.1", 443, body))
    no_ca = os.path.join(lab.dir, "ca.pem")
    error = "Cant load CA file %s: No such file or directory" % no_ca
    path = os.path.join(lab.dir, "tested.conf")
    for body, status in ((page, 5), (check("TCP_CHECK"), 0)):
        with open(path, "w") as f:
            f.write(text(no_ca, body))
        tested = subprocess.run([ours(), "-t", "-f", path], capture_output=True, text=True, check=False)
        assert (tested.returncode, error in tested.stderr) == (status, status == 5), (tested.returncode, tested.stderr)
    d = h.keepalived(text(no_ca, page))
    assert d.proc.wait(20) == 2, d.log()
    assert error in d.log() and table(h) == {}, d.log()
    d = h.keepalived(text("", page))
    settle(h, {"10.1.0.1:443": 1}, timeout=20)
    with open(no_ca, "w") as f:
        f.write("no certificate\n")
    d.reload(text(no_ca, page))
    refused = "Reload refused, the old configuration stays: Healthcheck process: SSL error : Cant load CA file"
    wait(lambda: refused in d.log(), 20, "the refusal: " + d.log())
    d.reload(text(no_ca, check("TCP_CHECK")))
    wait(lambda: "Reload finished" in d.log(), 20, "another reload: " + d.log())
    assert d.stop() == 0
