/** The structure of a regular expression. */
export type PatternNode =
  | { kind: "character"; matches: (character: string) => boolean }
  | { kind: "assertion"; name: "start" | "end" | "boundary" | "no boundary" }
  | { kind: "sequence"; parts: PatternNode[] }
  | { kind: "choice"; ways: PatternNode[] }
  | { kind: "repeat"; part: PatternNode; min: number; max: number };

/** Why a regular expression of the engine cannot be one here: what must not be in it. */
export class PatternRefusal extends Error {}

/** Nested deeper, nobody has written it by hand. */
const depthMax = 100;

/**
 * Reads the structure of a regular expression that the engine accepts. What one character may be is left to the engine,
 * so that classes, escapes and cases mean what they mean there.
 *
 * @param flags `i`, `u`, both or none.
 * @throws {PatternRefusal} If it looks around or back, which no single pass over a text can do.
 */
export function parsePattern(source: string, flags: string): PatternNode {
  return new Parser(source, flags).parse();
}

class Parser {
  private at = 0;
  private depth = 0;

  constructor(
    private readonly source: string,
    private readonly flags: string,
  ) {}

  parse(): PatternNode {
    const parsed = this.choice();
    if (this.at < this.source.length) throw new PatternRefusal("brackets that do not match");
    return parsed;
  }

  private choice(): PatternNode {
    const ways = [this.sequence()];
    while (this.take("|") !== "") ways.push(this.sequence());
    const [only] = ways;
    return ways.length === 1 && only !== undefined ? only : { kind: "choice", ways };
  }

  private sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.at < this.source.length && !/[|)]/.test(this.source.charAt(this.at)))
      parts.push(this.repeated());
    return { kind: "sequence", parts };
  }

  private repeated(): PatternNode {
    const part = this.term();
    const sign = this.take(/[*+?]|\{\d+(?:,\d*)?\}/y);
    if (sign === "") return part;
    // Lazy or not, the same texts match.
    this.take("?");
    if (sign === "*") return { kind: "repeat", part, min: 0, max: Infinity };
    if (sign === "+") return { kind: "repeat", part, min: 1, max: Infinity };
    if (sign === "?") return { kind: "repeat", part, min: 0, max: 1 };
    const [min = "", max = min] = sign.slice(1, -1).split(",");
    return { kind: "repeat", part, min: Number(min), max: max === "" ? Infinity : Number(max) };
  }

  private term(): PatternNode {
    if (this.take("^") !== "") return { kind: "assertion", name: "start" };
    if (this.take("$") !== "") return { kind: "assertion", name: "end" };
    if (this.take("\\b") !== "") return { kind: "assertion", name: "boundary" };
    if (this.take("\\B") !== "") return { kind: "assertion", name: "no boundary" };
    if (this.take(/\(\?<?[=!]/y) !== "") throw new PatternRefusal("lookahead and lookbehind");
    if (this.take(/\\(?:[1-9]|0\d|k)/y) !== "") throw new PatternRefusal("back references");
    if (this.take(/\((?:\?:|\?<[^>]*>|(?!\?))/y) !== "") return this.group();
    return this.character();
  }

  private group(): PatternNode {
    this.depth += 1;
    if (this.depth > depthMax) throw new PatternRefusal(`more than ${depthMax} brackets in each other`);
    const inner = this.choice();
    this.depth -= 1;
    if (this.take(")") === "") throw new PatternRefusal("brackets that do not match");
    return inner;
  }

  private character(): PatternNode {
    const escape = this.flags.includes("u")
      ? /\\(?:u\{[^}]*\}|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|[pP]\{[^}]*\}|x[0-9a-fA-F]{2}|c[a-zA-Z]|[^])/uy
      : /\\(?:u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[a-zA-Z]|[^c])/y;
    const special = this.take(escape) || this.take(/\[(?:\\[^]|[^\]\\])*\]/y) || this.take(".");
    if (special !== "") return { kind: "character", matches: this.engine(special) };
    const literal = this.take(this.flags.includes("u") ? /[^(]/uy : /[^(]/y);
    if (literal === "")
      throw new PatternRefusal("brackets that begin with a question mark, or a lone backslash");
    if (!this.flags.includes("i"))
      return { kind: "character", matches: (character) => character === literal };
    return { kind: "character", matches: this.engine(literal.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&")) };
  }

  private engine(source: string): (character: string) => boolean {
    const one = new RegExp(`^${source}$`, this.flags);
    return (character) => one.test(character);
  }

  /** What is next, if it is this; "" otherwise. */
  private take(what: string | RegExp): string {
    let taken = "";
    if (typeof what === "string") {
      if (this.source.startsWith(what, this.at)) taken = what;
    } else {
      what.lastIndex = this.at;
      taken = what.exec(this.source)?.[0] ?? "";
    }
    this.at += taken.length;
    return taken;
  }
}
