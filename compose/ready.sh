#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ready.sh PORT: exit 0 if the service on that port of this container answers /ready with 200. Needs bash alone.
exec 3<>"/dev/tcp/127.0.0.1/$1" || exit 1
printf 'GET /ready HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3
read -r -t 3 _ status _ <&3 && [ "$status" = 200 ]
