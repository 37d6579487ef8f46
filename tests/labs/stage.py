"""What a viewer of a lab or of the demo sees: one line for each event, with the seconds since the start."""
import os
import sys
import threading
import time

PAINT = {"good": "32", "bad": "31", "do": "1;36", "head": "1", "dim": "2"}


class Stage:
    """Tells events. A quiet stage keeps them, for the report of a test that fails."""

    def __init__(self, quiet=False):
        self.start, self.lock, self.kept = time.time(), threading.Lock(), [] if quiet else None
        self.colour = not quiet and sys.stdout.isatty() and "NO_COLOR" not in os.environ

    def paint(self, kind, text):
        return "\033[%sm%s\033[0m" % (PAINT[kind], text) if self.colour and kind else text

    def line(self, text=""):
        with self.lock:
            if self.kept is None:
                print(text, flush=True)
            else:
                self.kept.append(text)

    def say(self, text, kind="", at=None):
        self.line("%9.3f s  %s" % ((at or time.time()) - self.start, self.paint(kind, text)))

    def head(self, text):
        self.line("\n" + self.paint("head", text))

    def text(self):
        """What a quiet stage has kept."""
        with self.lock:
            return "\n".join(self.kept)


class Background(threading.Thread):
    """A thread that lives in one host's network namespace (the kernel keeps one per thread)."""

    def __init__(self, host):
        super().__init__(daemon=True)
        self.host, self.ending = host, threading.Event()

    def run(self):
        self.host.inside(self.work)

    def end(self):
        self.ending.set()
        if self.is_alive():
            self.join(2)
