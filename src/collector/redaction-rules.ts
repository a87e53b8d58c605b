import type { Json } from "../model/json.ts";
import type { Caps } from "./cut.ts";

/** What the name of a member says about its value. */
export interface NameNature {
  /** The name, itself redacted. */
  kept: string;
  /** The same as it begins a member in JSON. */
  json: string;
  form: "secret" | "phone" | null;
}

/** The rules of one redactor, as the walk over a value needs them. */
export interface RedactionRules {
  caps: Caps;
  always: ReadonlySet<string>;
  never: ReadonlySet<string>;
  enabled: boolean;
  /** A text without secrets and within the cap. `signs` are those of the text, where they are known. */
  text(value: string, signs?: number): string;
  /** A text that is allowed as it is, but within the cap. */
  cut(value: string): string;
  nature(name: string): NameNature;
  /** The name says that every text in its list or object is a secret (`cookies`, `credentials`). */
  isHolder(name: string): boolean;
  /** The replacement of a value whose name gives it away; undefined where it does not. */
  byName(name: string, value: Json): Json | undefined;
  /** The replacement of any value. Null and empty stay, so that a field that goes missing is still seen. */
  whole(form: string, value: Json): Json;
}
