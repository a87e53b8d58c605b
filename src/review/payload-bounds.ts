import { PermanentError } from "../model/errors.ts";
import type { Json } from "../model/json.ts";

/** What is kept of a value ends there too: a person must not approve what they cannot see. */
const membersMax = 10_000;
const depthMax = 100;

/**
 * Makes sure that a payload costs a bounded amount of work. Stops counting at the first bound that it reaches.
 *
 * @throws {PermanentError} If it has too many members and items, or is nested too deep.
 */
export function checkPayload(payload: Json): void {
  let members = 0;
  let level: Json[] = [payload];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth >= depthMax)
      throw new PermanentError(`Cannot ask: 'payload' must be nested at most ${depthMax} deep, got more`);
    const below: Json[] = [];
    for (const value of level) {
      if (typeof value !== "object" || value === null) continue;
      const inner = Object.values(value);
      members += inner.length;
      if (members > membersMax)
        throw new PermanentError(
          `Cannot ask: 'payload' must have at most ${membersMax} members and items, got more`,
        );
      for (const one of inner) if (typeof one === "object" && one !== null) below.push(one);
    }
    level = below;
  }
}
