/**
 * The server notices that a change was made on an old row, by the timestamp that it gave the row itself; no device's
 * clock has a say.
 */
import { syncTable, type Conflict } from 'synchart';
import { syncColumns, type SyncedRow } from 'synchart/persistence';
import { EntitySchema } from 'typeorm';
import { fresh, openScene, runIfMain, type Log } from './setup.ts';

interface Item extends SyncedRow {
  id: string;
  title: string;
  amount: number;
}

const Item = new EntitySchema<Item>({
  name: 'items',
  columns: {
    id: { type: 'text', primary: true },
    title: { type: 'text' },
    amount: { type: 'integer' },
    ...syncColumns,
  },
});
const items = syncTable(Item); // autoPreserve: both sides' fields stay

/** A device whose clock is three hours fast. */
const fastClock = {
  now: () => Date.now() + 3 * 3_600_000,
  setTimeout: (callback: () => void, delayMs: number) => setTimeout(callback, delayMs),
  clearTimeout: (handle: unknown) => clearTimeout(handle as NodeJS.Timeout),
};

export async function run(log: Log) {
  const scene = await openScene({ entities: [Item] });
  try {
    const ann = await scene.device({ tables: [items] });
    const ben = await scene.device({ tables: [items], clock: fastClock });
    const conflicts: Conflict[] = [];
    ben.engine.events$.subscribe((event) => {
      if (event.type === 'conflict.detected') conflicts.push(event.conflict);
      if (event.type === 'conflict.merged') {
        log(`     merged: ${event.localFields.join(', ')} from Ben, ${event.serverFields.join(', ')} from the server`);
      }
    });

    await ann.engine.writer(items).insertAndEnqueue({ id: 'milk', title: 'Milk', amount: 1, ...fresh });
    await ann.engine.sync();
    await ben.engine.sync();
    log(`Both have: Milk, 1 (version ${(await ben.find(items, 'milk')).updatedAt})`);

    await ann.edit(items, 'milk', { title: 'Oat milk' });
    await ann.engine.sync();
    const { updatedAt } = await scene.onServer(Item, 'milk');
    log(`Ann renames it and syncs: the server's version is now ${updatedAt}`);

    await ben.edit(items, 'milk', { amount: 3 });
    log('Ben has not pulled, and wants 3. He syncs: his change names the old version, the server answers 409');
    await ben.engine.sync();
    const [conflict] = conflicts;
    log(
      `     was ${JSON.stringify(conflict?.baseData?.['title'])}, the server has ${JSON.stringify(conflict?.serverData['title'])}`,
    );
    log(`     Ben's clock says ${conflict?.localTimestamp ?? ''}; nobody looked at it`);
    await ann.engine.sync();

    const rows = [await scene.onServer(Item, 'milk'), await ann.find(items, 'milk'), await ben.find(items, 'milk')];
    for (const [index, { title, amount }] of rows.entries())
      log(`${['Server', 'Ann', 'Ben'][index] ?? ''}: ${title}, ${amount}`);
    return { conflicts, rows };
  } finally {
    await scene.close();
  }
}

await runIfMain(import.meta.url, run);
