import type { WorkflowBoard } from "../boards/workflow.ts";
import { formatCount, formatVersion } from "../format.ts";
import { ActFields, Ago, Empty, Moment, workflowPath } from "./parts.tsx";
import { plural } from "../../model/plural.ts";

interface Props {
  board: WorkflowBoard;
  csrf: string;
  actor: string;
  nowMs: number;
}

/** Pause and resume, and what can be done about the baseline. */
export function WorkflowActions(props: Props) {
  const { board, csrf, actor } = props;
  const path = workflowPath(board.info.workflow);
  const paused = board.pause.state === "paused";
  return (
    <div class="columns">
      <details class="card" id="pause" open={paused}>
        <summary>
          <h2>{paused ? "Resume" : "Pause"}</h2>
        </summary>
        <p>
          {paused
            ? "New work goes on as soon as the callers ask again."
            : "Callers that ask the gate stop taking new work. Runs that have begun go on."}
        </p>
        <form method="post" action={`${path}/${paused ? "resume" : "pause"}`} class="act">
          <ActFields csrf={csrf} actor={actor} reason="needed" />
          <button class={paused ? "primary" : "danger"}>{paused ? "Resume" : "Pause"}</button>
        </form>
        <p class="quiet">
          Automatic pause: <strong>{board.info.pauseMode}</strong>
        </p>
      </details>
      <BaselineCard {...props} />
    </div>
  );
}

function BaselineCard({ board, csrf, actor, nowMs }: Props) {
  const path = workflowPath(board.info.workflow);
  return (
    <details class="card" id="baseline">
      <summary>
        <h2>Baseline</h2>
      </summary>
      {board.baseline === null ? (
        <Empty>No baseline is pinned yet; it is learned from the first runs.</Empty>
      ) : (
        <p>
          Rests on {formatCount(board.baseline.runs)} {plural(board.baseline.runs, "run")} from{" "}
          <Moment atMs={board.baseline.fromMs} /> to <Moment atMs={board.baseline.toMs} />, pinned by{" "}
          {board.baseline.actor} <Ago atMs={board.baseline.pinnedAtMs} nowMs={nowMs} />.
        </p>
      )}
      <form method="post" action={`${path}/baseline`} class="act">
        <ActFields csrf={csrf} actor={actor} reason="optional" />
        <button name="action" value="accept">
          Accept what is seen now
        </button>
        <button name="action" value="relearn">
          Relearn from the next runs
        </button>
        {board.versions.length === 0 ? null : (
          <>
            <label>
              Version
              <select name="version">
                {board.versions.map(({ version }) => (
                  <option value={version}>{formatVersion(version)}</option>
                ))}
              </select>
            </label>
            <button name="action" value="pin">
              Pin to this version
            </button>
          </>
        )}
      </form>
    </details>
  );
}
