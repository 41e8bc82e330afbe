/**
 * What an app does in a page, with names of the installed package. `check-install.ts` copies it into an empty folder
 * and bundles it there.
 */
import { createSyncEngine, syncTable } from 'synchart';
import { mountSyncDevtools } from 'synchart/devtools';
import { exposeSyncDevtools } from 'synchart/devtools/page';
import { openDatabase, syncColumns } from 'synchart/persistence';
import { RestTransport } from 'synchart/transport';
import initSqlJs from 'sql.js';
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
  const refused = await openDatabase({ database: ':memory:', driver: 'sqljs', entities: [Todo] }).catch(
    (error: Error) => error.message,
  );
  if (typeof refused !== 'string' || !refused.includes('initSqlJs'))
    throw new Error(`without initSqlJs: ${String(refused)}`);
  const options = {
    database: 'app',
    driver: 'sqljs',
    initSqlJs,
    locateFile: () => '/sql-wasm.wasm',
    entities: [Todo],
    synchronize: true,
  } as const;
  const dataSource = await openDatabase(options);
  const baseUrl = new URLSearchParams(location.search).get('server') ?? '';
  const todos = syncTable(Todo);
  const engine = createSyncEngine({ dataSource, transport: new RestTransport({ baseUrl }), tables: [todos] });
  mountSyncDevtools(engine);
  exposeSyncDevtools(engine);
  await engine.start();
  await engine
    .writer(todos)
    .insertAndEnqueue({ id: 'b', title: 'Bread from the page', updatedAt: '', deletedAt: null, deletedAtLocal: null });
  await engine.sync();
  // What was saved must be there when the page is opened again.
  const reopened = await openDatabase({ ...options, synchronize: false });
  return (await reopened.getRepository(Todo).find()).map((row) => row.title).sort();
}

Object.assign(globalThis, {
  started: start().catch((error: unknown) => [`failed: ${error instanceof Error ? error.stack : String(error)}`]),
});
