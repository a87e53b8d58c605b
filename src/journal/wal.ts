/**
 * SQLite's write-ahead log, as far as finding damage needs it (https://sqlite.org/fileformat2.html#walformat). All numbers
 * are big-endian.
 *
 *   header  32 bytes: u32 magic (its last bit: checksums read words big-endian), …, 8: u32 page size, …,
 *           16: two u32 salts, 24: two u32 checksums of the first 24 bytes
 *   frame   24 bytes and a page: …, 8: two u32 salts, 16: two u32 checksums that run on over the first 8 bytes and the page
 *
 * SQLite reads frames up to the first whose salts or checksums are wrong, and says nothing of what is behind it.
 */

const headerBytes = 32;
const frameHeaderBytes = 24;

/**
 * Where a log is damaged: the offset of the first frame that SQLite does not take although frames of the same
 * transaction or later ones follow. Null for a sound log, and for one whose last frame is torn, as a crash leaves it.
 */
export function findWalDamage(bytes: Buffer): number | null {
  if (bytes.length <= headerBytes) return null;
  const isBigEndian = (bytes.readUInt32BE(0) & 1) === 1;
  const frameBytes = frameHeaderBytes + bytes.readUInt32BE(8);
  const salts = bytes.subarray(16, 24);
  let sums = runOn([0, 0], bytes.subarray(0, 24), isBigEndian);
  if (!hasSums(bytes, 24, sums)) return 0;
  const isOfThisLog = (at: number) => bytes.subarray(at + 8, at + 16).equals(salts);
  for (let at = headerBytes; at + frameBytes <= bytes.length; at += frameBytes) {
    sums = runOn(sums, bytes.subarray(at, at + 8), isBigEndian);
    sums = runOn(sums, bytes.subarray(at + frameHeaderBytes, at + frameBytes), isBigEndian);
    if (isOfThisLog(at) && hasSums(bytes, at + 16, sums)) continue;
    // Frames of an earlier log, which this one has begun to overwrite, have other salts.
    const next = at + frameBytes;
    return next + frameBytes <= bytes.length && isOfThisLog(next) ? at : null;
  }
  return null;
}

type Sums = readonly [number, number];

function runOn([first, second]: Sums, bytes: Buffer, isBigEndian: boolean): Sums {
  let a = first;
  let b = second;
  for (let at = 0; at < bytes.length; at += 8) {
    a = (a + (isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)) + b) >>> 0;
    b = (b + (isBigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)) + a) >>> 0;
  }
  return [a, b];
}

function hasSums(bytes: Buffer, at: number, [first, second]: Sums): boolean {
  return bytes.readUInt32BE(at) === first && bytes.readUInt32BE(at + 4) === second;
}
