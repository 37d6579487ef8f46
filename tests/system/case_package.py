"""Installed as users install it: make install, the Debian package, service managers."""
import json
import glob
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402,F401
from ka import Skip, case, sh, wait  # noqa: E402
from throwaway import Root  # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UNIT = os.path.join(TOP, "dist", "keepalived.service.in")
VIP = "192.0.2.100"
CONFIG = """
global_defs {
    enable_script_security
    script_user nobody
}
vrrp_script steady {
    script "/root/steady"
    interval 1
}
vrrp_instance VI_1 {
    state BACKUP
    interface eth0
    use_vmac
    virtual_router_id 51
    version 3
    priority 150
    advert_int 0.1
    notify /root/notify root
    track_script {
        steady
    }
    virtual_ipaddress {
        192.0.2.100/24
    }
}
"""
# C's daemon of Debian has no `enable_script_security` complaint about this folder: root's, not writable by others.
STEADY = "#!/bin/sh\nid -un >/tmp/steady.user\nexit 0"
NOTIFY = "#!/bin/sh\necho \"$*\" >>/run/notified"


def package(lab):
    """A folder with the Debian package of the binary under test."""
    folder = os.path.join(lab.dir, "package")
    # Not compressed: that takes longer than all the rest.
    sh("env", "DPKG_DEB_COMPRESSOR_TYPE=none", os.path.join(TOP, "scripts/deb"), lab.daemon, folder, timeout=120)
    return folder


def prepared(root):
    """Network, configuration and scripts; the options of Debian's package changed by the administrator."""
    root.run("ip link set lo up; ip link add eth0 type veth peer name far; ip link set far up; ip link set eth0 up; "
             "ip addr add 192.0.2.1/24 dev eth0; ip addr add 192.0.2.2/24 dev far; chmod 711 /root")
    root.write("/etc/keepalived/keepalived.conf", CONFIG)
    root.write("/root/steady", STEADY)
    root.write("/root/notify", NOTIFY)
    root.run("chmod 755 /root/steady /root/notify; rm -f /tmp/keepalived.*; sed -i 's/^DAEMON_ARGS=.*/DAEMON_ARGS=\"-D\"/' /etc/default/keepalived")


def install(root):
    return root.run("dpkg --force-unsafe-io --force-confold -i /root/keepalived-rs_*.deb", timeout=120)


def master(root, yes=True):
    wait(lambda: root.has(VIP) == yes, 10, "the address is %s" % ("there" if yes else "gone"))


def property_of(root, name):
    return root.run("systemctl show -p %s --value keepalived" % name).strip()


def capabilities():
    """The bounding set of the unit: names."""
    with open(UNIT) as f:
        (line,) = re.findall(r"^CapabilityBoundingSet=(.*)$", f.read(), re.M)
    return set(line.lower().split())


@case("package")
def debian_package_under_systemd(lab):
    """Over Debian's keepalived: configuration kept, the service goes on confined, reloads, stops; removal and purge."""
    if sh("dpkg-query", "-W", "-f", "${Status}", "keepalived", check=False) != "install ok installed":
        raise Skip("Debian's keepalived is not installed")
    with Root(package(lab), "systemd") as root:
        prepared(root)
        root.run("systemctl enable --now keepalived 2>&1")
        master(root)
        install(root)
        master(root)
        kept_and_ours(root)
        confined(root)
        reloads(root)
        other_types(root)
        removed(root)


def kept_and_ours(root):
    assert CONFIG.strip() in root.run("cat /etc/keepalived/keepalived.conf")
    assert 'DAEMON_ARGS="-D"' in root.run("cat /etc/default/keepalived")
    assert "Rust" in root.run("keepalived -v; genhash -h; true")
    states = root.run("dpkg-query -W -f '${Package} ${db:Status-Abbrev}\\n' 'keepalived*'; true")
    assert "keepalived-rs ii" in states and "keepalived ii" not in states, states
    assert root.run("systemctl is-active keepalived; systemctl is-enabled keepalived").split() == ["active", "enabled"]
    assert property_of(root, "Type") == "notify" and property_of(root, "FragmentPath").endswith("/keepalived.service")
    assert root.status("test -x /etc/init.d/keepalived") == 0
    assert root.status("dpkg --verify keepalived-rs | grep -v ' c '") == 1, root.run("dpkg --verify keepalived-rs")


def confined(root):
    """No capability beyond those that the unit names, and everything works with them."""
    pid = property_of(root, "MainPID")
    bound, here = (set(root.run("capsh --decode=$(sed -n 's/^CapBnd:\\t//p' /proc/%s/status)" % p).strip().split("=", 1)[1].split(","))
                   for p in (pid, "1"))
    assert bound == capabilities() & here, bound
    assert root.has(VIP, "dev vrrp.51"), root.run("ip addr")
    wait(lambda: root.run("cat /tmp/steady.user", check=False).strip() == "nobody", 5, "the script ran as nobody")
    wait(lambda: "INSTANCE VI_1 MASTER 150" in root.run("cat /run/notified"), 5, "the notification")
    wait(lambda: "VI_1 MASTER" in property_of(root, "StatusText"), 5, "the status line of the service")
    root.run("systemctl kill -s USR1 --kill-who=main keepalived")
    wait(lambda: "VRRP Instance = VI_1" in root.run("cat /tmp/keepalived.data", check=False), 5, "the dump in /tmp")
    assert root.status("nsenter -t %s -m touch /usr/x" % pid) != 0


def reloads(root):
    root.run("sed -i 's/priority 150/priority 140/' /etc/keepalived/keepalived.conf; systemctl reload keepalived")
    signal = "systemctl kill -s %s --kill-who=main keepalived" % root.run("keepalived --signum=JSON").strip()

    def priority():
        root.run(signal)
        try:
            return json.loads(root.run("cat /tmp/keepalived.json", check=False))[0]["data"]["base_priority"]
        except (ValueError, KeyError):
            return None
    wait(lambda: priority() == 140, 5, "the new priority")
    root.run("sed -i '/virtual_router_id/d' /etc/keepalived/keepalived.conf")
    assert root.status("systemctl reload keepalived") != 0, "a reload with a bad file is told"
    assert root.has(VIP)
    root.write("/etc/keepalived/keepalived.conf", CONFIG)


def other_types(root):
    """The drop-ins of the examples, and an upgrade from one version to the next."""
    drop_in = "mkdir -p /etc/systemd/system/keepalived.service.d; cp %s /etc/systemd/system/keepalived.service.d/; systemctl daemon-reload; "
    examples = root.run("dpkg -L keepalived-rs | grep examples/systemd/").split()
    example = {os.path.basename(p): p for p in examples if p.endswith(".conf")}
    root.run(drop_in % example["private-tmp.conf"] + "rm -f /tmp/keepalived.*; systemctl restart keepalived; systemctl kill -s USR1 --kill-who=main keepalived")
    wait(lambda: root.status("test -s /run/keepalived/keepalived.data") == 0, 5, "the dump in /run/keepalived")
    root.run("rm /etc/systemd/system/keepalived.service.d/*")
    root.run(drop_in % example["forking.conf"] + "systemctl restart keepalived")
    assert property_of(root, "Type") == "forking"
    assert property_of(root, "MainPID") == root.run("cat /run/keepalived.pid").strip()
    master(root)
    root.run("systemctl reload keepalived; systemctl is-active keepalived")
    root.run("systemctl stop keepalived")
    master(root, False)
    root.run("rm -r /etc/systemd/system/keepalived.service.d; systemctl daemon-reload; systemctl start keepalived")
    before = property_of(root, "MainPID")
    install(root)
    assert property_of(root, "MainPID") != before, "a new version is started"
    master(root)
    root.run(drop_in % example["watchdog.conf"] + "systemctl restart keepalived; systemctl is-active keepalived")
    for name in ("unconfined.conf", "namespace.conf"):
        root.run(drop_in % example[name])
    assert property_of(root, "WatchdogUSec") == "30s"
    assert "cap_sys_admin" in property_of(root, "CapabilityBoundingSet")
    root.run("rm -r /etc/systemd/system/keepalived.service.d; systemctl daemon-reload")


def removed(root):
    root.run("dpkg -r keepalived-rs")
    master(root, False)
    assert root.run("pgrep -x keepalived", check=False) == ""
    assert root.status("test -e /usr/sbin/keepalived") != 0 and root.status("test -s /etc/keepalived/keepalived.conf") == 0
    root.run("dpkg -P keepalived-rs")
    left = set(root.run("find /etc /usr /lib/systemd /var/lib/systemd -xdev -iname '*keepalived*' -not -path '*/lib/debug/*'").split())
    # The package that was replaced still knows of the last one: it is removed, not purged.
    assert left <= {"/etc/keepalived", "/etc/keepalived/keepalived.conf", "/etc/dbus-1/system.d/org.keepalived.Vrrp1.conf"}, left


@case("package")
def debian_package_under_system_v(lab):
    """Another init: the script starts, tells, reloads, tests, restarts and stops, and the package uses it."""
    with Root(package(lab)) as root:
        root.run("dpkg --force-unsafe-io -P keepalived", check=False)
        root.run("dpkg --force-unsafe-io -i /root/keepalived-rs_*.deb")
        assert root.run("pgrep -x keepalived", check=False) == "", "nothing runs without configuration"
        prepared(root)
        script = "/etc/init.d/keepalived "
        assert root.status(script + "status") == 3
        assert root.status(script + "configtest") == 0
        root.run("dpkg --force-unsafe-io -i /root/keepalived-rs_*.deb")
        master(root)
        assert root.status(script + "status") == 0 and root.status(script + "start") == 0
        pid = root.run("cat /run/keepalived.pid").strip()
        root.run("sed -i 's/192.0.2.100/192.0.2.101/' /etc/keepalived/keepalived.conf; %s reload" % script)
        wait(lambda: root.has("192.0.2.101") and not root.has(VIP), 5, "the reload's address")
        root.run("sed -i '/virtual_router_id/d' /etc/keepalived/keepalived.conf")
        assert root.status(script + "configtest") != 0 and root.status(script + "reload") != 0
        assert root.run("cat /run/keepalived.pid").strip() == pid and root.has("192.0.2.101")
        root.write("/etc/keepalived/keepalived.conf", CONFIG)
        root.run(script + "restart")
        master(root)
        assert root.run("cat /run/keepalived.pid").strip() != pid
        # What dpkg replaces while it runs has another name in /proc.
        root.run("cp /usr/sbin/keepalived /usr/sbin/keepalived.new; mv /usr/sbin/keepalived.new /usr/sbin/keepalived")
        assert root.status(script + "status") == 0
        root.run(script + "stop")
        assert root.status(script + "status") == 3 and not root.has(VIP) and root.run("pgrep -x keepalived", check=False) == ""
        assert root.status(script + "bogus") == 2
        root.run(script + "start")
        root.run("dpkg -P keepalived-rs")
        assert root.run("pgrep -x keepalived", check=False) == "" and not root.has(VIP)


def made(lab, folder, verb, **more):
    """`make install` or `make uninstall` below a folder."""
    # The binary is not built here: it is the one under test.
    words = ["make", "-s", "-C", TOP, verb, "DESTDIR=" + folder, "DAEMON=" + lab.daemon]
    return sh(*words, *("%s=%s" % item for item in more.items()))


def files_below(folder):
    return {os.path.join(d, f)[len(folder):] for d, _, names in os.walk(folder) for f in names}


def dead_links(folder):
    """Links of the documents below a folder that lead to no file."""
    dead = []
    for path in (os.path.join(d, f) for d, _, names in os.walk(folder) for f in names if f.endswith(".md")):
        with open(path) as f:
            targets = re.findall(r"\]\(([^)#\s]+)", f.read())
        dead += [(path, t) for t in targets if ":" not in t and not os.path.exists(os.path.join(os.path.dirname(path), t))]
    return dead


@case("package")
def install_and_uninstall(lab):
    """Every file at its place, with the places written into the others; uninstall leaves nothing but what was changed."""
    folder = os.path.join(lab.dir, "image")
    made(lab, folder, "install", PREFIX="/opt/ka", SYSCONFDIR="/etc")
    found = files_below(folder)
    for path in ("/opt/ka/sbin/keepalived", "/opt/ka/bin/genhash", "/opt/ka/share/man/man5/keepalived.conf.5",
                 "/opt/ka/share/man/man8/keepalived.8", "/opt/ka/share/man/man1/genhash.1", "/etc/default/keepalived",
                 "/etc/init.d/keepalived", "/etc/keepalived/keepalived.conf.sample", "/opt/ka/lib/systemd/system/keepalived.service",
                 "/opt/ka/lib/tmpfiles.d/keepalived.conf", "/opt/ka/share/bash-completion/completions/keepalived",
                 "/opt/ka/share/doc/keepalived/samples/lvs-nat.conf", "/opt/ka/share/doc/keepalived/examples/keepalived.logrotate"):
        assert path in found, path
    documents = folder + "/opt/ka/share/doc/keepalived"
    assert not dead_links(documents), dead_links(documents)
    with open(documents + "/README.md") as own, open(os.path.join(TOP, "README.md")) as ours:
        assert own.readline() == ours.readline(), "the program's own, not that of the documents"
    for path in found - {"/opt/ka/sbin/keepalived", "/opt/ka/bin/genhash"}:
        with open(folder + path, errors="replace") as f:
            assert not re.search(r"@[A-Z]+DIR@", f.read()), path
    with open(folder + "/opt/ka/lib/systemd/system/keepalived.service") as f:
        assert "ExecStart=/opt/ka/sbin/keepalived" in f.read()
    assert "Rust" in subprocess.run([folder + "/opt/ka/sbin/keepalived", "-v"], capture_output=True, text=True).stderr
    with open(folder + "/etc/default/keepalived", "a") as f:
        f.write("# changed\n")
    with open(folder + "/etc/keepalived/keepalived.conf", "w") as f:
        f.write("# the user's own\n")
    made(lab, folder, "install", PREFIX="/opt/ka", SYSCONFDIR="/etc")
    made(lab, folder, "uninstall", PREFIX="/opt/ka", SYSCONFDIR="/etc")
    assert files_below(folder) == {"/etc/default/keepalived", "/etc/keepalived/keepalived.conf"}, files_below(folder)
    folders = {os.path.join(d, n) for d, names, _ in os.walk(folder) for n in names}
    assert not [f for f in folders if os.path.basename(f).startswith("keepalived") and not f.endswith("/etc/keepalived")], folders
    made(lab, folder + "2", "install", INIT="openrc")
    with open(folder + "2/usr/local/etc/init.d/keepalived") as f:
        assert f.read().startswith("#!/sbin/openrc-run")
    made(lab, folder + "2", "uninstall", INIT="openrc")
    assert files_below(folder + "2") == set()


@case("package")
def samples_and_snippets_are_right(lab):
    """Every sample, and every configuration in the documents, passes the configuration test."""
    host = lab.host("r1").nic("eth0", "lan", ["192.0.2.11/24"]).nic("eth1", "other", ["10.0.0.2/24"])
    texts = {}
    for folder in ("test-configs", "test-configs/samples"):
        for name in os.listdir(os.path.join(TOP, folder)):
            if name.endswith(".conf"):
                with open(os.path.join(TOP, folder, name)) as f:
                    texts[os.path.join(folder, name)] = f.read()
    for path in ["README.md", *("doc/" + n for n in os.listdir(os.path.join(TOP, "doc")) if n.endswith(".md"))]:
        with open(os.path.join(TOP, path)) as f:
            texts.update(("%s:%d" % (path, n), text) for n, text in snippets(f.read()))
    assert len(texts) > 20, sorted(texts)
    wrong = []
    for name, text in sorted(texts.items()):
        path = os.path.join(lab.dir, "snippet.conf")
        with open(path, "w") as f:
            f.write(text)
        r = subprocess.run(["ip", "netns", "exec", host.ns, lab.daemon, "-t", "-f", path], capture_output=True, text=True)
        if r.returncode or r.stderr:
            wrong.append("%s: status %d\n%s" % (name, r.returncode, r.stderr))
    assert not wrong, "\n".join(wrong)
    for script in ("test-configs/samples/notify-fifo.sh",):
        sh("sh", "-n", os.path.join(TOP, script))


def snippets(text):
    """(line, text) of the blocks in a document that are whole configurations: they have a block of the top level."""
    for block in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S):
        if block.group(1) in ("", "conf") and re.search(r"^(global_defs|vrrp_\w+( \w+)?|virtual_server.*|bfd_instance \w+) \{$", block.group(2), re.M):
            yield text[:block.start()].count("\n") + 2, block.group(2)


@case("package")
def manual_pages_render(lab):
    """No warning of the formatter, and a line for everything that apropos shows."""
    for name in sorted(os.listdir(os.path.join(TOP, "doc/man"))):
        path = os.path.join(TOP, "doc/man", name)
        r = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-z", path], capture_output=True, text=True)
        assert r.returncode == 0 and not r.stderr, r.stderr
        with open(path) as f:
            assert re.search(r"^\.SH NAME\n[\w.]+ \\- .+$", f.read(), re.M), name


COMPLETE = """. {file}
COMP_WORDS=({words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_{program}
echo "${{COMPREPLY[@]}}"
"""


@case("package")
def completion_for_bash(lab):
    """Options, words of options, keywords of --explain."""
    def complete(program, *words):
        text = COMPLETE.format(file=os.path.join(TOP, "dist/keepalived.bash"), program=program, words=" ".join("'%s'" % w for w in words))
        return sh("bash", "-u", "-c", text).split()
    assert complete("keepalived", "keepalived", "--config-t") == ["--config-test"]
    assert set(complete("keepalived", "keepalived", "--signum", "=", "STA")) == {"STATS", "STATS_CLEAR"}
    assert set(complete("keepalived", "keepalived", "--signum", "STA")) == {"STATS", "STATS_CLEAR"}
    assert "dist" in complete("keepalived", "keepalived", "-f", "dis") or os.getcwd() != TOP
    assert complete("keepalived", "keepalived", "--explain", "virtual_router") == ["virtual_router_id"]
    assert complete("genhash", "genhash", "--use-virt") == ["--use-virtualhost"]
    options = re.findall(r"^ +(?:-\w, )?(--[\w-]+)", subprocess.run([lab.daemon, "-h"], capture_output=True, text=True).stderr, re.M)
    assert len(options) > 30 and set(options) <= set(complete("keepalived", "keepalived", "--")), options


# What OpenRC makes at boot, and a network for those who need one; Debian's own scripts want insserv.
OPENRC = """
for package in /root/*.deb; do
	dpkg-deb --fsys-tarfile $package | tar -x --keep-directory-symlink --no-overwrite-dir -C /
done
ldconfig
rm -f /etc/init.d/*
mkdir -p /etc/conf.d /run/openrc
cd /run/openrc
mkdir starting started stopping inactive wasinactive failed hotplugged daemons options exclusive scheduled init.d tmp
echo default >softlevel
echo 'command_args="-D"' >/etc/conf.d/keepalived
install -m 755 /root/keepalived /usr/sbin/keepalived.new
mv /usr/sbin/keepalived.new /usr/sbin/keepalived
printf '#!/sbin/openrc-run\\ndepend() {\\n\\tprovide net\\n}\\nstart() {\\n\\t:\\n}\\n' >/etc/init.d/network
chmod 755 /etc/init.d/*
"""


@case("package")
def openrc_runs_the_script(lab):
    """Debian's OpenRC in a throw-away root: all that rc-service does with the script."""
    packages = glob.glob(os.path.join(TOP, "target/openrc/*.deb"))
    if not packages:
        raise Skip("OpenRC's packages are not in target/openrc: scripts/install-needs gets them where there is a mirror")
    files = os.path.join(lab.dir, "files")
    os.mkdir(files)
    # The throw-away root has a /tmp of its own, and the build may be in this one.
    for path in packages + [lab.daemon]:
        shutil.copy(path, files)
    os.rename(os.path.join(files, os.path.basename(lab.daemon)), os.path.join(files, "keepalived"))
    with Root(files) as root:
        prepared(root)
        root.write("/root/setup", OPENRC)
        root.run("sh -e /root/setup")
        with open(os.path.join(TOP, "dist/keepalived.openrc.in")) as f:
            root.write("/etc/init.d/keepalived", f.read().replace("@SBINDIR@", "/usr/sbin").replace("@SYSCONFDIR@", "/etc"))
        root.run("chmod 755 /etc/init.d/keepalived")
        rc = lambda word: root.status("rc-service keepalived " + word)
        running = lambda: root.run("pgrep -ox keepalived", check=False).strip()
        assert "no description" not in root.run("rc-service keepalived describe").replace("cgroup_cleanup: no description", "")
        assert rc("checkconfig") == 0 and rc("configtest") == 0 and rc("status") == 3
        assert rc("reload") != 0 and running() == "", "only what runs can be reloaded"
        root.run("rc-service keepalived start")
        master(root)
        first = running()
        assert rc("status") == 0 and first
        root.run("sed -i 's/192.0.2.100/192.0.2.101/' /etc/keepalived/keepalived.conf; rc-service keepalived reload")
        wait(lambda: root.has("192.0.2.101"), 10, "the reload's address")
        assert running() == first
        root.run("cp /etc/keepalived/keepalived.conf /root/good; sed -i 's/interface eth0/interface nope/' /etc/keepalived/keepalived.conf")
        assert rc("checkconfig") != 0 and rc("reload") != 0 and root.has("192.0.2.101"), "a file that would be refused"
        root.run("cp /root/good /etc/keepalived/keepalived.conf; rc-service keepalived restart")
        wait(lambda: root.has("192.0.2.101"), 10, "the address after the restart")
        assert running() not in ("", first)
        root.run("rc-service keepalived stop")
        assert not root.has("192.0.2.101") and running() == "" and rc("status") == 3
