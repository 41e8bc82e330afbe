const decimalPattern = /^([+-]?)(\d+)\.?(\d*)$/;

/**
 * Adds a number to a decimal string exactly, and returns a string. Decimals and 64-bit integers travel as strings,
 * because a number cannot hold them. The result has as many decimal places as the more precise operand. With an
 * exponent, the sum has the precision of a number.
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
