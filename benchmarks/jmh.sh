#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds and runs the JMH benchmarks, garbage collector profiler on. Arguments go to JMH: a regular expression of
# benchmarks' names, or its options (-h lists them). Results also go to benchmarks/target/jmh.json.
set -euo pipefail

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$home/benchmarks/build.sh"
exec java -cp "$home/benchmarks/target/*:$home/benchmarks/target/lib/*" org.openjdk.jmh.Main \
  -prof gc -f 1 -wi 3 -w 1 -i 5 -r 1 -rf json -rff "$home/benchmarks/target/jmh.json" "$@"
