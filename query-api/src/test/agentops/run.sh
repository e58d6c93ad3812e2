#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The real AgentOps SDK against a real Spanmill, without keys and with: run.sh [FOLDER]
# Needs python3 with venv and what ./spanmill up needs. Everything it makes is in FOLDER (a temporary one by default).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
home=$(cd "$here/../../../.." && pwd)
work=${1:-$(mktemp -d)}
key=da317188-e3be-4ecf-be31-7bb5d5f015e3
mkdir -p "$work"
work=$(cd "$work" && pwd)
[ -d "$work/venv" ] || {
  python3 -m venv "$work/venv"
  "$work/venv/bin/pip" install -q agentops==0.4.21 openai==1.109.1 httpx opentelemetry-sdk==1.34.1 \
    opentelemetry-exporter-otlp-proto-http==1.34.1 opentelemetry-instrumentation==0.55b1
}

up=
trap '[ -z "$up" ] || kill "$up"' EXIT

session() { # name, further settings...
  local name=$1 set=(); shift
  for port in kafka clickhouse.http ingest.http ingest.grpc aggregator query; do set+=(--set "$port.port=0"); done
  for more in "$@"; do set+=(--set "$more"); done
  rm -rf "$work/$name"
  "$home/spanmill" up --data "$work/$name" "${set[@]}" > "$work/$name.log" 2>&1 &
  up=$!
  until [ -f "$work/$name/run.properties" ]; do
    kill -0 "$up" 2> /dev/null || { cat "$work/$name.log"; exit 1; }
    sleep 0.5
  done
  port() { sed -n "s/^$1=//p" "$work/$name/run.properties"; }
  echo "--- $name"
  ( # the SDK writes agentops.log where it is started
    cd "$work"
    AGENTOPS_API_KEY=$key AGENTOPS_API_ENDPOINT=http://127.0.0.1:$(port query.port) \
      AGENTOPS_APP_URL=http://127.0.0.1:$(port query.port) \
      AGENTOPS_EXPORTER_ENDPOINT=http://127.0.0.1:$(port ingest.http.port)/v1/traces \
      "$work/venv/bin/python" "$here/session.py"
  )
  kill "$up"
  wait "$up" || true
  up=
}

session without-keys
session with-keys "auth.keys=$key:shop:ingest|read" "projects=default,shop"
