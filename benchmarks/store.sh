#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What writing into ClickHouse costs: 'store.sh record' keeps what the sinks read of the whole pipeline under load,
# 'store.sh replay' gives it to the sinks alone. Further arguments are name=value, see README.md here.
set -euo pipefail

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$home/benchmarks/build.sh"
exec java -Xmx512m -XX:+UseSerialGC "-Dspanmill.home=$home" \
  -cp "$home/benchmarks/target/*:$home/benchmarks/target/lib/*" io.spanmill.benchmarks.StoreBenchmark "$@"
