/** What a text shows at a glance, as bits. */
export const sign = { at: 1, digits: 2, token: 4, assignment: 8 } as const;

// Classes of the ASCII characters. Most characters of a text have none of the first four, and cost one look-up.
const digit = 1;
const capital = 2;
const at = 4;
const assignment = 8;
const tokenic = 16;
const separator = 32;
const noteworthy = digit | capital | at | assignment;
/** Digits and capitals: a machine's token has at least one of them, a long word in snake case has none. */
const telling = digit | capital;
const classes = new Uint8Array(128);
for (let code = 0x30; code <= 0x39; code += 1) classes[code] = digit | tokenic;
for (let code = 0x41; code <= 0x5a; code += 1) {
  classes[code] = capital | tokenic;
  classes[code + 32] = tokenic;
}
for (const character of "_-/+.") classes[character.charCodeAt(0)] = tokenic;
for (const character of " .-()/+") {
  const code = character.charCodeAt(0);
  classes[code] = (classes[code] ?? 0) | separator;
}
classes[0x40] = at;
classes[0x3a] = classes[0x3d] = assignment;

const digitsMin = 7;
const tokenMin = 16;
const assignedWords = /pass|pwd|secret|token|key|credential|basic|authorization|cookie/i;

/**
 * Looks over a text once and says which forms of secret are possible at all, so that clean text costs about a
 * nanosecond per character and no regular expression.
 *
 * @returns Bits of `sign`: an at sign; seven digits with nothing but separators between; an unbroken run of 16
 *   characters as tokens use them, with a digit or capital; a colon, an
 *   equals sign or a verb of saying in a text that speaks of secrets.
 */
export function readSigns(text: string): number {
  let signs = 0;
  let assigns = false;
  // Ends of the stretches that were looked at already.
  let digitsEnd = 0;
  let tokenEnd = 0;
  for (let index = 0; index < text.length; index += 1) {
    const kind = classOf(text, index);
    if ((kind & noteworthy) === 0) continue;
    if (kind & at) signs |= sign.at;
    else if (kind & assignment) assigns = true;
    if (kind & digit && index >= digitsEnd) {
      digitsEnd = endOf(digit | separator, text, index);
      if (countDigits(text, index, digitsEnd) >= digitsMin) signs |= sign.digits;
    }
    if (kind & telling && index >= tokenEnd) {
      tokenEnd = endOf(tokenic, text, index);
      if (tokenEnd - startOf(tokenic, text, index) >= tokenMin) signs |= sign.token;
    }
  }
  const mayAssign = assigns || text.includes("asic ") || text.includes(" is ") || text.includes(" was ");
  if (mayAssign && assignedWords.test(text)) signs |= sign.assignment;
  if (text.includes("-----BEGIN")) signs |= sign.token;
  return signs;
}

function classOf(text: string, index: number): number {
  const code = text.charCodeAt(index);
  return code < 128 ? (classes[code] ?? 0) : 0;
}

/** Where the stretch of characters of some classes ends that begins at an index. */
function endOf(wanted: number, text: string, from: number): number {
  let index = from;
  while (index < text.length && classOf(text, index) & wanted) index += 1;
  return index;
}

/** Where the stretch begins that an index is part of. */
function startOf(wanted: number, text: string, from: number): number {
  let index = from;
  while (index > 0 && classOf(text, index - 1) & wanted) index -= 1;
  return index;
}

function countDigits(text: string, from: number, to: number): number {
  let digits = 0;
  for (let index = from; index < to; index += 1) if (classOf(text, index) & digit) digits += 1;
  return digits;
}
