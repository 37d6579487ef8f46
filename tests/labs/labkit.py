"""What a lab is made of: hosts of its own, daemons with the configurations of its folder, and somebody who watches.

A lab is a module `lab_*.py` of this folder with a function `play(site)`. The first line of its documentation is what
`scripts/lab` lists; `IN_UML = True` says that it needs IPVS. It acts, waits for what has to happen, and asserts;
everything it does and sees is told on the stage meanwhile.
"""
import os
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(TOP, "tests", "conformance")]
import ka  # noqa: E402
from eyes import Eyes  # noqa: E402
from traffic import Client, WebServer  # noqa: E402

CONFIGS = os.path.join(TOP, "test-configs", "labs")
# Where the configurations say that files are; each router has a folder of its own mounted there.
ETC, RUN = "/etc/keepalived", "/run/keepalived"
PATIENCE = 15.0


class Site:
    """The hosts of one run of a lab. `lab` is the ka.Lab that they live in and end with."""

    def __init__(self, lab, name, stage):
        self.lab, self.stage, self.folder = lab, stage, os.path.join(CONFIGS, name)
        self.eyes, self.threads, self.daemons, self.rows = Eyes(stage), [], {}, []
        self.cables = {}
        self.marked = time.time()
        self.eyes.start()
        for folder in (ETC, RUN):
            os.makedirs(folder, exist_ok=True)

    def router(self, name, *nics):
        """A host that runs the daemon: nics are (device, segment, address...)."""
        host = self.host(name, *nics)
        self.eyes.watch(host)
        return host

    def host(self, name, *nics):
        host = self.lab.host(name)
        self.cables[name] = [device for device, *_ in nics]
        for device, segment, *addresses in nics:
            host.nic(device, segment, addresses)
        return host

    def routers(self, net="192.0.2", segment="lan", names=("r1", "r2")):
        """The usual routers, NET.1, NET.2, ... on eth0."""
        return [self.router(n, ("eth0", segment, "%s.%d/24" % (net, i))) for i, n in enumerate(names, 1)]

    def run(self, thread):
        """Start a server, a client or another observer; it ends with the lab."""
        thread.start()
        self.threads.append(thread)
        return thread

    def web(self, host, port=80):
        return self.run(WebServer(host, port))

    def client(self, host, address, port=80, period=0.02, name="the client", tells_names=True):
        return self.run(Client(host, self.stage, address, port, period, name, tells_names))

    def etc(self, host):
        """The folder that this host sees as /etc/keepalived: at first a copy of the lab's folder."""
        folder = os.path.join(self.lab.dir, host.name + ".etc")
        if not os.path.exists(folder):
            shutil.copytree(self.folder, folder)
            for name in os.listdir(folder):
                if name.endswith(".key"):           # version control does not keep this
                    os.chmod(os.path.join(folder, name), 0o600)
        return folder

    def var(self, host):
        """The folder that this host sees as /run/keepalived."""
        folder = os.path.join(self.lab.dir, host.name + ".run")
        os.makedirs(folder, exist_ok=True)
        return folder

    def wrapper(self, host):
        """A command that runs its arguments with these two folders in their places."""
        path = os.path.join(self.lab.dir, host.name + ".wrapper")
        if not os.path.exists(path):                # a shell may be reading it
            with open(path, "w") as f:
                f.write('#!/bin/sh\nmount --bind %s %s && mount --bind %s %s && exec "$@"\n'
                        % (self.etc(host), ETC, self.var(host), RUN))
            os.chmod(path, 0o755)
        return path

    def execute(self, host, *command):
        """Run a program to its end on a host that sees its own /etc/keepalived and /run/keepalived."""
        return host.run(self.wrapper(host), *command)

    def background(self, host, *command):
        """The same for a program that goes on; it is killed at the end of the lab."""
        with open(os.path.join(self.lab.dir, "%s-%s.out" % (host.name, command[0])), "w") as out:
            return host.spawn(self.wrapper(host), *command, stdout=out, stderr=out,
                              env=dict(os.environ, MIBS="", SNMP_PERSISTENT_DIR=RUN))

    def start(self, host, config=None, *args):
        """Start the daemon on a host with a configuration of the lab's folder, by default the one named like the host."""
        shutil.copy(os.path.join(self.etc(host), (config or host.name) + ".conf"), os.path.join(self.etc(host), "keepalived.conf"))
        self.prove(host, args)
        daemon = Daemon(self, host, args)
        host.daemons.append(daemon)
        self.eyes.follow(host, daemon.logfile)
        self.daemons[host.name] = daemon
        return daemon

    def status(self, host):
        """Show what the daemon of a host says when asked (`keepalived --status`); the text."""
        text = self.execute(host, self.lab.daemon, "--status=%s/keepalived.sock" % RUN)
        self.say("%s: keepalived --status" % host.name)
        for line in text.splitlines():
            self.stage.line("             " + line)
        return text

    def prove(self, host, args):
        """What a reader learns from is without mistakes."""
        r = subprocess.run(["ip", "netns", "exec", host.ns, self.wrapper(host), self.lab.daemon, "-t", "-f", ETC + "/keepalived.conf", *args],
                           stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert r.returncode == 0, "%s's configuration has mistakes:\n%s" % (host.name, r.stdout)
        for line in r.stdout.splitlines():
            self.say("%s: keepalived -t: %s" % (host.name, line), "bad")

    def power_off(self, host):
        """The host dies: the daemon with all its children, its links, and the addresses that the daemon gave it."""
        self.daemons[host.name].crash()
        for device in self.cables[host.name]:
            host.carrier(device, False)
        for address in self.eyes.forget(host):
            host.ip("addr", "flush", "to", address)

    def power_on(self, host, *start):
        for device in self.cables[host.name]:
            host.carrier(device, True)
        return self.start(host, *start)

    def stop_all(self):
        """Stop all daemons in order; they have to end well."""
        for name, daemon in self.daemons.items():
            assert not daemon.alive() or daemon.stop() == 0, "%s: the daemon did not end with status 0" % name
        self.daemons.clear()

    def head(self, text):
        self.stage.head(text)

    def do(self, text):
        """Announce what is done now; what is awaited afterwards has to happen after this."""
        self.stage.say(text, "do")
        self.marked = time.time()

    def say(self, text, kind=""):
        self.stage.say(text, kind)

    def until(self, condition, what, patience=PATIENCE):
        return ka.wait(condition, patience, what, 0.01)

    def alone(self, host, address, patience=PATIENCE):
        """Wait until this host, and no other, has the address."""
        self.until(lambda: self.eyes.holders(address) == [host.name], "%s alone has %s" % (host.name, address), patience)

    def heard(self, host, pattern, patience=PATIENCE):
        """Wait until the daemon of this host has said, since the last act, what matches."""
        self.until(lambda: self.eyes.heard(host.name, pattern, self.marked), "%s says %r" % (host.name, pattern), patience)
        return self.eyes.heard(host.name, pattern, self.marked)[0][1]

    def served(self, client, name, patience=PATIENCE):
        """Wait until the client, since the last act, gets answers from this server."""
        since = self.marked
        self.until(lambda: client.answers and client.answers[-1] >= (since,) and client.served == name and not client.quiet,
                   "%s gets the page from %s" % (client.title, name), patience)

    def note(self, what, value):
        """A line of the table at the end."""
        self.rows.append((what, value))

    def measured(self, what, client):
        """Note the longest time without an answer since the last act; the value in ms."""
        outage = client.outage(self.marked)
        self.note(what, "%.0f ms without an answer" % outage)
        return outage

    def end(self):
        for t in [*self.threads, self.eyes]:
            t.end()

    def summary(self):
        if self.rows:
            self.head("What it cost")
            for what, value in self.rows:
                self.stage.line("  %-60s %s" % (what, value))


class Daemon(ka.Daemon):
    """A daemon whose files are where they are on a real host."""

    def __init__(self, site, host, args):
        self.host, self.base = host, os.path.join(site.var(host), "keepalived")
        self.conf = os.path.join(site.etc(host), "keepalived.conf")
        self.logfile = os.path.join(site.lab.dir, "%s%d.log" % (host.name, len(host.daemons)))
        os.makedirs(self.tmpdir, exist_ok=True)
        pids = [word for option, suffix in (("-p", ""), ("-r", "_vrrp"), ("-c", "_check"), ("-b", "_bfd"))
                for word in (option, RUN + "/keepalived%s.pid" % suffix)]
        self.out = open(self.logfile, "w")
        self.proc = subprocess.Popen(
            ["ip", "netns", "exec", host.ns, site.wrapper(host), site.lab.daemon, "-n", "-l", "-D", "-f", ETC + "/keepalived.conf",
             *pids, *args], stdout=self.out, stderr=subprocess.STDOUT, env=dict(os.environ, TMPDIR=RUN + "/keepalived.d"),
            cwd=site.lab.dir, start_new_session=True)


def play(lab, name, play, stage):
    """Run one lab to its end; AssertionError if something did not happen."""
    site = Site(lab, name, stage)
    try:
        play(site)
    except BaseException as error:
        site.say("FAILED: %s" % error, "bad")
        raise
    finally:
        site.end()
        site.summary()
