import type { ChangeEvent } from "../../model/incident.ts";
import type { SignalVerdict } from "../../model/verdict.ts";
import type { Series } from "../boards/series.ts";

/** What a chart draws beside the line. */
export interface ChartMarks {
  band: { low: number; high: number; value: number } | null;
  onsetMs: number | null;
  changesMs: number[];
}

/** The baseline band, the onset and the change events of a signal. */
export function marksOf(entry: SignalVerdict | null, changes: readonly ChangeEvent[]): ChartMarks {
  const verdict = entry?.verdict;
  const judged = verdict === undefined || verdict.kind === "insufficient" ? null : verdict;
  return {
    band:
      judged === null
        ? null
        : { low: judged.baseline.low, high: judged.baseline.high, value: judged.baseline.value },
    onsetMs: judged?.kind === "drift" ? judged.onset.atMs : null,
    changesMs: changes.map((change) => change.atMs),
  };
}

const width = 220;
const height = 48;

/** A small chart of one signal, drawn on the server: line, baseline band, onset and change marks. */
export function MiniChart({ series, marks, label }: { series: Series; marks: ChartMarks; label: string }) {
  const { values, timesMs, stepMs } = series;
  const seen = values.filter((value) => value !== null);
  const bounds = [...seen, ...(marks.band === null ? [] : [marks.band.low, marks.band.high])];
  // A drift is shown in full, also one of a tenth of a large number. Else noise, or a share of almost nothing, must not fill the chart.
  const drifts = marks.onsetMs !== null;
  const low = Math.min(drifts ? Infinity : 0, ...bounds);
  const high = Math.max(...bounds, low + (series.unit === "share" && !drifts ? 0.04 : 1e-9));
  const startMs = timesMs[0] ?? 0;
  const spanMs = Math.max(1, timesMs.length * stepMs);
  const x = (atMs: number) => Math.round(((atMs - startMs) / spanMs) * width);
  const y = (value: number) =>
    Math.round((height - 3 - ((value - low) / (high - low)) * (height - 6)) * 10) / 10;
  const inside = (atMs: number) => atMs >= startMs && atMs <= startMs + spanMs;
  const points = values.map((value, index) =>
    value === null ? null : `${x((timesMs[index] ?? 0) + stepMs / 2)} ${y(value)}`,
  );
  return (
    <svg
      class="mini"
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      role="img"
      aria-label={label}
    >
      {marks.band === null ? null : (
        <rect
          class="band"
          x="0"
          width={width}
          y={y(marks.band.high)}
          height={Math.max(1.5, y(marks.band.low) - y(marks.band.high))}
        />
      )}
      {marks.changesMs.filter(inside).map((atMs) => (
        <line class="change" x1={x(atMs)} x2={x(atMs)} y1="0" y2={height} />
      ))}
      {marks.onsetMs === null || !inside(marks.onsetMs) ? null : (
        <line class="onset" x1={x(marks.onsetMs)} x2={x(marks.onsetMs)} y1="0" y2={height} />
      )}
      <path class="line" d={toPath(points)} />
      {points.filter(isLone).map((point) => {
        const [cx, cy] = (point ?? "").split(" ");
        return <circle class="point" cx={cx} cy={cy} r="2.5" />;
      })}
    </svg>
  );
}

/** A point without neighbours is no line, and would hide behind the onset: it becomes a dot. */
function isLone(point: string | null, at: number, all: readonly (string | null)[]): boolean {
  return point !== null && (all[at - 1] ?? null) === null && (all[at + 1] ?? null) === null;
}

/** Joins points by lines, with gaps where there is nothing. */
function toPath(points: readonly (string | null)[]): string {
  let path = "";
  let drawing = false;
  for (const point of points) {
    if (point !== null) path += drawing ? `L${point}` : `M${point}`;
    drawing = point !== null;
  }
  return path;
}
