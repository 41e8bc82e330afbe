const decimalPattern = /^([+-]?)(\d*)\.?(\d*)$/;

/** Says whether a text is a finite number. */
const isNumberText = (text: string): boolean => text.trim() !== '' && Number.isFinite(Number(text));

/**
 * Orders two texts of numbers to the last digit, as -1, 0 or 1; undefined where one is none. Decimals and 64-bit
 * integers travel as text because a number does not hold them: rounded, two that differ may be equal.
 */
export function compareDecimals(a: string, b: string): number | undefined {
  if (!isNumberText(a) || !isNumberText(b)) return undefined;
  // Rounding keeps the order: only what rounds to one and the same number has to be looked at digit by digit.
  const [left, right] = [Number(a), Number(b)];
  if (left !== right) return left < right ? -1 : 1;
  return compareDigits(a.trim(), b.trim());
}

function compareDigits(a: string, b: string): number {
  const [left, right] = [decimalPattern.exec(a), decimalPattern.exec(b)];
  // With an exponent they are as exact as a number is.
  if (left === null || right === null) return 0;
  const [, sign = '', whole = '', fraction = ''] = left;
  const [, otherSign = '', otherWhole = '', otherFraction = ''] = right;
  const digits = Math.max(fraction.length, otherFraction.length);
  const difference =
    BigInt(sign + whole + fraction.padEnd(digits, '0')) -
    BigInt(otherSign + otherWhole + otherFraction.padEnd(digits, '0'));
  return difference < 0n ? -1 : Number(difference > 0n);
}
