import type { Logger } from 'typeorm';

/** Keeps every statement that is logged. */
export class Statements implements Logger {
  readonly list: { readonly sql: string; readonly parameters: readonly unknown[] }[] = [];
  logQuery(sql: string, parameters?: unknown[]): void {
    this.list.push({ sql, parameters: parameters ?? [] });
  }
  readonly errors: string[] = [];
  readonly slow: string[] = [];
  logQueryError(_error: string | Error, sql: string): void {
    this.errors.push(sql);
  }
  logQuerySlow(_tookMs: number, sql: string): void {
    this.slow.push(sql);
  }
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}
