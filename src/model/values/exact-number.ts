import type { Json } from './json.ts';

/**
 * Marks a wire value that is a number with more digits than JavaScript numbers hold. The value is a string of the mark
 * and the digits, so it is stored, compared and merged like any string. JavaScript treats the mark as white space:
 * `Number(value)`, `BigInt(value)` and `parseFloat(value)` read the digits.
 */
const mark = '\uFEFF';

/** JSON's grammar of a number. */
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * Creates the wire value of a number from its digits: a number if it holds them exactly, otherwise a string that keeps
 * them. Throws `RangeError` for anything but digits.
 */
export function exactNumber(digits: string | bigint): Json {
  const text = String(digits);
  if (!number.test(text))
    throw new RangeError(
      `exactNumber: expected the digits of a number as JSON writes them, got '${text.slice(0, 60)}'`,
    );
  return isHeld(text) ? Number(text) : mark + text;
}

/**
 * The digits of a value that {@link exactNumber} made and that no JavaScript number holds. Returns undefined for any
 * other value.
 */
export function exactDigits(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.charCodeAt(0) !== 0xfeff) return undefined;
  const digits = value.slice(1);
  return number.test(digits) && !isHeld(digits) ? digits : undefined;
}

/** Returns the digits of a marked number as a plain string, and any other value unchanged. */
export const withoutMark = <T>(value: T): T | string => exactDigits(value) ?? value;

/** Whether a JavaScript number holds exactly this value. Ignores trailing zeros and the sign of zero. */
export function isHeld(digits: string): boolean {
  // 15 significant digits always fit, within the range of ordinary exponents.
  if (digits.length <= 15 && !/[eE]/.test(digits)) return true;
  return canonicalDigits(digits) === canonicalDigits(String(Number(digits)));
}

/**
 * Returns one canonical string per number: its digits without surrounding zeros, and the power of ten. Returns
 * undefined for anything but decimal digits.
 */
export function canonicalDigits(text: string): string | undefined {
  const parts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (parts === null) return undefined;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  const digits = (whole + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
