/**
 * One of several devices on one database that write and sync at the same time, and live to their end. Run by
 * ../scenario/two-processes.test.ts.
 */
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openTodoDatabase, todos, type TestDriver } from '../support/open-store.ts';
import { todoOf } from '../support/todo.ts';
import { optionsOf } from './child-process.ts';

export interface WritingOptions {
  readonly driver: TestDriver;
  /** A file, or the URL of a database on PostgreSQL. */
  readonly database: string;
  readonly url: string;
  /** What its rows are called. */
  readonly label: string;
}

const { driver, database, url, label } = optionsOf<WritingOptions>();
const dataSource = await openTodoDatabase(driver, database);
const engine = createSyncEngine({
  dataSource,
  tables: [todos],
  transport: new RestTransport({ baseUrl: url, pushConcurrency: 2 }),
  config: { pageSize: 4, pushBatchSize: 3 },
});
await engine.start();
const writer = engine.writer(todos);
for (let round = 0; round < 2; round++) {
  const id = (index: number): string => `${label}-${round}-${index}`;
  for (let index = 0; index < 4; index++) await writer.insertAndEnqueue(todoOf(id(index)));
  await engine.sync().catch(() => undefined);
  await writer.replaceAndEnqueue(todoOf(id(0), { title: 'edited' }), { changedFields: ['title'] });
  await writer.replaceAndEnqueue(todoOf(id(0), { title: 'edited', priority: 5 }), { changedFields: ['priority'] });
  await writer.enqueueDelete(id(1));
  await engine.sync().catch(() => undefined);
}
await engine.dispose();
await dataSource.destroy();
