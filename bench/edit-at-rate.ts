import { createTriggers, type SyncEngine } from 'synchart';
import { contend } from './contender.ts';
import { BenchCity, benchCities, closeReplica, openReplica, type BenchReplica } from './replica.ts';

/** Edits per second, each a transaction of its own and an operation of its own. */
export const editsPerSecond = 1_000;
const tickMs = 10;

/** Looks into the engine in some way; returns what ends it. */
export type Look = (engine: SyncEngine) => Promise<() => void> | (() => void);

/**
 * An app in which somebody edits 1,000 rows a second while the engine pushes them by itself. The work is given and so
 * is its pace: what differs between two ways of looking is the processor time. A machine that cannot keep up takes
 * longer, and does the same.
 */
export const editAtRate = (look: Look): Promise<void> =>
  contend({
    prepare: async (task) => {
      const replica = await openReplica(task);
      const rows = await replica.dataSource.getRepository(BenchCity).find({ take: task.rows });
      return { ...replica, rows, end: await look(replica.engine) };
    },
    work: async ({ engine, rows }) => {
      let pushed = 0;
      const counting = engine.events$.subscribe(({ type }) => {
        if (type === 'op.pushed') pushed += 1;
      });
      const triggers = createTriggers(engine, { pushOnOutboxChanges: true, pushDebounceMs: 100, maxDebounceMs: 200 });
      await triggers.start();
      await editAll({ engine, rows });
      await engine.whenPushed();
      await engine.whenIdle();
      triggers.dispose();
      counting.unsubscribe();
      return pushed;
    },
    end: async (replica) => {
      replica.end();
      await closeReplica(replica);
    },
  });

async function editAll({
  engine,
  rows,
}: {
  readonly engine: BenchReplica['engine'];
  readonly rows: readonly BenchCity[];
}): Promise<void> {
  const writer = engine.writer(benchCities);
  const startedAt = performance.now();
  let edited = 0;
  while (edited < rows.length) {
    const due = Math.min(rows.length, Math.floor(((performance.now() - startedAt) / 1_000) * editsPerSecond));
    for (const row of rows.slice(edited, due))
      await writer.replaceAndEnqueueDiff(row, { ...row, population: row.population + 1 });
    edited = Math.max(edited, due);
    await new Promise((resolve) => setTimeout(resolve, tickMs));
  }
}
