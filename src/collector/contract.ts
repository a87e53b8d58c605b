import type { Contract, FieldRule, Finding, RuleName, Unjudged } from "../model/contract.ts";
import type { Json } from "../model/json.ts";
import { type Documents, isAbsent, valuesAt } from "./contract-paths.ts";
import { relations } from "./contract-relations.ts";
import { type CatalogueValues, valueChecks } from "./contract-rules.ts";
import { compileSchema } from "./contract-schema.ts";

/** What a contract says of one run. */
export interface ContractResult {
  findings: Finding[];
  /** Every rule that could be judged. A JSON Schema is one rule of its whole document. */
  rules: JudgedRule[];
  /** Rules that are neither kept nor broken, though there was something to judge. */
  unjudged: Unjudged[];
}

/** Whether one run broke one rule. */
export interface JudgedRule {
  field: string;
  rule: RuleName;
  /** Field and rule as the signal is called: `output.vendor (required)`. */
  signal: string;
  isBroken: boolean;
}

const tooMuch = "too much to be judged";
const nothingJudged: ContractResult = { findings: [], rules: [], unjudged: [] };

/** Checks a run's inputs and outputs against the contract of its workflow. */
export type ContractCheck = (contract: Contract, inputs: Json, outputs: Json) => ContractResult;

/** One rule, compiled: what it finds, null where it cannot be judged. */
interface CompiledRule {
  field: string;
  rule: RuleName;
  signal: string;
  review: boolean;
  check: (documents: Documents) => Finding[] | null;
  /** Why it cannot be judged though there is something to judge; "" where there is not. */
  whyNot: (documents: Documents) => string;
}

/**
 * Creates a contract check. It compiles each contract once, and its results carry no value, only names.
 *
 * @param catalogue The values behind `allowed_from`.
 */
export function createContractCheck(catalogue: CatalogueValues = () => null): ContractCheck {
  const compiled = new WeakMap<Contract, CompiledRule[]>();
  return (contract, inputs, outputs) => {
    let rules = compiled.get(contract);
    if (rules === undefined) {
      rules = [
        ...compileDocument(contract, "input", catalogue),
        ...compileDocument(contract, "output", catalogue),
      ];
      compiled.set(contract, rules);
    }
    if (rules.length === 0) return nothingJudged;
    const result: ContractResult = { findings: [], rules: [], unjudged: [] };
    const documents = { input: inputs, output: outputs };
    for (const { field, rule, signal, review, check, whyNot } of rules) {
      const found = check(documents);
      if (found === null) {
        const why = whyNot(documents);
        if (why !== "") result.unjudged.push({ field, rule, why });
        continue;
      }
      for (const finding of found) result.findings.push(review ? { ...finding, review: true } : finding);
      result.rules.push({ field, rule, signal, isBroken: found.length > 0 });
    }
    return result;
  };
}

function compileDocument(
  contract: Contract,
  root: keyof Documents,
  catalogue: CatalogueValues,
): CompiledRule[] {
  const fields = root === "input" ? contract.inputs : contract.outputs;
  const schema = root === "input" ? contract.inputs_schema : contract.outputs_schema;
  const rules = Object.entries(fields ?? {}).flatMap(([path, rule]) =>
    compileField(path, rule, root, catalogue).map((one) => ({
      ...one,
      review: rule.demand_review ?? contract.demand_review ?? false,
    })),
  );
  if (schema === undefined) return rules;
  const outcome = compileSchema(schema, root);
  // The configuration refused it already.
  if (outcome.kind === "refused") throw new Error(`Cannot compile the ${root} schema: it ${outcome.why}`);
  const review = contract.demand_review ?? false;
  rules.push({
    field: root,
    rule: "schema",
    signal: `${root} (schema)`,
    review,
    check: (documents) => outcome.check(documents[root]),
    whyNot: () => tooMuch,
  });
  return rules;
}

function compileField(
  path: string,
  rule: FieldRule,
  root: keyof Documents,
  catalogue: CatalogueValues,
): Omit<CompiledRule, "review">[] {
  const at = { root, parts: path.split(".") };
  const field = `${root}.${path}`;
  const compiled = (
    name: keyof FieldRule,
    isBroken: (values: Json[], documents: Documents) => boolean | null,
    whyNot: (values: Json[], documents: Documents) => string = () => "",
  ): Omit<CompiledRule, "review"> => ({
    field,
    rule: name as RuleName,
    signal: `${field} (${name})`,
    check(documents) {
      const broken = isBroken(valuesAt(documents, at), documents);
      if (broken === null) return null;
      return broken ? [{ field, rule: name }] : [];
    },
    whyNot: (documents) => whyNot(valuesAt(documents, at), documents),
  });
  const doubt = (name: keyof FieldRule): string => {
    if (name === "pattern") return tooMuch;
    const { allowed_from: from } = rule;
    return name === "allowed_from" && from !== undefined && catalogue(from) === null
      ? "the catalogue was never read"
      : "";
  };
  const rules = rule.required === true ? [compiled("required", (values) => values.some(isAbsent))] : [];
  for (const [name, check] of valueChecks(rule, catalogue)) {
    const isBroken = (values: Json[]) => anyBroken(values.filter((value) => !isAbsent(value)).map(check));
    rules.push(compiled(name, isBroken, () => doubt(name)));
  }
  for (const { name, check, whyNot } of relations(rule, root)) rules.push(compiled(name, check, whyNot));
  return rules;
}

/** Broken if one is; not judged if none is broken and one could not be judged. */
function anyBroken(verdicts: readonly (boolean | null)[]): boolean | null {
  if (verdicts.includes(true)) return true;
  return verdicts.includes(null) ? null : false;
}
