import type { Drift, Stable } from "../../model/verdict.ts";
import type { DistributionRow, SignalBoard } from "../boards/signal.ts";
import { formatBin, formatCount, formatShare, signalNames } from "../format.ts";
import { marksOf } from "./chart.tsx";
import {
  Badge,
  Card,
  Empty,
  Fact,
  FigureText,
  Moment,
  NowText,
  Prose,
  Table,
  workflowPath,
} from "./parts.tsx";
import { Bar } from "./spark.tsx";
import { Ranges } from "./workflow.tsx";

/** One signal: its chart, its verdict in words, and its distribution beside the baseline's. */
export function SignalPage({ board }: { board: SignalBoard }) {
  const { signal, entry, series } = board;
  const verdict = entry?.verdict;
  const judged = verdict === undefined || verdict.kind === "insufficient" ? null : verdict;
  const path = `${workflowPath(signal.workflow)}/signals/${signal.kind}?field=${encodeURIComponent(signal.field)}`;
  return (
    <>
      <p class="crumbs">
        <a href={workflowPath(signal.workflow)}>{signal.workflow}</a>
      </p>
      <div class="title">
        <h1>
          {signalNames[signal.kind]} {signal.field === "" ? null : <span class="mono">{signal.field}</span>}
        </h1>
        {verdict === undefined ? null : <Badge state={verdict.kind} />}
      </div>
      <p class="lead">
        <Prose text={board.explanation} />
      </p>
      {judged === null ? null : <Figures judged={judged} />}
      <Ranges path={path} current={board.range} />
      <Card title="Over time">
        {series === null ? (
          <Empty>
            {board.storeReached ? "Nothing was seen in this span." : "ClickHouse cannot be reached."}
          </Empty>
        ) : (
          <figure>
            <div
              class="chart"
              data-chart={JSON.stringify({
                ...series,
                signal: undefined,
                marks: marksOf(entry, board.changes),
              })}
              role="img"
              aria-label={`${signalNames[signal.kind]} ${signal.field} over ${board.range}`}
            ></div>
            <figcaption>
              <span class="legend band">baseline</span> <span class="legend onset">onset</span>{" "}
              <span class="legend change">change event</span>
            </figcaption>
          </figure>
        )}
      </Card>
      <Card title="Baseline beside now">
        {board.distribution.length === 0 ? (
          <Empty>There is nothing to compare yet.</Empty>
        ) : (
          <Distribution rows={board.distribution} board={board} />
        )}
      </Card>
    </>
  );
}

function Figures({ judged }: { judged: Stable | Drift }) {
  const { current, baseline, unit, of } = judged;
  return (
    <dl class="facts">
      <Fact name="Now" text={<NowText judged={judged} />} />
      <Fact name="Baseline" text={<FigureText figure={baseline} unit={unit} />} />
      <Fact
        name="Rests on"
        text={`${formatCount(current.runs)} now, ${formatCount(baseline.runs)} in the baseline`}
      />
      {of === "" ? null : <Fact name="Figures speak of" text={formatBin(of)} />}
      {judged.kind === "stable" ? null : (
        <Fact
          name="Began"
          text={
            <>
              <Moment atMs={judged.onset.atMs} />{" "}
              <small>
                between <Moment atMs={judged.onset.earliestMs} /> and <Moment atMs={judged.onset.latestMs} />
              </small>
            </>
          }
        />
      )}
    </dl>
  );
}

function Distribution({ rows, board }: { rows: DistributionRow[]; board: SignalBoard }) {
  const top = Math.max(...rows.flatMap((row) => [row.baselineShare, row.currentShare]), 1e-9);
  return (
    <Table label="Distribution" class="distribution" columns={["Value", "Baseline", "Now", "Runs"]}>
      {rows.map((row) => (
        <tr>
          <th scope="row">{formatBin(row.label)}</th>
          <ShareCell share={row.baselineShare} top={top} tone="quiet" label="in the baseline" />
          <ShareCell share={row.currentShare} top={top} tone="good" label="now" />
          <td>
            {row.bin?.startsWith("=") === true ? (
              <a href={searchPath(board, row.bin.slice(1))}>{formatCount(row.current)}</a>
            ) : (
              formatCount(row.current)
            )}
          </td>
        </tr>
      ))}
    </Table>
  );
}

function searchPath({ signal }: SignalBoard, value: string): string {
  return `/runs?${new URLSearchParams({ workflow: signal.workflow, field: signal.field, value }).toString()}`;
}

function ShareCell(props: { share: number; top: number; tone: "good" | "quiet"; label: string }) {
  return (
    <td>
      <span class="share">{formatShare(props.share)}</span>
      <Bar
        share={props.share / props.top}
        tone={props.tone}
        label={`${formatShare(props.share)} ${props.label}`}
      />
    </td>
  );
}
