import { copyBytes } from '../../model/values/copy-data.ts';
type Plain = Readonly<Record<string, unknown>>;

const isPlainEnough = (value: object): boolean =>
  !(value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet);

/**
 * Deep-copies a query result for later comparison, because the app may modify the original. Does not call getters (a
 * lazy relation would load); keeps functions and promises.
 */
export function copyResult(value: unknown, copies = new Map<object, unknown>()): unknown {
  if (typeof value !== 'object' || value === null || !isPlainEnough(value)) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  if (value instanceof Date) return new Date(value);
  if (ArrayBuffer.isView(value)) return copyBytes(value);
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    copies.set(value, copy);
    for (const item of value as readonly unknown[]) copy.push(copyResult(item, copies));
    return copy;
  }
  if (value instanceof Map) {
    const copy = new Map<unknown, unknown>();
    copies.set(value, copy);
    for (const [key, item] of value) copy.set(key, copyResult(item, copies));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set<unknown>();
    copies.set(value, copy);
    for (const item of value) copy.add(copyResult(item, copies));
    return copy;
  }
  const copy: Record<string, unknown> = {};
  copies.set(value, copy);
  for (const key of Object.keys(value)) copy[key] = copyResult((value as Plain)[key], copies);
  return copy;
}

/** Compares a result with the copy of an earlier one, by content. */
export function equalsCopy(copy: unknown, value: unknown, seen = new Map<object, object>()): boolean {
  if (Object.is(copy, value)) return true;
  if (typeof copy !== 'object' || typeof value !== 'object' || copy === null || value === null) return false;
  if (seen.get(value) === copy) return true;
  seen.set(value, copy);
  if (Array.isArray(value)) {
    return (
      Array.isArray(copy) &&
      copy.length === value.length &&
      (value as readonly unknown[]).every((item, index) => equalsCopy(copy[index], item, seen))
    );
  }
  if (value instanceof Date) return copy instanceof Date && copy.getTime() === value.getTime();
  if (ArrayBuffer.isView(value)) return ArrayBuffer.isView(copy) && equalBytes(copy, value);
  if (value instanceof Map) {
    return (
      copy instanceof Map &&
      copy.size === value.size &&
      [...value].every(([key, item]) => copy.has(key) && equalsCopy(copy.get(key), item, seen))
    );
  }
  if (value instanceof Set) {
    const items = copy instanceof Set ? [...(copy as ReadonlySet<unknown>)] : undefined;
    return (
      items !== undefined &&
      items.length === value.size &&
      [...value].every((item, index) => equalsCopy(items[index], item, seen))
    );
  }
  const keys = Object.keys(value);
  return (
    keys.length === Object.keys(copy).length &&
    keys.every((key) => Object.hasOwn(copy, key) && equalsCopy((copy as Plain)[key], (value as Plain)[key], seen))
  );
}

function equalBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  if (a.byteLength !== b.byteLength) return false;
  const [left, right] = [a, b].map((view) => new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  return left !== undefined && right !== undefined && left.every((byte, index) => byte === right[index]);
}
