import { aloneLevel, workflowDays } from "../../src/detectors/budget.ts";
import { dayMs, hourMs } from "../../src/model/clock.ts";
import { branchLife, type Cell, type Life, liveOn, startLife } from "./life.ts";
import { createRandom, type Random } from "./random.ts";

/** Copies at each level of evidence, and the distance of levels in nats. */
const copies = 3;
const levelNats = 1.5;
const lowestNats = 3;
/** A pause needs so much more evidence than an alert, in nats: ln 30. */
const pauseNats = 3.4;
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
  /** Levels of evidence below this one. */
  zone: number;
  alarmedMs: number | null;
}

/**
 * Estimates how often quiet data alarms and pauses, where that is too rare to be seen: multilevel splitting on
 * the product's own evidence.
 *
 * A life whose largest evidence rises past a level goes on as several, each with a part of its weight and a
 * future of its own; one that falls back two levels goes on with the same odds or not at all. Every count is
 * of weights, whose expectation no rule of splitting changes, so the estimate is unbiased whatever the levels.
 *
 * Source: T. Booth, Monte Carlo variance reduction, LA-UR-85-2202 (weight windows); M. Villén-Altamirano,
 * J. Villén-Altamirano, RESTART (1991).
 *
 * @param budget False alarms per 1,000 workflow-days.
 */
export function splitQuiet(cell: Cell, seed: number, days: number, budget = 1): SplitResult {
  const draws = createRandom(seed, 71);
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
  for (let nats = lowestNats; nats < alarmNats + pauseNats; nats += levelNats) levels.push(nats);
  const endMs = first.nowMs + days * dayMs;
  const waiting: Particle[] = [{ life: first, weight: 1, zone: 0, alarmedMs: null }];
  let stream = 1000;
  for (let particle = waiting.pop(); particle !== undefined; particle = waiting.pop()) {
    while (particle.life.nowMs < endMs && goOn(particle, budget, result)) {
      const nats = largestEvidence(particle.life);
      if (particle.life.nowMs % hourMs !== 0) continue;
      const zone = levels.filter((level) => level <= nats).length;
      if (zone > particle.zone) {
        const share = copies ** (zone - particle.zone);
        particle.weight /= share;
        particle.zone = zone;
        for (let copy = 1; copy < share; copy++) {
          waiting.push({ ...particle, life: branchLife(particle.life, (stream += 2)) });
        }
      } else if (zone < particle.zone - 1 && !survives(particle, zone + 1, draws)) break;
    }
  }
  return result;
}

/** Takes a particle to its next look and counts. False where its story ends: at a pause, or a week after an alarm. */
function goOn(particle: Particle, budget: number, result: SplitResult): boolean {
  const fromMs = particle.life.nowMs;
  const { life, looks } = liveOn(particle.life, budget);
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

/** Russian roulette down to a zone: fewer copies, each with more weight. */
function survives(particle: Particle, zone: number, draws: Random): boolean {
  const odds = copies ** (particle.zone - zone);
  if (draws.uniform() * odds >= 1) return false;
  particle.weight *= odds;
  particle.zone = zone;
  return true;
}

function largestEvidence({ state }: Life): number {
  return Object.values(state.signals).reduce((most, { evidence }) => Math.max(most, evidence), -Infinity);
}
