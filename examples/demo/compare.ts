/** A row as the comparison sees it: column by name. */
export type ComparedRow = Readonly<Record<string, unknown>>;

export type Difference =
  | { readonly type: 'missing'; readonly id: string }
  | { readonly type: 'extra'; readonly id: string }
  | {
      readonly type: 'different';
      readonly id: string;
      readonly column: string;
      readonly expected: unknown;
      readonly actual: unknown;
    };

export interface Comparison {
  /** Rows that both sides have, with the same values. */
  readonly equal: number;
  readonly differences: readonly Difference[];
}

/**
 * Compares two tables row by row while reading both once; rows come in batches, sorted ascending by `id` as text of
 * code units. Nothing is held but the present batches, so that the size of the tables does not matter.
 */
export async function compareRows(
  expected: AsyncIterable<readonly ComparedRow[]>,
  actual: AsyncIterable<readonly ComparedRow[]>,
): Promise<Comparison> {
  const differences: Difference[] = [];
  let equal = 0;
  const left = eachRow(expected);
  const right = eachRow(actual);
  let [a, b] = [await left.next(), await right.next()];
  while (!a.done || !b.done) {
    const order = a.done ? 1 : b.done ? -1 : compareText(idOf(a.value), idOf(b.value));
    if (!a.done && order < 0) {
      differences.push({ type: 'missing', id: idOf(a.value) });
      a = await left.next();
    } else if (!b.done && order > 0) {
      differences.push({ type: 'extra', id: idOf(b.value) });
      b = await right.next();
    } else if (!a.done && !b.done) {
      const found = differencesOf(a.value, b.value);
      if (found.length === 0) equal += 1;
      differences.push(...found);
      [a, b] = [await left.next(), await right.next()];
    }
  }
  return { equal, differences };
}

/** One sentence per difference. */
export function describeDifference(difference: Difference): string {
  switch (difference.type) {
    case 'missing':
      return `row ${difference.id} is missing`;
    case 'extra':
      return `row ${difference.id} should not be there`;
    case 'different':
      return `row ${difference.id}: ${difference.column} is ${JSON.stringify(difference.actual)}, expected ${JSON.stringify(difference.expected)}`;
  }
}

async function* eachRow(batches: AsyncIterable<readonly ComparedRow[]>): AsyncGenerator<ComparedRow, undefined> {
  for await (const batch of batches) yield* batch;
  return undefined;
}

const idOf = (row: ComparedRow): string => String(row['id']);
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function differencesOf(expected: ComparedRow, actual: ComparedRow): Difference[] {
  const columns = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  return [...columns]
    .filter((column) => !Object.is(expected[column], actual[column]))
    .map((column) => ({
      type: 'different',
      id: idOf(expected),
      column,
      expected: expected[column],
      actual: actual[column],
    }));
}
