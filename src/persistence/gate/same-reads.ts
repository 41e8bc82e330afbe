import { copyBytes } from '../../model/values/copy-data.ts';
/** The result of a read, and the number of commits when it ran. */
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

/** Identifies a read by its text and values. Undefined if it is not worth comparing, or a value is not plain. */
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
 * Runs equal reads that wait for the connection only once, because many live queries of a screen read the same after a
 * commit. Joins only waiting reads, never a running one. A read thus sees everything committed before its call.
 */
export class SameReads {
  readonly #waiting = new Map<string, Follower[]>();

  /** Starts a read, or joins one that has not called `begun` yet. Each caller gets its own rows. */
  async once<T>(key: string, ask: (begun: () => void) => Promise<ReadAnswer<T>>): Promise<ReadAnswer<T>> {
    const joined = this.#waiting.get(key);
    if (joined !== undefined) {
      // The key contains the text, the values and the form, so the answer has the same type.
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

/** A copy of the rows for another reader, who may modify them. */
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
