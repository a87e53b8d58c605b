import type { SignalRow, WorkflowBoard } from "../boards/workflow.ts";
import { formatBin, formatShare, signalNames } from "../format.ts";
import { marksOf, MiniChart } from "./chart.tsx";
import { Badge, FigureText, NowText, Prose, Table, workflowPath } from "./parts.tsx";
import { Bar } from "./spark.tsx";

/** Signals that need nobody; many of them stay folded until they are asked for. */
export function SignalGroup({
  title,
  rows,
  board,
}: {
  title: string;
  rows: SignalRow[];
  board: WorkflowBoard;
}) {
  const stable = rows.filter(({ entry }) => entry.verdict.kind === "stable").length;
  const waiting = rows.length - stable;
  return (
    <details class="card" open={rows.length <= 8}>
      <summary>
        <h2>{title}</h2> <Badge state="stable" /> {stable}
        {waiting === 0 ? null : (
          <>
            {" "}
            <Badge state="insufficient" /> {waiting}
          </>
        )}
      </summary>
      <SignalTable title={title} rows={rows} board={board} />
    </details>
  );
}

/** Signals with what they are, what they were, their course and their verdict. */
export function SignalTable({
  title,
  rows,
  board,
}: {
  title: string;
  rows: SignalRow[];
  board: WorkflowBoard;
}) {
  return (
    <Table
      label={title}
      class="stack signals"
      columns={["Signal", "Now", "Baseline", "Over time", "Verdict"]}
    >
      {rows.map((row) => (
        <SignalLine row={row} board={board} />
      ))}
    </Table>
  );
}

function SignalLine({ row, board }: { row: SignalRow; board: WorkflowBoard }) {
  const { signal, verdict } = row.entry;
  const judged = verdict.kind === "insufficient" ? null : verdict;
  const name = signalNames[signal.kind];
  return (
    <tr data-row>
      <th scope="row">
        <a
          href={`${workflowPath(signal.workflow)}/signals/${signal.kind}?field=${encodeURIComponent(signal.field)}`}
        >
          {name}
        </a>
        <span class="mono field">{signal.field}</span>
        {judged === null || judged.of === "" || judged.unit !== "share" ? null : (
          <small>{formatBin(judged.of)}</small>
        )}
      </th>
      <td data-label="Now">{judged === null ? "–" : <NowText judged={judged} />}</td>
      <td data-label="Baseline">
        {judged === null ? "–" : <FigureText figure={judged.baseline} unit={judged.unit} />}
      </td>
      <td data-label="Over time">
        {row.series === null ? null : (
          <MiniChart
            series={row.series}
            marks={marksOf(row.entry, board.changes)}
            label={`${name} ${signal.field} over ${board.range}`}
          />
        )}
      </td>
      <td data-label="Verdict" class="verdict">
        <Badge state={verdict.kind} />
        {judged === null ? null : (
          <Bar
            share={judged.evidence}
            tone={verdict.kind === "drift" ? "bad" : "quiet"}
            label={`Evidence ${formatShare(Math.min(1, judged.evidence))} of the alarm level`}
          />
        )}
        {verdict.kind === "stable" ? null : (
          <p>
            <Prose text={row.explanation} />
          </p>
        )}
      </td>
    </tr>
  );
}
