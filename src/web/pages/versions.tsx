import type { SignalVerdict } from "../../model/verdict.ts";
import { plural } from "../../model/plural.ts";
import type { ComparedVersion, Rollout, VersionsBoard } from "../boards/versions.ts";
import { formatBin, formatCount, formatShare, formatVersion, signalNames } from "../format.ts";
import { Badge, Card, Empty, FigureText, Moment, Table, workflowPath } from "./parts.tsx";

/** Versions beside each other: the chosen one on every signal against another. */
export function VersionsPage({ board, chosen }: { board: VersionsBoard; chosen: string }) {
  const { workflow, versions, against, rollout } = board;
  const version = versions.find((one) => one.version === chosen) ?? versions[0];
  return (
    <>
      <p class="crumbs">
        <a href={workflowPath(workflow)}>{workflow}</a>
      </p>
      <h1>Versions</h1>
      {rollout === null ? null : <RolloutCard rollout={rollout} />}
      {version === undefined ? (
        <Card title="Versions">
          <Empty>No version has been seen yet.</Empty>
        </Card>
      ) : versions.length === 1 ? (
        <Card title={formatVersion(version.version)}>
          <Empty>It is the only version so far: there is none to compare it with.</Empty>
        </Card>
      ) : (
        <>
          <Choice board={board} chosen={version.version} />
          <Comparison version={version} against={against} />
        </>
      )}
    </>
  );
}

/** How a new version takes over. */
export function RolloutCard({ rollout }: { rollout: Rollout }) {
  const { version, against, runs, share, sinceMs, differing, isEnough } = rollout;
  const state = differing.length > 0 ? "differs" : isEnough ? "same so far" : "not enough yet";
  return (
    <Card title="Rolling out" aside={<Badge state={state} />}>
      <p>
        <code>{formatVersion(version)}</code> has had {formatCount(runs)} {plural(runs, "run")} since{" "}
        <Moment atMs={sinceMs} />, about {formatShare(share)} of the traffic. Compared with{" "}
        <code>{formatVersion(against)}</code>, the last version that was good,{" "}
        {differing.length > 0
          ? `${differing.length} ${plural(differing.length, "signal differs", "signals differ")}.`
          : isEnough
            ? "nothing differs by more than chance and by enough to matter."
            : "there are too few runs to tell."}
      </p>
    </Card>
  );
}

function Choice({ board, chosen }: { board: VersionsBoard; chosen: string }) {
  const option = (version: string, current: string) => (
    <option value={version} selected={version === current}>
      {formatVersion(version)}
    </option>
  );
  return (
    <form method="get" class="act">
      <label>
        Version
        <select name="version">{board.versions.map(({ version }) => option(version, chosen))}</select>
      </label>
      <label>
        Against
        <select name="against">{board.versions.map(({ version }) => option(version, board.against))}</select>
      </label>
      <button>Compare</button>
    </form>
  );
}

function Comparison({ version, against }: { version: ComparedVersion; against: string }) {
  const rank = { drift: 0, stable: 1, insufficient: 2 };
  const rows = [...version.signals].sort((a, b) => rank[a.verdict.kind] - rank[b.verdict.kind]);
  const few = rows.filter(({ verdict }) => verdict.kind === "insufficient").length;
  return (
    <Card title={`${formatVersion(version.version)} against ${formatVersion(against)}`}>
      {version.blamedBy === "" ? null : (
        <p class="notice bad">
          An <a href={`/incidents/${encodeURIComponent(version.blamedBy)}`}>incident</a> blames this version.
        </p>
      )}
      <Table
        label="Comparison"
        columns={[
          "Signal",
          "Field",
          "What",
          formatVersion(against),
          formatVersion(version.version),
          "Verdict",
        ]}
      >
        {rows.map((row) => (
          <Row row={row} />
        ))}
      </Table>
      {few === 0 ? null : (
        <p class="quiet">
          {few} {plural(few, "signal has", "signals have")} too few observations on one side to be compared.
        </p>
      )}
    </Card>
  );
}

function Row({ row: { signal, verdict } }: { row: SignalVerdict }) {
  if (verdict.kind === "insufficient") return null;
  return (
    <tr data-row>
      <th scope="row">{signalNames[signal.kind]}</th>
      <td data-label="Field" class="mono">
        {signal.field}
      </td>
      <td data-label="What">
        {formatBin(verdict.of)}
        {signal.kind === "latency" && verdict.unit === "share" ? " ms" : ""}
      </td>
      <td data-label="Against">
        <FigureText figure={verdict.baseline} unit={verdict.unit} />
      </td>
      <td data-label="Version">
        <FigureText figure={verdict.current} unit={verdict.unit} />
      </td>
      <td data-label="Verdict">
        <Badge state={verdict.kind === "drift" ? "differs" : "same"} />
      </td>
    </tr>
  );
}
