import fc from 'fast-check';
import type { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import { addToSet, increment, removeFromSet } from '../../src/model/values/delta.ts';
import { FaultyTransport } from '../../src/testing/faulty-transport.ts';
import { MemoryBackend } from '../../src/testing/memory-backend.ts';
import { MemoryTransport } from '../../src/testing/memory-transport.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { createSimulatedClock, type SimulatedClock } from '../../src/testing/simulated-clock.ts';
import { openTodoDatabase, todos } from '../support/open-store.ts';
import { todoEntity } from '../support/todo.ts';

interface Replica {
  readonly dataSource: DataSource;
  readonly transport: FaultyTransport;
  readonly engine: SyncEngine;
  readonly clock: SimulatedClock;
}

/** One step of one device: a change, or a sync in which things go wrong. */
type Step = { readonly on: number } & (
  | { readonly do: 'increment'; readonly by: number }
  | { readonly do: 'add' | 'remove'; readonly tag: number }
  | { readonly do: 'title' }
  | { readonly do: 'sync' }
  | { readonly do: 'everybody' }
);

const replicaCount = 5;
const on = fc.nat(replicaCount - 1);
const stepArb: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ on, do: fc.constant('increment' as const), by: fc.constantFrom(-2, -1, 1, 1, 2) }),
  },
  { weight: 2, arbitrary: fc.record({ on, do: fc.constantFrom('add' as const, 'remove' as const), tag: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ on, do: fc.constant('title' as const) }) },
  { weight: 4, arbitrary: fc.record({ on, do: fc.constant('sync' as const) }) },
  { weight: 1, arbitrary: fc.record({ on, do: fc.constant('everybody' as const) }) },
);

for (const deltas of [true, false]) {
  describe(`five replicas of one row, ${deltas ? 'with' : 'without'} the capability`, () => {
    const backend = new MemoryBackend({ naming: 'camelCase' });
    const replicas: Replica[] = [];
    let draw = seededRandom(1);
    let rowCount = 0;

    beforeAll(async () => {
      for (let index = 0; index < replicaCount; index += 1) {
        const clock = createSimulatedClock();
        const dataSource = await openTodoDatabase('better-sqlite3');
        const inner = new MemoryTransport({ backend, capabilities: { idempotency: 'key', deltas } });
        const transport = new FaultyTransport(inner, { random: () => draw(), rate: 0.35 });
        const engine = createSyncEngine({
          dataSource,
          transport,
          clock,
          tables: [todos],
          random: seededRandom(index),
          config: {
            fullResyncIntervalMs: Infinity,
            maxRetries: 1,
            maxOutboxTryCount: 1000,
            conflictStrategy: 'autoPreserve',
          },
        });
        replicas.push({ dataSource, transport, engine, clock });
      }
    });
    afterAll(async () => {
      for (const { engine, dataSource } of replicas) {
        await engine.dispose();
        await dataSource.destroy();
      }
    });

    /** Syncs, and lets the time between two rounds of a conflict pass. */
    const sync = async ({ engine, clock }: Replica): Promise<void> => {
      let isOver = false;
      const run = engine.sync().finally(() => {
        isOver = true;
      });
      const pass = (): void => {
        if (isOver) return;
        void clock.advance(100);
        setImmediate(pass);
      };
      setImmediate(pass);
      await run;
    };
    const syncAll = async (): Promise<void> => {
      for (const replica of replicas) await sync(replica);
    };
    const rowOf = (replica: Replica, id: string) =>
      replica.dataSource.getRepository(todoEntity).findOneByOrFail({ id });

    test('deltas in any order, with retries, lost replies and repeated requests, give the exact sum (F-134, I2, I5)', {
      timeout: 60_000,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer(), fc.array(stepArb, { minLength: 10, maxLength: 40 }), async (seed, steps) => {
          draw = seededRandom(seed);
          const id = `row${++rowCount}`;
          for (const { transport } of replicas) transport.enabled = false;
          backend.seed('todos', { id, title: 'seed', done: false, priority: 100, tags: ['base'] });
          await syncAll();
          for (const { transport } of replicas) transport.enabled = true;

          let sum = 100;
          for (const step of steps) {
            const replica = replicas[step.on];
            if (replica === undefined) continue;
            const writer = replica.engine.writer(todos);
            if (step.do === 'increment') {
              sum += step.by;
              await writer.applyDeltas(id, [increment('priority', step.by)]);
            } else if (step.do === 'title') {
              const row = await rowOf(replica, id);
              await writer.replaceAndEnqueue({ ...row, title: `${row.title}.` });
            } else if (step.do === 'sync') {
              await sync(replica).catch(() => undefined);
            } else if (step.do === 'everybody') {
              await Promise.allSettled(replicas.map(sync));
            } else if (step.do === 'add' || step.do === 'remove') {
              // Each device has tags of its own, so that the result does not depend on the order.
              const tag = `${step.on}:${step.tag}`;
              await writer.applyDeltas(id, [
                step.do === 'add' ? addToSet('tags', [tag]) : removeFromSet('tags', [tag]),
              ]);
            }
          }
          for (const { transport } of replicas) transport.enabled = false;
          for (let round = 0; round < 3; round += 1) await syncAll();

          const tags = steps.reduce(
            (have, step) => {
              if (step.do === 'add') have.add(`${step.on}:${step.tag}`);
              if (step.do === 'remove') have.delete(`${step.on}:${step.tag}`);
              return have;
            },
            new Set(['base']),
          );
          expect(backend.get('todos', id)).toMatchObject({ priority: sum });
          expect(new Set(backend.get('todos', id)?.['tags'] as string[])).toEqual(tags);
          for (const replica of replicas) {
            expect(await replica.engine.outbox.take()).toEqual([]);
            expect(await rowOf(replica, id)).toMatchObject({ priority: sum });
          }
        }),
        { numRuns: 12 },
      );
    });
  });
}
