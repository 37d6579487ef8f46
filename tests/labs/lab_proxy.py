"""A track script watches a proxy and moves the address when it dies; another one starts the proxy again first.

    client 192.0.2.10 ── lan ── r1 192.0.2.1, r2 192.0.2.2: nginx on both ── web 192.0.2.20
"""
import os
import signal

import ka

VIP = "192.0.2.100"
NGINX = ["nginx", "-e", "/run/keepalived/nginx.log", "-c", "/etc/keepalived/nginx.conf"]


def play(site):
    if ka.shutil.which("nginx") is None:
        raise ka.Skip("nginx is not installed: run scripts/install-needs")
    site.eyes.told.append(r"Script `proxy` now|Changing effective priority")
    r1, r2 = site.routers()
    site.web(site.host("web", ("eth0", "lan", "192.0.2.20/24")))
    for router in (r1, r2):
        site.execute(router, *NGINX)
        site.eyes.tail(os.path.join(site.var(router), "proxy.log"), lambda line, r=router: site.say("the script on %s: %s" % (r.name, line)))
    client = site.client(site.host("client", ("eth0", "lan", "192.0.2.10/24")), VIP)

    site.head("The script moves the address (move.conf)")
    begin(site, "move", r1, r2, client)
    site.do("r1: nginx dies")
    kill(site, r1)
    site.alone(r2, VIP)
    site.served(client, "web")
    site.measured("the script moves the address", client)
    site.do("r1: nginx is started again")
    site.execute(r1, *NGINX)
    site.alone(r1, VIP)
    site.served(client, "web")
    site.stop_all()

    site.head("The script starts the proxy again (restart.conf)")
    begin(site, "restart", r1, r2, client)
    site.do("r1: nginx dies")
    kill(site, r1)
    site.until(lambda: os.path.exists(os.path.join(site.var(r1), "proxy.log")), "the script starts nginx")
    site.served(client, "web")
    assert site.eyes.holders(VIP) == ["r1"], "the address has moved"
    site.measured("the script starts the proxy again", client)
    site.do("r1: nginx dies, and its configuration is broken, too")
    with open(os.path.join(site.etc(r1), "nginx.conf"), "a") as f:
        f.write("no such word\n")
    kill(site, r1)
    site.alone(r2, VIP)
    site.served(client, "web")
    site.measured("it cannot be started, so the address moves", client)
    site.stop_all()


def begin(site, config, r1, r2, client):
    site.do("both routers start")
    for router in (r1, r2):
        site.start(router, config, "--config-id", router.name)
    site.alone(r1, VIP)
    site.served(client, "web")


def kill(site, router):
    """End nginx with its workers at once; it has to be running."""
    path = os.path.join(site.var(router), "nginx.pid")
    site.until(lambda: os.path.exists(path) and os.path.getsize(path), "nginx runs on %s" % router.name)
    with open(path) as f:
        master = int(f.read())
    with open("/proc/%d/task/%d/children" % (master, master)) as f:
        workers = [int(pid) for pid in f.read().split()]
    for pid in [master, *workers]:
        os.kill(pid, signal.SIGKILL)
    os.unlink(path)
