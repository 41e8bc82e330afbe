const decimalPattern = /^([+-]?)(\d*)\.?(\d*)$/;

/** Whether a string is a finite number. */
const isNumberText = (text: string): boolean => text.trim() !== '' && Number.isFinite(Number(text));

/**
 * Compares two decimal strings exactly; returns -1, 0 or 1, or undefined if one is not a number. Decimals and 64-bit
 * integers travel as strings, because two different ones may be equal when rounded to numbers.
 */
export function compareDecimals(a: string, b: string): number | undefined {
  if (!isNumberText(a) || !isNumberText(b)) return undefined;
  // Rounding preserves the order, so only equal rounded values need a comparison of digits.
  const [left, right] = [Number(a), Number(b)];
  if (left !== right) return left < right ? -1 : 1;
  return compareDigits(a.trim(), b.trim());
}

function compareDigits(a: string, b: string): number {
  const [left, right] = [decimalPattern.exec(a), decimalPattern.exec(b)];
  // With an exponent, the precision is that of a number.
  if (left === null || right === null) return 0;
  const [, sign = '', whole = '', fraction = ''] = left;
  const [, otherSign = '', otherWhole = '', otherFraction = ''] = right;
  const digits = Math.max(fraction.length, otherFraction.length);
  const difference =
    BigInt(sign + whole + fraction.padEnd(digits, '0')) -
    BigInt(otherSign + otherWhole + otherFraction.padEnd(digits, '0'));
  return difference < 0n ? -1 : Number(difference > 0n);
}
