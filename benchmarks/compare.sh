#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds an OpenTelemetry Collector and Spanmill, gives both the same load at the same time on the same broker, and
# prints what each took. Arguments: spans a second to each, seconds of warm-up, seconds measured.
set -euo pipefail

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$home/benchmarks/collector/build.sh" >/dev/null
"$home/benchmarks/build.sh"
exec java -Xmx256m -XX:+UseSerialGC "-Dspanmill.home=$home" \
  -cp "$home/benchmarks/target/*:$home/benchmarks/target/lib/*" io.spanmill.benchmarks.Comparison "${1:-15000}" "${2:-25}" "${3:-40}"
