import { readFileSync } from "node:fs";
import { parse as parseYaml, YAMLParseError } from "yaml";
import { z } from "zod";
import { type Config, configSchema } from "./config.ts";
import { PermanentError } from "./model/errors.ts";

/** Where settings come from, weakest first: the file, the environment, the command line. */
export interface ConfigSources {
  /** Path of a YAML file, "" for none. */
  file: string;
  env: Record<string, string | undefined>;
  /** Command-line settings by dotted path. */
  flags: Record<string, unknown>;
}

/** The configuration, and variables that look like settings but are none. */
export interface LoadedConfig {
  config: Config;
  unknownVariables: string[];
}

type Tree = Record<string, unknown>;

/** Variables that belong to the SDK, the tests and the benchmarks, not to the sidecar's configuration. */
const foreignVariables = /^EVENKEEL_(ENDPOINT|API_KEY|BENCH_.*|TEST_.*)$/;

/**
 * Reads and checks the whole configuration.
 *
 * @throws {PermanentError} If the file cannot be read or a value breaks its rule; the message names every key,
 *   rule and value, and never the value of a secret.
 */
export function loadConfig({ file, env, flags }: ConfigSources): LoadedConfig {
  const tree = file === "" ? {} : readYaml(file);
  const unknownVariables: string[] = [];
  const leaves = settableByVariable();
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith("EVENKEEL_") || value === undefined || foreignVariables.test(name)) continue;
    const leaf = leaves.get(name.slice("EVENKEEL_".length));
    if (leaf === undefined) unknownVariables.push(name);
    else setPath(tree, leaf.path, leaf.isText ? value : parseVariable(name, value));
  }
  for (const [path, value] of Object.entries(flags)) {
    if (value !== undefined) setPath(tree, path.split("."), value);
  }
  const parsed = configSchema.safeParse(tree);
  if (parsed.success) return { config: parsed.data, unknownVariables };
  const problems = parsed.error.issues.map((issue) => describe(issue, tree));
  throw new PermanentError(
    `Cannot use configuration${file === "" ? "" : ` '${file}'`}: ${problems.join("; ")}`,
  );
}

/** The configuration with every secret that is set replaced by `(hidden)`, also where it is part of an address. */
export function hideSecrets(value: unknown, schema: z.ZodType = configSchema): unknown {
  const inner = unwrap(schema);
  if (isSecret(schema)) return value === "" ? "" : hidden;
  const { address } = schema.meta() ?? {};
  if (address !== undefined && typeof value === "string") return hideInUrl(value, address === "webhook");
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((item) => hideSecrets(item, inner.element as z.ZodType));
  }
  if (inner instanceof z.ZodObject && isTree(value)) {
    const shape = inner.shape as Record<string, z.ZodType>;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, hideMember(member, shape[key])]),
    );
  }
  if (inner instanceof z.ZodRecord && isTree(value)) {
    const member = inner.valueType as z.ZodType;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, hideSecrets(entry, member)]));
  }
  return value;
}

const hidden = "(hidden)";

/** A URL without its credentials and query, of a webhook also without its path; all of it where it is no URL. */
function hideInUrl(text: string, isWebhook: boolean): string {
  if (text === "") return "";
  const parsed = URL.canParse(text) ? new URL(text) : null;
  if (parsed === null || parsed.host === "") return hidden;
  const { protocol, host, username, password, pathname, search, hash } = parsed;
  const hasUser = username + password !== "";
  const hasQuery = search + hash !== "";
  const hidesPath = isWebhook && pathname.length > 1;
  if (!hasUser && !hasQuery && !hidesPath) return text;
  const path = hidesPath ? `/${hidden}` : pathname;
  return `${protocol}//${hasUser ? `${hidden}@` : ""}${host}${path}${hasQuery ? `?${hidden}` : ""}`;
}

function hideMember(value: unknown, schema: z.ZodType | undefined): unknown {
  return schema === undefined ? value : hideSecrets(value, schema);
}

interface Leaf {
  path: string[];
  isText: boolean;
}

function leafPaths(schema: z.ZodType, path: string[] = []): Leaf[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) {
    const shape = inner.shape as Record<string, z.ZodType>;
    return Object.entries(shape).flatMap(([key, member]) => leafPaths(member, [...path, key]));
  }
  return [
    {
      path,
      isText: inner instanceof z.ZodString || inner instanceof z.ZodEnum || inner instanceof z.ZodUnion,
    },
  ];
}

/** Leaves by variable name; a route's key also without its `ROUTES_` (`EVENKEEL_SLACK_WEBHOOK_URL`). */
function settableByVariable(): Map<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  for (const leaf of leafPaths(configSchema)) {
    leaves.set(leaf.path.join("_").toUpperCase(), leaf);
    if (leaf.path[0] === "routes") leaves.set(leaf.path.slice(1).join("_").toUpperCase(), leaf);
  }
  return leaves;
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional) {
    return unwrap(schema.unwrap() as z.ZodType);
  }
  return schema;
}

function isSecret(schema: z.ZodType): boolean {
  return schema.meta()?.secret === true;
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The parser's warnings quote the lines that they are about, and with them secrets. */
const quietly = { logLevel: "error" } as const;

function readYaml(file: string): Tree {
  let parsed: unknown;
  try {
    parsed = parseYaml(readFileSync(file, "utf8"), quietly);
  } catch (cause) {
    throw new PermanentError(`Cannot read configuration '${file}': ${whyUnread(cause)}`);
  }
  if (parsed === null || parsed === undefined) return {};
  if (isTree(parsed)) return parsed;
  throw new PermanentError(`Cannot use configuration '${file}': it must be a mapping of keys`);
}

/** The parser's own message, and the cause with it, would quote the line. */
function whyUnread(error: unknown): string {
  if (error instanceof Error && "errno" in error) return error.message;
  if (!(error instanceof YAMLParseError)) return "it is not YAML";
  const [at] = error.linePos ?? [];
  const code = error.code.toLowerCase().replaceAll("_", " ");
  return at === undefined ? code : `${code} at line ${at.line}, column ${at.col}`;
}

/** A variable that holds a list or number. The fault's own message would quote the value. */
function parseVariable(name: string, value: string): unknown {
  try {
    return parseYaml(value, quietly);
  } catch (error) {
    throw new PermanentError(`Cannot use configuration: '${name}' must be YAML, got ${whyUnread(error)}`);
  }
}

function setPath(tree: Tree, path: string[], value: unknown): void {
  const [head, ...rest] = path;
  if (head === undefined) return;
  if (rest.length === 0) {
    tree[head] = value;
    return;
  }
  if (!isTree(tree[head])) tree[head] = {};
  setPath(tree[head] as Tree, rest, value);
}

function describe(issue: z.core.$ZodIssue, tree: Tree): string {
  const path = issue.path.map(String);
  const shownPath = (keys: string[]) => keys.map(showKey).join(".");
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => `'${shownPath([...path, key])}' is not a known key`).join("; ");
  }
  const value = path.reduce<unknown>(
    (node, key) => (isTree(node) || Array.isArray(node) ? (node as Tree)[key] : undefined),
    tree,
  );
  const shown = isSecretPath(path) ? hidden : showValue(value, path);
  return `'${shownPath(path)}' ${rule(issue)}, got ${shown}`;
}

/** A lost line break makes a key of what holds a secret; such a key does not look like one. */
function showKey(key: string): string {
  return /^[\w ./-]{1,100}$/.test(key) ? key : "(not a name)";
}

/** A list or object may hold secrets below, and a plain value in their place may be one. */
function showValue(value: unknown, path: string[]): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  if (typeof value !== "string") return JSON.stringify(value);
  const schema = schemasAlong(path)[path.length];
  return schema !== undefined && isLeaf(schema) ? JSON.stringify(hideSecrets(value, schema)) : "a text";
}

function rule(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be of type ${issue.expected}`;
    case "too_small":
      return `must be at least ${issue.minimum}`;
    case "too_big":
      return `must be at most ${issue.maximum}`;
    case "invalid_value":
      return `must be one of ${issue.values.map(String).join(", ")}`;
    default:
      return issue.message;
  }
}

function isSecretPath(path: string[]): boolean {
  return schemasAlong(path).some(isSecret);
}

/** One plain value, not a list or object. */
function isLeaf(schema: z.ZodType): boolean {
  const inner = unwrap(schema);
  return !(inner instanceof z.ZodObject || inner instanceof z.ZodRecord || inner instanceof z.ZodArray);
}

/** The schemas that a path passes, the root first, as far as it is known. */
function schemasAlong(path: string[]): z.ZodType[] {
  const schemas: z.ZodType[] = [configSchema];
  for (const key of path) {
    const inner = unwrap(schemas.at(-1) ?? configSchema);
    const next = memberOf(inner, key);
    if (next === undefined) break;
    schemas.push(next);
  }
  return schemas;
}

function memberOf(schema: z.ZodType, key: string): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) return (schema.shape as Record<string, z.ZodType>)[key];
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  return schema instanceof z.ZodArray ? (schema.element as z.ZodType) : undefined;
}
