/**
 * An instant with all fractional digits of its text: whole epoch seconds, and the digits after the point without
 * trailing zeros.
 */
export interface Instant {
  readonly seconds: number;
  readonly fraction: string;
}

const isoPattern =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?\s*(Z|z|[+-]\d\d(?::?\d\d)?)?$/;

/** Timestamps sort as text only within these years. */
const earliest = Date.parse('0000-01-01T00:00:00Z') / 1000;
const latest = Date.parse('9999-12-31T23:59:59Z') / 1000;
const within = (instant: Instant): Instant | undefined =>
  instant.seconds >= earliest && instant.seconds <= latest ? instant : undefined;

/**
 * Reads ISO 8601 text (no zone means UTC) or epoch milliseconds without losing digits below the millisecond (F-63).
 * Undefined for anything else, and for years before 0 or after 9999.
 */
export function parseInstant(value: unknown): Instant | undefined {
  if (typeof value === 'number') return within(fromEpochMs(value));
  if (typeof value !== 'string') return undefined;
  if (/^-?\d+(\.\d+)?$/.test(value)) return within(fromEpochMs(Number(value)));
  const match = isoPattern.exec(value.trim());
  if (match === null) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone = 'Z'] = match;
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return within({ seconds: ms / 1000 - zoneSeconds(zone), fraction: fraction.replace(/0+$/, '') });
}

/** Compares two instants; usable for sorting. */
export const compareInstants = (a: Instant, b: Instant): number =>
  a.seconds !== b.seconds ? a.seconds - b.seconds : a.fraction === b.fraction ? 0 : a.fraction < b.fraction ? -1 : 1;

/** Writes epoch microseconds as ISO 8601 UTC text with six digits, so that text order is time order. */
export const formatMicros = (micros: number): string =>
  `${new Date(Math.floor(micros / 1000)).toISOString().slice(0, -1)}${String(micros % 1000).padStart(3, '0')}Z`;

/** Epoch microseconds of an instant, rounded down. */
export const microsOf = (instant: Instant): number =>
  instant.seconds * 1_000_000 + Number(instant.fraction.slice(0, 6).padEnd(6, '0'));

function fromEpochMs(ms: number): Instant {
  const seconds = Math.floor(ms / 1000);
  const micros = Math.round((ms - seconds * 1000) * 1000);
  return { seconds, fraction: String(micros).padStart(6, '0').replace(/0+$/, '') };
}

function zoneSeconds(zone: string): number {
  if (zone === 'Z' || zone === 'z') return 0;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2)) * 60;
  return zone.startsWith('-') ? -seconds : seconds;
}
