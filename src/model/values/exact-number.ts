import type { Json } from './json.ts';

/**
 * A number with more digits than a JavaScript number holds, as part of a wire value: its digits behind a mark. Text, so
 * that it is stored, compared and merged like any other value. The mark is white space to JavaScript: `Number(value)`,
 * `BigInt(value)` and `parseFloat(value)` read the digits.
 */
const mark = '\uFEFF';

/** JSON's grammar of a number. */
const number = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * Makes the wire value of a number out of its digits: a number where that holds them, else one that keeps them. Throws
 * `RangeError` where they are none.
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
 * The digits of a value that {@link exactNumber} made and that no JavaScript number holds; undefined for any other
 * value.
 */
export function exactDigits(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.charCodeAt(0) !== 0xfeff) return undefined;
  const digits = value.slice(1);
  return number.test(digits) && !isHeld(digits) ? digits : undefined;
}

/** A number's digits as plain text; any other value as it is. */
export const withoutMark = <T>(value: T): T | string => exactDigits(value) ?? value;

/**
 * Whether a JavaScript number has the value that these digits name. Zeros at the end and the sign of zero name no
 * other.
 */
export function isHeld(digits: string): boolean {
  // 15 significant digits are always held, in the range of ordinary exponents.
  if (digits.length <= 15 && !/[eE]/.test(digits)) return true;
  return canonicalDigits(digits) === canonicalDigits(String(Number(digits)));
}

/**
 * One text for one number: digits without zeros around them, and the power of ten. Undefined for what is no number in
 * decimal digits.
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
