import type { Logger } from 'typeorm';

/** Keeps every statement that is logged. */
export class Statements implements Logger {
  readonly list: { readonly sql: string; readonly parameters: readonly unknown[] }[] = [];
  logQuery(sql: string, parameters?: unknown[]): void {
    this.list.push({ sql, parameters: parameters ?? [] });
  }
  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}
