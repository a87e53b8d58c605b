import { writeFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { faultCode, PermanentError } from "../model/errors.ts";
import { plural } from "../model/plural.ts";
import type { Command } from "./command.ts";
import { findHistory } from "./open-history.ts";
import { historyOptions, textOption } from "./options.ts";

/** Writes a first configuration file. */
export const init: Command = {
  summary: "write a first evenkeel.yaml from the workflows seen",
  synopsis: "[--output FILE] [--url URL] [--key K] [options]",
  options: {
    output: { type: "string", value: "FILE", means: "file to write", otherwise: "evenkeel.yaml" },
    ...historyOptions,
  },
  async run(context) {
    const path = textOption(context, "output") || "evenkeel.yaml";
    const history = await findHistory(context);
    let workflows: string[] = [];
    try {
      workflows = (await history?.workflows()) ?? [];
    } finally {
      await history?.close();
    }
    writeNew(path, configText(path, workflows, context.config.data));
    const seen = `${workflows.length === 1 ? "one" : workflows.length} ${plural(workflows.length, "workflow")}`;
    process.stdout.write(`Wrote '${path}' with ${seen}. Start with: npx evenkeel serve --config ${path}\n`);
    return 0;
  },
};

function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: "wx" });
  } catch (cause) {
    const code = faultCode(cause);
    if (code !== "EEXIST") throw new PermanentError(`Cannot write '${path}': ${code}`, { cause });
    throw new PermanentError(`Cannot write '${path}': it exists already`, {
      cause,
      hint: "Move it away, or name another file with --output",
    });
  }
}

// Resolves from src/commands as well as from dist/commands.
const schemaFile = fileURLToPath(new URL("../../evenkeel.schema.json", import.meta.url));

function configText(path: string, workflows: readonly string[], data: string): string {
  const sections = workflows.length === 0 ? exampleWorkflow : workflows.map(workflowText).join("\n");
  return `# yaml-language-server: $schema=${encodeURI(relative(dirname(resolve(path)), schemaFile))}
# Evenkeel. Every key has a default: docs/configuration.md. What is in force: evenkeel --print-config --config FILE
data: ${inline(data)}

# Who hears of incidents. Without a route they show on the page only.
routes:
  slack:
    webhook_url: ""
  webhook:
    url: ""
    secret: ""

${sections}`;
}

const exampleWorkflow = `# No workflow has sent a run yet. Name them here once they have, or run this command again.
workflows: {}
`;

function workflowText(workflow: string, at: number): string {
  return `${at === 0 ? "workflows:\n" : ""}  ${inline(workflow)}:
    # Who is told. An alert without an owner reaches nobody.
    owner: ""
    review:
      sample_rate: 0.01
      min_per_week: 5
    pause:
      # off, dry-run (says that it would have) or on
      mode: "off"
    # evenkeel contract infer --workflow ${inline(workflow)} proposes what its fields must look like.
    contract: {}
`;
}

/** A text as one YAML value, quoted where it must be. */
function inline(text: string): string {
  return stringify(text, {
    lineWidth: 0,
    defaultStringType: "QUOTE_DOUBLE",
    defaultKeyType: "QUOTE_DOUBLE",
  }).trim();
}
