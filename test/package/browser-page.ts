/**
 * What an app with a durable database does in a page, with names of the installed package. `check-install.ts` copies it
 * into an empty folder and bundles it there.
 */
import { createSyncEngine, syncTable } from 'synchart';
import { openBrowserDatabase } from 'synchart/browser';
import { syncColumns } from 'synchart/persistence';
import { RestTransport } from 'synchart/transport';
import { EntitySchema } from 'typeorm';

const Todo = new EntitySchema<{
  id: string;
  title: string;
  updatedAt: string;
  deletedAt: string | null;
  deletedAtLocal: string | null;
}>({
  name: 'todos',
  columns: { id: { type: 'text', primary: true }, title: { type: 'text' }, ...syncColumns },
});

async function start(): Promise<readonly string[]> {
  const { dataSource, storage, close } = await openBrowserDatabase({
    name: 'app',
    entities: [Todo],
    synchronize: true,
  });
  const baseUrl = new URLSearchParams(location.search).get('server') ?? '';
  const todos = syncTable(Todo);
  const engine = createSyncEngine({ dataSource, transport: new RestTransport({ baseUrl }), tables: [todos] });
  await engine.start();
  const titles = async (): Promise<string[]> =>
    (await dataSource.getRepository(Todo).find()).map((row) => row.title).sort();
  // The second time, the page finds what it stored the first time, and writes nothing.
  const before = await titles();
  if (before.length === 0) {
    await engine.writer(todos).insertAndEnqueue({
      id: 'b',
      title: 'Bread from the page',
      updatedAt: '',
      deletedAt: null,
      deletedAtLocal: null,
    });
    await engine.sync();
  }
  const { mode } = storage();
  const after = await titles();
  await engine.dispose();
  await close();
  return [mode, ...(before.length === 0 ? after : before)];
}

Object.assign(globalThis, {
  started: start().catch((error: unknown) => [`failed: ${error instanceof Error ? error.stack : String(error)}`]),
});
