const decimalPattern = /^([+-]?)(\d+)\.?(\d*)$/;

/**
 * Adds a number to one that travels as text, to the last digit, and gives text back: decimals and 64-bit integers
 * travel as text because a number does not hold them. As many digits follow the point as in the longer of the two. With
 * an exponent the sum is as exact as a number is.
 */
export function addDecimal(text: string, by: number): string {
  const [left, right] = [decimalPattern.exec(text.trim()), decimalPattern.exec(String(by))];
  if (left === null || right === null) return String(Number(text) + by);
  const [, sign = '', whole = '', fraction = ''] = left;
  const [, otherSign = '', otherWhole = '', otherFraction = ''] = right;
  const digits = Math.max(fraction.length, otherFraction.length);
  const sum =
    BigInt(sign + whole + fraction.padEnd(digits, '0')) +
    BigInt(otherSign + otherWhole + otherFraction.padEnd(digits, '0'));
  const magnitude = (sum < 0n ? -sum : sum).toString().padStart(digits + 1, '0');
  const point = magnitude.length - digits;
  return `${sum < 0n ? '-' : ''}${magnitude.slice(0, point)}${digits === 0 ? '' : `.${magnitude.slice(point)}`}`;
}
