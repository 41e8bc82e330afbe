/**
 * Rows as one JSON parameter, for drivers whose binding of values costs more than SQLite's storing. Values that JSON
 * would change go into `others`, to be bound.
 */
export interface PackedRows<Row> {
  /** A list of lists: the values of a row, then a scale per fraction column. Undefined if nothing could be packed. */
  readonly json: string | undefined;
  readonly others: readonly Row[];
}

const scales = Array.from({ length: 63 }, (_, exponent) => 2 ** exponent);
const bits = new DataView(new ArrayBuffer(8));

/**
 * The power of two that turns a fraction into an integer, which JSON and SQLite transfer exactly. SQLite's own parsing
 * of decimals is sometimes wrong in the last bit (it reads -68.466113 as -68.46611299999999). -1: there is none, the
 * number is too small.
 */
function scaleOf(fraction: number): number {
  bits.setFloat64(0, fraction);
  const exponent = ((bits.getUint16(0) >> 4) & 0x7ff) - 1023;
  return exponent >= -10 && exponent < 53 ? 52 - exponent : -1;
}

/** `fractions`: positions of the columns that may hold fractions. */
export function packRows(
  rows: readonly (readonly unknown[])[],
  fractions: readonly number[],
): PackedRows<readonly unknown[]> {
  const packed: (readonly unknown[])[] = [];
  const others: (readonly unknown[])[] = [];
  for (const row of rows) {
    const cells = packRow(row, fractions);
    if (cells === undefined) others.push(row);
    else packed.push(cells);
  }
  const json = packed.length === 0 ? undefined : JSON.stringify(packed);
  // SQLite versions treat control characters and halves of surrogate pairs differently.
  return json === undefined || json.includes('\\u') ? { json: undefined, others: rows } : { json, others };
}

function packRow(row: readonly unknown[], fractions: readonly number[]): readonly unknown[] | undefined {
  let cells: unknown[] | undefined;
  for (let at = 0; at < row.length; at += 1) {
    const value = row[at];
    if (typeof value === 'string' || value === null || Number.isSafeInteger(value)) continue;
    if (typeof value !== 'number' || !fractions.includes(at)) return undefined;
    const scale = scaleOf(value);
    const whole = value * (scales[scale] ?? NaN);
    if (!Number.isSafeInteger(whole)) return undefined;
    cells ??= [...row, ...fractions.map(() => 0)];
    cells[at] = whole;
    cells[row.length + fractions.indexOf(at)] = scale;
  }
  return cells ?? (fractions.length === 0 ? row : [...row, ...fractions.map(() => 0)]);
}

/** `SELECT` for the result of {@link packRows} with `width` columns; the JSON is its only parameter. */
export const unpackRows = (width: number, fractions: readonly number[]): string => {
  const columns = Array.from({ length: width }, (_, at) => {
    const scaleAt = width + fractions.indexOf(at);
    return fractions.includes(at)
      ? `CASE value ->> ${scaleAt} WHEN 0 THEN value ->> ${at} ELSE (value ->> ${at}) * 1.0 / (1 << (value ->> ${scaleAt})) END`
      : `value ->> ${at}`;
  });
  return `SELECT ${columns.join(', ')} FROM json_each(?) WHERE true`;
};
