import { type PatternNode, PatternRefusal, parsePattern } from "./parse-pattern.ts";

/** A regular expression that looks at each character of a text once. */
export interface LinearPattern {
  /** Whether it is found in the text; null where finding out could hold others up. Depends on the text alone. */
  test(text: string): boolean | null;
}

/** What became of compiling a regular expression. `why` follows "must be". */
export type CompiledPattern = { kind: "compiled"; pattern: LinearPattern } | { kind: "refused"; why: string };

/** A pattern of more steps, with its repetitions written out, is refused. */
const stepsMax = 20_000;
/** Ways from one place to another that are kept from text to text, and steps of places; past either all are found anew. */
const waysMax = 20_000;
const keptStepsMax = 1_000_000;
/** Steps that are looked at for one text: some 75 ms of processor time where each place is new. */
const workMax = 1_000_000;
/** What a way costs beside its steps, in looks at steps. With the limit of work it bounds what one text adds to memory. */
const wayWork = 20;

/**
 * Compiles a regular expression so that its time grows with the length of the text and no faster, whatever the expression
 * and the text: the engine's own tries one way after another, and some need years for a line of text. It means the same
 * as the engine's, but has no lookahead, lookbehind and back references, which JSON Schema advises against too.
 *
 * @param flags `i`, `u`, both or none.
 * @param extent Whether it must be the whole text or may be anywhere in it.
 *
 * Source: K. Thompson, Regular Expression Search Algorithm, CACM 11 (1968).
 */
export function compilePattern(
  source: string,
  flags: string,
  extent: "whole" | "anywhere" = "anywhere",
): CompiledPattern {
  try {
    new RegExp(source, flags);
  } catch {
    return { kind: "refused", why: "a regular expression" };
  }
  try {
    const steps: Step[] = [];
    if (extent === "whole") steps.push({ kind: "assertion", name: "start" });
    emit(parsePattern(source, flags), steps);
    if (extent === "whole") steps.push({ kind: "assertion", name: "end" });
    steps.push({ kind: "found" });
    return { kind: "compiled", pattern: new Machine(steps, flags) };
  } catch (error) {
    if (!(error instanceof PatternRefusal)) throw error;
    return { kind: "refused", why: `a regular expression without ${error.message}` };
  }
}

type Step =
  | { kind: "character"; matches: (character: string) => boolean }
  | { kind: "assertion"; name: Extract<PatternNode, { kind: "assertion" }>["name"] }
  | { kind: "split"; to: number[] }
  | { kind: "found" };

/** Writes a node as steps, each of which goes on to the next one or, a split, to those it names. */
function emit(node: PatternNode, steps: Step[]): void {
  if (steps.length > stepsMax)
    throw new PatternRefusal(`repetitions that amount to more than ${stepsMax} steps`);
  if (node.kind === "sequence") for (const part of node.parts) emit(part, steps);
  else if (node.kind === "choice") emitChoice(node.ways, steps);
  else if (node.kind === "repeat") emitRepeat(node, steps);
  else steps.push(node);
}

function emitChoice(ways: readonly PatternNode[], steps: Step[]): void {
  const split: Extract<Step, { kind: "split" }> = { kind: "split", to: [] };
  steps.push(split);
  const ends = ways.map((way) => {
    split.to.push(steps.length);
    emit(way, steps);
    return push(steps);
  });
  for (const end of ends) end.to.push(steps.length);
}

function emitRepeat({ part, min, max }: Extract<PatternNode, { kind: "repeat" }>, steps: Step[]): void {
  const before = steps.length;
  for (let n = 0; n < min; n += 1) {
    emit(part, steps);
    // Nothing, however often.
    if (steps.length === before) return;
  }
  if (max === Infinity) {
    const again = steps.length;
    const split = push(steps);
    split.to.push(steps.length);
    emit(part, steps);
    push(steps).to.push(again);
    split.to.push(steps.length);
    return;
  }
  const leave = [];
  for (let n = min; n < max; n += 1) {
    const split = push(steps);
    split.to.push(steps.length);
    emit(part, steps);
    leave.push(split);
  }
  for (const split of leave) split.to.push(steps.length);
}

function push(steps: Step[]): Extract<Step, { kind: "split" }> {
  const split: Extract<Step, { kind: "split" }> = { kind: "split", to: [] };
  steps.push(split);
  return split;
}

/** All steps at which the pattern may be, between two characters. */
interface Place {
  steps: number[];
  isStart: boolean;
  afterWord: boolean;
  /** Where each character leads. */
  next: Map<string, Way>;
}

interface Way {
  /** "found" where the pattern is there before the character. */
  to: Place | "found";
  /** What it takes to find it. Each text is charged for it once, found before or not: verdicts depend on nothing else. */
  work: number;
  /** The last text that was charged. */
  text: number;
}

/** No character: the end of the text. */
const end = "";

/** Follows all ways at once; places are made when they are first reached, and kept. */
class Machine implements LinearPattern {
  private places = new Map<string, Place>();
  private readonly first: Place = { steps: [0], isStart: true, afterWord: false, next: new Map() };
  private ways = 0;
  private keptSteps = 0;
  /** Of the way that is being found. */
  private work = 0;
  /** Which text it is. */
  private text = 0;
  /** For each step, the mark of the last character it was seen for. Marks outgrow 32 bits where a process lives long. */
  private readonly seen: Float64Array;
  private mark = 0;
  private readonly word: RegExp;
  private readonly isUnicode: boolean;

  constructor(
    private readonly steps: readonly Step[],
    flags: string,
  ) {
    this.seen = new Float64Array(steps.length);
    this.word = new RegExp(String.raw`^\w$`, flags);
    this.isUnicode = flags.includes("u");
  }

  test(text: string): boolean | null {
    this.makeRoom();
    this.text += 1;
    let place = this.first;
    let work = 0;
    for (let at = 0; ; ) {
      const character = this.isUnicode ? characterAt(text, at) : text.charAt(at);
      const way = place.next.get(character) ?? this.findWay(place, character);
      if (way.text !== this.text) {
        way.text = this.text;
        work += way.work;
      }
      if (way.to === "found") return true;
      if (character === end) return false;
      if (work > workMax) return null;
      place = way.to;
      at += character.length;
    }
  }

  /** Between two texts only: what a text was charged for stands with the ways. */
  private makeRoom(): void {
    if (this.ways < waysMax && this.keptSteps < keptStepsMax) return;
    this.places = new Map();
    this.first.next.clear();
    this.ways = 0;
    this.keptSteps = 0;
  }

  private findWay(place: Place, character: string): Way {
    this.work = wayWork;
    const to = this.follow(place, character);
    const way: Way = { to, work: this.work, text: 0 };
    place.next.set(character, way);
    this.ways += 1;
    return way;
  }

  private follow(place: Place, character: string): Place | "found" {
    // The pattern may begin anywhere.
    const reached = [0];
    const waiting = [...place.steps];
    const isWord = this.word.test(character);
    this.mark += 1;
    for (let step = waiting.pop(); step !== undefined; step = waiting.pop()) {
      if (this.seen[step] === this.mark) continue;
      this.seen[step] = this.mark;
      this.work += 1;
      const now = this.steps[step];
      if (now === undefined || now.kind === "found") return "found";
      if (now.kind === "split") waiting.push(...now.to);
      else if (now.kind === "assertion") {
        if (holds(now.name, place, character, isWord)) waiting.push(step + 1);
      } else if (character !== end && now.matches(character)) reached.push(step + 1);
    }
    return this.placeOf(
      reached.sort((a, b) => a - b),
      isWord,
    );
  }

  private placeOf(steps: number[], afterWord: boolean): Place {
    const key = `${afterWord ? "w" : ""}${steps.join()}`;
    const known = this.places.get(key);
    if (known !== undefined) return known;
    const made: Place = { steps, isStart: false, afterWord, next: new Map() };
    this.places.set(key, made);
    this.keptSteps += steps.length;
    return made;
  }
}

function characterAt(text: string, at: number): string {
  return at < text.length ? String.fromCodePoint(text.codePointAt(at) ?? 0) : end;
}

function holds(
  name: Extract<PatternNode, { kind: "assertion" }>["name"],
  { isStart, afterWord }: Place,
  character: string,
  isWord: boolean,
): boolean {
  if (name === "start") return isStart;
  if (name === "end") return character === end;
  return (isWord !== afterWord) === (name === "boundary");
}
