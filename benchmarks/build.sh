#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds what the benchmarks run: this module and its class path, in benchmarks/target. In a tree that was never built
# also what ./spanmill fetches, ClickHouse among it.
set -euo pipefail

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ -d "$home/.tools/clickhouse" ] || "$home/spanmill" build >&2
# A tree that was never built has no such folder yet.
mkdir -p "$home/benchmarks/target"
jar=$(find "$home/benchmarks/target" -maxdepth 1 -name 'spanmill-benchmarks-*.jar' 2>/dev/null | head -n 1)
sources=()
for module in schemas ingest aggregator query-api standalone benchmarks; do
  sources+=("$home/$module/src/main" "$home/$module/pom.xml")
done
if [ -z "$jar" ] || [ -n "$(find "${sources[@]}" -newer "$jar" -print -quit)" ]; then
  (cd "$home" && mvn -B -ntp -q -Dfast -Dmaven.test.skip=true -pl benchmarks -am package)
fi
