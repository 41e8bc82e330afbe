import type { DataSource, QueryRunner } from 'typeorm';
import type { GatedQueryRunner } from '../gate/gated-query-runner.ts';
import type { OpenTransaction } from '../gate/open-transaction.ts';
import type { SqliteGate } from '../gate/sqlite-gate.ts';
import { dialectOf } from '../drivers/profile-of.ts';
import { Session } from '../sql/session.ts';
import { replaceQuery } from '../typeorm/query-runners.ts';

export type Send = (sql: string, parameters?: readonly unknown[], structured?: boolean) => Promise<unknown>;

/** A statement as a query runner receives it. */
export interface Statement {
  readonly sql: string;
  readonly parameters: readonly unknown[] | undefined;
  readonly structured: boolean | undefined;
}

/** A query runner and its way to send without being captured. */
export interface CapturedRunner {
  readonly runner: QueryRunner;
  readonly send: Send;
}

/** A query runner within the transaction of its statements. */
export interface CapturedWork extends CapturedRunner {
  readonly transaction: OpenTransaction;
}

/** The transaction that a statement of this runner would join. */
export function transactionOf(runner: QueryRunner, gate: SqliteGate): OpenTransaction | undefined {
  const { transaction } = runner as GatedQueryRunner;
  return transaction?.state === 'open' ? transaction : gate.ambient();
}

/** A session whose statements are not captured. */
export function uncapturedSession({ runner, send }: CapturedRunner, dataSource: DataSource): Session {
  const bare = Object.create(runner) as QueryRunner;
  replaceQuery(bare, send);
  return new Session(bare, dialectOf(dataSource));
}
