import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";

import { stringify } from "yaml";
import { readSlackPress } from "../../src/alerts/slack-actions.ts";
import { hideSecrets, loadConfig } from "../../src/load-config.ts";
import { PermanentError, TransientError } from "../../src/model/errors.ts";
import type { RowBatch } from "../../src/model/rows.ts";
import { createHarness } from "../unit/collector/harness.ts";
import { encodeOtlp } from "./encode-otlp.ts";
import {
  anyConfig,
  anyJson,
  anyLogs,
  anyRuns,
  anyTraces,
  configSecret,
  mutate,
  withBrokenGroup,
} from "./generate.ts";
import { createRandom, type Random } from "./random.ts";

/** What is fed. */
export const targets = ["protobuf", "json", "logs", "runs", "slack", "config"] as const;
export type Target = (typeof targets)[number];

/** An input that broke a promise. The same seed makes it again. */
export interface Finding {
  target: Target;
  seed: number;
  what: string;
}

/** One way to feed the product: throws, or answers what is wrong, or null. */
type Feed = (random: Random, seed: number) => Promise<string | null>;

const hangMsMin = 1000;

/** Feeds inputs made from the seeds `from` to `to`, exclusive, and collects what they broke. */
export async function fuzz(
  { from, to, findingsMax = 20 }: { from: number; to: number; findingsMax?: number },
  onProgress: (seed: number) => void = () => undefined,
): Promise<Finding[]> {
  const feeds = createFeeds();
  const findings: Finding[] = [];
  try {
    for (let seed = from; seed < to && findings.length < findingsMax; seed += 1) {
      const target = targets[seed % targets.length] as Target;
      // Processor time, since the machine may be busy with other things.
      const start = process.cpuUsage();
      const what = await feeds.feed[target](createRandom(seed), seed).catch(String);
      const { user, system } = process.cpuUsage(start);
      const tookMs = (user + system) / 1000;
      if (what !== null) findings.push({ target, seed, what });
      else if (tookMs > hangMsMin) findings.push({ target, seed, what: `took ${Math.round(tookMs)} ms` });
      onProgress(seed);
    }
  } finally {
    feeds.close();
  }
  return findings;
}

function createFeeds(): { feed: Record<Target, Feed>; close(): void } {
  let kept: RowBatch[] = [];
  const harness = createHarness({ sink: { append: (batch) => Promise.resolve(void kept.push(batch)) } });
  const { ingest } = harness;
  const warnings: string[] = [];
  const hear = (warning: Error) => void warnings.push(warning.message);
  process.on("warning", hear);
  const folder = mkdtempSync(join(tmpdir(), "evenkeel-fuzz-"));
  const file = join(folder, "evenkeel.yaml");

  /** Takes a request; where its bytes are as they were made, the good run in it must be kept. */
  async function take(take: () => Promise<unknown>, runId: string | null): Promise<string | null> {
    kept = [];
    harness.clock.timeMs += 50;
    try {
      await take();
      await ingest.settle();
    } catch (error) {
      if (!(error instanceof PermanentError || error instanceof TransientError)) throw error;
      if (runId !== null && error instanceof PermanentError) return `refused all: ${error.message}`;
    }
    const rows = kept.flatMap((batch) => Object.values(batch).flat());
    const odd = JSON.stringify(rows).isWellFormed() ? null : "a row with half a character";
    if (runId === null) return odd;
    const isKept = kept.some(({ runs = [] }) => runs.some((run) => run.run_id === runId));
    return isKept ? odd : "lost the good run";
  }

  function takeOtlp(random: Random, encoding: "protobuf" | "json", request: object, runId: string) {
    const bytes = encoding === "protobuf" ? encodeOtlp(request) : Buffer.from(JSON.stringify(request));
    const isMutated = random.chance(0.4);
    const given = isMutated ? mutate(random, bytes) : bytes;
    return take(() => ingest.traces(given, encoding), isMutated ? null : runId);
  }

  return {
    close() {
      process.off("warning", hear);
      rmSync(folder, { recursive: true });
    },
    feed: {
      protobuf: (random, seed) =>
        takeOtlp(random, "protobuf", anyTraces(random, `run-${seed}`), `run-${seed}`),
      json(random, seed) {
        const request = anyTraces(random, `run-${seed}`);
        const given = random.chance(0.3) ? withBrokenGroup(random, request) : request;
        return takeOtlp(random, "json", given, `run-${seed}`);
      },
      logs(random) {
        const request = anyLogs(random);
        const isJson = random.chance(0.5);
        const bytes = isJson ? Buffer.from(JSON.stringify(request)) : encodeOtlp(request);
        const given = random.chance(0.4) ? mutate(random, bytes) : bytes;
        return take(() => ingest.logs(given, isJson ? "json" : "protobuf"), null);
      },
      runs(random, seed) {
        const bytes = Buffer.from(JSON.stringify(anyRuns(random, `run-${seed}`)));
        const isMutated = random.chance(0.4);
        return take(
          () => ingest.runs(isMutated ? mutate(random, bytes) : bytes),
          isMutated ? null : `run-${seed}`,
        );
      },
      slack: async (random) => feedSlack(random),
      async config(random) {
        const found = feedConfig(random, file);
        await setImmediate();
        return warnings.splice(0).some((text) => text.includes(configSecret)) ? "warns of a secret" : found;
      },
    },
  };
}

/** A press that Slack signed, with anything in it; never taken for one without a right signature. */
function feedSlack(random: Random): string | null {
  const payload = random.chance(0.5)
    ? JSON.stringify({ type: "block_actions", user: anyJson(random), actions: anyJson(random) })
    : JSON.stringify(anyJson(random));
  const body = mutate(random, Buffer.from(new URLSearchParams({ payload }).toString())).toString();
  const timestamp = "1795164000";
  const hmac = createHmac("sha256", "secret").update(`v0:${timestamp}:${body}`).digest("hex");
  const settings = { signingSecret: "secret", nowMs: 1_795_164_000_000 };
  const read = readSlackPress({ body, timestamp, signature: `v0=${hmac}` }, settings);
  const forged = readSlackPress({ body: `${body}&`, timestamp, signature: `v0=${hmac}` }, settings);
  if (forged.kind !== "refused") return "took a forged press";
  return read.kind === "refused" ? "refused a signed press" : null;
}

/** A configuration is taken, or refused in our words; its secrets are in neither. */
function feedConfig(random: Random, file: string): string | null {
  const text = stringify(anyConfig(random));
  writeFileSync(file, random.chance(0.3) ? mutate(random, Buffer.from(text)) : text);
  try {
    const { config } = loadConfig({ file, env: {}, flags: {} });
    return JSON.stringify(hideSecrets(config)).includes(configSecret) ? "shows a secret" : null;
  } catch (error) {
    if (!(error instanceof PermanentError)) throw error;
    return error.message.includes(configSecret) ? `quotes a secret: ${error.message}` : null;
  }
}
