#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Builds the Collector of builder.yaml from its Go modules into .tools/collector/otelcol. Needs Go; takes some
# minutes the first time. Does nothing if that Collector is built already. Prints the program's path.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=$(cd "$here/../.." && pwd)
out=$home/.tools/collector
builder=go.opentelemetry.io/collector/cmd/builder@v0.165.0

command -v go >/dev/null 2>&1 || {
  echo "the Collector is built with Go, which is not installed: see https://go.dev/doc/install" >&2
  exit 1
}
stamp=$(cat "$here/builder.yaml" "${BASH_SOURCE[0]}" | sha256sum | cut -c1-16)
if [ -x "$out/otelcol" ] && [ "$(cat "$out/stamp" 2>/dev/null)" = "$stamp" ]; then
  echo "$out/otelcol"
  exit 0
fi
mkdir -p "$out"
sed "s|^dist:|dist:\n  output_path: $out/build|" "$here/builder.yaml" >"$out/builder.yaml"
{
  GOBIN=$out go install "$builder"
  # The builder tidies strictly, which fails on modules that only a component's tests import and that are not
  # published. By then it has written everything, so tidying goes on by hand (-e) and the compiler has the last word.
  "$out/builder" --config="$out/builder.yaml" --skip-compilation || echo "tidying without what only tests import"
  cd "$out/build"
  go mod tidy -e -compat=1.25
  CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o otelcol .
} >&2
mv "$out/build/otelcol" "$out/otelcol"
rm -rf "$out/build"
echo "$stamp" >"$out/stamp"
echo "$out/otelcol"
