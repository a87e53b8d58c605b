import type { Json } from "../model/json.ts";
import { dateForm } from "./date-form.ts";

/** Strings longer than this are prose, not names of categories. */
const categoryLengthMax = 64;
/** A field that repeats its values this often is a category even when new values keep coming. */
const repeatsMin = 10;
/** Values of a category are few enough to be established after so many observations. */
const establishedMin = 50;

/** Of so many first numbers so many are records where they run on. By chance five or nine of them are. */
const serialAfter = 50;
const serialMin = 20;

/** A field as it is saved: short names, since a catalogue holds many. */
export interface SavedField {
  /** Kind. */
  k: Field["kind"];
  /** Observations. */
  n: number;
  /** Known values of a category. */
  v?: string[];
  /** No new values are learned. */
  c?: boolean;
  /** Members by name. */
  m?: [string, SavedField][];
  /** Items of a list. */
  i?: SavedField;
}

/** Creates a field below another, or returns null where the workflow has as many as it may. */
export type CreateField = (path: string) => Field | null;

/**
 * One path in a workflow's inputs or outputs, with what has been learned of it:
 *
 * - `new`: no string or number seen yet;
 * - `category`: strings that repeat. Past `categoriesMax` distinct values it stays one if each was seen ten times on
 *   average (later values are `other`), else it becomes text;
 * - `number`: numbers so far, also as text;
 * - `serial`: numbers that run on (tickets, counters, times): no later one is like an earlier one, so they are not counted;
 * - `text`: watched by length, emptiness, words and type only. There is no way back.
 */
export class Field {
  kind: "new" | "category" | "number" | "serial" | "text" = "new";
  private observations = 0;
  /** Of the first numbers since the process started: how many, how many lay beyond all before them, and their range. */
  private readonly first = { numbers: 0, records: 0, low: Infinity, high: -Infinity };
  /** With their bins. */
  private readonly values = new Map<string, string>();
  private isClosed = false;
  private readonly members = new Map<string, Field>();
  private itemField: Field | null = null;

  constructor(
    readonly path: string,
    private readonly categoriesMax: number,
  ) {}

  /** The field of a member, or null past the workflow's cap. */
  member(name: string, create: CreateField): Field | null {
    const known = this.members.get(name);
    if (known !== undefined) return known;
    const created = create(`${this.path}.${name}`);
    if (created !== null) this.members.set(name, created);
    return created;
  }

  /** The field of the list's items, or null past the workflow's cap. */
  items(create: CreateField): Field | null {
    this.itemField ??= create(`${this.path}[]`);
    return this.itemField;
  }

  /** Learns a number. False where the field is a running number, whose values are not counted. */
  learnNumber(value: number): boolean {
    if (this.kind === "new") this.kind = "number";
    if (this.kind !== "number") return this.kind !== "serial";
    const { first } = this;
    if (first.numbers >= serialAfter) return true;
    first.numbers += 1;
    if (Number.isInteger(value) && (value < first.low || value > first.high)) first.records += 1;
    first.low = Math.min(first.low, value);
    first.high = Math.max(first.high, value);
    if (first.numbers === serialAfter && first.records >= serialMin) this.kind = "serial";
    return true;
  }

  /** Learns a string. Returns its bin (`=` and the value, a date's form or `other`), or null where the field is text. */
  learnString(text: string): string | null {
    if (this.kind === "text") return null;
    this.observations += 1;
    const known = this.values.get(text);
    if (known !== undefined) return known;
    const value = dateForm(text) ?? text;
    const bin = this.values.get(value);
    if (bin !== undefined) return bin;
    if (value.length > categoryLengthMax) return this.isEstablished() ? "other" : this.becomeText();
    this.kind = "category";
    if (this.isClosed) return "other";
    if (this.values.size < this.categoriesMax) {
      return this.addValue(value);
    }
    if (this.observations < repeatsMin * this.values.size) return this.becomeText();
    this.isClosed = true;
    return "other";
  }

  private addValue(value: string): string {
    const bin = `=${value}`;
    this.values.set(value, bin);
    return bin;
  }

  private isEstablished(): boolean {
    const { size } = this.values;
    return size > 0 && this.observations >= Math.max(establishedMin, repeatsMin * size);
  }

  private becomeText(): null {
    this.kind = "text";
    this.values.clear();
    return null;
  }

  save(): SavedField {
    const saved: SavedField = { k: this.kind, n: this.observations };
    if (this.values.size > 0) saved.v = [...this.values.keys()];
    if (this.isClosed) saved.c = true;
    if (this.members.size > 0) saved.m = [...this.members].map(([name, field]) => [name, field.save()]);
    if (this.itemField !== null) saved.i = this.itemField.save();
    return saved;
  }

  restore(saved: SavedField, create: CreateField): void {
    this.kind = saved.k;
    this.observations = saved.n;
    for (const value of saved.v ?? []) this.addValue(value);
    this.isClosed = saved.c === true;
    for (const [name, member] of saved.m ?? []) this.member(name, create)?.restore(member, create);
    if (saved.i !== undefined) this.items(create)?.restore(saved.i, create);
  }
}

const plainNumber = /^-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?$|^-?[1-9]\d{0,2}(?:,\d{3}){1,4}(?:\.\d{1,15})?$/;

/** Reads a string that is wholly a number (`12.50`, `1,200`); null for any other, also one with leading zeros. */
export function numericString(text: string): number | null {
  const first = text.charCodeAt(0);
  const mayBe = text.length <= 32 && (first === 0x2d || (first >= 0x30 && first <= 0x39));
  if (!mayBe || !plainNumber.test(text)) return null;
  return Number(text.replaceAll(",", ""));
}

/** The JSON type of a value, as the `type` signal names it. */
export function typeOf(value: Json): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
