#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# What the rollup job costs: the job alone behind ingest, without sinks and queries. Arguments are name=value, see
# README.md here; e.g. benchmarks/job.sh rate=12000 warm=30 seconds=40.
set -euo pipefail

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$home/benchmarks/build.sh"
exec java -Xmx256m -XX:+UseSerialGC "-Dspanmill.home=$home" \
  -cp "$home/benchmarks/target/*:$home/benchmarks/target/lib/*" io.spanmill.benchmarks.JobBenchmark "$@"
