#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# How long the aggregator takes to be back at work after kill -9. Arguments: identities it remembers, kills.
set -euo pipefail

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$home/benchmarks/build.sh"
exec java -Xmx256m -XX:+UseSerialGC "-Dspanmill.home=$home" \
  -cp "$home/benchmarks/target/*:$home/benchmarks/target/lib/*" io.spanmill.benchmarks.Restart "${1:-10000000}" "${2:-3}"
