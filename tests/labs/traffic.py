"""Servers and clients whose packets are at stake: pages over TCP, and questions over UDP that are counted."""
import selectors
import socket
import time

from stage import Background


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def bound(kind, port):
    """A socket at a port of all addresses, of both families where the machine has them."""
    both = socket.has_dualstack_ipv6()
    s = socket.socket(socket.AF_INET6 if both else socket.AF_INET, kind)
    if both:
        s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("::" if both else "", port))
    s.settimeout(0.05)
    return s


class WebServer(Background):
    """Answers every request with its name, on every address of the host."""

    def __init__(self, host, port=80, name=None):
        super().__init__(host)
        self.port, self.name = port, name or host.name

    def work(self):
        with bound(socket.SOCK_STREAM, self.port) as s:
            s.listen(64)
            while not self.ending.is_set():
                try:
                    c = s.accept()[0]
                except TimeoutError:
                    continue
                with c:
                    try:
                        c.settimeout(1)
                        c.recv(1024)
                        c.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n%s\n" % self.name.encode())
                    except OSError:
                        pass


class Client(Background):
    """Fetches the page again and again, each time over a new connection, and tells when the answer changes."""

    def __init__(self, host, stage, address, port=80, period=0.02, name="the client", tells_names=True):
        super().__init__(host)
        self.tells_names = tells_names          # not where every answer may come from another server
        self.stage, self.address, self.port, self.period, self.title = stage, address, port, period, name
        self.answers, self.served, self.quiet = [], None, False

    def work(self):
        pick, next_at = selectors.DefaultSelector(), time.time()
        while not self.ending.is_set():
            now = time.time()
            if now >= next_at:
                next_at = max(next_at + self.period, now)
                self.begin(pick, now)
            for key, _ in pick.select(max(0, next_at - time.time())):
                self.proceed(pick, key)
            for key in [k for k in pick.get_map().values() if k.data["since"] < now - 0.4]:
                self.drop(pick, key)
            if self.served and not self.quiet and now - self.answers[-1][0] > 0.1 + self.period:
                self.quiet = True
                self.stage.say("%s gets no page" % self.title, "bad")
        for key in list(pick.get_map().values()):
            self.drop(pick, key)

    def begin(self, pick, now):
        s = socket.socket(family_of(self.address))
        s.setblocking(False)
        if s.connect_ex((self.address, self.port)) in (0, 115):    # EINPROGRESS
            pick.register(s, selectors.EVENT_WRITE, {"since": now, "got": b""})
        else:
            s.close()

    def proceed(self, pick, key):
        try:
            if key.events == selectors.EVENT_WRITE:
                key.fileobj.send(b"GET / HTTP/1.0\r\n\r\n")
                pick.modify(key.fileobj, selectors.EVENT_READ, key.data)
                return
            part = key.fileobj.recv(1024)
            key.data["got"] += part
            if part:
                return
            name = key.data["got"].split()[-1:]
            if name and key.data["got"].split(b" ")[1:2] == [b"200"]:
                self.answer(name[0].decode())
        except OSError:
            pass
        self.drop(pick, key)

    @staticmethod
    def drop(pick, key):
        pick.unregister(key.fileobj)
        key.fileobj.close()

    def answer(self, name):
        now = time.time()
        if self.quiet or not self.served or (self.tells_names and name != self.served):
            gap = " (%.0f ms after the last one)" % ((now - self.answers[-1][0]) * 1e3) if self.answers else ""
            self.stage.say("%s gets the page from %s%s" % (self.title, name, gap), "good", now)
        self.served, self.quiet = name, False
        self.answers.append((now, name))

    def outage(self, since, until=None):
        """Longest time without an answer between two moments, in ms."""
        until = until or time.time()
        times = [t for t, _ in list(self.answers) if since - 1 <= t <= until]
        return max((b - a for a, b in zip(times, times[1:]) if b > since), default=0.0) * 1e3

    def names(self, since):
        """Who has answered since a moment."""
        return [name for at, name in list(self.answers) if at >= since]


class EchoServer(Background):
    """Sends every datagram back."""
    PORT = 7

    def work(self):
        with bound(socket.SOCK_DGRAM, self.PORT) as s:
            while not self.ending.is_set():
                try:
                    s.sendto(*s.recvfrom(64))
                except OSError:
                    pass


class Questions(Background):
    """A numbered datagram each period to an echo server; tells when answers stop and when they come again."""

    def __init__(self, host, stage, address, period=0.01):
        super().__init__(host)
        self.stage, self.address, self.period = stage, address, period
        self.sent, self.answered, self.latest = [], {}, 0.0

    def work(self):
        with socket.socket(family_of(self.address), socket.SOCK_DGRAM) as s:
            s.setblocking(False)
            pick, next_at, quiet = selectors.DefaultSelector(), time.time(), False
            pick.register(s, selectors.EVENT_READ)
            while not self.ending.is_set():
                now = time.time()
                if now >= next_at:
                    next_at = max(next_at + self.period, now)
                    self.ask(s, now)
                if pick.select(max(0, next_at - time.time())):
                    quiet = self.hear(s, quiet)
                if self.latest and not quiet and now - self.latest > 5 * self.period + 0.02:
                    quiet = True
                    self.stage.say("requests are lost", "bad")

    def ask(self, s, now):
        try:
            s.sendto(b"%d" % len(self.sent), (self.address, EchoServer.PORT))
        except OSError:
            pass                                # no route: lost all the same
        self.sent.append(now)

    def hear(self, s, quiet):
        try:
            number = int(s.recv(64))
        except OSError:
            return quiet
        now = time.time()
        if not self.latest or quiet:
            gap = " (%.0f ms after the last answer)" % ((now - self.latest) * 1e3) if quiet else ""
            self.stage.say("requests are answered%s" % gap, "good", now)
        self.answered[number], self.latest = now, now
        return False

    def lost(self, since, until=None):
        """(requests sent between two moments, those without an answer). The last few may still be under way."""
        until = until or time.time() - 0.2
        asked = [n for n, t in enumerate(self.sent[:]) if since <= t <= until]
        return len(asked), sum(n not in self.answered for n in asked)

    def outage(self, since, until=None):
        """Longest time between two answers, in ms."""
        until = until or time.time()
        times = sorted(t for t in list(self.answered.values()) if since - 1 <= t <= until)
        return max((b - a for a, b in zip(times, times[1:]) if b > since), default=0.0) * 1e3
