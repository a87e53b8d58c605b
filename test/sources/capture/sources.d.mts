/** See `sources.mjs`. */
export const sources: Record<string, { program: string; env: Record<string, string> }>;
/** See `sources.mjs`. */
export function commandOf(name: string, folder: string): string;
/** See `sources.mjs`. */
export function environmentOf(
  name: string,
  urls: { otlpUrl: string; modelUrl: string },
): Record<string, string | undefined>;
