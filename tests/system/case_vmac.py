"""Virtual MAC addresses on a real kernel: interfaces, announcements, reports, settings, firewall."""
import json
import os
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kit import refuses  # noqa: E402
from ka import case, never, wait  # noqa: E402
from vrrpkit import VIP, conf, inst, mac_of, single  # noqa: E402

MAC4, MAC6 = "00:00:5e:00:01:33", "00:00:5e:00:02:33"


def links(host, kind="macvlan"):
    """Virtual interfaces as NAME: (parent, address)."""
    out = host.ip("-j", "-d", "link", "show", "type", kind)
    return {i["ifname"]: (i.get("link"), i["address"]) for i in json.loads(out or "[]") if i}


def rules(host):
    return host.run("nft", "list", "ruleset")


def raw(mac):
    return bytes.fromhex(mac.replace(":", ""))


def two_networks(lab):
    return lab.host("r1").nic("eth0", "lan", ["10.77.0.1/24"]).nic("eth1", "other", ["10.78.0.1/24"])


@case("defects")
def vmac_for_addresses_elsewhere(lab):
    """use_vmac_addr and use_vmac of an address: an interface for each network and family, gone at the stop."""
    r1 = two_networks(lab)
    a = inst("A", vips=["10.77.0.100/24", "10.78.0.100/24 dev eth1"], extra="""use_vmac
        use_vmac_addr
        virtual_ipaddress_excluded {
        2001:db8::100/64
        2001:db8:1::100/64 dev eth1
        }""")
    b = inst("B", vrid=52, vips=["10.77.0.200/24", "10.78.0.200/24 dev eth1 use_vmac"])
    d = r1.keepalived(conf(a, b, globals="vmac_addr_prefix far"))
    wait(lambda: r1.has("10.78.0.200") and r1.has("10.78.0.100") and r1.has("2001:db8:1::100"), 6)
    found = links(r1)
    assert found == {"vrrp.51": ("eth0", MAC4), "far.51": ("eth1", MAC4), "far6.51": ("eth0", MAC6), "far1.51": ("eth1", MAC6),
                     "far.52": ("eth1", "00:00:5e:00:01:34")}, found
    assert r1.has(VIP, "vrrp.51") and r1.has("10.78.0.100", "far.51") and r1.has("2001:db8::100", "far6.51")
    assert r1.has("2001:db8:1::100", "far1.51") and r1.has("10.77.0.200", "eth0") and r1.has("10.78.0.200", "far.52")
    r1.ip("link", "del", "far.51")
    wait(lambda: r1.has("10.78.0.100", "far.51"), 6, "a deleted interface comes back with its address")
    assert d.stop() == 0
    assert not links(r1), links(r1)


@case("defects")
def vmac_extra_announcements(lab):
    """vrrp_garp_extra_if: one address for each interface without adverts, again and again; with `all` on others, too."""
    r1 = two_networks(lab)
    near, far = lab.sniff("lan"), lab.sniff("other")
    vips = [VIP + "/24", "10.78.0.100/24 dev eth1", "10.78.0.101/24 dev eth1"]
    d = r1.keepalived(single(vips=vips, extra="use_vmac\nuse_vmac_addr\ngarp_master_delay 0", globals="vrrp_garp_extra_if 1"))
    wait(lambda: far.garps("10.78.0.101"), 5, "the first burst")
    mark = time.time() + 0.5
    far.wait(lambda p: p.kind == "arp" and p.gratuitous and p.ts > mark + 1, 4, "the second one", mark)
    assert {p.spa for p in far.garps(since=mark)} == {socket.inet_aton("10.78.0.100")}
    assert all(p.smac == raw(MAC4) for p in far.garps(since=mark))
    assert not near.garps(since=mark), "announced where adverts are"
    d.stop()
    d = r1.keepalived(single(vips=vips, extra="garp_extra_if all 1\ngarp_master_delay 0"))
    wait(lambda: far.garps("10.78.0.101", since=mark + 1), 5, "the first burst")
    mark = time.time() + 0.5
    far.wait(lambda p: p.kind == "arp" and p.gratuitous, 4, "without a virtual MAC", mark)
    assert not near.garps(since=mark)


@case("defects")
def vmac_reports_groups_below(lab):
    """No report of a group carries the virtual MAC; those of the adverts' group leave with the interface's own."""
    (r1,) = lab.pair(("r1",))
    own = mac_of(r1)
    wire = lab.sniff()
    r1.keepalived(single(extra="""use_vmac
        use_vmac_addr
        virtual_ipaddress_excluded {
        2001:db8::100/64
        }"""))
    wait(lambda: r1.has("2001:db8::100"), 5)
    wire.wait(lambda p: p.kind == "ip" and p.proto == 2 and p.smac == own and socket.inet_aton("224.0.0.18") in p.data, 4,
              "a report of the group with the MAC of the interface")
    # MLD stands behind a hop-by-hop header (RFC 3810 section 5).
    mld = lambda p: p.kind == "ip" and p.proto == 0 and p.data[14 + 40 + 8] in (131, 132, 143)
    wire.wait(lambda p: mld(p) and p.smac == own, 4, "a report of IPv6 groups")
    never(lambda: [p for p in wire.poll() if p.smac in (raw(MAC4), raw(MAC6)) and (p.kind == "ip" and p.proto == 2 or mld(p))], 2,
          "a report with a virtual MAC")


@case("defects")
def vmac_arp_requests_do_not_name_the_address(lab):
    """What the master asks for from the virtual address: no request has it together with the interface's own MAC."""
    (r1,) = lab.pair(("r1",))
    wire = lab.sniff()
    r1.keepalived(single(extra="use_vmac"))
    wait(lambda: r1.has(VIP), 5)
    for n, source in enumerate((VIP, "10.77.0.1")):
        refuses(r1, "10.77.0.%d" % (90 + n), source)
    asked = [p for p in wire.poll() if p.kind == "arp" and p.op == 1 and not p.gratuitous]
    assert asked, "nobody was asked for"
    wrong = [p for p in asked if p.spa == socket.inet_aton(VIP) and p.sha != raw(MAC4)]
    assert not wrong, "%s asked with %s" % (VIP, wrong[0].sha.hex())


@case("defects")
def vmac_settings_are_given_back(lab):
    """The kernel settings that the interfaces need are as before after the stop; other interfaces keep their filter."""
    r1 = two_networks(lab)
    names = ["all.rp_filter", "default.rp_filter", "eth0.rp_filter", "eth1.rp_filter", "eth0.arp_ignore", "eth0.arp_filter",
             "eth0.arp_announce"]
    read = lambda: {n: r1.run("sysctl", "-n", "net.ipv4.conf." + n).strip() for n in names}
    for name, value in (("all.rp_filter", 1), ("default.rp_filter", 0), ("eth0.rp_filter", 0), ("eth1.rp_filter", 2)):
        r1.sysctl("net.ipv4.conf." + name, str(value))
    before = read()
    d = r1.keepalived(single(extra="use_vmac"))
    wait(lambda: r1.has(VIP), 5)
    during = read()
    assert [during[n] for n in names[:6]] == ["0", "1", "1", "2", "1", "1"], during
    own = lambda n: r1.run("sysctl", "-n", "net.ipv4.conf.vrrp/51." + n).strip()
    assert [own(n) for n in ("rp_filter", "accept_local", "arp_ignore", "promote_secondaries")] == ["0", "1", "1", "1"]
    assert r1.run("sysctl", "-n", "net.ipv6.conf.vrrp/51.disable_ipv6").strip() == "1"
    assert d.stop() == 0
    assert read() == before, read()


@case("defects")
def vmac_leaves_interfaces_of_others_alone(lab):
    """A name that is taken by something else is left alone, and so is a macvlan of somebody else at the stop."""
    (r1,) = lab.pair(("r1",))
    r1.ip("link", "add", "vrrp.51", "type", "veth", "peer", "name", "peer")
    r1.ip("link", "add", "link", "eth0", "name", "mine", "type", "macvlan", "mode", "bridge")
    d = r1.keepalived(single(extra="use_vmac"))
    wait(lambda: r1.has(VIP, "vrrp1.51"), 5)
    assert d.stop() == 0
    assert list(links(r1)) == ["mine"], links(r1)
    assert "vrrp.51" in r1.ip("-o", "link")


@case("defects")
def vmac_rules_follow_reload_and_interfaces(lab):
    """The table of nftables follows a reload and an interface that comes anew, and is gone at the stop."""
    (r1,) = lab.pair(("r1",))
    d = r1.keepalived(single(extra="use_vmac"))
    wait(lambda: r1.has(VIP), 5)
    assert '"vrrp.51" : "eth0"' in rules(r1), rules(r1)
    r1.ip("link", "del", "vrrp.51")
    wait(lambda: '"vrrp.51" : "eth0"' in rules(r1), 5, "the interface made anew is in the map")
    other = inst("B", vrid=52, vips=["fe80::52/64", "2001:db8::52/64"], version=None, extra="no_accept\nnative_ipv6")
    d.reload(conf(inst(extra="use_vmac"), other))
    wait(lambda: '2001:db8::52' in rules(r1), 5, "closed by the reload")
    assert 'fe80::52 . "eth0"' in rules(r1), rules(r1)
    d.reload(conf(inst(extra="use_vmac"), other, globals="nftables_ifindex"))
    wait(lambda: "iface_index" in rules(r1).split("vips_link_local")[1][:80], 5, "by number")
    assert d.stop() == 0
    assert not rules(r1).strip(), rules(r1)


@case("defects")
def vmac_closed_address_is_closed(lab):
    """no_accept on a virtual MAC: the address answers ARP and no datagram; accept: both."""
    r1, r2 = lab.pair()
    d = r1.keepalived(single(extra="use_vmac\nno_accept"))
    wait(lambda: r1.has(VIP), 5)
    assert not refuses(r2, VIP), "the closed address answers"
    assert MAC4 in r2.ip("neigh", "show", VIP), r2.ip("neigh", "show")
    d.reload(single(extra="use_vmac"))
    wait(lambda: refuses(r2, VIP), 5, "the open address answers")

@case("defects")
def vmac_source_is_for_adverts_only(lab):
    """The link-local address of a VMAC is deprecated, so that nothing but adverts has it as a source."""
    (r1,) = lab.pair(("r1",))
    wire = lab.sniff()
    r1.keepalived(single(vips=("fe80::5:1/64", "fd77::100/64"), extra="use_vmac"))
    advert = wire.wait(lambda p: p.kind == "vrrp", 10, "an advert")
    found = next(a for a in addresses(r1, "vrrp6.51") if a["local"] == advert.src)
    assert found["preferred_life_time"] == 0 and found.get("deprecated"), found
    wait(lambda: r1.has("fd77::100"), 10)
    others = [a for a in addresses(r1, "vrrp6.51") if a["local"] != advert.src]
    assert len(others) == 2 and not any(a.get("deprecated") for a in others), others


def addresses(host, dev):
    return json.loads(host.ip("-j", "addr", "show", "dev", dev))[0]["addr_info"]
