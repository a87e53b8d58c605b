import { minuteMs } from "../model/clock.ts";
import type { Cause, ChangeEvent, DriftingSignal, Incident, Layer } from "../model/incident.ts";
import { signalId } from "../model/signal.ts";
import { plural } from "../model/plural.ts";
import { describeChange } from "./describe-change.ts";
import type { CauseEvidence } from "./evidence.ts";
import { findSlice } from "./find-slice.ts";
import { lastGoodBefore } from "./last-good.ts";
import { changesNear } from "./relate.ts";
import { duration, percent } from "./words.ts";

/** Where a signal is measured. Effects follow causes, so the place that moved first tells the layer. */
type Place = "inputs" | "calls" | "outputs" | "volume";

/** Onsets closer than this are one moment. */
const sameMomentMs = 15 * minuteMs;

/**
 * Names the likely cause of drifts that belong together.
 *
 * Rules, first match wins; each leaves its reason:
 * calls (errors, retries) moved clearly before anything else: integration, unless something was deployed then;
 * inputs moved no later than the outputs: upstream data;
 * calls moved: integration, or the model or workflow logic that was changed at the onset;
 * only outputs moved: model or workflow logic after a change of theirs, else by the slice that carries the shift,
 * else workflow logic, since inputs that look the same are answered differently.
 *
 * @param signals drifting signals, at least one, any order.
 * @param changes change events of the workflow around the onset.
 * @param known earlier incidents of the workflow: a version that one of them blames is not one to go back to.
 * @param earlier what was found before, for where there is no new evidence.
 */
export function analyseCause(
  signals: readonly DriftingSignal[],
  changes: readonly ChangeEvent[],
  evidence: CauseEvidence,
  known: readonly Incident[] = [],
  earlier: Pick<Cause, "slice"> = { slice: null },
): Cause {
  const ordered = [...signals].sort((a, b) => a.drift.onset.atMs - b.drift.onset.atMs);
  const near = nearestChanges(ordered, changes);
  const slice = strongestSlice(ordered, evidence) ?? earlier.slice;
  const { layer, reasons } = decideLayer(ordered, near, slice);
  const change = near[0] ?? null;
  if (slice !== null) reasons.push(describeSlice(slice));
  const isOther = change !== null && change.versionBefore !== change.versionAfter;
  const versionBefore = isOther ? change.versionBefore : olderVersion(evidence);
  const lastGoodVersion = lastGoodBefore(versionBefore, known);
  const isNoneGood = versionBefore !== "" && lastGoodVersion === "";
  reasons.push(isNoneGood ? "No earlier version is known to be good." : wayBack(lastGoodVersion, evidence));
  return { layer, reasons: reasons.filter((reason) => reason !== ""), change, slice, lastGoodVersion };
}

function decideLayer(
  ordered: readonly DriftingSignal[],
  near: readonly ChangeEvent[],
  slice: Cause["slice"],
): { layer: Layer; reasons: string[] } {
  const first = firstByPlace(ordered);
  const { inputs, calls, outputs, volume } = first;
  const deployed = near.map((change) => `${describeChange(change)}.`);
  const nothingDeployed = "No change of prompt, model, settings or code was seen around the onset.";

  if (inputs !== undefined && !(calls !== undefined && isBefore(calls, inputs))) {
    if (!(outputs !== undefined && isBefore(outputs, inputs)))
      return {
        layer: "upstream data",
        reasons: [
          `The inputs changed first: ${nameOf(inputs)}.`,
          ...(outputs === undefined ? [] : [follows("outputs", inputs, outputs)]),
          ...(deployed.length > 0 ? deployed : [nothingDeployed]),
        ],
      };
  }
  if (calls !== undefined && !(outputs !== undefined && isBefore(outputs, calls))) {
    return {
      layer: deployedLayer(near) ?? "integration",
      reasons: [
        ...deployed,
        `The calls to models and tools changed first: ${nameOf(calls)}.`,
        ...(deployed.length > 0 ? [] : [nothingDeployed]),
      ],
    };
  }
  if (outputs === undefined && volume !== undefined)
    return { layer: "integration", reasons: [volume.sentence] };
  return outputsAlone(deployed, near, slice);
}

/** The outputs moved while nothing did that is watched of the inputs and the calls: of free text that is its length. */
function outputsAlone(
  deployed: readonly string[],
  near: readonly ChangeEvent[],
  slice: Cause["slice"],
): { layer: Layer; reasons: string[] } {
  const unmoved =
    "The outputs changed, while nothing that is watched of the inputs and of the calls to models and tools did.";
  const layer = deployedLayer(near);
  if (layer !== null) return { layer, reasons: [...deployed, unmoved] };
  const bySlice = slice === null ? null : sliceLayer(slice.attribute);
  return {
    layer: bySlice ?? "workflow logic",
    reasons: [
      unmoved,
      "No change of prompt, model, settings or code was seen around the onset, so look for what the versions do not show: rules, prompts kept elsewhere, or people's own standard.",
    ],
  };
}

/** The layer that a deployment points to, null if nothing was deployed. */
function deployedLayer(near: readonly ChangeEvent[]): Layer | null {
  if (near.length === 0) return null;
  return near.every((change) => change.what === "model" || change.what === "model_resolved")
    ? "model"
    : "workflow logic";
}

function sliceLayer(attribute: string): Layer {
  if (attribute === "model") return "model";
  return attribute === "version" ? "workflow logic" : "upstream data";
}

function firstByPlace(ordered: readonly DriftingSignal[]): Partial<Record<Place, DriftingSignal>> {
  const first: Partial<Record<Place, DriftingSignal>> = {};
  for (const drifting of ordered) first[placeOf(drifting)] ??= drifting;
  return first;
}

function placeOf({ signal }: DriftingSignal): Place {
  if (/^input($|[.[])/.test(signal.field)) return "inputs";
  switch (signal.kind) {
    case "errors":
    case "step_errors":
    case "retries":
    case "latency":
      return "calls";
    case "volume":
      return "volume";
    case "input_distribution":
    case "duplicates":
      return "inputs";
    default:
      return "outputs";
  }
}

/** Clearly before: the best estimates differ and the 80 % intervals do not meet. */
function isBefore(one: DriftingSignal, other: DriftingSignal): boolean {
  return (
    one.drift.onset.latestMs < other.drift.onset.earliestMs &&
    one.drift.onset.atMs + sameMomentMs < other.drift.onset.atMs
  );
}

/** Every change of the deployment nearest to the first onsets: one deployment may change several things. */
function nearestChanges(ordered: readonly DriftingSignal[], changes: readonly ChangeEvent[]): ChangeEvent[] {
  const [first] = ordered;
  if (first === undefined) return [];
  const near = changesNear(first, changes);
  return near.filter(({ atMs }) => Math.abs(atMs - (near[0]?.atMs ?? atMs)) <= sameMomentMs);
}

function strongestSlice(ordered: readonly DriftingSignal[], evidence: CauseEvidence): Cause["slice"] {
  const byEffect = [...ordered].sort((a, b) => b.drift.effect - a.drift.effect);
  for (const { signal } of byEffect) {
    const found = evidence.signals[signalId(signal)];
    const slice = found === undefined ? null : findSlice(found.before, found.after);
    if (slice !== null) return slice;
  }
  return null;
}

function describeSlice({ attribute, value, share, runs }: NonNullable<Cause["slice"]>): string {
  const name = attribute.replace(/^attributes\./, "");
  return `${percent(share)} of the shift comes from runs with \`${name}\` = \`${value}\` (${runs} ${plural(runs, "run")} since the onset).`;
}

function follows(what: string, first: DriftingSignal, then: DriftingSignal): string {
  const afterMs = then.drift.onset.atMs - first.drift.onset.atMs;
  const when = afterMs < sameMomentMs ? "at the same time" : `${duration(afterMs)} later`;
  return `The ${what} moved ${when}: ${nameOf(then)}.`;
}

/** The version before the onset, "" where it is the same as now or not known. */
function olderVersion({ versionBefore, versionAfter }: CauseEvidence): string {
  return versionBefore === versionAfter ? "" : versionBefore;
}

/** How to get back to the last version that was good. */
function wayBack(lastGoodVersion: string, { versionAfter }: CauseEvidence): string {
  if (lastGoodVersion !== "")
    return `The last version without it is \`${lastGoodVersion}\`: deploy it again to go back.`;
  if (versionAfter === "") return "";
  return `The version \`${versionAfter}\` is the same as before the onset, so going back to an older one is unlikely to help.`;
}

function nameOf({ signal }: DriftingSignal): string {
  const kind = signal.kind.replace(/_/g, " ");
  return signal.field === "" ? kind : `\`${signal.field}\` (${kind})`;
}
