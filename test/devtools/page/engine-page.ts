/** A page with a real engine, on sql.js and a backend in memory. It is built and opened by the tests of the mount. */
import { createElement, version } from 'react';
import { createRoot } from 'react-dom/client';
import initSqlJs from 'sql.js';
import { DataSource } from 'typeorm';
import { createSyncEngine } from '../../../src/engine/create-sync-engine.ts';
import { SyncDevtools } from '../../../src/devtools/mount/sync-devtools.tsx';
import { mountSyncDevtools, type MountOptions } from '../../../src/devtools/mount/mount-sync-devtools.ts';
import { syncEntities } from '../../../src/persistence/database/entities.ts';
import { syncMigrations } from '../../../src/persistence/database/migrations.ts';
import { runPendingMigrations } from '../../../src/persistence/database/run-migrations.ts';
import { syncTable } from '../../../src/persistence/tables/sync-table.ts';
import { MemoryTransport } from '../../../src/testing/memory-transport.ts';
import { todoEntity, todoOf } from '../../support/todo.ts';

const driver = await initSqlJs({ locateFile: () => '/sql-wasm-browser.wasm' });
const dataSource = new DataSource({
  type: 'sqljs',
  driver,
  entities: [todoEntity, ...syncEntities],
  migrations: [...syncMigrations],
});
await dataSource.initialize();
await runPendingMigrations(dataSource);
await dataSource.query(
  `CREATE TABLE "todos" ("id" text PRIMARY KEY, "title" text NOT NULL, "done" boolean NOT NULL DEFAULT 0, "priority" integer, "tags" text,
   "updated_at" text NOT NULL DEFAULT '', "deleted_at" text, "deleted_at_local" text)`,
);
const todos = syncTable(todoEntity);
const engine = createSyncEngine({
  dataSource,
  tables: [todos],
  transport: new MemoryTransport(),
  config: { maxRetries: 0 },
});
await engine.start();

const page = {
  react: version,
  add: (id: string): Promise<unknown> => engine.writer(todos).insertAndEnqueue(todoOf(id)),
  sync: () => engine.sync().then(() => engine.status().phase),
  pending: () => engine.status().pending,
  mount: (options: MountOptions = {}): void => {
    page.unmount = mountSyncDevtools(engine, document.body, { nonce: 'n0nce', ...options });
  },
  /** Whether another call gives the same function. */
  isSameAgain: (): boolean => mountSyncDevtools(engine, document.createElement('div'), { open: true }) === page.unmount,
  unmount: (): void => undefined,
  /** Puts the panel into the page as an element of a React app. */
  render: (): void => {
    const place = document.createElement('div');
    place.id = 'panel';
    document.body.append(place);
    const root = createRoot(place);
    root.render(createElement(SyncDevtools, { engine, nonce: 'n0nce', initialView: 'faults' }));
    page.unmount = () => root.unmount();
  },
};
export type EnginePage = typeof page;
declare global {
  interface Window {
    enginePage?: EnginePage;
  }
}
window.enginePage = page;
