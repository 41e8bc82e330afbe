import { hasSeveralStatements } from '../sql/several-statements.ts';

/** Throws for a text with more than one statement: a driver would run only the first of them. */
export function refuseSeveralStatements(sql: string): void {
  if (hasSeveralStatements(sql))
    throw new Error(
      `this text holds more than one statement, and only the first would run; give one statement at a time: ${sql.slice(0, 80)}`,
    );
}
