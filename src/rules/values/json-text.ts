import { isTooLong } from '../../model/values/nesting.ts';

/**
 * Writes JSON. Uses the text of `otherwise` for a value that cannot be written, because it is nested too deep or
 * repeats the same objects too often (I13).
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
