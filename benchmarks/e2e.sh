#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds and runs all of Spanmill under load, each service in its own process, and prints what it took. Arguments are
# name=value, see README.md here; e.g. benchmarks/e2e.sh rate=30000 warm=20 seconds=40.
set -euo pipefail

home=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$home/benchmarks/build.sh"
exec java -Xmx256m -XX:+UseSerialGC "-Dspanmill.home=$home" \
  -cp "$home/benchmarks/target/*:$home/benchmarks/target/lib/*" io.spanmill.benchmarks.EndToEnd "$@"
