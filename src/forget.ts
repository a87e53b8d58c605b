import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { PermanentError, TransientError } from "./model/errors.ts";
import { createForgetting, type Forgetting } from "./model/forgetting.ts";
import { isJsonObject, type Json } from "./model/json.ts";
import { plural } from "./model/plural.ts";
import type { Parts } from "./parts.ts";
import type { ForgetOrder, ForgetOutcome, ForgetResult } from "./web/ports.ts";

/** Shorter values would be found in what is nobody's. */
const valueLengthMin = 4;
const valueLengthMax = 500;
/**
 * More runs and rejects go only where the order names their number: a person seldom has so many, and a common word has them at once. No
 * share of a workflow: one per cent of ten million runs is a hundred thousand.
 */
const unaskedMax = 100;
/** How long the store may take for what is in the spool. */
const storeMsMax = 30_000;

/** Forgets a person by a value, from whatever the data folder and the store hold. */
export type Forget = (order: ForgetOrder) => Promise<ForgetResult>;

/**
 * Creates the way to forget. Orders are carried out one after another; each may be given again after a failure in the middle.
 *
 * First everything on its way enters the store. Then runs, counts and rejects go there, then the journal is rewritten, and who holds
 * its content in memory reads it again; at last damaged files that were set aside and hold the value are deleted. The audit log says
 * who asked and what was found, and not the value.
 */
export function createForget(parts: Parts): Forget {
  let before: Promise<unknown> = Promise.resolve();
  return (order) => {
    const done = before.then(() => forget(parts, order));
    before = done.catch(() => undefined);
    return done;
  };
}

async function forget(parts: Parts, order: ForgetOrder): Promise<ForgetResult> {
  const { config, journal, store, clock, catalogue, ingest, watch } = parts;
  checkOrder(order);
  const { workflow, field, isTrial } = order;
  const token = randomBytes(4).toString("hex");
  const forgetting = createForgetting(formsOf(parts, order), `[forgotten:${token}]`);
  await storeAll(parts);
  const mayDelete = (rows: Deleted) => isConfirmed(order, rows);
  const { runIds, ...rest } = await store.forget({ workflow, field, isTrial, token, mayDelete }, forgetting);
  const found = { runs: runIds.length, ...rest };
  if (isTrial) return { kind: "done", found: { ...found, journalRows: 0, files: 0 } };
  if (!mayDelete(found)) return unconfirmed(order, found);
  let journalRows = 0;
  await watch.recallAfter(() => {
    catalogue.save();
    journalRows = journal.forget(forgetting, runIds);
    catalogue.recall();
    ingest.recall();
  });
  const files = deleteFiles(config.data, forgetting);
  const outcome = { ...found, journalRows, files };
  const what = field === undefined ? "a value" : `a value of '${field}'`;
  const why = forgetting.rewrite(order.reason);
  journal.audit.append({
    atMs: clock.nowMs(),
    actor: order.actor,
    action: "forget",
    workflow: workflow ?? "",
    detail: `${what}: ${inWords(outcome)}${why === "" ? "" : `; ${why}`}`,
  });
  return { kind: "done", found: outcome };
}

/** What goes as a whole; the rest is kept under another name. */
type Deleted = Pick<ForgetOutcome, "runs" | "rejects">;

function isConfirmed({ expect }: ForgetOrder, { runs, rejects }: Deleted): boolean {
  const rows = runs + rejects;
  return expect === undefined ? rows <= unaskedMax : rows === expect;
}

function unconfirmed({ expect }: ForgetOrder, { runs, rejects }: Deleted): ForgetResult {
  const number = runs + rejects;
  const would = `${runs} ${plural(runs, "run")} and ${rejects} ${plural(rejects, "reject")} would go`;
  const why =
    expect === undefined
      ? `Cannot forget: ${would}, and more than ${unaskedMax} in all go only where the order names their number`
      : `Cannot forget: 'expect' must be ${number}, since ${would}, got ${expect}`;
  return { kind: "unconfirmed", expect: number, why };
}

/** What was found, in words. */
export function inWords({ runs, rejects, counts, rewritten, journalRows, files }: ForgetOutcome): string {
  const parts: [number, string][] = [
    [runs, "run"],
    [rejects, "reject"],
    [counts, "count"],
    [rewritten, "other row"],
    [journalRows, "journal row"],
    [files, "file"],
  ];
  return parts.map(([count, what]) => `${count} ${plural(count, what)}`).join(", ");
}

function checkOrder({ value }: ForgetOrder): void {
  // The value itself is never quoted.
  if (value.length < valueLengthMin || value.length > valueLengthMax || !/[\p{L}\p{N}]/u.test(value)) {
    throw new PermanentError(
      `Cannot forget: 'value' must have ${valueLengthMin} to ${valueLengthMax} characters, among them a letter or digit, got ${value.length}`,
    );
  }
}

/** The value as given, and as redaction leaves it in text, and in its field. */
function formsOf({ redactor }: Parts, { value, field = "" }: ForgetOrder): string[] {
  const forms = new Set([value, redactor.text(value)]);
  const [root = "", ...path] = field.split(".").map((name) => name.replace(/(\[\])+$/, ""));
  if (root === "attributes") forms.add(redactor.named(path.join("."), value));
  if (root === "input" || root === "output") {
    const nested = path.reduceRight<Json>((inner, name) => ({ [name]: inner }), value);
    const clean = path.reduce<Json | undefined>(
      (node, name) => (node !== undefined && isJsonObject(node) ? node[name] : undefined),
      redactor.value(nested, root).value,
    );
    if (typeof clean === "string") forms.add(clean);
  }
  return [...forms];
}

/** Lets everything that was accepted enter the store, so that nothing of it is left in the spool. */
async function storeAll({ ingest, writer }: Parts): Promise<void> {
  const current = writer();
  if (current === null || current.trouble() !== null) {
    throw new TransientError("Cannot forget: the store cannot be reached, and the spool may hold the value", {
      retryAfterSeconds: 30,
    });
  }
  await ingest.settle(true);
  const isStored = current.flush().then(() => true);
  if (await Promise.race([isStored, delay(storeMsMax, false, { ref: false })])) return;
  throw new TransientError("Cannot forget: what has arrived does not get into the store", {
    retryAfterSeconds: 30,
  });
}

/** Deletes what was set aside as damaged and holds the value: nothing reads it any more. */
function deleteFiles(data: string, { matches }: Forgetting): number {
  const quarantine = join(data, "spool", "quarantine");
  const aside = existsSync(quarantine) ? readdirSync(quarantine).map((name) => join(quarantine, name)) : [];
  const journals = readdirSync(data).filter((name) => name.includes(".corrupt-"));
  const held = [...aside, ...journals.map((name) => join(data, name))].filter((path) =>
    matches(readFileSync(path, "utf8")),
  );
  for (const path of held) rmSync(path);
  return held.length;
}
