import { hourMs } from "../model/clock.ts";
import type { SignalBaseline, Strata } from "./baseline.ts";
import { type Effects, learnEffects, leaveOut } from "./effects.ts";
import type { Hour } from "./history.ts";
import { expectedShares, hourOfDay, hourOfWeek, weekday } from "./strata.ts";

/** Days of history below which an hour of the day has no effect of its own, and a weekday none. */
const daysForHours = 2;
const daysForWeekdays = 14;
/** The same for volume, whose weekends are often empty, and whose hours differ by weekday. */
const daysForWeekOfVolume = 7;
/** By how much days and hours differ anyway: variance of the logarithm of a share over one of them. */
const hourVariance = 0.02;
const dayVariance = 0.04;

/** What the hour of the day does, the weekday beyond that, and the hour of the week beyond both; null where nothing stands out. */
interface Seasons {
  hours: Effects | null;
  weekdays: Effects | null;
  weekHours: Effects | null;
}
const none: Seasons = { hours: null, weekdays: null, weekHours: null };

/**
 * Learns what the hour of the day and the weekday do to each bin, shrunken by how far they can be told from
 * noise (empirical Bayes), and only as far as the history supports them. Labels that come with age have none.
 *
 * @param flat A baseline without strata.
 * @returns `strata`, null where nothing stands out; and for every hour of the history *k* shares that are `expected` of it
 *   by the other days.
 */
export function learnStrata(
  flat: SignalBaseline,
  history: readonly Hour[],
): { strata: Strata | null; expected: (readonly number[])[] } {
  const seasons = flat.ages === null ? learnSeasons(flat, history) : none;
  const strata = strataOf(seasons);
  if (strata === null) return { strata, expected: history.map(() => flat.shares) };
  return { strata, expected: expectedByOtherDays(flat, seasons, history) };
}

/**
 * What the other days of a history lead one to expect on each of its days (leave-one-out), as *k* shares an hour.
 *
 * A day lies closer to effects that were learned from it than a new day will: where there are four of each weekday, its
 * square deviation is three fifths of a new day's. So how restless days are is measured against these. What is left out is
 * what the day said of its own hour and weekday; the shares and how far effects spread are those of all days.
 */
function expectedByOtherDays(
  flat: SignalBaseline,
  { hours, weekdays, weekHours }: Seasons,
  history: readonly Hour[],
): (readonly number[])[] {
  const byDay = new Map<number, Hour[]>();
  for (const entry of history) {
    const day = byDay.get(dayOf(entry));
    if (day === undefined) byDay.set(dayOf(entry), [entry]);
    else day.push(entry);
  }
  const others = new Map<number, SignalBaseline>();
  for (const [day, entries] of byDay) {
    const without = (effects: Effects | null): Effects | null => effects && leaveOut(effects, entries);
    const strata = strataOf({
      hours: without(hours),
      weekdays: without(weekdays),
      weekHours: without(weekHours),
    });
    others.set(day, { ...flat, strata });
  }
  return history.map((entry) => expectedShares(others.get(dayOf(entry)) ?? flat, entry.hour * hourMs));
}

function dayOf({ hour }: Hour): number {
  return Math.floor(hour / 24);
}

function learnSeasons(flat: SignalBaseline, history: readonly Hour[]): Seasons {
  const { days } = flat;
  const without = (known: Seasons): SignalBaseline => ({ ...flat, strata: strataOf(known) });
  const byHour = { groups: 24, groupOf: hourOfDay, noise: hourVariance / days };
  const hours = days >= daysForHours ? learnEffects(flat, history, byHour) : null;
  const byHours = { ...none, hours };
  const byWeekday = { groups: 7, groupOf: weekday, noise: (7 * dayVariance) / days };
  const isVolume = flat.layout.shape === "volume";
  const daysMin = isVolume ? daysForWeekOfVolume : daysForWeekdays;
  const weekdays = days >= daysMin ? learnEffects(without(byHours), history, byWeekday) : null;
  const byBoth = { ...byHours, weekdays };
  if (!isVolume || weekdays === null) return byBoth;
  const byWeekHour = { groups: 168, groupOf: hourOfWeek, noise: (7 * hourVariance) / days };
  return { ...byBoth, weekHours: learnEffects(without(byBoth), history, byWeekHour) };
}

function strataOf({ hours, weekdays, weekHours }: Seasons): Strata | null {
  if (hours === null && weekdays === null) return null;
  const both = { hours: hours?.logs ?? null, weekdays: weekdays?.logs ?? null };
  return weekHours === null ? both : { ...both, weekHours: weekHours.logs };
}
