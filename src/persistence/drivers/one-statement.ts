import { hasSeveralStatements } from '../sql/several-statements.ts';

/** Throws for a text with several statements, because a driver would run only the first. */
export function refuseSeveralStatements(sql: string): void {
  if (hasSeveralStatements(sql))
    throw new Error(
      `this text contains several statements, and only the first would run; run one statement at a time: ${sql.slice(0, 80)}`,
    );
}
