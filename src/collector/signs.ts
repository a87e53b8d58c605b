/** What a text shows at a glance, as bits. */
export const sign = { at: 1, digits: 2, token: 4, assignment: 8, escape: 16 } as const;

/** The signs of what a text is redacted for. */
export const secretSigns = sign.at | sign.digits | sign.token | sign.assignment;

// Classes of the ASCII characters, as bits.
const digit = 1;
const capital = 2;
const at = 4;
const assignment = 8;
/** Written with a backslash in JSON. */
const escaped = 16;
const separator = 32;
/** What the words end in that speak of secrets. */
const wordEnd = 64;
/** The sign bit, so that a shift makes a mask of it. */
const tokenic = 1 << 31;
/** Digits and capitals: a machine's token has at least one of them, a long word in snake case has none. */
const telling = digit | capital;

const controls = String.fromCharCode(...Array(0x20).keys());
const capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const classes = new Int32Array(128);
const mark = (characters: string, bits: number) => {
  for (const character of characters) {
    const code = character.charCodeAt(0);
    classes[code] = (classes[code] ?? 0) | bits;
  }
};
mark("0123456789", digit | tokenic);
mark(capitals, capital | tokenic);
mark(capitals.toLowerCase() + "_-/+.~=", tokenic);
mark(" .-()/+", separator);
mark("@", at);
mark(":=", assignment);
mark("detnylsDETNYLS", wordEnd);
mark('"\\' + controls, escaped);

/**
 * What begins "password is" and its like, and "basic": for each place the characters that may stand there. A place is
 * a bit of `classes` too, so that all of them are looked for at once with a shift and an AND for each character
 * (Shift-And: R. Baeza-Yates and G. Gonnet, A New Approach to Text Searching, CACM 35 (1992)).
 */
const places = "p a s s wc o rd de _|p i n _|b a s i c".split("|").map((word) => word.split(" "));
const placesFrom = 7;
let placesBegin = 0;
let placesEnd = 0;
let placesOfSpace = 0;
let place = 1 << placesFrom;
for (const word of places) {
  placesBegin |= place;
  for (const letters of word) {
    if (letters === "_") placesOfSpace |= place;
    else mark(letters + letters.toUpperCase(), place);
    place <<= 1;
  }
  placesEnd |= place >> 1;
}
mark(` ${controls}`, placesOfSpace);

const digitsMin = 7;
const tokenMin = 16;
const keyBegin = "-----BEGIN";
/** The words behind which a form of secret expects `=`, `:` or a verb. Shorter than the text that is looked at. */
const assignedWord =
  /(?:password|passwd|passphrase|passcode|pwd|secret|token|key|credentials?|authorization|cookies?)$/i;
const wordLengthMax = 13;
/** What `places` begin, whole. White space, or a character that may be: everything beyond ASCII. */
const saidWord = /(?:password|passcode|pin)[^!-\x7f]+(?:is|was)[^!-\x7f]|basic/i;

/**
 * Looks over a text once and says which forms of secret are possible at all, so that clean text costs about two
 * nanoseconds per character and no regular expression.
 *
 * @returns Bits of `sign`: an at sign; seven digits with nothing but separators between; an unbroken run of 16
 *   characters as tokens use them, with a digit or capital, or the beginning of a key in PEM; a word for secrets with
 *   a colon, an equals sign or a verb of saying behind it; a character that JSON writes with a backslash.
 */
export function readSigns(text: string): number {
  const { length } = text;
  let seen = 0;
  let reached = 0;
  let words = 0;
  let run = 0;
  let runs = 0;
  // No branches: which characters there are is not to be foretold, and a wrong guess costs more than a character.
  for (let index = 0; index < length; index += 1) {
    const kind = classOf(text, index);
    seen |= kind;
    reached = ((reached << 1) | placesBegin) & kind;
    words |= reached;
    run = (run + 1) & (kind >> 31);
    runs |= run;
  }
  let signs = 0;
  if (seen & escaped) signs |= sign.escape;
  if (seen & at) signs |= sign.at;
  if (seen & digit && hasStretch(text, digit | separator, digitsMin, digit, digitsMin)) signs |= sign.digits;
  if ((words & placesEnd && saidWord.test(text)) || (seen & assignment && hasAssignment(text)))
    signs |= sign.assignment;
  if (seen & telling) {
    // The lengths of all runs, ORed, are as much as a power of two only where one of them is.
    const isToken = runs >= tokenMin && hasStretch(text, tokenic, tokenMin, telling, 1);
    if (isToken || text.includes(keyBegin)) signs |= sign.token;
  }
  return signs;
}

/** Tells whether a colon or equals sign may assign a secret. */
function hasAssignment(text: string): boolean {
  for (let index = 1; index < text.length; index += 1) {
    if (!(classOf(text, index) & assignment)) continue;
    let end = index;
    while (end > 0 && isGap(text.charCodeAt(end - 1))) end -= 1;
    if (end === 0 || !(classOf(text, end - 1) & wordEnd)) continue;
    if (assignedWord.test(text.slice(Math.max(0, end - wordLengthMax), end))) return true;
  }
  return false;
}

/** What may stand between a word and its value: white space, quotes, and the backslashes of JSON within JSON. */
function isGap(code: number): boolean {
  return code <= 0x20 || code >= 0x80 || code === 0x22 || code === 0x27 || code === 0x5c;
}

function classOf(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 128 ? (classes[code] ?? 0) : placesOfSpace;
}

/** Tells whether so many characters of some classes stand in a row, with so many of one class among them. */
function hasStretch(text: string, wanted: number, lengthMin: number, within: number, withinMin: number) {
  // A stretch that is long enough cannot lie between two characters that are looked at.
  for (let index = lengthMin - 1; index < text.length; index += lengthMin) {
    if (!(classOf(text, index) & wanted)) continue;
    let start = index;
    while (start > 0 && classOf(text, start - 1) & wanted) start -= 1;
    let end = index + 1;
    while (end < text.length && classOf(text, end) & wanted) end += 1;
    if (end - start >= lengthMin && count(within, text, start, end) >= withinMin) return true;
    index = end;
  }
  return false;
}

function count(wanted: number, text: string, from: number, to: number): number {
  let found = 0;
  for (let index = from; index < to; index += 1) if (classOf(text, index) & wanted) found += 1;
  return found;
}
