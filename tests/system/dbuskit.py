"""A private bus, the tools that others use with it, and daemons on it."""
import os
import re
import signal
import stat
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402,F401
from ka import Skip, wait  # noqa: E402
from vrrpkit import conf, inst  # noqa: E402

NAME = "org.keepalived.Vrrp1"
ROOT = "/org/keepalived/Vrrp1"
DAEMON, INSTANCE = NAME + ".Vrrp", NAME + ".Instance"
POLICY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../dist/dbus/org.keepalived.Vrrp1.conf")
# As the system bus: nobody may own or call anything unless a policy says so.
CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=%s</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
    <allow own="org.example.Mine"/>
  </policy>
  <include>%s</include>
</busconfig>
"""


class Bus:
    """A dbus-daemon for one lab."""

    def __init__(self, lab):
        for tool in ("dbus-daemon", "gdbus", "dbus-monitor"):
            if not any(os.access(os.path.join(p, tool), os.X_OK) for p in os.environ["PATH"].split(":")):
                raise Skip("%s is not installed" % tool)
        self.dir, self.proc, self.monitors = lab.dir, None, []
        self.socket = os.path.join(lab.dir, "bus")
        self.address = "unix:path=" + self.socket
        self.env = dict(os.environ, DBUS_SYSTEM_BUS_ADDRESS=self.address)
        self.config = os.path.join(lab.dir, "bus.conf")
        # Other users look, too.
        os.chmod(lab.dir, os.stat(lab.dir).st_mode | stat.S_IXOTH)
        with open(self.config, "w") as f:
            f.write(CONFIG % (self.socket, os.path.abspath(POLICY)))

    def start(self):
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        self.proc = subprocess.Popen(["dbus-daemon", "--nofork", "--nopidfile", "--config-file", self.config],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait(lambda: os.path.exists(self.socket), 5, "the bus listens")
        return self

    def stop(self):
        for monitor in self.monitors:
            monitor.stop()
        self.monitors = []
        if self.proc:
            self.proc.send_signal(signal.SIGCONT)
            self.proc.kill()
            self.proc.wait()
            self.proc = None

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.stop()

    def gdbus(self, *args, user=None):
        """Output of gdbus; '' and the error's text if it fails."""
        command = ["gdbus", *args]
        if user:
            command = ["setpriv", "--reuid", str(user), "--clear-groups", *command]
        r = subprocess.run(command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20)
        return r.returncode, r.stdout

    def call(self, path, method, *args, user=None):
        status, out = self.gdbus("call", "--system", "-d", NAME, "-o", path, "-m", method, *args, user=user)
        return out.strip() if status == 0 else "FAILED " + out.strip()

    def introspect(self, path):
        return self.gdbus("introspect", "--system", "-d", NAME, "-o", path)[1]

    def state(self, path):
        """Number and word of an instance's state; nothing if it is not there."""
        found = re.search(r"\(uint32 (\d+), '(\w+)'\)", self.call(path, "org.freedesktop.DBus.Properties.Get", INSTANCE, "State"))
        return found and (int(found.group(1)), found.group(2))

    def has_name(self):
        status, out = self.gdbus("call", "--system", "-d", "org.freedesktop.DBus", "-o", "/org/freedesktop/DBus",
                                 "-m", "org.freedesktop.DBus.NameHasOwner", NAME)
        return "true" in out

    def monitor(self):
        self.monitors.append(Monitor(self))
        return self.monitors[-1]


class Monitor:
    """Signals below ROOT, as somebody who listens gets them."""

    def __init__(self, bus):
        self.path = os.path.join(bus.dir, "monitor%d" % len(bus.monitors))
        self.out = open(self.path, "w")
        self.proc = subprocess.Popen(["dbus-monitor", "--system", "type=signal,path_namespace=" + ROOT], env=bus.env,
                                     stdout=self.out, stderr=subprocess.STDOUT)
        wait(lambda: "NameAcquired" in self.text(), 5, "the monitor listens")

    def text(self):
        with open(self.path) as f:
            return f.read()

    def seen(self):
        """What has been heard: 'VrrpStarted', 'eth0/51/IPv4 2', ... in order."""
        out = []
        for part in self.text().split("\nsignal ")[1:]:
            member = re.search(r"member=(\w+)", part).group(1)
            path = re.search(r"path=(\S+?);", part).group(1)
            if member == "VrrpStatusChange":
                out.append("%s %s" % (path.split("/Instance/")[1], re.search(r"uint32 (\d+)", part).group(1)))
            elif path.startswith(ROOT):
                out.append(member)
        return out

    def main(self):
        """Those that the C daemon has, too."""
        return [s for s in self.seen() if s.startswith("Vrrp") or "/" in s]

    def stop(self):
        self.proc.kill()
        self.proc.wait()
        self.out.close()


def start(lab, bus, *blocks, extra=""):
    (r1,) = lab.pair(("r1",))
    daemon = r1.keepalived(conf(*blocks, globals="enable_dbus\n" + extra), env={"DBUS_SYSTEM_BUS_ADDRESS": bus.address})
    return r1, daemon


def path(vrid=51, dev="eth0", family="IPv4", root=ROOT):
    return "%s/Instance/%s/%d/%s" % (root, dev, vrid, family)


def vi(number, **kw):
    return inst("VI_%d" % number, vrid=50 + number, vips=["10.77.0.%d/24" % (99 + number)], **kw)
