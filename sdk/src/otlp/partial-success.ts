/**
 * Reads how many spans or log records a 200 answer says were rejected: field 1 of field 1 of
 * `ExportTraceServiceResponse` and `ExportLogsServiceResponse`. What cannot be read counts as none.
 */
export function rejectedCount(response: Uint8Array): number {
  const partial = find(response, 1);
  if (!(partial instanceof Uint8Array)) return 0;
  const rejected = find(partial, 1);
  return typeof rejected === "number" ? rejected : 0;
}

/** The last value of a field: a number for a varint, bytes for a length-delimited one. */
function find(bytes: Uint8Array, field: number): number | Uint8Array | null {
  let at = 0;
  let found: number | Uint8Array | null = null;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; at < bytes.length; scale *= 128) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < bytes.length) {
    const tag = varint();
    const wireType = tag % 8;
    let value: number | Uint8Array | null = null;
    if (wireType === 0) value = varint();
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const length = varint();
      value = bytes.subarray(at, at + length);
      at += length;
    } else return found;
    if ((tag - wireType) / 8 === field) found = value;
  }
  return found;
}
