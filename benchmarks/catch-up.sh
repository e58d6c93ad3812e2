#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What the rollup job and the Collector's spanmetrics take: each in turn reads a filled topic as fast as it can.
# Arguments are name=value, see README.md here; e.g. benchmarks/catch-up.sh spans=6000000.
set -euo pipefail

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
case " $* " in
  *" only=job "*) ;; # nothing to compare with
  *) "$home/benchmarks/collector/build.sh" >/dev/null ;;
esac
"$home/benchmarks/build.sh"
exec java -Xmx256m -XX:+UseSerialGC "-Dspanmill.home=$home" \
  -cp "$home/benchmarks/target/*:$home/benchmarks/target/lib/*" io.spanmill.benchmarks.CatchUp "$@"
