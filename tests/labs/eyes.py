"""What is seen of the routers from outside: the addresses in their kernels, their logs, their adverts."""
import os
import re
import selectors
import socket
import struct
import threading
import time

RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR = 0x10, 0x100
RTM_NEWADDR, RTM_DELADDR, IFA_ADDRESS, IFA_LOCAL, IFA_LABEL = 20, 21, 1, 2, 3
TOLD = r"Entering \w+ STATE|Entering (Up|Down|AdminDown) state"


class Eyes(threading.Thread):
    """Follows the kernel's address notifications and the logs of all routers, and tells what matters of them."""

    def __init__(self, stage):
        super().__init__(daemon=True)
        self.stage, self.ending, self.told = stage, threading.Event(), [TOLD]
        self.pick, self.logs, self.lock = selectors.DefaultSelector(), [], threading.Lock()
        self.addresses, self.moves, self.lines = {}, [], []

    def watch(self, host):
        """From now on tell of this host's addresses (those that come and go, not those it has)."""
        def opened():
            s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
            s.bind((0, RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR))
            s.setblocking(False)
            return s
        self.addresses[host.name] = set()
        self.pick.register(host.inside(opened), selectors.EVENT_READ, lambda sock: self.on_netlink(host.name, sock))

    def fifo(self, path, on_line):
        """Make a FIFO and call this for every line that comes through it."""
        os.mkfifo(path, 0o600)
        pipe = os.fdopen(os.open(path, os.O_RDWR | os.O_NONBLOCK), "rb", buffering=0)
        self.pick.register(pipe, selectors.EVENT_READ,
                           lambda pipe: [on_line(line) for line in (pipe.read(65536) or b"").decode().splitlines()])

    def follow(self, host, path):
        """Follow the log of a daemon that is being started."""
        self.tail(path, lambda line: self.on_line(host.name, line))

    def tail(self, path, on_line):
        """Call this for every line that a file gets, once it is there."""
        with self.lock:
            self.logs.append([on_line, path, None, b""])

    def run(self):
        while not self.ending.is_set():
            for key, _ in self.pick.select(0.01) if self.pick.get_map() else ():
                key.data(key.fileobj)
            self.read_logs()

    def on_netlink(self, name, sock):
        try:
            data = sock.recv(65536)
        except OSError:
            return
        while len(data) >= 16:
            length, kind = struct.unpack_from("IH", data)
            if kind in (RTM_NEWADDR, RTM_DELADDR):
                self.on_address(name, kind == RTM_NEWADDR, data[16:length])
            data = data[(length + 3) & ~3:]

    def on_address(self, name, added, body):
        attributes, rest = {}, body[8:]
        while len(rest) >= 4:
            length, kind = struct.unpack_from("HH", rest)
            attributes[kind] = rest[4:length]
            rest = rest[(length + 3) & ~3:]
        octets = attributes.get(IFA_LOCAL) or attributes[IFA_ADDRESS]
        address, have = socket.inet_ntop(body[0], octets), self.addresses[name]
        if added == (address in have) or (body[0] == socket.AF_INET6 and address.startswith("fe80::") and len(address) > 14):
            return
        (have.add if added else have.discard)(address)
        self.moves.append((time.time(), name, address, added))
        label = attributes.get(IFA_LABEL, b"").rstrip(b"\0").decode()
        self.stage.say("%s %s %s%s" % (name, "has" if added else "no longer has", address, " (%s)" % label if ":" in label else ""),
                       "good" if added else "")

    def read_logs(self):
        with self.lock:
            logs = list(self.logs)
        for log in logs:
            on_line, path, file, begun = log
            if file is None:
                if not os.path.exists(path):
                    continue
                log[2] = file = open(path, "rb")
            *whole, log[3] = (begun + file.read()).split(b"\n")
            for line in whole:
                on_line(line.decode(errors="replace"))

    def on_line(self, name, line):
        text = re.sub(r"^\w{3} \w{3} [ \d]\d [\d:]{8} \d{4}: ", "", line)
        self.lines.append((time.time(), name, text))
        if any(re.search(t, text) for t in self.told):
            kind = "good" if "MASTER STATE" in text else "bad" if "FAULT STATE" in text else ""
            self.stage.say("%s says: %s" % (name, text), kind)

    def holders(self, address):
        """Names of the watched hosts that have the address."""
        return [name for name, have in self.addresses.items() if address in have]

    def forget(self, host):
        """What the watched host has, from now on nothing: the end of it is not told."""
        have, self.addresses[host.name] = self.addresses[host.name], set()
        return have

    def heard(self, name, pattern, since=0.0):
        """What this router has said since a moment that matches: [(time, match)]."""
        return [(at, m) for at, who, text in self.lines[:] if who == name and at >= since for m in [re.search(pattern, text)] if m]

    def end(self):
        self.ending.set()
        if self.is_alive():
            self.join(2)
        for key in list(self.pick.get_map().values()):
            key.fileobj.close()
        for log in self.logs:
            if log[2]:
                log[2].close()


class Watcher(threading.Thread):
    """Reads the adverts on a segment and tells who is master, of a virtual router that has one at a time."""

    def __init__(self, wire, stage, names):
        super().__init__(daemon=True)
        self.wire, self.stage, self.names = wire, stage, names
        self.master, self.since, self.ending = None, 0.0, threading.Event()

    def run(self):
        done = 0
        while not self.ending.is_set():
            seen = self.wire.poll(0.02)
            for p in seen[done:]:
                if p.kind == "vrrp":
                    self.take(p.ts, self.names.get(p.src, p.src), p.prio)
            done = len(seen)

    def take(self, ts, who, priority):
        if priority == 0:
            self.stage.say("%s resigns: an advert with priority 0" % who, at=ts)
            self.master = None
        elif who != self.master:
            self.stage.say("%s is master (priority %d)" % (who, priority), "good", ts)
            self.master, self.since = who, ts

    def end(self):
        self.ending.set()
        self.join(2)
