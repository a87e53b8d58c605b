import type { Child } from "hono/jsx";
import { fromJsonText } from "../api/present.ts";

const childrenMax = 200;
const depthMax = 12;

/** A JSON value as a tree of text. Whatever is in it is shown as text, never as markup. */
export function Value({ value, depth = 0 }: { value: unknown; depth?: number }): Child {
  if (value === null || value === undefined) return <span class="null">null</span>;
  if (typeof value === "string") {
    return value === "" ? <span class="null">(empty text)</span> : <span class="text">{value}</span>;
  }
  if (typeof value !== "object" || depth >= depthMax)
    return <span class="atom">{JSON.stringify(value)}</span>;
  const entries: [string, unknown][] = Array.isArray(value)
    ? (value as unknown[]).map((item, index) => [String(index + 1), item])
    : Object.entries(value);
  if (entries.length === 0)
    return <span class="null">{Array.isArray(value) ? "(empty list)" : "(empty)"}</span>;
  return (
    <dl class="tree">
      {entries.slice(0, childrenMax).map(([key, item]) => (
        <div>
          <dt>{key}</dt>
          <dd>
            <Value value={item} depth={depth + 1} />
          </dd>
        </div>
      ))}
      {entries.length <= childrenMax ? null : (
        <div>
          <dt>…</dt>
          <dd>{`and ${entries.length - childrenMax} more`}</dd>
        </div>
      )}
    </dl>
  );
}

/** JSON text as a tree. */
export function JsonValue({ text }: { text: string }) {
  return <Value value={fromJsonText(text)} />;
}
