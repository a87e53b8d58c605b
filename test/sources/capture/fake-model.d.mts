/** See `fake-model.mjs`. */
export function startFakeModel(): Promise<{ url: string; close(): void }>;
