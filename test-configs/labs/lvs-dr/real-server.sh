#!/bin/sh
# What a real server needs for direct routing: the virtual addresses on the loopback interface,
# and no ARP for them, since it is the director who has them as far as the network knows.
for key in arp_ignore=1 arp_announce=2; do
	sysctl -q -w "net.ipv4.conf.all.$key"
done
for address; do
	ip address add "$address/32" dev lo
done
