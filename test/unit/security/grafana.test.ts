import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const folder = new URL("../../../grafana/dashboards/", import.meta.url);

/** Every object in a tree. */
function* objects(node: unknown): Generator<Record<string, unknown>> {
  if (typeof node !== "object" || node === null) return;
  if (!Array.isArray(node)) yield node as Record<string, unknown>;
  for (const member of Object.values(node)) yield* objects(member);
}

// What runs hold reaches Grafana as values of tables and as labels. It shows both as text unless a panel asks otherwise.
describe.each(readdirSync(folder))("%s", (name) => {
  const all = [...objects(JSON.parse(readFileSync(new URL(name, folder), "utf8")))];

  it("shows no value as HTML, Markdown or an image", () => {
    expect(all.length).toBeGreaterThan(50);
    const cells = all.filter((one) => "cellOptions" in one || one.displayMode === "image");
    expect(cells).toEqual([]);
    expect(all.filter(({ type, mode }) => type === "text" || mode === "html" || mode === "markdown")).toEqual(
      [],
    );
  });

  it("makes no link of a value", () => {
    const urls = all.flatMap(({ url }) => (typeof url === "string" ? [url] : []));
    expect(urls.filter((url) => /\$\{?__(data|value|field)/.test(url))).toEqual([]);
  });

  it("pastes no variable into SQL but quoted", () => {
    const queries = all.flatMap(({ rawSql }) => (typeof rawSql === "string" ? [rawSql] : []));
    for (const sql of queries)
      expect(sql.replaceAll("${workflow:singlequote}", "")).not.toMatch(
        /\$(\{?(workflow|job|instance)|\{__)/,
      );
  });
});
