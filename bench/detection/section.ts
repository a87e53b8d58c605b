import type { Row } from "./table.ts";

/** What the command line asks for. */
export interface Settings {
  /** Every seed that is used is this one plus a small number. */
  seed: number;
  /** An hour instead of minutes. */
  long: boolean;
  /** Folder of the real streams; null where there is none. */
  data: string | null;
  /** A Python interpreter that has the peers; null where there is none. */
  python: string | null;
}

/** A piece of work and what came of it: plain JSON both, so that a run can be resumed. */
export interface Done<Unit, Result> {
  unit: Unit;
  result: Result;
}

/** One part of the benchmark: pieces of work that can be done in any order, and the rows that follow from them. */
export interface Section<Unit, Result> {
  name: string;
  units(settings: Settings): Unit[];
  /** Does one piece of work, in a process of its own. */
  run(unit: Unit): Result | Promise<Result>;
  /** The rows; those that could not be measured are there too, without a figure. */
  rows(done: readonly Done<Unit, Result>[], settings: Settings): Row[];
}

/** What a row rests on whose real streams are not there. */
export const noData = "no data: give its folder by --data";

/** Seeds for replications, in order. */
export function seeds(settings: Settings, replications: number, offset = 0): number[] {
  return Array.from({ length: replications }, (_, at) => settings.seed + offset + at);
}
