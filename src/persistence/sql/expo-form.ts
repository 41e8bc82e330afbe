/** What one statement gave. */
export interface StatementAnswer {
  readonly rows: unknown[];
  readonly changes: number;
  readonly lastInsertRowId: number | readonly unknown[];
}

/** A connection that answers a statement in one step. */
export interface AnsweringConnection {
  /** How many reads it works on at once. */
  readonly readsAtOnce: number;
  answer(sql: string, parameters: unknown[]): Promise<StatementAnswer>;
  /**
   * Keeps a statement of the open transaction whose result nobody reads, and runs it right before the next one, which
   * then fails where this does; the transaction is lost then. Absent: each statement is a call of its own.
   */
  later?(sql: string, parameters: unknown[]): Promise<void>;
}

/** The answer to one statement, in the form of expo-sqlite. */
export interface ExpoResult {
  readonly changes: number;
  /** Rows for an INSERT with RETURNING: TypeORM answers `query('INSERT INTO …')` with what stands here. */
  readonly lastInsertRowId: number | readonly unknown[];
  getAllAsync(): Promise<unknown[]>;
}

/** A database in the form of expo-sqlite, as TypeORM's `expo` type wants it. */
export interface ExpoConnection {
  runAsync(sql: string, parameters?: unknown[]): Promise<ExpoResult>;
  prepareAsync(
    sql: string,
  ): Promise<{ executeAsync(parameters?: unknown[]): Promise<ExpoResult>; finalizeAsync(): Promise<void> }>;
  isInTransactionAsync(): Promise<boolean>;
  closeAsync(): Promise<void>;
}

/** Gives a connection that answers a statement in one step the form of expo-sqlite. */
export abstract class ExpoForm implements ExpoConnection, AnsweringConnection {
  abstract readonly readsAtOnce: number;
  abstract answer(sql: string, parameters: unknown[]): Promise<StatementAnswer>;
  abstract isInTransactionAsync(): Promise<boolean>;
  abstract closeAsync(): Promise<void>;

  async runAsync(sql: string, parameters: unknown[] = []): Promise<ExpoResult> {
    const { rows, ...counts } = await this.answer(sql, parameters);
    return { ...counts, getAllAsync: () => Promise.resolve(rows) };
  }

  /**
   * Prepares when it runs: TypeORM reports a syntax error like any other failure then, and a cached statement needs no
   * preparing.
   */
  async prepareAsync(sql: string): ReturnType<ExpoConnection['prepareAsync']> {
    return {
      executeAsync: (parameters = []) => this.runAsync(sql, parameters),
      finalizeAsync: () => Promise.resolve(),
    };
  }
}
