"""What a service manager is told, and what it learns from that."""
import os
import shutil
import signal
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402,F401
from ka import case, wait  # noqa: E402
from vrrpkit import conf, inst  # noqa: E402


class Manager:
    """A service manager: systemd by its name, in a process namespace of its own."""

    def __init__(self, lab, host, config, env):
        # Only what systemd itself has started may speak for the service.
        shutil.copy("/bin/sh", lab.dir + "/systemd")
        address = lab.dir + "/notify"
        self.box = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.box.bind(address)
        self.box.setblocking(False)
        self.got = []
        self.log = open(lab.dir + "/log", "w")
        command = "%s -n -l -D -G -f %s -p %s/p -r %s/r & wait" % (lab.daemon, config, lab.dir, lab.dir)
        self.process = host.spawn("unshare", "-pf", "--mount-proc", "--kill-child", lab.dir + "/systemd", "-c", command,
                                  env=dict(os.environ, NOTIFY_SOCKET=address, **env), stdout=self.log, stderr=self.log)

    def said(self, text):
        """Everything it was told that has this, with the moments."""
        try:
            while True:
                self.got.append((time.monotonic(), self.box.recv(4096).decode()))
        except BlockingIOError:
            pass
        return [(at, m) for at, m in self.got if text in m]

    def pids(self):
        """The daemon's processes, the parent first."""
        kids, found, todo = {}, [], [self.process.pid]
        for d in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/stat" % d) as f:
                    kids.setdefault(int(f.read().rsplit(")", 1)[1].split()[1]), []).append(int(d))
            except OSError:
                pass
        while todo:
            pid = todo.pop(0)
            with open("/proc/%d/comm" % pid) as f:
                found += [pid] if "keepalived" in f.read() else []
            todo += sorted(kids.get(pid, []))
        return found


@case("defects")
def manager_is_told_and_sees_that_all_are_alive(lab):
    """READY, a line of status that follows changes, signs of life only while the children answer, STOPPING; credentials."""
    (r1,) = lab.pair(("r1",))
    secrets = lab.dir + "/credentials"
    os.mkdir(secrets)
    with open(secrets + "/vrrp-key", "w") as f:
        f.write("k" * 32 + "\n")
    os.chmod(secrets + "/vrrp-key", 0o400)
    with open(lab.dir + "/c.conf", "w") as f:
        f.write(conf(inst(extra="auth_hmac {\nkey 1 file:vrrp-key\nactive_key 1\n}"),
                     inst(name="VI_2", vrid=52, vips=["10.77.0.101/24"])) + "\n")
    m = Manager(lab, r1, lab.dir + "/c.conf", {"WATCHDOG_USEC": "1200000", "CREDENTIALS_DIRECTORY": secrets})
    wait(lambda: m.said("READY=1"), 8, "READY")
    wait(lambda: m.said("STATUS=VI_1 MASTER, VI_2 MASTER"), 8, "the status line")
    r1.carrier("eth0", False)
    wait(lambda: m.said("STATUS=VI_1 FAULT, VI_2 FAULT"), 8, "the line follows")
    assert len(m.said("STATUS=")) < 8, m.got
    parent, child = m.pids()
    wait(lambda: len(m.said("WATCHDOG=1")) > 3, 5, "signs of life")
    os.kill(child, signal.SIGSTOP)
    stopped = time.monotonic()
    # Asked four times in the time of the watchdog, and given half of it for the answer.
    while time.monotonic() < stopped + 2.8:
        late = [at for at, _ in m.said("WATCHDOG=1") if at > stopped + 1.6]
        assert not late, "no sign of life while a child hangs"
        time.sleep(0.05)
    os.kill(child, signal.SIGCONT)
    mark = time.monotonic()
    wait(lambda: [at for at, _ in m.said("WATCHDOG=1") if at > mark], 5, "it is alive again")
    os.kill(parent, signal.SIGTERM)
    wait(lambda: m.said("STOPPING=1"), 5)
    m.process.wait(10)
    with open(lab.dir + "/log") as f:
        assert "auth_hmac" not in f.read(), "the credential was found"
