/** The result of one statement. */
export interface StatementAnswer {
  readonly rows: unknown[];
  readonly changes: number;
  readonly lastInsertRowId: number | readonly unknown[];
}

/** A connection that executes a statement in one step. */
export interface AnsweringConnection {
  /** Number of reads that it executes concurrently. */
  readonly readsAtOnce: number;
  answer(sql: string, parameters: unknown[]): Promise<StatementAnswer>;
  /**
   * Defers a statement without a result to the next one of the open transaction. The next one fails if this does, and
   * the transaction is then lost. Absent: each statement is a separate call.
   */
  later?(sql: string, parameters: unknown[]): Promise<void>;
}

/** The result of one statement in the form of expo-sqlite. */
export interface ExpoResult {
  readonly changes: number;
  /** Rows of an INSERT with RETURNING. TypeORM returns this value from `query('INSERT INTO …')`. */
  readonly lastInsertRowId: number | readonly unknown[];
  getAllAsync(): Promise<unknown[]>;
}

/** A database in the form of expo-sqlite, as TypeORM's `expo` type requires. */
export interface ExpoConnection {
  runAsync(sql: string, parameters?: unknown[]): Promise<ExpoResult>;
  prepareAsync(
    sql: string,
  ): Promise<{ executeAsync(parameters?: unknown[]): Promise<ExpoResult>; finalizeAsync(): Promise<void> }>;
  isInTransactionAsync(): Promise<boolean>;
  closeAsync(): Promise<void>;
}

/** Gives a connection that executes a statement in one step the form of expo-sqlite. */
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
   * Prepares at execution. TypeORM then reports a syntax error like any other failure, and a cached statement needs no
   * preparation.
   */
  async prepareAsync(sql: string): ReturnType<ExpoConnection['prepareAsync']> {
    return {
      executeAsync: (parameters = []) => this.runAsync(sql, parameters),
      finalizeAsync: () => Promise.resolve(),
    };
  }
}
