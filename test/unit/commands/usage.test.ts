import { describe, expect, it } from "vitest";
import { commands, usage } from "../../../src/commands/commands.ts";
import { sharedOptions } from "../../../src/commands/shared-options.ts";

const named = (text: string) => new Set(text.match(/--[a-z-]+/g) ?? []);

describe("usage()", () => {
  it.each(Object.keys(commands))("says of %s what each option is for", (name) => {
    const options = { ...commands[name]?.options, ...sharedOptions };
    const text = usage(name);
    for (const [option, { means }] of Object.entries(options)) {
      const line = text.split("\n").find((one) => new RegExp(`^  (-\\w, )?--${option}( |$)`).test(one));
      expect(line).toContain(means);
      expect(means).not.toBe("");
    }
  });

  it.each(Object.keys(commands))("shows the options of %s after its name", (name) => {
    const command = commands[name];
    expect(named(command?.synopsis ?? "")).toEqual(
      new Set(Object.keys(command?.options ?? {}).map((option) => `--${option}`)),
    );
  });

  it("says what holds without an option", () => {
    expect(usage("export")).toMatch(/^ {2}--format FORMAT +jsonl, csv or parquet \(default: jsonl\)$/m);
    expect(usage("")).toMatch(/^ {2}--port N +port for everything \(default: 4318\)$/m);
  });
});
