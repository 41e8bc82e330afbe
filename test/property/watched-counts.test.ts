import fc from 'fast-check';
import { afterAll, beforeAll, test } from 'vitest';
import { TransportError } from '../../src/model/errors/errors.ts';
import { upsertOp } from '../../src/model/operation.ts';
import { follow } from '../support/follow.ts';
import { accepted, openStore, serverRow, type StoreBench } from '../support/open-store.ts';
import { todoOf } from '../support/todo.ts';

const steps = [
  'enqueue',
  'insert',
  'edit',
  'delete',
  'ack',
  'fail',
  'reset',
  'increment',
  'purge',
  'retryStuck',
  'dropStuck',
  'amend',
  'undoDiscard',
  'clearScope',
  'settle',
  'reject',
  'conflict',
  'raw',
  'rollback',
] as const;

let bench: StoreBench;
beforeAll(async () => {
  bench = await openStore('better-sqlite3', { config: { maxOutboxTryCount: 2 } });
});
afterAll(() => bench.close());

test('F-11: the watched counts match the queue after every kind of change, in 150 random sequences', {
  timeout: 240_000,
}, async () => {
  let names = 0;
  let clock = 1;
  const stamp = (): string => new Date(Date.UTC(2026, 0, 1) + (clock += 1)).toISOString();
  const opIds = async (): Promise<readonly string[]> =>
    (await bench.outbox.take({ limit: 1_000 })).map(({ opId }) => opId);
  const one = async (pick: number): Promise<string[]> => {
    const all = await opIds();
    const chosen = all[pick % Math.max(1, all.length)];
    return chosen === undefined ? [] : [chosen];
  };
  const ids = ['a', 'b', 'c'] as const;
  /** Emptying the database for somebody else takes the lease with it. */
  const run = async (): Promise<void> => {
    await bench.store.lease.acquire();
    await bench.store.beginRun({ explicit: true, kinds: ['todos'], runId: 1 });
  };
  const act = async (step: (typeof steps)[number], pick: number): Promise<unknown> => {
    const id = ids[pick % ids.length] ?? 'a';
    const row = await bench.row(id);
    if (step === 'settle' || step === 'reject' || step === 'conflict') await run();
    switch (step) {
      case 'enqueue':
        return bench.outbox.enqueue(
          upsertOp({ kind: pick % 2 === 0 ? 'todos' : 'users', id, payload: { id, title: 'x' } }),
        );
      case 'insert':
        return bench.writer.insertAndEnqueue(todoOf(id));
      case 'edit':
        return row === null ? undefined : bench.writer.replaceAndEnqueue({ ...row, title: `t${(names += 1)}` });
      case 'delete':
        return bench.writer.enqueueDelete(id);
      case 'ack':
        return bench.outbox.ack(await one(pick));
      case 'fail':
        return bench.outbox.recordFailures(Object.fromEntries((await one(pick)).map((opId) => [opId, 'no'])));
      case 'reset':
        return bench.outbox.resetTryCount(await one(pick));
      case 'increment':
        return bench.outbox.incrementTryCount(await opIds());
      case 'purge':
        return bench.outbox.purgeOlderThan('2100-01-01', { states: pick % 2 === 0 ? 'all' : 'stuck' });
      case 'retryStuck':
        return bench.queue.retryStuck();
      case 'dropStuck':
        return bench.queue.dropStuck();
      case 'amend':
        for (const opId of await one(pick)) await bench.repairs.amend(opId, { title: 'amended' });
        return undefined;
      case 'undoDiscard': {
        const [given] = await bench.repairs.discarded();
        return given === undefined ? undefined : bench.repairs.undoDiscard(given.opId);
      }
      case 'clearScope':
        return pick % 4 === 0 ? bench.queue.clearScope('somebody') : undefined;
      case 'settle':
        return bench.drain(accepted(stamp()));
      case 'reject':
        return bench.store.settle(
          (await bench.takeAll()).map((request) => ({
            request,
            outcome: { type: 'rejected', error: new TransportError('no', 422), code: 'refused' },
          })),
        );
      case 'conflict':
        return bench.store.settle(
          (await bench.takeAll()).map((request) => {
            const at = stamp();
            return {
              request,
              outcome: {
                type: 'conflict',
                current: serverRow(request.entityId, at),
                deleted: false,
                serverTimestamp: at,
              },
            };
          }),
        );
      case 'raw':
        return bench.dataSource.query('DELETE FROM sync_outbox WHERE seq = (SELECT MAX(seq) FROM sync_outbox)');
      case 'rollback':
        return bench.dataSource.transaction(async (manager) => {
          await manager.query('DELETE FROM sync_outbox');
          throw new Error('changed my mind');
        });
    }
  };

  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom(...steps), fc.nat(11)), { minLength: 3, maxLength: 12 }),
      async (sequence) => {
        const pending = follow(bench.outbox.watchPendingCount());
        const all = follow(bench.outbox.watchPendingCount({ includeStuck: true }));
        const has = follow(bench.outbox.watchHasOperations({ kinds: ['todos'], includeStuck: true }));
        for (const [step, pick] of sequence) {
          await act(step, pick).catch((error: unknown) => {
            const isPlanned =
              error instanceof Error && (error.name === 'ValidationError' || error.message === 'changed my mind');
            if (!isPlanned) throw error;
          });
          const { pending: count, stuck } = await bench.queue.counts();
          const todosLeft = await bench.outbox.hasOperations({ kinds: ['todos'] });
          await Promise.all([
            pending.until((told) => told === count),
            all.until((told) => told === count + stuck),
            has.until((told) => told === todosLeft),
          ]);
        }
        for (const { values, stop } of [pending, all, has]) {
          stop();
          if (values.some((value, index) => index > 0 && value === values[index - 1]))
            throw new Error(`told twice: ${values.join()}`);
        }
      },
    ),
    { numRuns: 150 },
  );
});
