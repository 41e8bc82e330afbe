import { afterEach, describe, expect, test } from 'vitest';
import type { Logger } from 'typeorm';
import { upsertOp } from '../../../src/model/operation.ts';
import { answerOf, drivers, openStore, serverRow, type StoreBench } from '../../support/open-store.ts';
import { openShop } from '../../support/shop.ts';
import { todoOf } from '../../support/todo.ts';

const t1 = '2026-01-01T00:00:01.000001Z';
const t2 = '2026-01-01T00:00:02.000001Z';

class Statements implements Logger {
  readonly list: string[] = [];
  logQuery(sql: string): void {
    this.list.push(sql);
  }
  logQueryError(): void {}
  logQuerySlow(): void {}
  logSchemaBuild(): void {}
  logMigration(): void {}
  log(): void {}
}

describe.each(drivers)('accepted upserts without followers, on %s', (driver) => {
  let bench: StoreBench;
  afterEach(() => bench.close());

  test('I10: a settled batch rereads no operation or base, and needs as many statements as one of ten times its size', async () => {
    const statements = new Statements();
    bench = await openShop(driver, { open: { logging: ['query'], logger: statements } });
    const settle = async (ids: readonly string[]): Promise<readonly string[]> => {
      for (const id of ids) await bench.writer.insertAndEnqueue(todoOf(id));
      const requests = await bench.takeAll();
      statements.list.length = 0;
      const report = await bench.store.settle(
        requests.map((request) => answerOf(request, { type: 'applied', row: serverRow(request.entityId, t1) })),
      );
      expect(report).toMatchObject({ pushed: ids.length, errors: 0 });
      return [...statements.list];
    };
    const few = await settle(['a', 'b']);
    const many = await settle(Array.from({ length: 20 }, (_, number) => `m${number}`));
    expect(few.length).toBeGreaterThan(3);
    expect(many.length).toBe(few.length);
    expect(many.filter((sql) => /json_array\("seq"|"base_row"/.test(sql))).toEqual([]);
  });

  test('F-135: a partial answer still writes the whole row', async () => {
    bench = await openStore(driver);
    // Queued without a write: no local row exists yet under an incomplete answer.
    await bench.outbox.enqueue(
      upsertOp({ kind: 'todos', id: 'a', payload: { ...todoOf('a', { title: 'mine' }) } as never }),
    );
    const [request] = await bench.takeAll();
    const report = await bench.store.settle([answerOf(request, { type: 'applied', row: { id: 'a', updatedAt: t2 } })]);
    expect(report.facts.map(({ type }) => type)).toEqual(['op.pushed']);
    expect(await bench.row('a')).toMatchObject({ title: 'mine', updatedAt: t2 });
  });

  test('F-120: an accepted edit of a row that the server deleted is a conflict, not a departure', async () => {
    bench = await openStore(driver);
    await bench.writer.insertAndEnqueue(todoOf('a'));
    const [request] = await bench.takeAll();
    const report = await bench.store.settle([
      answerOf(request, { type: 'applied', row: { ...serverRow('a', t1), deletedAt: t1 } }),
    ]);
    expect(report).toMatchObject({ pushed: 0, conflicts: [{ entityId: 'a' }] });
  });
});
