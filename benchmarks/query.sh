#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Measures the query API over a month of traffic: query.sh fill DIR, then query.sh measure DIR OUT and
# query.sh dashboards DIR OUT; measure takes how often to ask (20) and how the names of the questions begin (all; calls,traces,sessions,agentops,first for the lists). DIR holds some 5 GB of ClickHouse data, OUT gets tables and a plot.
set -euo pipefail
home=$(cd "$(dirname "$0")/.." && pwd)
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
exec "$java" -Xmx384m "-Dspanmill.home=$home" \
  -cp "$home/benchmarks/target/classes:$home/standalone/target/classes:$home/query-api/target/classes:$home/schemas/target/classes:$home/standalone/target/lib/*" \
  io.spanmill.benchmarks.query.QueryBenchmark "$@"
