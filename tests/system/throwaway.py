"""A copy of this machine's root to install into: what is written there is gone with it.

An overlay over `/`, in namespaces of its own for mounts, processes, network and the rest. Process 1
is systemd, or a shell that only reaps where a machine with another init is meant. Not everything of
the machine is switched on: the targets that boot a real machine want nothing here, so that no
setting of the kernel below is changed.
"""
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402,F401
from ka import Skip, wait  # noqa: E402

SYSTEMD = "/lib/systemd/systemd"
REAPER = "exec env -i PATH=$PATH bash -c 'while :; do sleep 3600 & wait $!; done'"
SETUP = r"""
set -e
mount --make-rprivate /
mount -t tmpfs throwaway "$1"
mkdir "$1"/upper "$1"/work "$1"/root
mount -t overlay throwaway -o lowerdir=/,upperdir="$1/upper",workdir="$1/work" "$1/root" || exit 77
cp -- "$2"/* "$1/root/root/" 2>/dev/null || true
cd "$1/root"
mount -t proc proc proc
mount -t sysfs sys sys
mount -t tmpfs run run
mount -t tmpfs tmp tmp -o mode=1777
mount -t tmpfs dev dev
mkdir dev/pts dev/shm run/lock run/systemd
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty dev/
ln -s /proc/self/fd dev/fd
rm -f usr/sbin/policy-rc.d var/lib/man-db/auto-update
rm -rf lib/systemd/system/*.wants etc/systemd/system/*.wants lib/systemd/system-generators
mkdir -p mnt/old
if [ "$3" = systemd ]; then
	mount -t cgroup2 cgroup sys/fs/cgroup || exit 77
else
	# invoke-rc.d does nothing where no runlevel can be told.
	rm -f sbin/runlevel
	printf '#!/bin/sh\necho N 2\n' >sbin/runlevel
	chmod +x sbin/runlevel
fi
pivot_root . mnt/old
cd /
umount -l /mnt/old
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
"""


class Root:
    """The copy, with `files` (a folder) in its /root. Use as a context manager."""

    def __init__(self, files=None, init="sysv"):
        if init == "systemd" and not os.path.exists(SYSTEMD):
            raise Skip("there is no systemd")
        self.dir = tempfile.mkdtemp(prefix="throwaway.")
        start = REAPER if init == "sysv" else (
            "exec env -i container=throwaway PATH=$PATH %s --system --unit=basic.target --log-target=null --show-status=0" % SYSTEMD)
        with open(self.dir + ".sh", "w") as f:
            f.write(SETUP + start + "\n")
        self.group = group_of_our_own(os.path.basename(self.dir)) if init == "systemd" else None
        enter = "echo $$ >'%s/cgroup.procs'; " % self.group if self.group else ""
        self.log = open(self.dir + ".log", "w+")
        self.unshared = subprocess.Popen(
            ["sh", "-c", enter + 'exec unshare -m -p -n -i -u -C --fork --kill-child bash "$@"', "sh",
             self.dir + ".sh", self.dir, files or "/nonexistent", init],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        self.init, self.first = init, None

    def __enter__(self):
        try:
            self.first = wait(self._first, 20, "process 1 of the throw-away root")
            wait(self._ready, 30, "init of the throw-away root")
        except BaseException:
            self.__exit__()
            raise
        return self

    def _first(self):
        if self.unshared.poll() is not None:
            self.log.seek(0)
            raise Skip("no overlay of / or no control groups here: " + self.log.read()[-300:].strip())
        out = subprocess.run(["pgrep", "-P", str(self.unshared.pid)], capture_output=True, text=True).stdout.split()
        return out and out[0]

    def _ready(self):
        self._first()
        if self.init == "systemd":
            return self.run("systemctl is-system-running", check=False).strip() in ("running", "degraded")
        return self.run("cat /proc/1/comm", check=False).strip() == "bash" and not self.run("ls /mnt/old", check=False)

    def run(self, command, check=True, timeout=60):
        """A shell command in there; both outputs."""
        r = subprocess.run(["nsenter", "-t", self.first, "-a", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
                            "DEBIAN_FRONTEND=noninteractive", "sh", "-c", "cd /root; " + command],
                           stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)
        if check and r.returncode:
            raise AssertionError("%s: exit %d:\n%s" % (command, r.returncode, r.stdout))
        return r.stdout

    def status(self, command):
        """The exit status of a command."""
        out = self.run(command + "; echo \" $?\"", check=False)
        return int(out.split()[-1])

    def write(self, path, text):
        self.run("cat > %s <<'END-OF-FILE'\n%s\nEND-OF-FILE" % (path, text))

    def has(self, address, dev=""):
        return " %s/" % address in self.run("ip -o addr show %s" % dev, check=False)

    def __exit__(self, *exc):
        if self.first:
            subprocess.run(["kill", "-KILL", self.first])
        self.unshared.kill()
        self.unshared.wait()
        self.log.close()
        if self.group:
            # A group can go when the last of its processes is reaped.
            remove = ["find", self.group, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]
            wait(lambda: subprocess.run(remove, stderr=subprocess.DEVNULL) and not os.path.exists(self.group), 10, "control groups are empty")
        for path in (self.dir + ".sh", self.dir + ".log"):
            os.unlink(path)
        shutil.rmtree(self.dir, ignore_errors=True)


def group_of_our_own(name):
    """A folder among the control groups, so that systemd's are apart from those of the machine."""
    with open("/proc/self/cgroup") as f:
        own = [line.split("::", 1)[1].strip("/\n") for line in f if line.startswith("0::")]
    for base in ("/sys/fs/cgroup/unified", "/sys/fs/cgroup"):
        if own and os.path.exists(os.path.join(base, own[0], "cgroup.procs")):
            folder = os.path.join(base, own[0], name)
            try:
                os.mkdir(folder)
                return folder
            except OSError as e:
                raise Skip("no control group of our own: %s" % e)
    raise Skip("no control groups of version 2 here")
