import { createSyncEngine, createTriggers, syncTable } from 'synchart';
import { openBrowserDatabase } from 'synchart/browser';
import { RestTransport } from 'synchart/transport';
import { Todo } from './tables.ts';

export const todos = syncTable(Todo);

const { dataSource } = await openBrowserDatabase({ name: 'todos', entities: [Todo], synchronize: true });

export const engine = createSyncEngine({
  dataSource,
  transport: new RestTransport({ baseUrl: '/api' }),
  tables: [todos],
});
await engine.start();

const triggers = createTriggers(engine, { pullOnStartup: true, pushOnOutboxChanges: true, interval: 5_000 });
await triggers.start();
