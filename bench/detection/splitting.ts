import { aloneLevel, pauseFactor, workflowDays } from "../../src/detectors/budget.ts";
import { dayMs, hourMs } from "../../src/model/clock.ts";
import { branchLife, type Cell, type Life, liveOn, startLife } from "./life.ts";

/** Copies at each level of evidence, and the distance of levels in nats. */
const copies = 3;
const levelNats = 1.5;
const lowestNats = 3;
/** Within one bad day evidence may rise from nothing to an alarm, so levels are looked at every few hours. */
const lookMs = 3 * hourMs;
/** How long an alarm is followed: its owner has looked at it by then. */
const followedMs = 7 * dayMs;

/** Expected counts over the life of one workflow on data that never changes. */
export interface SplitResult {
  /** Days until the first alarm. */
  workflowDays: number;
  falseAlarms: number;
  falsePauses: number;
  /** Days of all copies together: what it cost. */
  simulatedDays: number;
}

interface Particle {
  life: Life;
  weight: number;
  /** Levels of evidence below this one, and the level at which it was made as a copy; 0 for the first. */
  zone: number;
  birth: number;
  alarmedMs: number | null;
}

/**
 * Estimates how often quiet data alarms and pauses, where that is too rare to be seen: multilevel splitting on
 * the product's own evidence.
 *
 * A life whose largest evidence rises past a level goes on as several, each with a part of its weight and a
 * future of its own. Where one falls back two levels, the copies end and the first takes their weight: any of
 * them might have been the first, so every count of weights keeps its expectation, whatever the levels.
 *
 * Source: M. Villén-Altamirano, J. Villén-Altamirano, RESTART: a method for accelerating rare event simulations,
 * ITC 13 (1991).
 *
 * @param budget False alarms per 1,000 workflow-days.
 */
export function splitQuiet(cell: Cell, seed: number, days: number, budget = 1): SplitResult {
  const result: SplitResult = {
    workflowDays: 0,
    falseAlarms: 0,
    falsePauses: 0,
    simulatedDays: 0,
  };
  const first = startLife(cell, seed);
  const budgetDays = workflowDays({ falseAlarmsPer1000WorkflowDays: budget });
  const alarmNats = aloneLevel(first.baseline.signals.length, budgetDays);
  const levels: number[] = [];
  for (let nats = lowestNats; nats < alarmNats + Math.log(pauseFactor); nats += levelNats) levels.push(nats);
  const endMs = first.nowMs + days * dayMs;
  const waiting: Particle[] = [{ life: first, weight: 1, zone: 0, birth: 0, alarmedMs: null }];
  const streams = { next: 1000 };
  for (let particle = waiting.pop(); particle !== undefined; particle = waiting.pop()) {
    while (particle.life.nowMs < endMs && goOn(particle, budget, result)) {
      const nats = largestEvidence(particle.life);
      if (particle.life.nowMs % hourMs !== 0) continue;
      const zone = levels.filter((level) => level <= nats).length;
      if (zone > particle.zone) waiting.push(...split(particle, zone, streams));
      else if (zone < particle.zone - 1 && !join(particle, zone + 1)) break;
    }
  }
  return result;
}

/** Takes a particle to its next look and counts. False where its story ends: at a pause, or a week after an alarm. */
function goOn(particle: Particle, budget: number, result: SplitResult): boolean {
  const fromMs = particle.life.nowMs;
  const { life, looks } = liveOn(particle.life, budget, lookMs);
  particle.life = life;
  const spanDays = (life.nowMs - fromMs) / dayMs;
  result.simulatedDays += spanDays;
  if (particle.alarmedMs === null) result.workflowDays += spanDays * particle.weight;
  for (const verdicts of looks) {
    const drifts = verdicts.flatMap(({ verdict }) => (verdict.kind === "drift" ? [verdict] : []));
    if (drifts.length > 0 && particle.alarmedMs === null) {
      result.falseAlarms += particle.weight;
      particle.alarmedMs = life.nowMs;
    }
    if (drifts.some(({ pause }) => pause)) {
      result.falsePauses += particle.weight;
      return false;
    }
  }
  return particle.alarmedMs === null || life.nowMs - particle.alarmedMs < followedMs;
}

/** Makes copies at every level up to a zone. A particle's weight is shared by its copies and itself. */
function split(particle: Particle, zone: number, streams: { next: number }): Particle[] {
  const made: Particle[] = [];
  while (particle.zone < zone) {
    particle.zone += 1;
    const birth = particle.zone;
    for (const one of [particle, ...made]) {
      one.weight /= copies;
      one.zone = birth;
      for (let copy = 1; copy < copies; copy++) {
        made.push({ ...one, birth, life: branchLife(one.life, (streams.next += 2)) });
      }
    }
  }
  return made;
}

/** Takes a particle down to a zone; false for a copy that was made above it. */
function join(particle: Particle, zone: number): boolean {
  if (particle.birth > zone) return false;
  particle.weight *= copies ** (particle.zone - zone);
  particle.zone = zone;
  return true;
}

function largestEvidence({ state }: Life): number {
  return Object.values(state.signals).reduce((most, { evidence }) => Math.max(most, evidence), -Infinity);
}
