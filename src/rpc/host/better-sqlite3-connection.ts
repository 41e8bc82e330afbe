import type { StatementResult, WireValue } from '../protocol/messages.ts';
import type { HostConnection } from './host-connection.ts';

interface SynchronousStatement {
  readonly reader: boolean;
  all(...parameters: readonly unknown[]): unknown[];
  run(...parameters: readonly unknown[]): { readonly changes: number; readonly lastInsertRowid: number | bigint };
}

/** The part of better-sqlite3's `Database` that is used. */
export interface BetterSqlite3Database {
  readonly inTransaction: boolean;
  prepare(sql: string): SynchronousStatement;
  close(): unknown;
}

const cachedStatements = 96;
const longestCachedSql = 64 * 1024;

/** better-sqlite3 binds no booleans, and every number as a REAL, which a text column would keep as `5.0`. */
function toBound(value: WireValue): unknown {
  const number = typeof value === 'boolean' ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? BigInt(number) : number;
}

/** Lets a host serve a database of better-sqlite3. Keeps the statements used last prepared. */
export function betterSqlite3Connection(database: BetterSqlite3Database): HostConnection {
  const statements = new Map<string, SynchronousStatement>();
  const prepared = (sql: string): SynchronousStatement => {
    const known = statements.get(sql);
    const statement = known ?? database.prepare(sql);
    if (sql.length > longestCachedSql) return statement;
    // Put last again: the first are the longest unused.
    statements.delete(sql);
    statements.set(sql, statement);
    for (const oldest of statements.keys()) {
      if (statements.size <= cachedStatements) break;
      statements.delete(oldest);
    }
    return statement;
  };
  return {
    execute: (sql, parameters): StatementResult => {
      const statement = prepared(sql);
      const bound = parameters.map(toBound);
      if (statement.reader) {
        const rows = statement.all(...bound);
        return { rows, changes: rows.length, lastInsertRowId: 0 };
      }
      const { changes, lastInsertRowid } = statement.run(...bound);
      return { rows: [], changes, lastInsertRowId: Number(lastInsertRowid) };
    },
    isInTransaction: () => database.inTransaction,
    close: () => void database.close(),
  };
}
