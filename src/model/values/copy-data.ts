/** Copies the bytes of a view, as a `Uint8Array`. */
export const copyBytes = (view: ArrayBufferView): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice();

/**
 * Copies JSON data deeply, so that whoever gets the copy can change it. An object that stands in two places is one in
 * the copy, too. In place of `structuredClone`, which JavaScript engines of phones lack.
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
