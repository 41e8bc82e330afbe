import type { Observable } from 'rxjs';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import { createTriggers } from '../../src/engine/triggers.ts';
import { liveQuery } from '../../src/persistence/follow/live-query.ts';
import type { DatabaseDriver } from '../../src/persistence/database/open-database.ts';
import { watchRowStatus } from '../../src/persistence/follow/row-status.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openTodoDatabase, todos } from './open-store.ts';
import { todoEntity, todoOf } from './todo.ts';

/** What a process may still hold on to when it has disposed its engine and closed its DataSource. */
interface Options {
  readonly driver: DatabaseDriver;
  readonly database: string;
  readonly baseUrl: string;
}
const { driver, database, baseUrl } = JSON.parse(process.argv[2] ?? '{}') as Options;

const dataSource = await openTodoDatabase(driver, database);
const engine = createSyncEngine({ dataSource, transport: new RestTransport({ baseUrl }), tables: [todos] });
const triggers = createTriggers(engine, { interval: 3_600_000, pushOnOutboxChanges: true });
await engine.start();
await triggers.start();
engine.startAuto();
const query = () => dataSource.getRepository(todoEntity).find();
const options = { tables: [todos], pollIntervalMs: 3_600_000 };
let completed = 0;
const complete = (): void => {
  completed += 1;
};
const streams: readonly Observable<unknown>[] = [
  engine.events$,
  engine.status$,
  engine.conflicts$,
  engine.pending$(),
  engine.liveQuery(query, options),
  engine.liveQuery(query, { ...options, metadata: true }),
  engine.watchRowStatus(todos, 'a'),
  engine.outbox.watchPendingCount(),
  engine.outbox.watchHasOperations(),
];
for (const stream of streams) stream.subscribe({ complete });
const free: readonly Observable<unknown>[] = [
  liveQuery(query, { ...options, dataSource }),
  watchRowStatus(todos, 'a', { dataSource, pollIntervalMs: 3_600_000 }),
];
for (const stream of free) stream.subscribe({ complete });
await engine.writer(todos).insertAndEnqueue(todoOf('a'));
await engine.sync();
await engine.dispose();
process.stdout.write(`disposed: ${String(completed)} of ${String(streams.length)} streams are over\n`);
await dataSource.destroy();
process.stdout.write(`closed: ${String(completed)} of ${String(streams.length + free.length)} streams are over\n`);
