import type { BindableValue, Database, PreparedStatement, Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { controlWordOf } from '../../persistence/sql/control-word.ts';
import { hasSeveralStatements } from '../../persistence/sql/several-statements.ts';
import { firstWordOf } from '../../persistence/sql/tokens.ts';
import type { WatchedWrites } from './watched-writes.ts';

/** What one statement gave. */
export interface StatementResult {
  readonly rows: readonly unknown[];
  readonly changes: number;
  readonly lastInsertRowId: number;
}

const cachedStatements = 96;
const longestCachedSql = 64 * 1024;
/** SQLITE_CORRUPT and SQLITE_NOTADB. */
const damageCodes: ReadonlySet<number> = new Set([11, 26]);
/** These count as being in progress until they are finalized, and no transaction could end. */
const staysInProgress: ReadonlySet<string> = new Set(['pragma', 'explain']);
const writing: ReadonlySet<string> = new Set(['insert', 'replace', 'update', 'delete', 'with']);

/** Integers beyond 2^53 arrive as BigInt; the other SQLite drivers give numbers. */
const toColumn = (value: unknown): unknown => (typeof value === 'bigint' ? Number(value) : value);

/** One connection of SQLite's wasm build. It belongs to the owner's worker; everything runs at once. */
export class WasmConnection {
  readonly #statements = new Map<string, PreparedStatement>();
  #whenIdle: (() => void)[] = [];

  constructor(
    private readonly sqlite: Sqlite3Static,
    readonly database: Database,
    private readonly watched: WatchedWrites,
    /** Called after each statement, and when one met damage. */
    private readonly told: { onStatement?(): void; onDamage?(): void } = {},
  ) {}

  /** Runs one statement. Throws an error with SQLite's `code` and `resultCode`, and the file system's as its cause. */
  execute(sql: string, parameters: readonly unknown[]): StatementResult {
    if (hasSeveralStatements(sql)) {
      throw new Error(
        `this text holds more than one statement, and only the first would run; give one statement at a time: ${sql.slice(0, 80)}`,
      );
    }
    this.watched.takeRefusal();
    let statement: PreparedStatement | undefined;
    try {
      statement = this.#statements.get(sql) ?? this.database.prepare(sql);
      const result = this.#run(statement, sql, parameters);
      this.#keep(sql, statement);
      return result;
    } catch (error) {
      this.#statements.delete(sql);
      const failure = this.#describe(error);
      statement?.finalize();
      throw failure;
    } finally {
      this.#afterStatement();
    }
  }

  isInTransaction(): boolean {
    return this.sqlite.capi.sqlite3_get_autocommit(this.database) === 0;
  }

  /** Runs `job` between two transactions: now, or right after the statement that ends the open one. */
  betweenTransactions<T>(job: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = (): void => {
        this.#finalizeAll();
        try {
          resolve(job());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      if (this.isInTransaction()) this.#whenIdle.push(run);
      else run();
    });
  }

  close(): void {
    this.#finalizeAll();
    this.database.close();
  }

  #run(statement: PreparedStatement, sql: string, parameters: readonly unknown[]): StatementResult {
    if (parameters.length > 0) statement.bind(parameters as readonly BindableValue[]);
    const { columnCount } = statement;
    if (columnCount === 0) {
      statement.step();
      const writes = writing.has(firstWordOf(sql));
      return {
        rows: [],
        changes: writes ? this.database.changes() : 0,
        lastInsertRowId: writes ? Number(this.sqlite.capi.sqlite3_last_insert_rowid(this.database)) : 0,
      };
    }
    const rows: Record<string, unknown>[] = [];
    let names: string[] | undefined;
    while (statement.step()) {
      names ??= statement.getColumnNames([]);
      const row: Record<string, unknown> = {};
      for (const [index, name] of names.entries()) row[name] = toColumn(statement.get(index));
      rows.push(row);
    }
    return { rows, changes: rows.length, lastInsertRowId: 0 };
  }

  #keep(sql: string, statement: PreparedStatement): void {
    const word = firstWordOf(sql);
    if (controlWordOf(sql) === 'schema') this.#finalizeAll();
    if (sql.length > longestCachedSql || staysInProgress.has(word) || controlWordOf(sql) === 'schema') {
      this.#statements.delete(sql);
      statement.finalize();
      return;
    }
    statement.reset(true);
    // Put last again: the first are the longest unused.
    this.#statements.delete(sql);
    this.#statements.set(sql, statement);
    for (const [oldest, unused] of this.#statements) {
      if (this.#statements.size <= cachedStatements) break;
      this.#statements.delete(oldest);
      unused.finalize();
    }
  }

  #finalizeAll(): void {
    for (const statement of this.#statements.values()) statement.finalize();
    this.#statements.clear();
  }

  #afterStatement(): void {
    this.told.onStatement?.();
    if (this.#whenIdle.length === 0 || this.isInTransaction()) return;
    const jobs = this.#whenIdle;
    this.#whenIdle = [];
    for (const job of jobs) job();
  }

  #describe(error: unknown): Error {
    const resultCode: unknown = error instanceof Error ? Reflect.get(error, 'resultCode') : undefined;
    if (!(error instanceof Error) || typeof resultCode !== 'number')
      return error instanceof Error ? error : new Error(String(error));
    const { capi } = this.sqlite;
    if (damageCodes.has(resultCode & 0xff)) this.told.onDamage?.();
    const code = capi.sqlite3_js_rc_str(resultCode & 0xff) ?? `SQLITE_${resultCode & 0xff}`;
    const refusal = this.watched.takeRefusal();
    const reason = this.database.pointer === undefined ? error.message : capi.sqlite3_errmsg(this.database);
    const described = new Error(`${code}: ${reason}`, { cause: refusal ?? error });
    return Object.assign(described, { code, resultCode });
  }
}
