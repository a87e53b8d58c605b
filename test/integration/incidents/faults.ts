import type { Layer } from "../../../src/model/incident.ts";
import { createRandom, type Random } from "./random.ts";

/** What goes wrong in one workflow, and what a good cause analysis says of it. */
export interface FaultCase {
  workflow: string;
  fault: string;
  layer: Layer;
  /** `attribute=value`, "" where no slice is at fault, null where either answer is right. */
  slice: string | null;
  /** The runs of one minute, before the fault or under it. */
  runs: (minuteMs: number, isBroken: boolean) => PlainRun[];
}

/** A run as `POST /v1/runs` takes it. */
export interface PlainRun {
  run_id: string;
  workflow: string;
  inputs: Record<string, string>;
  outputs: { category: string; vendor: string | null };
  started_at: number;
  ended_at: number;
  prompt: { name: string; text: string };
  model: { name: string; resolved: string };
  attributes: Record<string, string>;
  steps: {
    name: string;
    kind: "tool" | "model";
    started_at: number;
    ended_at: number;
    status?: "error";
    error?: string;
    outputs?: { supplier: string };
  }[];
}

/** How an automation behaves; a fault is a change of some of it. */
interface World {
  customers: readonly (readonly [string, number])[];
  mailboxes: readonly (readonly [string, number])[];
  /** Mix of ticket kinds by customer. */
  kinds: (customer: string) => readonly (readonly [string, number])[];
  runsPerMinute: number;
  prompt: string;
  model: string;
  modelResolved: string;
  /** Under which name the upstream sends the supplier; "" for not at all. */
  supplierField: (mailbox: string) => string;
  /** How often the lookup step fails. */
  lookupFails: (customer: string) => number;
  /** How often the model leaves the vendor out though it was there. */
  vendorLost: (model: string) => number;
  /** Category that the model answers for a kind. */
  categoryOf: (kind: string, random: Random, model: string) => string;
  /** Share of runs that go to `nextModel`. */
  nextModelShare: number;
  nextModel: string;
}

const kinds = ["billing", "delivery", "refund", "login", "other"];
const basePrompt = "You sort tickets.\nAnswer with one category.\nName the vendor.\nBe brief.";

function baseWorld(random: Random): World {
  const customers = ["acme", "globex", "initech", "umbrella", "hooli"].slice(
    0,
    3 + Math.floor(random.next() * 3),
  );
  const mailboxes = ["mail-a", "mail-b", "form", "api"].slice(0, 2 + Math.floor(random.next() * 3));
  const weights = new Map(kinds.map((kind) => [kind, random.between(0.5, 2)]));
  const error = random.between(0.02, 0.08);
  return {
    customers: customers.map((name) => [name, random.between(0.6, 1.4)]),
    mailboxes: mailboxes.map((name) => [name, random.between(0.6, 1.4)]),
    kinds: () => [...weights],
    runsPerMinute: 0.5,
    prompt: basePrompt,
    model: "model-m",
    modelResolved: "model-m-05",
    supplierField: () => "supplier",
    lookupFails: () => 0.01,
    vendorLost: () => 0.01,
    categoryOf: (kind, own) => (own.next() < error ? own.pick(kinds) : kind),
    nextModelShare: 0,
    nextModel: "",
  };
}

type Change = (world: World, random: Random) => { world: World; slice: string | null };

/** Each fault with its true layer. `random` varies its strength and where it sits. */
const faults: Record<string, { layer: Layer; change: Change }> = {
  "upstream field renamed": {
    layer: "upstream data",
    change(world, random) {
      const name = random.pick(["supplier_name", "vendorName", ""]);
      return { world: { ...world, supplierField: () => name }, slice: "" };
    },
  },
  "tool failing": {
    layer: "integration",
    change(world, random) {
      const rate = random.between(0.3, 0.95);
      return { world: { ...world, lookupFails: () => rate }, slice: "" };
    },
  },
  "tool failing for one customer": {
    layer: "integration",
    change(world, random) {
      const [victim] = random.pick(world.customers);
      const rate = random.between(0.7, 1);
      return {
        world: { ...world, lookupFails: (customer) => (customer === victim ? rate : 0.01) },
        slice: `attributes.customer=${victim}`,
      };
    },
  },
  "prompt edited": {
    layer: "workflow logic",
    change(world, random) {
      const favourite = random.pick(kinds);
      const pull = random.between(0.3, 0.7);
      return {
        world: {
          ...world,
          prompt: basePrompt.replace("Be brief.", `When in doubt answer ${favourite}.`),
          categoryOf: (kind, own) => (own.next() < pull ? favourite : kind),
        },
        slice: null,
      };
    },
  },
  "prompt loses the vendor": {
    layer: "workflow logic",
    change(world, random) {
      const rate = random.between(0.3, 0.9);
      return {
        world: { ...world, prompt: basePrompt.replace("Name the vendor.\n", ""), vendorLost: () => rate },
        slice: null,
      };
    },
  },
  "model switched": {
    layer: "model",
    change(world, random) {
      const favourite = random.pick(kinds);
      const pull = random.between(0.3, 0.7);
      return {
        world: {
          ...world,
          model: "model-s",
          modelResolved: "model-s-11",
          categoryOf: (kind, own) => (own.next() < pull ? favourite : kind),
        },
        slice: null,
      };
    },
  },
  "model switched for a part of the runs": {
    layer: "model",
    change(world, random) {
      const rate = random.between(0.6, 0.95);
      return {
        world: {
          ...world,
          nextModel: "model-s",
          nextModelShare: random.between(0.3, 0.6),
          vendorLost: (model) => (model === "model-s" ? rate : 0.01),
        },
        slice: "model=model-s",
      };
    },
  },
  "provider swapped the model": {
    layer: "model",
    change(world, random) {
      const rate = random.between(0.3, 0.8);
      return { world: { ...world, modelResolved: "model-m-11", vendorLost: () => rate }, slice: "" };
    },
  },
  "one customer's traffic changed": {
    layer: "upstream data",
    change(world, random) {
      const [grown] = random.pick(world.customers);
      const favourite = random.pick(kinds);
      const weight = random.between(4, 9);
      return {
        world: {
          ...world,
          customers: world.customers.map(([name, one]) => [name, name === grown ? weight : one]),
          kinds: (customer) =>
            customer === grown
              ? [
                  [favourite, 8],
                  ["other", 1],
                ]
              : world.kinds(customer),
        },
        slice: `attributes.customer=${grown}`,
      };
    },
  },
  "one source broken": {
    layer: "upstream data",
    change(world, random) {
      const [broken] = random.pick(world.mailboxes);
      const name = random.pick(["", "supplierName"]);
      return {
        world: { ...world, supplierField: (mailbox) => (mailbox === broken ? name : "supplier") },
        slice: `attributes.mailbox=${broken}`,
      };
    },
  },
};

/** The names of all faults. */
export const faultNames: readonly string[] = Object.keys(faults);

/** Builds `perFault` workflows for each named fault, from one seed. */
export function createFaultCases(
  seed: number,
  perFault: number,
  names: readonly string[] = faultNames,
): FaultCase[] {
  return names.flatMap((fault) => Array.from({ length: perFault }, (_, n) => createCase(fault, n, seed)));
}

function createCase(fault: string, n: number, seed: number): FaultCase {
  const random = createRandom(seed * 7919 + n * 131 + faultNames.indexOf(fault) * 17);
  const { layer, change } = faults[fault]!;
  const healthy = baseWorld(random);
  const { world: broken, slice } = change(healthy, random);
  const workflow = `${fault.replace(/\W+/g, "-")}-${n}`;
  return {
    workflow,
    fault,
    layer,
    slice,
    runs: (minuteMs, isBroken) => {
      const world = isBroken ? broken : healthy;
      return Array.from({ length: random.poisson(world.runsPerMinute) }, (_, i) =>
        createRun(world, random, {
          workflow,
          runId: `${workflow}-${seed}-${minuteMs}-${i}`,
          atMs: minuteMs + i * 500,
        }),
      );
    },
  };
}

function createRun(
  world: World,
  random: Random,
  id: { workflow: string; runId: string; atMs: number },
): PlainRun {
  const customer = random.draw(world.customers);
  const mailbox = random.draw(world.mailboxes);
  const kind = random.draw(world.kinds(customer));
  const isNext = random.next() < world.nextModelShare;
  const model = isNext ? world.nextModel : world.model;
  const supplier = `Supplier ${Math.floor(random.next() * 400)}`;
  const field = world.supplierField(mailbox);
  const lookupFailed = random.next() < world.lookupFails(customer);
  const lost = field !== "supplier" || lookupFailed || random.next() < world.vendorLost(model);
  const durationMs = Math.round(800 * Math.exp(random.between(-0.5, 0.5)));
  return {
    run_id: id.runId,
    workflow: id.workflow,
    inputs: {
      kind_hint: kind,
      text: `Ticket about ${kind} number ${Math.floor(random.next() * 1e6)}`,
      ...(field === "" ? {} : { [field]: supplier }),
    },
    outputs: { category: world.categoryOf(kind, random, model), vendor: lost ? null : supplier },
    started_at: id.atMs,
    ended_at: id.atMs + durationMs,
    prompt: { name: "sort", text: world.prompt },
    model: { name: model, resolved: isNext ? `${model}-1` : world.modelResolved },
    attributes: { customer, mailbox },
    steps: [
      {
        name: "lookup",
        kind: "tool",
        started_at: id.atMs,
        ended_at: id.atMs + 50,
        ...(lookupFailed ? { status: "error", error: "timeout" } : { outputs: { supplier } }),
      },
      { name: "answer", kind: "model", started_at: id.atMs + 50, ended_at: id.atMs + durationMs },
    ],
  };
}
