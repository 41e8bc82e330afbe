import { resultCodeName } from '../../sql/result-codes.ts';
import { toBindables } from '../../sql/bind-value.ts';
import { writesWithoutRows } from '../../sql/statement-kind.ts';
import { ExpoForm, type StatementAnswer } from '../../sql/expo-form.ts';
import { refuseSeveralStatements } from '../one-statement.ts';

/** Executes one statement with a package for phones. */
export interface PhoneDatabase {
  run(
    sql: string,
    parameters: unknown[],
  ): Promise<{ readonly rows: unknown[]; readonly changes: number; readonly insertId: number }>;
  isInTransaction(): Promise<boolean>;
  close(): Promise<void>;
}

/** SQLite's own messages by code. They are English on every phone. */
const words: readonly (readonly [RegExp, string])[] = [
  [/constraint failed|datatype mismatch/i, 'SQLITE_CONSTRAINT'],
  [/database (table )?is locked|database schema is locked/i, 'SQLITE_BUSY'],
  [/database or disk is full/i, 'SQLITE_FULL'],
  [/disk I\/O error/i, 'SQLITE_IOERR'],
  [/malformed/i, 'SQLITE_CORRUPT'],
  [/file is not a database|file is encrypted/i, 'SQLITE_NOTADB'],
  [/readonly database|read-only database/i, 'SQLITE_READONLY'],
  [/unable to open database/i, 'SQLITE_CANTOPEN'],
  [/string or blob too big/i, 'SQLITE_TOOBIG'],
];
/** Matches `Error code 5: …` (expo-sqlite) and `SQLite code: 19 …` (op-sqlite). 1 is any error of a statement. */
const numbered = /\bcode:?\s+(\d+)/i;

/** Sets the `code` that the store needs on an error that has SQLite's code only in its text. */
export function withResultCode(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if ('code' in error && typeof error.code === 'string' && error.code.startsWith('SQLITE_')) return error;
  const said = words.find(([pattern]) => pattern.test(error.message))?.[1];
  const number = Number(numbered.exec(error.message)?.[1] ?? 0);
  const code = said ?? (number > 1 ? resultCodeName(number) : 'SQLITE_ERROR');
  const coded = new Error(error.message, { cause: error });
  return Object.assign(coded, { code });
}

/** SQLite on a phone, in the form of expo-sqlite, whatever package opens it. */
export class PhoneConnection extends ExpoForm {
  /** The packages execute one statement at a time. */
  readonly readsAtOnce = 1;
  readonly #database: PhoneDatabase;

  constructor(database: PhoneDatabase) {
    super();
    this.#database = database;
  }

  async answer(sql: string, parameters: unknown[]): Promise<StatementAnswer> {
    refuseSeveralStatements(sql);
    try {
      const { rows, changes, insertId } = await this.#database.run(sql, toBindables(parameters));
      return writesWithoutRows(sql)
        ? { rows: [], changes, lastInsertRowId: insertId }
        : { rows, changes: rows.length, lastInsertRowId: rows };
    } catch (error) {
      throw withResultCode(error);
    }
  }

  isInTransactionAsync(): Promise<boolean> {
    return this.#database.isInTransaction();
  }

  closeAsync(): Promise<void> {
    return this.#database.close();
  }
}
