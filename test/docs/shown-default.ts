const units: readonly (readonly [size: number, one: string, many: string])[] = [
  [86_400_000, 'day', 'days'],
  [3_600_000, 'hour', 'hours'],
  [60_000, 'minute', 'minutes'],
  [1_000, 'second', 'seconds'],
];

/**
 * A default as docstrings and the settings page write it; undefined for objects and functions, which the docstring
 * describes.
 */
export function shownDefault(name: string, value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? "`''`" : `\`${value}\``;
  if (typeof value === 'boolean') return String(value);
  if (typeof value !== 'number') return undefined;
  const digits = value.toLocaleString('en-US');
  if (name.endsWith('Bytes') && value % 1_048_576 === 0) return `${digits} (${value / 1_048_576} MiB)`;
  const unit = name.endsWith('Ms') ? units.find(([size]) => value >= size) : undefined;
  if (unit === undefined) return digits;
  const [size, one, many] = unit;
  return `${digits} (${value / size} ${value === size ? one : many})`;
}
