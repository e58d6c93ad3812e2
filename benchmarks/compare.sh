#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds an OpenTelemetry Collector and Spanmill, gives both the same load at the same time on the same broker, and
# prints what each took. Arguments: spans a second to each, seconds of warm-up, seconds measured, then name=value, see
# README.md here; e.g. benchmarks/compare.sh 15000 90 120 only=ingest,otlp-to-kafka.
set -euo pipefail

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
case " $* " in
  *" only=ingest "*) ;; # nothing to compare with
  *) "$home/benchmarks/collector/build.sh" >/dev/null ;;
esac
"$home/benchmarks/build.sh"
exec java -Xmx256m -XX:+UseSerialGC "-Dspanmill.home=$home" \
  -cp "$home/benchmarks/target/*:$home/benchmarks/target/lib/*" io.spanmill.benchmarks.Comparison "$@"
