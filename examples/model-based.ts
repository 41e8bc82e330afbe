/**
 * Model-based tests of an app: an engine with the app's own tables follows each path of the chart, and another engine
 * brings the queue to its end. A test calls `checkPath` for each of `syncPaths()`.
 */
import { createSyncEngine, syncTable } from 'synchart';
import { createWriter, openDatabase, syncColumns, type SyncedRow } from 'synchart/persistence';
import { createSimulatedClock, followPath, MemoryTransport, pathLimits, type SyncPath } from 'synchart/testing';
import { EntitySchema } from 'typeorm';

interface Note extends SyncedRow {
  id: string;
  text: string;
  stars: number;
}
const columns = {
  id: { type: 'text', primary: true },
  text: { type: 'text' },
  stars: { type: 'integer', default: 0 },
} as const;
const noteEntity = new EntitySchema<Note>({ name: 'notes', columns: { ...columns, ...syncColumns } });
const draftEntity = new EntitySchema<Note>({ name: 'drafts', columns: { ...columns, ...syncColumns } });
const notes = syncTable(noteEntity, { conflict: { strategy: 'autoPreserve' } });
const drafts = syncTable(draftEntity, { conflict: { strategy: 'serverWins' } });

/** Throws when the engine leaves the path, or when something is lost or left afterwards. */
export async function checkPath(path: SyncPath): Promise<void> {
  const clock = createSimulatedClock();
  const transport = new MemoryTransport({
    naming: 'camelCase',
    capabilities: { idempotency: 'key', conditionalWrite: true },
  });
  const rows = Array.from({ length: 6 }, (_, index) => ({ id: `row-${index}`, text: 'from the server', stars: 0 }));
  for (const kind of ['notes', 'drafts']) transport.backend.seed(kind, rows);
  const dataSource = await openDatabase({
    driver: 'better-sqlite3',
    database: ':memory:',
    entities: [noteEntity, draftEntity],
    synchronize: true,
  });
  const options = {
    dataSource,
    transport,
    tables: [notes, drafts],
    clock,
    config: { ...pathLimits, fullResyncIntervalMs: Infinity },
  };
  const first = createSyncEngine(options);
  await first.sync();
  await first.dispose();

  const writer = createWriter(dataSource, { clock });
  const edited: { readonly kind: 'notes' | 'drafts'; readonly id: string }[] = [];
  const stop = await followPath(path, {
    options,
    edit: async (decision) => {
      const [kind, table] = decision === 'apply' ? (['drafts', drafts] as const) : (['notes', notes] as const);
      const id = `row-${edited.length}`;
      edited.push({ kind, id });
      const before = await dataSource.getRepository(table.target).findOneByOrFail({ id });
      await writer.forTable(table).replaceAndEnqueueDiff(before, { ...before, text: `edited ${edited.length}` });
    },
    changeElsewhere: () => {
      const last = edited.at(-1);
      if (last !== undefined)
        transport.backend.update(
          last.kind,
          last.id,
          last.kind === 'drafts' ? { text: 'from elsewhere' } : { stars: clock.now() },
        );
    },
  });
  stop();

  const second = createSyncEngine({ ...options, clock: undefined });
  await second.start();
  await second.resume();
  await second.sync({ whenPaused: 'reject' });
  const left = await second.explain();
  await second.dispose();
  await dataSource.destroy();
  if (left.length > 0) throw new Error(`${path.description}: ${left.map(({ detail }) => detail).join('; ')}`);
}
