const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

/**
 * Creates a random UUID (version 4). Falls back to `crypto.getRandomValues`, because pages on plain http have no
 * `crypto.randomUUID`. Throws `TypeError` if the platform has neither.
 */
export function randomId(): string {
  // Insecure contexts have less of `crypto` than the types claim.
  const source:
    | { randomUUID?: () => string; getRandomValues?: (into: Uint8Array<ArrayBuffer>) => unknown }
    | undefined = globalThis.crypto;
  if (typeof source?.randomUUID === 'function') return source.randomUUID();
  if (typeof source?.getRandomValues !== 'function') {
    throw new TypeError(
      'synchart creates ids with crypto.getRandomValues, which this platform lacks; load a polyfill before synchart',
    );
  }
  const bytes = new Uint8Array(16);
  source.getRandomValues(bytes);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const text = Array.from(bytes, hex).join('');
  return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-');
}
