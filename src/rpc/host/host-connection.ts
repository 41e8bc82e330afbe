import type { StatementResult, WireValue } from '../protocol/messages.ts';

/** A raw SQLite connection that a host serves. It belongs to the host: nobody else may use it. */
export interface HostConnection {
  /**
   * Runs one statement. At once where the connection is synchronous. Throws, or rejects, with an error that has SQLite's
   * `code` (`SQLITE_CONSTRAINT_UNIQUE`) or `resultCode` (2067). Rows are plain objects by column name.
   */
  execute(sql: string, parameters: readonly WireValue[]): StatementResult | Promise<StatementResult>;
  /** What the connection itself reports, not what was sent to it. */
  isInTransaction(): boolean | Promise<boolean>;
  close(): void | Promise<void>;
}
