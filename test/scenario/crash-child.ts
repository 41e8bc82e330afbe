/**
 * A device that writes and syncs, and kills itself at one exact step: before or after any SQL statement or request. Run by
 * two-processes.test.ts as a process of its own; tells what is promised to the user (`wrote …`) before it goes on.
 */
import { writeSync } from 'node:fs';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import { Session } from '../../src/persistence/session.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openTodoDatabase, todos, type TestDriver } from '../support/open-store.ts';
import { todoOf } from '../support/todo.ts';

const [driver, database, url, killAtText, label] = process.argv.slice(2);
if (driver === undefined || database === undefined || url === undefined || label === undefined)
  throw new Error('usage: crash-child driver database url killAt label');
const killAt = Number(killAtText);

const say = (line: string): void => void writeSync(1, `${line}\n`);
let steps = 0;
const step = (): void => {
  steps += 1;
  if (steps === killAt) process.kill(process.pid, 'SIGKILL');
};

// Every statement of the store is a boundary on both sides.
const { query, run } = Session.prototype;
Session.prototype.query = async function <Row extends object>(this: Session, sql: string, parameters?: readonly unknown[]) {
  step();
  const rows = await query.call(this, sql, parameters);
  step();
  return rows as readonly Row[];
};
Session.prototype.run = async function (this: Session, sql: string, parameters?: readonly unknown[]) {
  step();
  await run.call(this, sql, parameters);
  step();
};
class SteppingTransport extends RestTransport {
  override async push(...args: Parameters<RestTransport['push']>): ReturnType<RestTransport['push']> {
    step();
    const answer = await super.push(...args);
    step();
    return answer;
  }
  override async pull(...args: Parameters<RestTransport['pull']>): ReturnType<RestTransport['pull']> {
    step();
    const answer = await super.pull(...args);
    step();
    return answer;
  }
}

const dataSource = await openTodoDatabase(driver as TestDriver, database);
const engine = createSyncEngine({
  dataSource,
  tables: [todos],
  transport: new SteppingTransport({ baseUrl: url, pushConcurrency: 2 }),
  config: { pageSize: 4, pushBatchSize: 3 },
});
await engine.start();
const writer = engine.writer(todos);
for (let round = 0; round < 2; round++) {
  for (let index = 0; index < 4; index++) {
    const id = `${label}-${round}-${index}`;
    await writer.insertAndEnqueue(todoOf(id));
    say(`wrote ${id} created`);
  }
  await engine.sync().catch(() => undefined);
  await writer.replaceAndEnqueue(todoOf(`${label}-${round}-0`, { title: 'edited' }), { changedFields: ['title'] });
  say(`wrote ${label}-${round}-0 edited`);
  await writer.replaceAndEnqueue(todoOf(`${label}-${round}-0`, { title: 'edited', priority: 5 }), { changedFields: ['priority'] });
  say(`wrote ${label}-${round}-0 prioritised`);
  await writer.enqueueDelete(`${label}-${round}-1`);
  say(`wrote ${label}-${round}-1 deleted`);
  await engine.sync().catch(() => undefined);
}
say(`steps ${steps}`);
await engine.dispose();
await dataSource.destroy();
