#!/bin/sh
# Reads the events of keepalived from the pipe that vrrp_notify_fifo or notify_fifo names, one
# a line, and tells syslog. As `vrrp_notify_fifo_script` the daemon starts it, with the pipe as
# its last argument, and ends it.
for pipe; do :; done

# Lines are of the form: INSTANCE "VI_1" MASTER 150
while read -r kind name state priority; do
	logger -t keepalived-events "$kind $name is $state (priority $priority)"
	case $state in
	MASTER) : "what this machine has to do as master" ;;
	BACKUP | FAULT | STOP) : "what it has to leave alone" ;;
	esac
done <"$pipe"
