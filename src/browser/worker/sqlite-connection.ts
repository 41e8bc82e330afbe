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

interface Hooks {
  /** Called after each statement. */
  onStatement?(): void;
  /** Called when a statement met damage. */
  onDamage?(): void;
  /** Stores what was committed in memory; undefined where nothing was. A commit that it rejects is taken back. */
  store?(): Promise<void> | undefined;
}

/**
 * One connection of SQLite's wasm build. It belongs to the owner's worker. Everything runs at once, except that nothing
 * runs while a commit is being stored: it would see what may be taken back.
 */
export class WasmConnection {
  readonly #statements = new Map<string, PreparedStatement>();
  readonly #whenIdle: (() => void)[] = [];
  /** Resolves when the commit that is being stored is stored, or taken back. */
  #storing: Promise<void> | undefined;

  constructor(
    private readonly sqlite: Sqlite3Static,
    readonly database: Database,
    private readonly watched: WatchedWrites,
    private readonly hooks: Hooks = {},
  ) {}

  /** Runs one statement. Throws an error with SQLite's `code` and `resultCode`, and the file system's as its cause. */
  execute(sql: string, parameters: readonly unknown[]): StatementResult | Promise<StatementResult> {
    if (this.#storing !== undefined) return this.#storing.then(() => this.execute(sql, parameters));
    try {
      return this.#whenStored(this.#executeNow(sql, parameters));
    } finally {
      this.hooks.onStatement?.();
      this.#runJobs();
    }
  }

  #executeNow(sql: string, parameters: readonly unknown[]): StatementResult {
    if (hasSeveralStatements(sql)) {
      throw new Error(
        `this text contains several statements, and only the first would run; run one statement at a time: ${sql.slice(0, 80)}`,
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
          resolve(this.#whenStored(job()));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      this.#whenIdle.push(run);
      this.#runJobs();
    });
  }

  /** Waits for the commit that is being stored. */
  async close(): Promise<void> {
    await this.#storing;
    this.#finalizeAll();
    this.database.close();
  }

  #whenStored<T>(value: T): T | Promise<T> {
    const stored = this.isInTransaction() ? undefined : this.hooks.store?.();
    if (stored === undefined) return value;
    const done = (): void => {
      this.#storing = undefined;
      this.#runJobs();
    };
    this.#storing = stored.then(done, done);
    return stored.then(() => value);
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

  #runJobs(): void {
    while (!this.isInTransaction() && this.#storing === undefined) {
      const job = this.#whenIdle.shift();
      if (job === undefined) return;
      job();
    }
  }

  #describe(error: unknown): Error {
    const resultCode: unknown = error instanceof Error ? Reflect.get(error, 'resultCode') : undefined;
    if (!(error instanceof Error) || typeof resultCode !== 'number')
      return error instanceof Error ? error : new Error(String(error));
    const { capi } = this.sqlite;
    if (damageCodes.has(resultCode & 0xff)) this.hooks.onDamage?.();
    const code = capi.sqlite3_js_rc_str(resultCode & 0xff) ?? `SQLITE_${resultCode & 0xff}`;
    const refusal = this.watched.takeRefusal();
    const reason = this.database.pointer === undefined ? error.message : capi.sqlite3_errmsg(this.database);
    const described = new Error(`${code}: ${reason}`, { cause: refusal ?? error });
    return Object.assign(described, { code, resultCode });
  }
}
