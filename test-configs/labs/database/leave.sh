#!/bin/sh
# The database of this host is dead: stop the daemon, so that the address moves.
# With systemd: systemctl stop keepalived
echo "leave.sh: stopping the daemon" >>/run/keepalived/leave.log
kill "$(cat /run/keepalived/keepalived.pid)"
