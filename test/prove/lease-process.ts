/**
 * One of several processes on one database: writes, and syncs while it writes. Says when a run of its own begins and
 * ends, and what was committed. Run by prove-lease.ts, which kills and freezes it.
 */
import { writeSync } from 'node:fs';
import { Agent } from 'node:http';
import axios from 'axios';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import { phaseOf } from '../../src/machines/phase-of.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openTodoDatabase, todos } from '../support/open-store.ts';
import { todoEntity, todoOf } from '../support/todo.ts';
import { optionsOf } from './child-process.ts';
import { auditTriggers } from './lease-audit.ts';
import { requestsAtOnce, titleOf, type LeaseProcessOptions } from './prove-lease.ts';

const { driver, database, url, label, from, writes } = optionsOf<LeaseProcessOptions>();
const say = (line: string): void => void writeSync(1, `${line}\n`);

const dataSource = await openTodoDatabase(driver, database);
for (const trigger of auditTriggers(label)) await dataSource.query(trigger);
let runs = 0;
// Each request says in which run it left.
const client = axios.create({ adapter: 'http', httpAgent: new Agent({ keepAlive: true }) });
client.interceptors.request.use((request) => {
  request.headers.set('x-run', `${process.pid}:${runs}`);
  return request;
});
const engine = createSyncEngine({
  dataSource,
  tables: [todos],
  transport: new RestTransport({ baseUrl: url, pushConcurrency: requestsAtOnce, axios: client }),
  config: { pushBatchSize: 20, pageSize: 100, fullResyncIntervalMs: Infinity, backoffMinMs: 100, backoffMaxMs: 500 },
});
let place = '';
engine.actor.subscribe((snapshot) => {
  const now = snapshot.matches({ activity: 'running' })
    ? 'running'
    : phaseOf(snapshot) === 'standby'
      ? 'standby'
      : 'elsewhere';
  if (now === place) return;
  if (now === 'running') runs += 1;
  place = now;
  say(`${now} ${process.pid}:${runs}`);
});
engine.events$.subscribe((event) => {
  if (event.type === 'batch.pushed' || event.type === 'sync.progress') say(`committed ${process.pid}:${runs}`);
});
await engine.start();

let syncing: Promise<unknown> | undefined;
const sync = (): Promise<unknown> =>
  (syncing ??= engine
    .sync()
    .catch(() => undefined)
    .finally(() => {
      syncing = undefined;
    }));

const writer = engine.writer(todos);
const rows = dataSource.getRepository(todoEntity);
/** Every tenth write edits an earlier row. Made again after a kill, a write that was committed changes nothing. */
async function write(number: number): Promise<void> {
  if (number % 10 === 9) {
    const row = await rows.findOneByOrFail({ id: `${label}-${number - 5}` });
    await writer.replaceAndEnqueueDiff(row, { ...row, title: titleOf(number - 5) });
  } else if (!(await rows.existsBy({ id: `${label}-${number}` })))
    await writer.insertAndEnqueue(todoOf(`${label}-${number}`));
}
for (let number = from; number < writes; number++) {
  // On a crowded file a write may wait longer than the app is ready to.
  while (
    !(await write(number).then(
      () => true,
      (error: unknown) => {
        say(`refused ${String(error)}`);
        return false;
      },
    ))
  );
  say(`wrote ${number}`);
  if (number % 10 === 0) void sync();
}
say('written');
await sync();
await engine.dispose();
await dataSource.destroy();
