/**
 * A conflict is a record: kept on the device until somebody decides, and written to a table of the app, so that the
 * office can look it up.
 */
import { acceptMerged, syncTable, type SyncEvent } from 'synchart';
import { syncColumns, type SyncedRow } from 'synchart/persistence';
import { EntitySchema } from 'typeorm';
import { fresh, openScene, runIfMain, type Device, type Log } from './setup.ts';

interface Price extends SyncedRow {
  id: string;
  cents: number;
}
interface ConflictEntry extends SyncedRow {
  id: string;
  record: string;
  data: { was: unknown; here: unknown; there: unknown };
  decision: string;
}

const id = { type: 'text', primary: true } as const;
const Price = new EntitySchema<Price>({ name: 'prices', columns: { id, cents: { type: 'integer' }, ...syncColumns } });
const ConflictEntry = new EntitySchema<ConflictEntry>({
  name: 'conflict_log',
  columns: { id, record: { type: 'text' }, data: { type: 'simple-json' }, decision: { type: 'text' }, ...syncColumns },
});
const prices = syncTable(Price, { conflict: { strategy: 'manual' } });
const entries = syncTable(ConflictEntry, { pushOnly: true });

/**
 * Writes each conflict down when it appears and again when it is decided; the entries travel to the server like any
 * other row.
 */
function recordConflicts({ engine, dataSource }: Device): { written(): Promise<void> } {
  let last = Promise.resolve();
  const record = async (event: SyncEvent): Promise<void> => {
    if (event.type !== 'conflict.detected' && event.type !== 'conflict.resolved') return;
    const { opId, kind, entityId, baseData, localData, serverData } = event.conflict;
    const decision = event.type === 'conflict.detected' ? 'open' : event.resolution.type;
    const known = await dataSource.getRepository(ConflictEntry).findOneBy({ id: opId });
    const data = {
      was: baseData?.['cents'] ?? null,
      here: localData['cents'] ?? null,
      there: serverData['cents'] ?? null,
    };
    const entry = { ...(known ?? fresh), id: opId, record: `${kind}/${entityId}`, data, decision };
    await (known === null
      ? engine.writer(entries).insertAndEnqueue(entry)
      : engine.writer(entries).replaceAndEnqueue(entry));
  };
  engine.events$.subscribe((event) => {
    last = last.then(() => record(event)).catch(console.error);
  });
  return { written: () => last };
}

export async function run(log: Log) {
  const scene = await openScene({ entities: [Price, ConflictEntry] });
  try {
    const tables = [prices, entries];
    const database = `${scene.folder}/ben.db`;
    const ann = await scene.device({ tables });
    let ben = await scene.device({ tables, database });
    let records = recordConflicts(ben);
    await ann.engine.writer(prices).insertAndEnqueue({ id: 'tea', cents: 250, ...fresh });
    await ann.engine.sync();
    await ben.engine.sync();

    log('Ann makes the tea 280 and syncs; Ben, offline, makes it 300');
    await ann.edit(prices, 'tea', { cents: 280 });
    await ann.engine.sync();
    await ben.edit(prices, 'tea', { cents: 300 });
    await ben.engine.sync();
    await records.written();
    log(
      `Ben's device keeps the conflict (${ben.engine.status().conflicts} open); his price stays on his screen. He closes the app`,
    );
    await ben.close();

    ben = await scene.device({ tables, database });
    records = recordConflicts(ben);
    const [open] = await ben.engine.conflicts();
    const opId = open?.conflict.opId ?? '';
    const { baseData, localData, serverData } = open?.conflict ?? {};
    log(
      `The next day: was ${Number(baseData?.['cents'])}, here ${Number(localData?.['cents'])}, there ${Number(serverData?.['cents'])}`,
    );
    await ben.engine.sync();
    const before = await scene.onServer(ConflictEntry, opId);
    log(`The office sees: ${before.record} ${JSON.stringify(before.data)} → ${before.decision}`);

    await ben.engine.resolveConflict(opId, acceptMerged({ cents: 290 }));
    await ben.engine.sync();
    await records.written();
    await ben.engine.sync();
    const after = await scene.onServer(ConflictEntry, opId);
    const { cents } = await scene.onServer(Price, 'tea');
    log(`Ben decides on ${cents}. The office sees: ${after.record} ${JSON.stringify(after.data)} → ${after.decision}`);
    return { open, before, after, cents, left: await ben.engine.conflicts() };
  } finally {
    await scene.close();
  }
}

await runIfMain(import.meta.url, run);
