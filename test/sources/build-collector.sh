#!/usr/bin/env bash
# Builds the OpenTelemetry Collector that test/integration/sources/collector.test.ts drives, from the Go module proxy (some
# three minutes): build-collector.sh FOLDER, then OTELCOL=FOLDER/otelcol/otelcol npm run e2e:sources
set -euo pipefail
folder=$(realpath -m "$1")
version=v0.155.0
mkdir -p "$folder/otelcol"
cat >"$folder/builder.yaml" <<YAML
dist: { name: otelcol, output_path: $folder/otelcol, version: ${version#v} }
receivers:
  - gomod: go.opentelemetry.io/collector/receiver/otlpreceiver $version
exporters:
  - gomod: go.opentelemetry.io/collector/exporter/otlphttpexporter $version
  - gomod: go.opentelemetry.io/collector/exporter/otlpexporter $version
extensions:
  - gomod: github.com/open-telemetry/opentelemetry-collector-contrib/extension/storage/filestorage $version
YAML
GOBIN="$folder" go install "go.opentelemetry.io/collector/cmd/builder@$version"
"$folder/builder" --config "$folder/builder.yaml"
