import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { configSchema } from "../../../src/config.ts";
import { loadConfig } from "../../../src/load-config.ts";

const root = new URL("../../../", import.meta.url);
const text = readFileSync(new URL("docker-compose.yml", root), "utf8");
const dockerfile = readFileSync(new URL("Dockerfile", root), "utf8");

// The part of the Compose Specification that the file uses; an unknown key is an error.
const duration = z.string().regex(/^\d+(ms|s|m|h)$/);
const service = z.strictObject({
  image: z.string(),
  build: z.string().optional(),
  restart: z.enum(["no", "always", "on-failure", "unless-stopped"]),
  init: z.boolean().optional(),
  read_only: z.boolean().optional(),
  cap_drop: z.array(z.string()).optional(),
  security_opt: z.array(z.string()).optional(),
  tmpfs: z.array(z.string()).optional(),
  ports: z.array(z.string().regex(/^([\d.]+:)?\d+:\d+$/)).optional(),
  volumes: z.array(z.string().regex(/^[^:]+:[^:]+(:ro)?$/)).optional(),
  environment: z.record(z.string(), z.string()).optional(),
  command: z.array(z.string()).optional(),
  secrets: z.array(z.string()).optional(),
  ulimits: z.record(z.string(), z.strictObject({ soft: z.int(), hard: z.int() })).optional(),
  healthcheck: z
    .strictObject({ test: z.array(z.string()), interval: duration, timeout: duration, retries: z.int() })
    .optional(),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.enum(["service_healthy"]) })).optional(),
});
const compose = z
  .strictObject({
    name: z.string(),
    services: z.record(z.string(), service),
    volumes: z.record(z.string(), z.strictObject({})),
    secrets: z.record(z.string(), z.strictObject({ environment: z.string() })),
  })
  .parse(parse(text));
const services = Object.entries(compose.services);

describe("docker-compose.yml", () => {
  it("brings the sidecar, ClickHouse, Prometheus, Alertmanager and Grafana", () => {
    expect(Object.keys(compose.services)).toEqual([
      "evenkeel",
      "clickhouse",
      "prometheus",
      "alertmanager",
      "grafana",
    ]);
  });

  it.each(services)("%s is pinned by version", (_name, { image }) => {
    expect(image).toMatch(/:v?\d+\.\d+/);
  });

  it.each(services)("%s has a health check", (name, { healthcheck }) => {
    if (name === "evenkeel") expect(dockerfile).toMatch(/^HEALTHCHECK /m);
    else expect(healthcheck).toBeDefined();
  });

  it.each(services)("%s mounts volumes that are declared and files that exist", (_name, { volumes = [] }) => {
    for (const volume of volumes) {
      const [source = ""] = volume.split(":");
      if (source.startsWith("./")) expect(existsSync(new URL(source, root))).toBe(true);
      else expect(Object.keys(compose.volumes)).toContain(source);
    }
  });

  it.each(services)(
    "%s depends on services that exist and have a health check",
    (_name, { depends_on: needs = {} }) => {
      for (const need of Object.keys(needs)) expect(Object.keys(compose.services)).toContain(need);
    },
  );

  it("has no secret of its own: each comes from a variable that must be set", () => {
    for (const [, { environment = {} }] of services) {
      for (const [name, value] of Object.entries(environment)) {
        if (/PASSWORD|SECRET|TOKEN/.test(name)) expect(value).toMatch(/^\$\{\w+:\?[^}]+\}$/);
      }
    }
    for (const [, sha256] of text.matchAll(/sha256: "([^"]*)"/g))
      expect(sha256).toMatch(/^\$\{\w+:\?[^}]+\}$/);
  });

  it("sets the sidecar up by variables that the configuration knows, on the ports it publishes", () => {
    const { environment = {}, ports = [] } = compose.services.evenkeel!;
    const env = Object.fromEntries(
      Object.entries(environment).map(([name, value]) => [
        name,
        value.replaceAll(/\$\{(\w+):\?[^}]*\}/g, fill),
      ]),
    );
    const { config, unknownVariables } = loadConfig({ file: "", env, flags: {} });
    expect(unknownVariables).toEqual([]);
    expect(config.keys.map(({ scopes }) => scopes)).toEqual([["admin"], ["ingest"], ["metrics"]]);
    // OTLP over gRPC has the port below.
    const published = [config.port - 1, config.port];
    expect(ports).toEqual(published.map((port) => `${port}:${port}`));
    expect(configSchema.parse({}).port).toBe(config.port);
    expect(dockerfile).toContain(`EXPOSE ${published.join(" ")}\n`);
    expect(new URL(config.clickhouse.url).hostname in compose.services).toBe(true);
  });

  it("runs the sidecar with a read-only root and without privileges", () => {
    const { read_only: isReadOnly, cap_drop: dropped } = compose.services.evenkeel!;
    expect([isReadOnly, dropped]).toEqual([true, ["ALL"]]);
    expect(dockerfile).toMatch(/^USER node$/m);
  });
});

/** What a person would have put into .env. */
function fill(_whole: string, name: string): string {
  return name.endsWith("SHA256") ? "0".repeat(64) : "secret";
}
