import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { CounterLike, GaugeLike, HistogramLike } from "./model/meters.ts";

type Signal = "workflow" | "signal" | "field";

/** Every metric that the sidecar shows under `/metrics`, by its name without the prefix `evenkeel_`. */
export interface Metrics {
  runs: CounterLike<"workflow" | "status">;
  signalValue: GaugeLike<Signal>;
  signalBaseline: GaugeLike<Signal>;
  /** 1 is the alarm level. */
  signalEvidence: GaugeLike<Signal>;
  /** 1 while the signal drifts, 0 otherwise. Remove the other severity when it changes. */
  drift: GaugeLike<Signal | "severity">;
  /** Incidents that are not resolved. */
  incidents: GaugeLike<"workflow" | "state">;
  workflowPaused: GaugeLike<"workflow">;
  /** 1 for each configured workflow, so that rules can join its owner. */
  workflowInfo: GaugeLike<"workflow" | "owner">;
  reviews: CounterLike<"workflow" | "verdict">;
  /** Runs that wait for a reviewer. */
  reviewQueue: GaugeLike<"workflow">;
  /** Items that automations asked about before they acted: `clear`, `held`, and what became of held ones. */
  approvals: CounterLike<"workflow" | "state">;
  /** Held items that ask for a person. */
  approvalQueue: GaugeLike<"workflow">;
  deliveries: CounterLike<"channel" | "result">;
  /** Messages owed to a channel (`pending`) and given up on (`dead`). */
  outboxMessages: GaugeLike<"channel" | "state">;
  runsReceived: CounterLike;
  runsStored: CounterLike;
  runsRejected: CounterLike<"reason">;
  runsDuplicate: CounterLike;
  /** What a limit made the sidecar leave out (`field`, `span`, …). */
  dropped: CounterLike<"what">;
  spoolRuns: GaugeLike;
  spoolBytes: GaugeLike;
  /** Age of the oldest run that is not in ClickHouse yet. */
  spoolAgeSeconds: GaugeLike;
  sweepDurationSeconds: HistogramLike;
  sweeps: CounterLike<"result">;
  /** Seconds since the epoch. */
  sweepLastSuccessTimestampSeconds: GaugeLike;
  /** Allowed values of each catalogue, and the time since they were read. */
  catalogueValues: GaugeLike<"catalogue">;
  catalogueAgeSeconds: GaugeLike<"catalogue">;
  /** How long the oldest deletion in ClickHouse has been under way; 0 while none is. */
  deletionAgeSeconds: GaugeLike;
  /** Requests answered with 429, by the name of their key. */
  requestsLimited: CounterLike<"key">;
  /** Connections over the limit, and calls over gRPC that came to nothing before their message was kept. */
  refused: CounterLike<"reason">;
  configReloads: CounterLike<"result">;
  /** 1 while what the configuration file says is in force. */
  configLastReloadSuccessful: GaugeLike;

  /** Registers work to be done before each scrape, such as reading the spool's size. It must be quick. */
  beforeScrape(work: () => void): void;
  /** The text of a scrape, in the format that the `Accept` header prefers. */
  render(accept: string): Promise<{ contentType: string; body: string }>;
}

/** Limits on label values. Past them, values fold into `other`. */
export interface MetricsOptions {
  /** Signals shown by field, per workflow and metric. */
  fieldsMax?: number;
  workflowsMax?: number;
  /** Also show the process's own CPU, memory and event loop. */
  process?: boolean;
}

/**
 * Creates the metrics with a registry of their own.
 *
 * Labels are bounded: past the caps, workflows and fields fold into `other`, and
 * `evenkeel_folded_labels_total{label}` counts each value that did. A folded gauge shows the largest of its members.
 */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  const { fieldsMax = 500, workflowsMax = 1000, process: showProcess = true } = options;
  const registry = new Registry();
  const registers = [registry];
  if (showProcess) collectDefaultMetrics({ register: registry });
  const scrapers: (() => void)[] = [];
  const folded = new Counter({
    name: "evenkeel_folded_labels_total",
    help: "Label values shown as 'other' because a label was at its cap",
    labelNames: ["label"],
    registers,
  });
  const caps = { fieldsMax, workflowsMax };

  const counter = <L extends string = never>(name: string, help: string, labelNames: L[] = []) => {
    const metric = new Counter({ name: `evenkeel_${name}`, help, labelNames, registers });
    const fold = createFold(caps, folded);
    return { inc: (labels: Record<L, string>, value = 1) => metric.inc(fold.admit(labels), value) };
  };
  const gauge = <L extends string = never>(name: string, help: string, labelNames: L[] = []) => {
    const metric = new Gauge({ name: `evenkeel_${name}`, help, labelNames, registers });
    return boundedGauge(metric, createFold(caps, folded));
  };
  const histogram = (name: string, help: string, buckets: number[]): HistogramLike => {
    const metric = new Histogram({ name: `evenkeel_${name}`, help, buckets, registers });
    return { observe: (_labels, value) => metric.observe(value) };
  };
  return {
    ...workflowMetrics(counter, gauge),
    ...sidecarMetrics(counter, gauge),
    sweepDurationSeconds: histogram(
      "sweep_duration_seconds",
      "Time that one detection sweep took",
      [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
    ),
    beforeScrape: (work) => void scrapers.push(work),
    async render(accept) {
      for (const work of scrapers) work();
      const text = await registry.metrics();
      if (!accept.includes("application/openmetrics-text")) {
        return { contentType: Registry.PROMETHEUS_CONTENT_TYPE, body: text };
      }
      return { contentType: Registry.OPENMETRICS_CONTENT_TYPE, body: toOpenMetrics(text) };
    },
  };
}

type MakeCounter = <L extends string = never>(name: string, help: string, labels?: L[]) => CounterLike<L>;
type MakeGauge = <L extends string = never>(name: string, help: string, labels?: L[]) => GaugeLike<L>;

function workflowMetrics(counter: MakeCounter, gauge: MakeGauge) {
  const signal: Signal[] = ["workflow", "signal", "field"];
  return {
    runs: counter("runs_total", "Runs accepted, by their own status", ["workflow", "status"]),
    signalValue: gauge("signal_value", "Current value of a signal, in its own unit", signal),
    signalBaseline: gauge("signal_baseline", "Value of a signal in its baseline", signal),
    signalEvidence: gauge("signal_evidence", "Evidence of drift, where 1 is the alarm level", signal),
    drift: gauge("drift", "1 while a signal drifts", [...signal, "severity"]),
    incidents: gauge("incidents", "Incidents that are not resolved", ["workflow", "state"]),
    workflowInfo: gauge("workflow_info", "Always 1; carries the owner of a workflow", ["workflow", "owner"]),
    workflowPaused: gauge("workflow_paused", "1 while a workflow is paused", ["workflow"]),
    reviews: counter("reviews_total", "Reviews recorded", ["workflow", "verdict"]),
    reviewQueue: gauge("review_queue", "Runs that wait for a reviewer", ["workflow"]),
    approvals: counter("approvals_total", "Items asked about before the act", ["workflow", "state"]),
    approvalQueue: gauge("approval_queue", "Held items that ask for a person", ["workflow"]),
    deliveries: counter("deliveries_total", "Attempts to deliver a message", ["channel", "result"]),
    outboxMessages: gauge("outbox_messages", "Messages owed or given up on", ["channel", "state"]),
  } satisfies Partial<Metrics>;
}

function sidecarMetrics(counter: MakeCounter, gauge: MakeGauge) {
  return {
    runsReceived: counter("runs_received_total", "Runs received, whatever became of them"),
    runsStored: counter("runs_stored_total", "Runs written to ClickHouse"),
    runsRejected: counter("runs_rejected_total", "What could not be read as a run", ["reason"]),
    runsDuplicate: counter("runs_duplicate_total", "Runs sent again that were known, and not counted twice"),
    dropped: counter("dropped_total", "What a limit made the sidecar leave out", ["what"]),
    spoolRuns: gauge("spool_runs", "Runs on disk that are not in ClickHouse yet"),
    spoolBytes: gauge("spool_bytes", "Size of the spool"),
    spoolAgeSeconds: gauge("spool_age_seconds", "Age of the oldest run that is not in ClickHouse yet"),
    sweeps: counter("sweeps_total", "Detection sweeps", ["result"]),
    sweepLastSuccessTimestampSeconds: gauge(
      "sweep_last_success_timestamp_seconds",
      "When a detection sweep last succeeded",
    ),
    catalogueValues: gauge("catalogue_values", "Allowed values that a catalogue holds", ["catalogue"]),
    catalogueAgeSeconds: gauge("catalogue_age_seconds", "Time since a catalogue was read", ["catalogue"]),
    deletionAgeSeconds: gauge("deletion_age_seconds", "Time since the oldest unfinished deletion began"),
    requestsLimited: counter("requests_limited_total", "Requests refused for the rate limit of their key", [
      "key",
    ]),
    refused: counter("refused_total", "Connections and gRPC calls refused before they were read", ["reason"]),
    configReloads: counter("config_reloads_total", "Changes of the configuration seen", ["result"]),
    configLastReloadSuccessful: gauge(
      "config_last_reload_successful",
      "1 while what the configuration file says is in force",
    ),
  } satisfies Partial<Metrics>;
}

interface Fold {
  /** The labels to show; `workflow` and `field` are `other` past the cap. */
  admit<L extends string>(labels: Record<L, string>): Record<L, string>;
  /** Frees the place of a removed series. */
  release(labels: Record<string, string>): void;
}

function createFold(caps: { fieldsMax: number; workflowsMax: number }, folded: CounterLike<"label">): Fold {
  const fieldsOf = new Map<string, Set<string>>();
  const told = new Set<string>();
  const overflow = (label: string, value: string) => {
    // Bounded: what is counted twice after that is still counted.
    if (told.size >= 10_000) told.clear();
    if (told.has(`${label} ${value}`)) return;
    told.add(`${label} ${value}`);
    folded.inc({ label });
  };
  return {
    admit(labels) {
      const given: Record<string, string> = labels;
      const { workflow, field } = given;
      if (workflow === undefined) return labels;
      const known = fieldsOf.get(workflow);
      if (known === undefined && fieldsOf.size >= caps.workflowsMax) {
        overflow("workflow", workflow);
        return { ...labels, workflow: "other", ...(field === undefined ? {} : { field: "other" }) };
      }
      const fields = known ?? new Set<string>();
      if (known === undefined) fieldsOf.set(workflow, fields);
      const series = JSON.stringify(given);
      if (field === undefined || fields.has(series)) return labels;
      if (fields.size >= caps.fieldsMax) {
        overflow("field", `${workflow} ${field}`);
        return { ...labels, field: "other" };
      }
      fields.add(series);
      return labels;
    },
    release(labels) {
      if (labels.workflow !== undefined) fieldsOf.get(labels.workflow)?.delete(JSON.stringify(labels));
    },
  };
}

function boundedGauge<L extends string>(metric: Gauge<L>, fold: Fold): GaugeLike<L> {
  // What was folded, by shown labels and then by real labels, so that `other` can show the largest.
  const members = new Map<string, Map<string, number>>();
  const show = (shown: Record<L, string>, group: Map<string, number>) => {
    if (group.size === 0) metric.remove(shown);
    else metric.set(shown, Math.max(...group.values()));
  };
  return {
    set(labels, value) {
      const shown = fold.admit(labels);
      if (shown === labels) {
        metric.set(labels, value);
        return;
      }
      const key = JSON.stringify(shown);
      const group = members.get(key) ?? new Map<string, number>();
      members.set(key, group.set(JSON.stringify(labels), value));
      show(shown, group);
    },
    remove(labels) {
      const shown = fold.admit(labels);
      if (shown === labels) {
        metric.remove(labels);
        fold.release(labels);
        return;
      }
      const group = members.get(JSON.stringify(shown));
      if (group === undefined) return;
      group.delete(JSON.stringify(labels));
      show(shown, group);
    },
  };
}

/**
 * Turns the Prometheus text format into OpenMetrics 1.0: a counter's family is named without `_total`, there are no
 * blank lines, and `# EOF` ends the text. (prom-client's own OpenMetrics output renames the counters for good.)
 */
function toOpenMetrics(text: string): string {
  const counters = new Set(Array.from(text.matchAll(/^# TYPE (\S+)_total counter$/gm), (match) => match[1]));
  const lines = text.split("\n").filter((line) => line !== "");
  const renamed = lines.map((line) =>
    line.replace(/^# (HELP|TYPE) (\S+)_total /, (whole, what: string, name: string) =>
      counters.has(name) ? `# ${what} ${name} ` : whole,
    ),
  );
  return `${renamed.join("\n")}\n# EOF\n`;
}
