#!/bin/bash
# Does the proxy on this host answer? It is asked for a page of its own, not for one of the
# web servers behind it: when those are down, another proxy would not help.
exec 2>/dev/null 3<>/dev/tcp/127.0.0.1/80 || exit 1
printf 'GET /proxy-health HTTP/1.0\r\n\r\n' >&3
read -t 1 -r _ status _ <&3 && [ "$status" = 200 ]
