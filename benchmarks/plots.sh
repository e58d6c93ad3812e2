#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Draws docs/benchmarks/*.svg from the results in benchmarks/target. Argument: label of the end-to-end run to draw (label=full).
set -euo pipefail

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$home/benchmarks/build.sh"
exec java -cp "$home/benchmarks/target/*:$home/benchmarks/target/lib/*" \
  io.spanmill.benchmarks.Plots "$home/benchmarks/target" "$home/docs/benchmarks" "${1:-full}"
