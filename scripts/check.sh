#!/usr/bin/env bash
# Runs the unit tests beside the static checks, so that neither core of a small machine waits.
# What the tests print comes last; where a static check fails, they are stopped.
set -euo pipefail
cd "$(dirname "$0")/.."

output=$(mktemp)
[ ! -t 1 ] || export FORCE_COLOR=1
node_modules/.bin/vitest run --project unit >"$output" 2>&1 &
tests=$!
trap 'kill "$tests" 2>/dev/null || true; rm -f "$output"' EXIT

npm run --silent check:static
status=0
wait "$tests" || status=$?
cat "$output"
exit "$status"
