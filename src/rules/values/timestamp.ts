import { withoutMark } from '../../model/values/exact-number.ts';
import type { Json } from '../../model/values/json.ts';

/**
 * A point in time with the full precision of its text. `fraction`: digits of the fractional second, without trailing
 * zeros.
 */
export interface Instant {
  readonly epochSeconds: number;
  readonly fraction: string;
}

// Date, then optionally time (seconds and fraction may be absent) and zone. PostgreSQL writes a space for the T and an
// offset of hours only.
const isoPattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:([Tt ])(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?: ?(Z|z|[+-]\d\d(?::?\d\d)?))?)?$/;
// The format of most servers, valid without a calendar check. Checked first without parsing, because every pulled row
// is checked.
const plainPattern = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?Z$/;
const plainSecondsLength = 19;
const epochMsPattern = /^(-?)(\d{1,18})(?:\.(\d+))?$/;

/**
 * Reads a server timestamp: ISO 8601 with any number of fractional digits, where no zone means UTC (F-65), or epoch
 * milliseconds as a number or digits. Returns undefined for anything else. Never uses local time, and never the
 * milliseconds of a Date (F-63).
 */
export function parseTimestamp(value: Json | undefined): Instant | undefined {
  if (typeof value === 'number') return fromEpochMs(String(value));
  return typeof value === 'string' ? (fromEpochMs(value) ?? fromIso(value)) : undefined;
}

/**
 * Compares timestamps by instant, including all fractional digits. Invalid strings are equal to each other and older
 * than any valid timestamp.
 */
export function compareTimestamps(a: string, b: string): number {
  if (a === b) return 0;
  if (plainPattern.test(a) && plainPattern.test(b)) {
    // For equal formats, the text orders as the time does, if the lengths are equal or the difference is before the
    // fraction.
    const sameLength = a.length === b.length;
    const [x, y] = sameLength ? [a, b] : [a.slice(0, plainSecondsLength), b.slice(0, plainSecondsLength)];
    if (x !== y) return x < y ? -1 : 1;
  }
  const left = parseTimestamp(a);
  const right = parseTimestamp(b);
  if (left === undefined || right === undefined) return Number(left !== undefined) - Number(right !== undefined);
  if (left.epochSeconds !== right.epochSeconds) return left.epochSeconds < right.epochSeconds ? -1 : 1;
  if (left.fraction === right.fraction) return 0;
  // Fractional digits order as text: '1' < '12' < '2'.
  return left.fraction < right.fraction ? -1 : 1;
}

/**
 * Returns the text to store and send back, exactly as received (a number as its digits). Undefined for an invalid
 * timestamp.
 */
export function timestampText(value: Json | undefined): string | undefined {
  if (typeof value === 'string' && plainPattern.test(value)) return value;
  const plain = withoutMark(value);
  if (parseTimestamp(plain) === undefined) return undefined;
  return String(plain);
}

/**
 * Moves a timestamp back by `ms`, for the overlap window. Keeps the format of the text: separator, number of fractional
 * digits, zone. Rounds down what does not fit the format. Returns an invalid text unchanged.
 */
export function minusMs(ts: string, ms: number): string {
  const instant = parseTimestamp(ts);
  const whole = Math.ceil(ms);
  if (instant === undefined || !(whole > 0) || !Number.isSafeInteger(whole)) return ts;
  const earlier = back(instant, whole);
  return epochMsPattern.test(ts) ? epochMsText(earlier) : isoText(earlier, ts);
}

/**
 * Reads `updatedAt`, or else `updated_at`, of a row as a Date, for merge functions and display. Null if it is missing
 * or invalid (MU-24). The engine itself compares the server's texts, because a Date ends at milliseconds.
 */
export function extractTimestamp(row: Readonly<Record<string, unknown>>): Date | null {
  const value = row.updatedAt ?? row.updated_at;
  if (value instanceof Date) return value;
  const instant = typeof value === 'string' || typeof value === 'number' ? parseTimestamp(value) : undefined;
  if (instant === undefined) return null;
  const date = new Date(instant.epochSeconds * 1000 + Number(instant.fraction.padEnd(3, '0').slice(0, 3)));
  return Number.isNaN(date.getTime()) ? null : date;
}

function fromEpochMs(text: string): Instant | undefined {
  const match = epochMsPattern.exec(text);
  if (match === null) return undefined;
  const [, sign = '', digits = '', decimals = ''] = match;
  const padded = digits.padStart(4, '0');
  const seconds = Number(padded.slice(0, -3));
  const fraction = withoutTrailingZeros(padded.slice(-3) + decimals);
  if (sign === '') return { epochSeconds: seconds, fraction };
  // Before the epoch the fraction still counts forwards: -0.25 s is second -1 and 0.75.
  if (fraction === '') return { epochSeconds: 0 - seconds, fraction };
  return { epochSeconds: -seconds - 1, fraction: complement(fraction) };
}

function fromIso(text: string): Instant | undefined {
  const match = isoPattern.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, , hour = '0', minute = '0', second = '0', fraction = '', zone] = match;
  const midnight = new Date(0);
  // Date.UTC maps the years 0 to 99 to 1900 to 1999.
  midnight.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // An invalid day falls into another month.
  const isCalendarDay = midnight.getUTCMonth() === Number(month) - 1;
  const offsetMinutes = minutesOf(zone);
  // 60 is a leap second: the first second of the next minute.
  if (
    !isCalendarDay ||
    Number(hour) > 23 ||
    Number(minute) > 59 ||
    Number(second) > 60 ||
    Math.abs(offsetMinutes) > 18 * 60
  )
    return undefined;
  const ofDay = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  return {
    epochSeconds: midnight.getTime() / 1000 + ofDay - offsetMinutes * 60,
    fraction: withoutTrailingZeros(fraction),
  };
}

function minutesOf(zone: string | undefined): number {
  if (zone === undefined) return 0;
  // Z has no digits.
  const digits = zone.slice(1).replace(':', '');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2) || '0');
  return zone.startsWith('-') ? -minutes : minutes;
}

function back(instant: Instant, ms: number): Instant {
  const thousandths = Number(instant.fraction.padEnd(3, '0').slice(0, 3)) - (ms % 1000);
  const borrow = thousandths < 0 ? 1 : 0;
  const fraction = String(thousandths + borrow * 1000).padStart(3, '0') + instant.fraction.slice(3);
  return {
    epochSeconds: instant.epochSeconds - Math.floor(ms / 1000) - borrow,
    fraction: withoutTrailingZeros(fraction),
  };
}

function epochMsText({ epochSeconds, fraction }: Instant): string {
  // Drops the digits after the milliseconds, which rounds down.
  return String(epochSeconds * 1000 + Number(fraction.padEnd(3, '0').slice(0, 3)));
}

function isoText({ epochSeconds, fraction }: Instant, shape: string): string {
  const [, , , , separator, , , second, digits, zone] = isoPattern.exec(shape) ?? [];
  const local = new Date((epochSeconds + minutesOf(zone) * 60) * 1000).toISOString();
  const date = local.slice(0, 10);
  if (separator === undefined) return date;
  const time = second === undefined ? local.slice(11, 16) : local.slice(11, 19);
  const point = shape.includes(',') ? ',' : '.';
  const rest = digits === undefined ? '' : point + fraction.padEnd(digits.length, '0').slice(0, digits.length);
  const gap = zone !== undefined && shape.endsWith(` ${zone}`) ? ' ' : '';
  return `${date}${separator}${time}${rest}${gap}${zone ?? ''}`;
}

const withoutTrailingZeros = (digits: string): string => digits.replace(/0+$/, '');

/** Computes 1 - 0.digits as digits; both without trailing zeros. */
function complement(digits: string): string {
  const one = 10n ** BigInt(digits.length);
  return withoutTrailingZeros(String(one - BigInt(digits)).padStart(digits.length, '0'));
}
