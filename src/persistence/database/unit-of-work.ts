import type { DataSource } from 'typeorm';
import type { Clock } from '../../model/platform/clock.ts';
import { SyncStepError } from '../../model/errors/failure.ts';
import type { ConnectionGate } from '../gate/connection-gate.ts';
import { toStoreFailure } from '../sql/database-failure.ts';
import type { LeaseHolder } from './lease-holder.ts';
import { refuseNewerReleaseOnce } from './newer-release.ts';
import { explainMissingTables } from './schema-check.ts';
import { dialectOf } from '../drivers/profile-of.ts';
import { Session } from '../sql/session.ts';

/**
 * The store's access to the database: always through the gate, never within an app's transaction. `work` may run
 * several times before it commits, so nothing outside the database may depend on an attempt that was rolled back.
 */
export interface UnitOfWork {
  readonly clock: Clock;
  /** One read, or several that need not be consistent. */
  read<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** One transaction of a command or write; needs no lease. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** One transaction of a run. Checks the fencing token first, so that a fenced-out owner writes nothing (I11). */
  fenced<T>(work: (session: Session) => Promise<T>): Promise<T>;
  /** Number of callers that wait for the connection. Long work commits early for them. */
  readonly waiting: number;
}

export function createUnitOfWork(
  dataSource: DataSource,
  gate: ConnectionGate,
  clock: Clock,
  holder: LeaseHolder,
): UnitOfWork {
  const dialect = dialectOf(dataSource);
  const transaction = async <T>(work: (session: Session) => Promise<T>): Promise<T> => {
    try {
      return await gate.transaction(
        async (queryRunner) => {
          const session = new Session(queryRunner, dialect);
          await refuseNewerReleaseOnce(session, dataSource);
          return work(session);
        },
        { repeatable: true },
      );
    } catch (error) {
      throw toStoreFailure(await explainMissingTables(error, gate, dataSource), clock.now());
    }
  };
  return {
    clock,
    transaction,
    fenced: (work) =>
      transaction(async (session) => {
        await assertLease(session, holder, clock);
        return work(session);
      }),
    read: async (work) => {
      try {
        return await gate.read((queryRunner) => work(new Session(queryRunner, dialect)));
      } catch (error) {
        throw toStoreFailure(await explainMissingTables(error, gate, dataSource), clock.now());
      }
    },
    get waiting() {
      return gate.waiting;
    },
  };
}

async function assertLease(session: Session, holder: LeaseHolder, clock: Clock): Promise<void> {
  const held = await session.one(
    'SELECT 1 AS "held" FROM "sync_lease" WHERE "name" = ? AND "owner" = ? AND "token" = ?',
    [holder.name, holder.owner, holder.token],
  );
  if (held === undefined) {
    throw new SyncStepError({
      type: 'leaseLost',
      message: 'another process has taken the sync lease; its run continues, and this one is discarded',
      at: clock.now(),
    });
  }
}
