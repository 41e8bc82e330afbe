import type { DataSource } from 'typeorm';
import { refuseNewerReleaseOnce } from '../database/newer-release.ts';
import { explainMissingTables } from '../database/schema-check.ts';
import type { ConnectionGate } from '../gate/connection-gate.ts';
import { rethrowForCaller, toStoreFailure } from '../sql/database-failure.ts';
import { dialectOf } from '../drivers/profile-of.ts';
import { Session } from '../sql/session.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { AwaitOptions, QueuedWrite, WatchAcks } from './await-level.ts';
import { PendingWrite } from './pending-write.ts';

/** Shared by every writer of a data source. */
export interface WriterContext {
  readonly dataSource: DataSource;
  readonly gate: ConnectionGate;
  readonly opId: () => string;
  readonly now: () => number;
  /** Provided by an engine, because only an engine knows the server's answers. */
  readonly watchAcks?: WatchAcks | undefined;
}

type Work<T> = (write: PendingWrite) => Promise<T>;

/** Runs a write of one table in a transaction. Resolves at the level of `options.await`. */
export async function writeTransaction<T>(
  context: WriterContext,
  table: ReplicaTable,
  work: Work<T>,
  options: AwaitOptions = {},
): Promise<T> {
  const level = options.await ?? 'local';
  if (level !== 'local' && level !== 'acked')
    throw new TypeError(`${table.kind}: await must be 'local' or 'acked', got '${String(level)}'; nothing was written`);
  if (level === 'local') return (await commit(context, table, work)).result;
  if (context.watchAcks === undefined)
    throw new TypeError(
      `${table.kind}: await: 'acked' needs the writer of an engine, engine.writer(table); nothing was written`,
    );
  const acks = context.watchAcks();
  try {
    const { result, queued } = await commit(context, table, work);
    await acks.wait(queued, options);
    return result;
  } finally {
    acks.stop();
  }
}

async function commit<T>(
  { dataSource, gate, opId, now }: WriterContext,
  table: ReplicaTable,
  work: Work<T>,
): Promise<{ readonly result: T; readonly queued: readonly QueuedWrite[] }> {
  try {
    return await gate.transaction(
      async (queryRunner) => {
        const session = new Session(queryRunner, dialectOf(dataSource));
        await refuseNewerReleaseOnce(session, dataSource);
        const write = new PendingWrite({ table, session, manager: queryRunner.manager, opId, now });
        return { result: await work(write), queued: write.queued };
      },
      { repeatable: true },
    );
  } catch (error) {
    return rethrowForCaller(toStoreFailure(await explainMissingTables(error, gate, dataSource), now()));
  }
}
