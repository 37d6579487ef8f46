#!/bin/sh
# What a service would be told: serve, or wait.
echo "state.sh: $1" >>/run/keepalived/notify.log
