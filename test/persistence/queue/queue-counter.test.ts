import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { DataSource } from 'typeorm';
import { changeFeedOf } from '../../../src/persistence/follow/change-feed.ts';
import { hearsAllCommits } from '../../../src/persistence/follow/data-version.ts';
import { gateConnection } from '../../../src/persistence/gate/connection-gate.ts';
import { dialectOf } from '../../../src/persistence/drivers/profile-of.ts';
import { QueueCounter } from '../../../src/persistence/queue/queue-counter.ts';
import { Session } from '../../../src/persistence/sql/session.ts';
import { seededRandom } from '../../../src/testing/seeded-random.ts';
import { createTodoDatabase, openTodoDatabase, type ContractDriver } from '../../support/open-store.ts';

const folder = mkdtempSync(join(tmpdir(), 'synchart-count-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const drivers: readonly ContractDriver[] = ['better-sqlite3', 'sqlite3', 'rpc', 'postgres'];

/** A connection with a counter; `statements` records what the counter runs. */
function counterOn(dataSource: DataSource): { count(): Promise<unknown>; readonly statements: string[] } {
  const gate = gateConnection(dataSource);
  const counter = new QueueCounter(changeFeedOf(dataSource, gate), hearsAllCommits(dataSource));
  const statements: string[] = [];
  return {
    statements,
    count: () =>
      gate.read((runner) => {
        const session = new Session(runner, dialectOf(dataSource));
        const one = session.one.bind(session);
        session.one = (sql, parameters) => {
          statements.push(sql);
          return one(sql, parameters);
        };
        return counter.count(session);
      }),
  };
}

let ops = 0;
const add = (entity: string, parked = 'NULL'): string =>
  `INSERT INTO sync_outbox (op_id, kind, entity_id, op, creates, ts, state, parked, enqueued_at) VALUES ('op${(ops += 1)}', 'todos', '${entity}', 'delete', 0, '', ${parked === 'NULL' ? 1 : 3}, ${parked}, 0)`;
const acts: readonly (() => string)[] = [
  () => add('a'),
  () => add('b'),
  () => add('c', "'stuck'"),
  () => "UPDATE sync_outbox SET state = 1, parked = NULL WHERE parked = 'stuck'",
  () => 'DELETE FROM sync_outbox WHERE seq = (SELECT MAX(seq) FROM sync_outbox)',
  () => 'DELETE FROM sync_outbox WHERE seq = (SELECT MIN(seq) FROM sync_outbox)',
];

describe.each(drivers)('%s', (driver) => {
  test('F-11: the count is exact, whatever this or another connection wrote', async () => {
    const made = await createTodoDatabase(driver, folder);
    const [here, there] = [
      await openTodoDatabase(driver, made.database),
      await openTodoDatabase(driver, made.database),
    ];
    const random = seededRandom(11);
    const { count } = counterOn(here);
    for (let step = 0; step < 80; step += 1) {
      const act = acts[Math.floor(random() ** 1.5 * acts.length)] ?? acts[0];
      // PostgreSQL does not report other connections' commits, so the queue is counted completely.
      await (random() < 0.7 ? here : there).query(act?.() ?? '');
      if (random() < 0.3) continue;
      const [truth] = await here.query(
        `SELECT SUM(CASE WHEN parked = 'stuck' THEN 0 ELSE 1 END) AS pending, SUM(CASE WHEN parked = 'stuck' THEN 1 ELSE 0 END) AS stuck FROM sync_outbox`,
      );
      expect(await count()).toEqual({ pending: Number(truth.pending), stuck: Number(truth.stuck), conflicts: 0 });
    }
    await here.destroy();
    await there.destroy();
    await made.remove();
  });
});

test.each(['better-sqlite3', 'rpc'] as const)('%s: counts only added operations', async (driver) => {
  const dataSource = await openTodoDatabase(driver);
  const { count, statements } = counterOn(dataSource);
  await dataSource.query(add('a'));
  expect(await count()).toMatchObject({ pending: 1 });
  await dataSource.query(add('b'));
  await dataSource.query(add('c'));
  expect(await count()).toMatchObject({ pending: 3 });
  expect(statements.map((sql) => sql.includes('WHERE "seq" >'))).toEqual([false, true]);
  await dataSource.query("DELETE FROM sync_outbox WHERE entity_id = 'a'");
  expect(await count()).toMatchObject({ pending: 2 });
  expect(statements.at(-1)).not.toContain('WHERE "seq" >');
  await dataSource.destroy();
});
