/** What an owner is promised: false alarms per 1,000 days of one workflow, over all of its signals. */
export interface Budget {
  falseAlarmsPer1000WorkflowDays: number;
}

/**
 * How far the level lies below what the bound asks for. The bound holds for the worst of all nulls at the boundary;
 * ordinary days lie inside it, so false alarms are rarer than that, and this spends the difference. At ten runs a day,
 * where nearly all is chance, there is the least of it.
 */
const conservatism = 5;

/** How many times the evidence of an alert a pause needs: stopping an automation for nothing costs more than a page. */
export const pauseFactor = 100;

/** The evidence (in days) that one workflow's budget asks for, before it is split over signals. */
export function workflowDays(budget: Budget): number {
  return 1000 / budget.falseAlarmsPer1000WorkflowDays;
}

/** ln of the evidence at which one signal alarms on its own: its share of the budget. */
export function aloneLevel(signals: number, days: number): number {
  return Math.log(Math.max(days, (days * signals) / conservatism));
}

/**
 * Which signals alarm: the top k, for the largest k whose k-th evidence reaches A m / k (e-d-BH).
 *
 * With k = 1 this is the plain split of the budget over m signals. Signals that move together need less each,
 * but never less than the whole workflow's A; the mean of all evidence, which bounds the rule, is itself
 * evidence against "nothing changed", however the signals depend on each other.
 *
 * @param logs ln evidence in days, one number per signal that may alarm.
 * @param signals m, all signals of the workflow.
 * @param days A of the workflow.
 * @returns ln of the evidence that a signal needs at this moment.
 *
 * Sources: S. Dandapanthula, A. Ramdas, Multiple testing in multi-stream sequential change detection, arXiv
 * 2501.04130; R. Wang, A. Ramdas, False discovery rate control with e-values, JRSS B 84 (2022).
 */
export function alarmLevel(logs: readonly number[], signals: number, days: number): number {
  const alone = aloneLevel(signals, days);
  const sorted = logs.filter((log) => log >= Math.log(days)).sort((a, b) => b - a);
  for (let k = sorted.length; k > 1; k--) {
    const level = Math.max(Math.log(days), alone - Math.log(k));
    if ((sorted[k - 1] ?? -Infinity) >= level) return level;
  }
  return alone;
}
