/**
 * A page with real engines, on sql.js and backends in memory, for the tests of the browser extension. It exposes what a
 * test tells it to.
 */
import initSqlJs from 'sql.js';
import { DataSource } from 'typeorm';
import { exposeSyncDevtools, type ExposeOptions } from '../../../src/devtools-page.ts';
import { createSyncEngine } from '../../../src/engine/create-sync-engine.ts';
import type { SyncEngine } from '../../../src/engine/api/sync-engine.ts';
import { syncEntities } from '../../../src/persistence/database/entities.ts';
import { syncMigrations } from '../../../src/persistence/database/migrations.ts';
import { runPendingMigrations } from '../../../src/persistence/database/run-migrations.ts';
import { syncTable } from '../../../src/persistence/tables/sync-table.ts';
import { refusal } from '../../../src/server/wire-rules.ts';
import { MemoryTransport } from '../../../src/testing/memory-transport.ts';
import { todoEntity, todoOf } from '../../support/todo.ts';

interface PageEngine {
  readonly engine: SyncEngine;
  readonly add: (id: string, title?: string) => Promise<unknown>;
  readonly hasSent: (id: string) => boolean;
  /** What the server refuses from now on. */
  readonly refuse: (ids: readonly string[]) => void;
}

async function openPageEngine(): Promise<PageEngine> {
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
  const transport = new MemoryTransport();
  let refused: readonly string[] = [];
  transport.backend.addRule(({ id }) =>
    refused.includes(id) ? refusal(422, 'title_refused', 'this title is not allowed') : undefined,
  );
  const engine = createSyncEngine({
    dataSource,
    tables: [todos],
    transport,
    config: { maxRetries: 0, maxOutboxTryCount: 1 },
  });
  await engine.start();
  return {
    engine,
    add: (id, title) => engine.writer(todos).insertAndEnqueue(todoOf(id, title === undefined ? {} : { title })),
    hasSent: (id) => transport.backend.get('todos', id) !== undefined,
    refuse: (ids) => {
      refused = ids;
    },
  };
}

const opened = new Map<string, PageEngine>();
const page = {
  /** Opens an engine under a name of this page. */
  open: async (name: string): Promise<void> => {
    opened.set(name, await openPageEngine());
  },
  /** Lets the extension find it. */
  expose: (name: string, options: ExposeOptions = {}): void => {
    page.takeBack = exposeSyncDevtools(page.of(name).engine, { name, ...options });
  },
  takeBack: (): void => undefined,
  of: (name: string): PageEngine => {
    const found = opened.get(name);
    if (found === undefined) throw new Error(`no engine ${name}`);
    return found;
  },
};
export type ExposedPage = typeof page;
declare global {
  interface Window {
    exposedPage?: ExposedPage;
  }
}
window.exposedPage = page;
