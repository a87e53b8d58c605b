import { dayMs } from "../model/clock.ts";
import type { CreateField, SavedField } from "./field.ts";
import { Field } from "./field.ts";

/** What is known of one workflow's fields, steps and versions. Everything in it is bounded. */
export interface WorkflowFields {
  root(name: "input" | "output"): Field;
  /** A new field, or null past the cap. */
  create: CreateField;
  /** The step's name as the signals show it: itself, or `other` past the cap. */
  step(name: string): string;
  /**
   * The version's id as the rollups show it: itself, or `other` past the cap. A version unused for a day makes room,
   * so that years of deployments fit, while a version that changes with every run does not flood the rollups.
   */
  version(id: string, atMs: number): string;
  /** The model that answered, capped in the same way. */
  model(name: string): string;
  /** Names of outcomes, and of output fields that reviewers could correct: capped in the same way. */
  outcome(name: string): string;
  reviewed(path: string): string;
}

/** Known fields of all workflows. */
export interface FieldCatalogue {
  /** Null past the cap on workflows: such a workflow is stored, and its fields are not watched. */
  of(workflow: string): WorkflowFields | null;
  /** Whether a field's numbers run on, so that its values are not counted. */
  runsOn(workflow: string, path: string): boolean;
  /** Saves what was learned since the last call. */
  save(): void;
  /** Reads everything again from where it was saved. What was not saved is lost. */
  recall(): void;
}

/** Options of a catalogue; `load` and `save` keep one text per workflow. */
export interface FieldCatalogueOptions {
  fieldsMax?: number;
  categoriesMax?: number;
  workflowsMax?: number;
  /** Names of steps, outcomes and versions each, per workflow. */
  namesMax?: number;
  load?: (workflow: string) => string | null;
  save?: (workflow: string, text: string) => void;
  /** Told of each field that found no place. */
  onDropped?: (what: "field" | "workflow") => void;
}

/** A longer path is not watched: it would be a label, a key and a line on a page. */
const pathLengthMax = 500;

/** Raise it when the saved form changes: a catalogue of another format is learned anew. */
const savedFormat = 2;

interface SavedWorkflow {
  format: typeof savedFormat;
  input: SavedField;
  output: SavedField;
  steps: string[];
  outcomes: string[];
  models: string[];
  reviewed: string[];
  /** With the time of their last use, oldest use first. */
  versions: [string, number][];
}

/**
 * Creates the catalogue of fields: it decides from the data which are categories, numbers or text, and holds the
 * number of everything that becomes a signal within bounds, whatever is sent.
 */
export function createFieldCatalogue(options: FieldCatalogueOptions = {}): FieldCatalogue {
  const {
    workflowsMax = 1000,
    load = () => null,
    save = () => undefined,
    onDropped = () => undefined,
  } = options;
  const workflows = new Map<string, KnownFields>();
  const touched = new Set<string>();
  function of(workflow: string): KnownFields | null {
    let known = workflows.get(workflow);
    if (known === undefined) {
      if (workflows.size >= workflowsMax) {
        onDropped("workflow");
        return null;
      }
      known = new KnownFields(options, load(workflow));
      workflows.set(workflow, known);
    }
    touched.add(workflow);
    return known;
  }
  return {
    of,
    runsOn(workflow, path) {
      // A monitor is asked about workflows whose runs come to other collectors.
      const isKnown = workflows.has(workflow) || load(workflow) !== null;
      return isKnown && of(workflow)?.runsOn(path) === true;
    },
    save() {
      for (const workflow of touched) save(workflow, JSON.stringify(workflows.get(workflow)?.saved()));
      touched.clear();
    },
    recall() {
      workflows.clear();
      touched.clear();
    },
  };
}

class KnownFields implements WorkflowFields {
  private count = 0;
  private readonly input: Field;
  private readonly output: Field;
  private readonly steps = new Set<string>();
  private readonly outcomes = new Set<string>();
  private readonly models = new Set<string>();
  private readonly reviewedPaths = new Set<string>();
  private readonly versions = new Map<string, number>();
  private readonly byPath = new Map<string, Field>();
  private readonly fieldsMax: number;
  private readonly categoriesMax: number;
  private readonly namesMax: number;
  private readonly onDropped: (what: "field") => void;

  constructor(options: FieldCatalogueOptions, text: string | null) {
    this.fieldsMax = options.fieldsMax ?? 200;
    this.categoriesMax = options.categoriesMax ?? 100;
    this.namesMax = options.namesMax ?? 200;
    this.onDropped = options.onDropped ?? (() => undefined);
    this.input = new Field("input", this.categoriesMax);
    this.output = new Field("output", this.categoriesMax);
    const saved = text === null ? null : (JSON.parse(text) as SavedWorkflow);
    if (saved?.format === savedFormat) this.restore(saved);
  }

  root(name: "input" | "output"): Field {
    return name === "input" ? this.input : this.output;
  }

  readonly create: CreateField = (path) => {
    if (this.count >= this.fieldsMax || path.length > pathLengthMax) {
      this.onDropped("field");
      return null;
    }
    this.count += 1;
    const field = new Field(path, this.categoriesMax);
    this.byPath.set(path, field);
    return field;
  };

  runsOn(path: string): boolean {
    return this.byPath.get(path)?.kind === "serial";
  }

  step(name: string): string {
    return this.admit(this.steps, name);
  }

  model(name: string): string {
    return this.admit(this.models, name);
  }

  outcome(name: string): string {
    return this.admit(this.outcomes, name);
  }

  reviewed(path: string): string {
    return this.admit(this.reviewedPaths, path);
  }

  version(id: string, atMs: number): string {
    if (!this.versions.delete(id) && this.versions.size >= this.namesMax) {
      const [oldest] = this.versions;
      if (oldest === undefined || atMs - oldest[1] < dayMs) return "other";
      this.versions.delete(oldest[0]);
    }
    this.versions.set(id, atMs);
    return id;
  }

  private admit(names: Set<string>, name: string): string {
    if (names.has(name)) return name;
    if (names.size >= this.namesMax) return "other";
    names.add(name);
    return name;
  }

  saved(): SavedWorkflow {
    return {
      format: savedFormat,
      input: this.input.save(),
      output: this.output.save(),
      steps: [...this.steps],
      outcomes: [...this.outcomes],
      models: [...this.models],
      reviewed: [...this.reviewedPaths],
      versions: [...this.versions],
    };
  }

  private restore(saved: SavedWorkflow) {
    this.input.restore(saved.input, this.create);
    this.output.restore(saved.output, this.create);
    for (const name of saved.steps) this.steps.add(name);
    for (const name of saved.outcomes) this.outcomes.add(name);
    for (const name of saved.models) this.models.add(name);
    for (const path of saved.reviewed) this.reviewedPaths.add(path);
    for (const [id, atMs] of saved.versions) this.versions.set(id, atMs);
  }
}
