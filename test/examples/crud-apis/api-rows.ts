import type { JsonObject } from 'synchart';

interface ListOptions {
  /** Rows of this time or later. */
  readonly since: string;
  /** Of the rows of exactly that time, only those after this id. */
  readonly afterId?: string | undefined;
  readonly limit: number;
}

/** The longest title that the test APIs accept. */
export const maxTitle = 20;
export const isTitleTooLong = ({ title }: JsonObject): boolean => typeof title === 'string' && title.length > maxTitle;

/** The rows behind a test API. Each write gives its row a later time, written as this API writes times. */
export function createApiRows(timeKey: 'updated_at' | 'updatedAt', write: (time: Date) => string) {
  const rows = new Map<string, JsonObject>();
  let last = 0;
  const stamp = (): string => {
    last = Math.max(Date.now(), last + 1);
    return write(new Date(last));
  };
  const timeOf = (row: JsonObject): number => Date.parse(String(row[timeKey]));
  return {
    stamp,
    get: (id: string): JsonObject | undefined => rows.get(id),
    put: (id: string, changes: JsonObject): JsonObject => {
      const row = { ...rows.get(id), ...changes, [timeKey]: stamp() };
      rows.set(id, row);
      return row;
    },
    delete: (id: string): boolean => rows.delete(id),
    find: (matches: (row: JsonObject) => boolean): JsonObject | undefined => [...rows.values()].find(matches),
    /** Sorted by time and id. */
    list: ({ since, afterId, limit }: ListOptions) => {
      const from = Date.parse(since);
      const all = [...rows.entries()]
        .filter(([id, row]) => timeOf(row) > from || (timeOf(row) === from && (afterId === undefined || id > afterId)))
        .sort(([id, row], [otherId, other]) => timeOf(row) - timeOf(other) || (id < otherId ? -1 : 1))
        .map(([, row]) => row);
      return { rows: all.slice(0, limit), total: all.length };
    },
  };
}

/** `2025-01-31T10:00:00.123456Z`, as databases with microseconds give it. */
export const withMicroseconds =
  (zone: string) =>
  (time: Date): string =>
    time.toISOString().replace('Z', `000${zone}`);
export const withMilliseconds = (time: Date): string => time.toISOString();
