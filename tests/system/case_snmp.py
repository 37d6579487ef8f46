"""SNMP of whole daemons: walks, notifications, and masters that misbehave."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from snmpkit import Master, index_of, router, started  # noqa: E402,F401
from vrrpkit import inst  # noqa: E402

V2, V3 = ".1.3.6.1.2.1.68", ".1.3.6.1.2.1.207"

TWO = (inst(name="old", vrid=51, prio=150, version=2, adv=1, vips=["10.77.0.101/24", "10.77.0.100/24"])
       + inst(name="new", vrid=52, prio=120, vips=["10.77.0.110/24"], extra="nopreempt")
       + inst(name="six", vrid=53, prio=120, vips=["fe80::5:1/64", "fd77::100/64"]))
