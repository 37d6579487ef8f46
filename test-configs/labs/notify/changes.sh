#!/bin/sh
# Called for every change: INSTANCE|GROUP, name, state, priority.
echo "changes.sh: $1 $2 is $3 (priority $4)" >>/run/keepalived/notify.log
