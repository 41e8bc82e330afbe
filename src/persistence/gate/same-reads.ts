import { copyBytes } from '../../model/values/copy-data.ts';
/** What a read gave, and how many commits there had been when it ran. */
export interface ReadAnswer<T> {
  readonly value: T;
  readonly commits: number;
}

interface Follower {
  readonly resolve: (answer: ReadAnswer<unknown>) => void;
  readonly reject: (error: unknown) => void;
}

const longestSql = 4_000;
const mostParameters = 16;

/** Names a read by its text and values; undefined where it is not worth comparing, or a value is not plain. */
export function readKeyOf(
  sql: string,
  parameters: readonly unknown[] | undefined,
  isStructured: boolean,
): string | undefined {
  if (sql.length > longestSql || (parameters !== undefined && parameters.length > mostParameters)) return undefined;
  let key = isStructured ? `rows\u0000${sql}` : sql;
  for (const value of parameters ?? []) {
    if (typeof value === 'object' && value !== null) return undefined;
    key += `\u0000${typeof value}\u0000${String(value)}`;
  }
  return key;
}

/**
 * Makes reads that are the same, and wait for the connection together, once: many live queries of one screen ask the
 * same after a commit. Only what waits is joined, never what runs: a read sees all that was committed, here or
 * elsewhere, before it was asked for.
 */
export class SameReads {
  readonly #waiting = new Map<string, Follower[]>();

  /** Asks, or joins one that has not called `begun` yet. Each gets rows of its own. */
  async once<T>(key: string, ask: (begun: () => void) => Promise<ReadAnswer<T>>): Promise<ReadAnswer<T>> {
    const joined = this.#waiting.get(key);
    if (joined !== undefined) {
      // The key tells the text, the values and the form: the answer has the same type.
      return new Promise((resolve, reject) => void joined.push({ resolve: resolve as Follower['resolve'], reject }));
    }
    const followers: Follower[] = [];
    this.#waiting.set(key, followers);
    const begun = (): void => {
      if (this.#waiting.get(key) === followers) this.#waiting.delete(key);
    };
    try {
      const answer = await ask(begun);
      for (const { resolve } of followers) resolve({ ...answer, value: copyAnswer(answer.value) });
      return answer;
    } catch (error) {
      for (const { reject } of followers) reject(error);
      throw error;
    } finally {
      begun();
    }
  }
}

/** Rows as another reader may have them, who may change them. */
function copyAnswer(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyRow);
  if (typeof value !== 'object' || value === null || !('records' in value)) return value;
  const records = copyAnswer(value.records);
  return { ...value, records, raw: records };
}

function copyRow(row: unknown): unknown {
  if (typeof row !== 'object' || row === null) return row;
  const copy: Record<string, unknown> = { ...row };
  for (const [name, value] of Object.entries(copy)) if (ArrayBuffer.isView(value)) copy[name] = copyBytes(value);
  return copy;
}
