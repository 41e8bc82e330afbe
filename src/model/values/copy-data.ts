/** Copies the bytes of a view into a `Uint8Array`. */
export const copyBytes = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();

/**
 * Deep-copies JSON data, so that the receiver may change it. An object referenced twice stays one object in the copy.
 * Replaces `structuredClone`, which JavaScript engines of phones lack.
 */
export function copyData<T>(value: T, copies = new Map<object, unknown>()): T {
  if (typeof value !== 'object' || value === null) return value;
  const known = copies.get(value);
  if (known !== undefined) return known as T;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    copies.set(value, list);
    for (const item of value as readonly unknown[]) list.push(copyData(item, copies));
    return list as T;
  }
  const copy: Record<string, unknown> = {};
  copies.set(value, copy);
  for (const [key, item] of Object.entries(value)) copy[key] = copyData(item, copies);
  return copy as T;
}
