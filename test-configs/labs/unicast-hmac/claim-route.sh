#!/bin/bash
# Ask the network to route the address to this router, as one would ask a cloud's interface
# (with curl and a token there). The answer has to be 200.
exec 3<>/dev/tcp/10.9.0.254/8080 || exit 1
printf 'PUT /routes/%s HTTP/1.0\r\n\r\n' "$1" >&3
read -t 5 -r _ status _ <&3 && [ "$status" = 200 ]
