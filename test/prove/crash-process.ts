/**
 * A device that writes, pushes, meets conflicts, pulls and resyncs, and dies at one exact step: before or after any
 * statement, request or commit, in the middle of writing the file of sql.js, or whenever its parent kills it. Says what
 * is promised to the user (`wrote …`) before it goes on. Run by prove-crash.ts.
 */
import { writeSync } from 'node:fs';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import { phaseOf } from '../../src/machines/phase-of.ts';
import { Session } from '../../src/persistence/sql/session.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openTodoDatabase, todos } from '../support/open-store.ts';
import { todoEntity, todoOf } from '../support/todo.ts';
import { optionsOf } from './child-process.ts';
import type { CrashOptions } from './prove-crash.ts';
import { stepWhileSaving } from './step-while-saving.ts';

const { driver, database, url, killAt } = optionsOf<CrashOptions>();
const say = (line: string): void => void writeSync(1, `${line}\n`);

let steps = 0;
let doing = 'opening';
const step = (): void => {
  steps += 1;
  if (steps !== killAt) return;
  say(`killed ${doing}`);
  process.kill(process.pid, 'SIGKILL');
};

// Every statement of the store is a boundary on both sides.
const { query, run } = Session.prototype;
Session.prototype.query = async function <Row extends object>(
  this: Session,
  sql: string,
  parameters?: readonly unknown[],
) {
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

const dataSource = await openTodoDatabase(driver, database);
// Commits are boundaries, too; they do not pass through the store's session.
const runner = Object.getPrototypeOf(dataSource.createQueryRunner()) as {
  commitTransaction: (this: unknown) => Promise<void>;
};
const { commitTransaction } = runner;
runner.commitTransaction = async function () {
  step();
  await commitTransaction.call(this);
  step();
};
if (driver === 'sqljs') stepWhileSaving(step);
const engine = createSyncEngine({
  dataSource,
  tables: [todos],
  transport: new SteppingTransport({ baseUrl: url, pushConcurrency: 2 }),
  config: { pageSize: 4, pushBatchSize: 3, fullResyncIntervalMs: Infinity },
});
const place = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : Object.entries(value as Record<string, unknown>)
        .map(([key, below]) => `${key}.${place(below)}`)
        .join('|');
engine.actor.subscribe((snapshot) => {
  const phase = phaseOf(snapshot);
  doing =
    phase === 'idle'
      ? 'writing'
      : phase === 'pushing'
        ? place(snapshot.value.activity).replace('running.pushing.', '')
        : phase;
});

/** Somebody else, at the server. */
const elsewhere = async (method: 'PUT' | 'DELETE', id: string, body?: object): Promise<void> => {
  const headers = { 'content-type': 'application/json', 'x-force-update': 'true', 'x-force-delete': 'true' };
  await (
    await fetch(`${url}/todos/${id}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  ).text();
};

await engine.start();
const writer = engine.writer(todos);
const edit = async (id: string, changes: object, what: string): Promise<void> => {
  const row = await dataSource.getRepository(todoEntity).findOneByOrFail({ id });
  await writer.replaceAndEnqueueDiff(row, { ...row, ...changes });
  say(`wrote ${id} ${what}`);
};
say('ready');
for (let round = 0; round < 2; round++) {
  const id = (index: number): string => `d-${round}-${index}`;
  for (let index = 0; index < 4; index++) {
    await writer.insertAndEnqueue(todoOf(id(index)));
    say(`wrote ${id(index)} created`);
  }
  await engine.sync().catch(() => undefined);
  await edit(id(0), { title: 'edited' }, 'edited');
  await edit(id(0), { priority: 5 }, 'prioritised');
  await writer.enqueueDelete(id(1));
  say(`wrote ${id(1)} deleted`);
  // Two sides of one row, different fields: a conflict whose outcome keeps both.
  await elsewhere('PUT', id(2), { id: id(2), title: 'from elsewhere', done: true });
  await edit(id(2), { priority: 5 }, 'prioritised');
  await engine.sync().catch(() => undefined);
  // Gone without a tombstone: only the resync can tell.
  await elsewhere('DELETE', `seeded-${round}`);
  await edit(id(3), { title: 'edited' }, 'edited');
  await engine.fullResync({ clearData: true }).catch(() => undefined);
}
say(`steps ${steps}`);
await engine.dispose();
await dataSource.destroy();
