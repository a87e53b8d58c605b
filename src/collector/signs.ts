/** What a text shows at a glance, as bits. */
export const sign = { at: 1, digits: 2, token: 4, assignment: 8 } as const;

// Classes of the ASCII characters: one look-up per character.
const digit = 1;
const tokenic = 2;
const separator = 4;
const at = 8;
const assignment = 16;
/** Digits and capitals: a machine's token has at least one of them, a long word in snake case has none. */
const telling = 32;
const classes = new Uint8Array(128);
for (let code = 0x30; code <= 0x39; code += 1) classes[code] = digit | tokenic | telling;
for (let code = 0x41; code <= 0x5a; code += 1) {
  classes[code] = tokenic | telling;
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
  let digits = 0;
  let run = 0;
  let tells = false;
  let assigns = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    const kind = code < 128 ? (classes[code] ?? 0) : 0;
    if (kind & digit) digits += 1;
    else if (!(kind & separator)) digits = 0;
    if (digits >= digitsMin) signs |= sign.digits;
    if (kind & tokenic) {
      run += 1;
      tells ||= (kind & telling) !== 0;
      if (run >= tokenMin && tells) signs |= sign.token;
    } else {
      run = 0;
      tells = false;
    }
    if (kind & at) signs |= sign.at;
    if (kind & assignment) assigns = true;
  }
  const mayAssign = assigns || text.includes("asic ") || text.includes(" is ") || text.includes(" was ");
  if (mayAssign && assignedWords.test(text)) signs |= sign.assignment;
  if (text.includes("-----BEGIN")) signs |= sign.token;
  return signs;
}
