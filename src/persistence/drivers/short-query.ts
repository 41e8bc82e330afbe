import { QueryFailedError, type QueryRunner } from 'typeorm';
import { dataSourceOf } from '../typeorm/query-runners.ts';
import type { QueryResult } from 'typeorm/query-runner/QueryResult.js';
import { DatabaseError } from '../../model/errors/errors.ts';
import { systemClock } from '../../model/platform/system-clock.ts';
import type { AnsweringConnection, StatementAnswer } from '../sql/expo-form.ts';

export const isAnswering = (connection: unknown): connection is AnsweringConnection =>
  typeof connection === 'object' && connection !== null && 'answer' in connection && 'readsAtOnce' in connection;

/**
 * Replaces the query runner of TypeORM's `expo` type if nobody subscribes to statements. That runner awaits a dozen
 * promises per statement, which costs as much as the statement itself.
 */
export async function shortQuery(
  connection: AnsweringConnection,
  runner: QueryRunner,
  sql: string,
  parameters: unknown[] | undefined,
  isStructured: boolean | undefined,
): Promise<unknown> {
  const { logger, options } = dataSourceOf(runner);
  logger.logQuery(sql, parameters, runner);
  const begunAt = systemClock.now();
  let answer: StatementAnswer;
  try {
    answer = await connection.answer(sql, parameters ?? []);
  } catch (error) {
    const cause = error instanceof Error ? error : new Error(String(error));
    logger.logQueryError(cause, sql, parameters, runner);
    // The error did not come from the database; its name tells what to do.
    if (cause instanceof DatabaseError) throw cause;
    throw new QueryFailedError(sql, parameters, cause);
  }
  const { maxQueryExecutionTime } = options;
  if (maxQueryExecutionTime) {
    const tookMs = systemClock.now() - begunAt;
    if (tookMs > maxQueryExecutionTime) logger.logQuerySlow(tookMs, sql, parameters, runner);
  }
  const raw: unknown = sql.startsWith('INSERT INTO') ? answer.lastInsertRowId : answer.rows;
  if (isStructured !== true) return raw;
  return { affected: answer.changes, records: answer.rows, raw } satisfies QueryResult<unknown>;
}
