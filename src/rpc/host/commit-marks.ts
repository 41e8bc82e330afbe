import type { AppliedWrite, StatementResult, WireValue } from '../protocol/messages.ts';
import type { HostConnection } from './host-connection.ts';

/**
 * The host makes this table, not a migration: it belongs to whoever holds the file, not to a release of the app, and the
 * transaction that runs the first migration has a mark already. Without a rowid, so that a mark does not change what
 * `last_insert_rowid()` gives.
 */
const createTable = `CREATE TABLE IF NOT EXISTS "sync_commits" (
  "client" text NOT NULL, "write" integer NOT NULL, "result" text NOT NULL, "at" integer NOT NULL,
  PRIMARY KEY ("client", "write")) WITHOUT ROWID`;
const insertMark = 'INSERT INTO "sync_commits" ("client", "write", "result", "at") VALUES (?, ?, ?, ?)';
const pruneClient = 'DELETE FROM "sync_commits" WHERE "client" = ? AND "write" < ?';
const pruneAge = 'DELETE FROM "sync_commits" WHERE "at" < ? AND "client" <> ?';
const tableExists = `SELECT 1 AS "found" FROM sqlite_master WHERE "type" = 'table' AND "name" = 'sync_commits'`;
const selectMarks = 'SELECT "write", "result" FROM "sync_commits" WHERE "client" = ?';

/** A client that has not asked for so long does not come back. */
const keptMs = 30 * 24 * 3_600_000;

export interface Mark {
  readonly client: string;
  readonly write: number;
  /** The host may forget the client's writes below this one. */
  readonly settledWrites: number;
  readonly result: StatementResult;
  readonly at: number;
}

/** Which writes are stored: one row per write, in the same transaction as the write itself. */
export class CommitMarks {
  #isCreated = false;
  #isPruned = false;

  constructor(private readonly connection: HostConnection) {}

  /** Adds a mark to the open transaction. */
  async add({ client, write, settledWrites, result, at }: Mark): Promise<void> {
    if (!this.#isCreated) await this.connection.execute(createTable, []);
    await this.connection.execute(pruneClient, [client, settledWrites]);
    if (!this.#isPruned) await this.connection.execute(pruneAge, [at - keptMs, client]);
    await this.connection.execute(insertMark, [client, write, encodeResult(result), at]);
  }

  /** Says that the transaction of the last mark is stored: its table is, too. */
  stored(): void {
    this.#isCreated = true;
    this.#isPruned = true;
  }

  /** Says that a statement may have dropped the table. */
  doubt(): void {
    this.#isCreated = false;
  }

  /** Those of the asked writes that are stored. Only reads. */
  async applied(client: string, asked: readonly number[]): Promise<readonly AppliedWrite[]> {
    if (asked.length === 0) return [];
    const [found] = (await this.connection.execute(tableExists, [])).rows;
    if (found === undefined) return [];
    const wanted = new Set(asked);
    const { rows } = await this.connection.execute(selectMarks, [client]);
    return (rows as readonly { readonly write: number; readonly result: string }[])
      .filter(({ write }) => wanted.has(write))
      .map(({ write, result }) => ({ write, result: decodeResult(result) }));
  }
}

/** JSON has no bytes and no integers of 64 bits: both travel as a list whose first item says which it is. */
const encodeValue = (value: unknown): unknown => {
  if (typeof value === 'bigint') return ['int', value.toString()];
  if (value instanceof Uint8Array) return ['bytes', ...value];
  return value;
};
const decodeValue = (value: unknown): WireValue => {
  if (!Array.isArray(value)) return value as WireValue;
  const [kind, ...rest] = value as [string, ...unknown[]];
  return kind === 'int' ? BigInt(String(rest[0])) : Uint8Array.from(rest as number[]);
};
const mapRow = (row: unknown, map: (value: unknown) => unknown): unknown =>
  Object.fromEntries(Object.entries(row as object).map(([name, value]) => [name, map(value)]));

const encodeResult = ({ rows, changes, lastInsertRowId }: StatementResult): string =>
  JSON.stringify({ changes, lastInsertRowId, rows: rows.map((row) => mapRow(row, encodeValue)) });

const decodeResult = (text: string): StatementResult => {
  const { rows, changes, lastInsertRowId } = JSON.parse(text) as StatementResult;
  return { changes, lastInsertRowId, rows: rows.map((row) => mapRow(row, decodeValue)) };
};
