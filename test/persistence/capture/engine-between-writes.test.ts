import type { DataSource, QueryRunner } from 'typeorm';
import { afterEach, describe, expect, test } from 'vitest';
import { gateConnection } from '../../../src/persistence/gate/connection-gate.ts';
import { queryOf, replaceQuery } from '../../../src/persistence/typeorm/query-runners.ts';
import { serverRow, openTodoDatabase } from '../../support/open-store.ts';
import { todoEntity, todoOf } from '../../support/todo.ts';
import { openCapture, sqliteDrivers, type CaptureBench } from './open-capture.ts';

const t1 = '2026-01-01T00:00:01.000001Z';
const t2 = '2026-01-01T00:00:02.000001Z';

/** Simulates a query-measuring tool: the caller that awaits a COMMIT learns of its end after the next in line. */
function tellCommitsLate(dataSource: DataSource): void {
  gateConnection(dataSource);
  const prototype = Object.getPrototypeOf(dataSource.driver.createQueryRunner('master')) as object;
  const query = queryOf(prototype);
  replaceQuery(prototype, async function (this: QueryRunner, ...given) {
    const result: unknown = await query.apply(this, given);
    if (given[0] === 'COMMIT') for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    return result;
  });
}

describe.each(sqliteDrivers)('the engine between two app writes, on %s', (driver) => {
  let bench: CaptureBench;
  afterEach(() => bench.close());

  test("I1, I8: does not take an engine write right after the app's first write for the app’s", async () => {
    const dataSource = await openTodoDatabase(driver);
    tellCommitsLate(dataSource);
    bench = await openCapture(driver, {}, dataSource);
    await bench.seed(serverRow('a', t1), serverRow('b', t1));
    await bench.store.lease.acquire();
    // The engine waits for the app's transaction, and writes as soon as it has committed.
    let released: Promise<void> | undefined;
    await dataSource.transaction(async (manager) => {
      await manager.getRepository(todoEntity).save(todoOf('mine'));
      released = Promise.resolve().then(() => bench.store.lease.release());
    });
    await released;
    await bench.pull([serverRow('a', t2, { title: 'theirs' })]);
    await bench.store.openResync(['todos']);
    await bench.store.applyPages(
      'todos',
      [{ page: { items: [] }, items: [], next: { cursor: { ts: t2, lastId: 'z' }, maxPage: 2, resync: true } }],
      { totalDone: 0 },
    );
    await bench.store.completePull('todos', { resync: true });
    await bench.store.sweepResync('todos', { requested: true });
    await bench.repository.save(todoOf('last'));
    expect((await bench.queued()).map(({ id }) => id)).toEqual(['mine', 'last']);
    expect((await bench.rows()).map(({ id }) => id)).toEqual(['last', 'mine']);
  });
});
