import type { Child } from "hono/jsx";
import type { Drift, Figure, Stable, Unit } from "../../model/verdict.ts";
import { plural } from "../../model/plural.ts";
import { formatAgo, formatInterval, formatMoment, formatNow, formatValue } from "../format.ts";

/** A moment, told as "3 min ago", with the exact time on hover. */
export function Ago({ atMs, nowMs }: { atMs: number; nowMs: number }) {
  return (
    <time datetime={new Date(atMs).toISOString()} title={`${formatMoment(atMs)} UTC`}>
      {formatAgo(atMs, nowMs)}
    </time>
  );
}

/** A moment in full. */
export function Moment({ atMs }: { atMs: number }) {
  return <time datetime={new Date(atMs).toISOString()}>{formatMoment(atMs)}</time>;
}

const badgeTones: Record<string, string> = {
  running: "good",
  stable: "good",
  approved: "good",
  ok: "good",
  delivered: "good",
  resolved: "good",
  pass: "good",
  pinned: "good",
  same: "good",
  "same so far": "good",
  warned: "warn",
  warning: "warn",
  edited: "warn",
  acknowledged: "warn",
  snoozed: "warn",
  pending: "warn",
  drift: "bad",
  differs: "bad",
  paused: "bad",
  critical: "bad",
  open: "bad",
  error: "bad",
  held: "bad",
  "timed out": "bad",
  "done by hand": "good",
  rejected: "bad",
  dead: "bad",
  fail: "bad",
};

/** A state in one word, with a tone of its own. The word itself carries the meaning, not the colour. */
export function Badge({ state }: { state: string }) {
  return <span class={`badge ${badgeTones[state] ?? "quiet"}`}>{state}</span>;
}

/** A figure with its interval and what it rests on. */
export function FigureText({ figure, unit }: { figure: Figure; unit: Unit }) {
  const [value, interval] = [formatValue(figure.value, unit), formatInterval(figure, unit)];
  return <Told value={value} interval={interval} runs={figure.runs} />;
}

/** The same of a verdict's present figure. */
export function NowText({ judged }: { judged: Stable | Drift }) {
  return <Told {...formatNow(judged)} runs={judged.current.runs} />;
}

function Told({ value, interval, runs }: { value: string; interval: string; runs: number }) {
  return (
    <span class="figure">
      <strong>{value}</strong>
      <small title={`95 % interval, ${runs} ${plural(runs, "observation")}`}>{interval}</small>
    </span>
  );
}

/** A box with a heading. */
export function Card(props: { title: string; id?: string; aside?: Child; class?: string; children?: Child }) {
  const { title, id, aside, children } = props;
  return (
    <section class={`card ${props.class ?? ""}`} id={id}>
      <header>
        <h2>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** A table in a region of its own, which scrolls where the screen is too narrow for it. */
export function Table(props: {
  label: string;
  columns: readonly string[];
  class?: string;
  id?: string;
  children?: Child;
}) {
  return (
    <div class="scroll" role="region" aria-label={props.label} tabindex={0}>
      <table class={props.class ?? "stack"} id={props.id}>
        <thead>
          <tr>
            {props.columns.map((column) => (
              <th scope="col">{column}</th>
            ))}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </div>
  );
}

/** One entry of a list of facts (`dl`). */
export function Fact({ name, text }: { name: string; text: Child }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </div>
  );
}

/** A sentence in which names stand between backticks, as the explanations have them. */
export function Prose({ text }: { text: string }) {
  return <>{text.split("`").map((part, index) => (index % 2 === 1 ? <code>{part}</code> : part))}</>;
}

/** What is shown where there is nothing. */
export function Empty({ children }: { children?: Child }) {
  return <p class="empty">{children}</p>;
}

/** A workflow's owner, or loudly that it has none. */
export function Owner({ owner }: { owner: string }) {
  return owner === "" ? <span class="no-owner">No owner</span> : <span class="owner">{owner}</span>;
}

/** A short id that links to a run's receipt. */
export function RunLink({ runId }: { runId: string }) {
  return (
    <a class="mono" href={`/runs/${encodeURIComponent(runId)}`}>
      {runId}
    </a>
  );
}

/** The fields of every form that acts: token, who, and why. */
export function ActFields(props: { csrf: string; actor: string; reason?: "needed" | "optional" }) {
  return (
    <>
      <input type="hidden" name="csrf" value={props.csrf} />
      <label>
        Your name
        <input name="actor" value={props.actor} required maxlength={200} autocomplete="name" />
      </label>
      {props.reason === undefined ? null : (
        <label>
          {props.reason === "needed" ? "Reason" : "Reason (optional)"}
          <input name="reason" required={props.reason === "needed"} maxlength={2000} autocomplete="off" />
        </label>
      )}
    </>
  );
}

/** A path to a workflow's page. */
export function workflowPath(workflow: string): string {
  return `/workflows/${encodeURIComponent(workflow)}`;
}
