import { isTooLong } from '../../model/values/nesting.ts';

/**
 * Writes JSON. A value that cannot be written, because it is nested too deep or holds the same objects too often, is
 * named by `otherwise` instead (I13).
 */
export function jsonText(value: unknown, otherwise: () => string): string {
  if (isTooLong(value)) return otherwise();
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return otherwise();
    throw error;
  }
}
