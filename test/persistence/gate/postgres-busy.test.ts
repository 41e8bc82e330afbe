import pg from 'pg';
import type { DataSource } from 'typeorm';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DatabaseError } from '../../../src/model/errors/errors.ts';
import { deleteOp, upsertOp } from '../../../src/model/operation.ts';
import type { GateOptions } from '../../../src/persistence/gate/connection-gate.ts';
import { openPostgres } from '../../support/open-postgres.ts';
import { createWriter } from '../../../src/persistence/writing/writer.ts';
import {
  accepted,
  answerOf,
  createTodoDatabase,
  openStore,
  serverRow,
  todos,
  type StoreBench,
} from '../../support/open-store.ts';
import { todoEntity, todoOf } from '../../support/todo.ts';

let database: string;
let removeDatabase: () => Promise<unknown>;
let bench: StoreBench | undefined;
let other: pg.Client;

beforeEach(async () => {
  ({ database, remove: removeDatabase } = await createTodoDatabase('postgres', ''));
  other = new pg.Client({ connectionString: database });
  await other.connect();
});
afterEach(async () => {
  await other.end();
  await bench?.close();
  bench = undefined;
  await removeDatabase();
});

const open = async (gate: GateOptions = {}): Promise<StoreBench> => {
  const dataSource: DataSource = await openPostgres({ url: database, entities: [todoEntity], gate });
  return (bench = await openStore('postgres', { dataSource }));
};
/**
 * Fails the first `times` inserts of operations, like a conflict with another transaction. Also counts rolled-back
 * inserts.
 */
const failInserts = async (code: string, times: number): Promise<void> => {
  await other.query(`CREATE SEQUENCE tries;
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('tries') <= ${times} THEN RAISE EXCEPTION 'given up' USING ERRCODE = '${code}'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER fail BEFORE INSERT ON sync_outbox FOR EACH ROW EXECUTE FUNCTION fail();`);
};
const tries = async (): Promise<number> =>
  Number((await other.query<{ last_value: string }>('SELECT last_value FROM tries')).rows[0]?.last_value);
const queued = async (): Promise<readonly string[]> => (await bench!.outbox.take()).map(({ id }) => id);

test.each(['40001', '40P01', '55P03'])(
  'F-147: repeats a write that PostgreSQL aborts with %s, and stores it once',
  async (code) => {
    const { writer, row } = await open();
    await failInserts(code, 2);
    await writer.insertAndEnqueue(todoOf('a'));
    expect(await tries()).toBe(3);
    expect(await queued()).toEqual(['a']);
    expect(await row('a')).not.toBeNull();
  },
);

test('F-147: retries for busyTimeoutMs, then stores nothing of it; a later run continues', async () => {
  const { writer, row, store } = await open({ busyTimeoutMs: 100 });
  await failInserts('40001', 1_000_000);
  await expect(writer.insertAndEnqueue(todoOf('a'))).rejects.toThrow(DatabaseError);
  expect(await tries()).toBeGreaterThan(1);
  expect(await queued()).toEqual([]);
  expect(await row('a')).toBeNull();
  await other.query('BEGIN; LOCK TABLE todos');
  const position = await store.pullPosition('todos', { resync: false });
  const items = [serverRow('b', '2026-01-01T00:00:01.000001Z')];
  const applied = store.applyPages('todos', [{ page: { items }, items, next: position }], { totalDone: 0 });
  await expect(applied).rejects.toMatchObject({ failure: { type: 'storeBusy' } });
  await other.query('ROLLBACK');
});

test('F-147: does not retry other errors', async () => {
  const { writer } = await open();
  await failInserts('23514', 1_000_000);
  await expect(writer.insertAndEnqueue(todoOf('a'))).rejects.toThrow(DatabaseError);
  expect(await tries()).toBe(1);
});

test('I1: a deadlock with an app transaction aborts ours, which runs again afterwards', async () => {
  const { writer, row } = await open();
  await writer.insertAndEnqueue(todoOf('a'));
  const calls: string[] = [];
  let committed: Promise<unknown> | undefined;
  const op = deleteOp({ kind: 'todos', id: 'b', opId: 'theirs', localTimestamp: new Date(0) });
  await writer.writeAndEnqueueOp(async (manager) => {
    calls.push('called');
    if (calls.length === 1) {
      // Our connection detects deadlocks.
      await other.query(`SET deadlock_timeout = '1min'`);
      await other.query(`BEGIN; UPDATE todos SET priority = 7 WHERE id = 'a'`);
      committed = other
        .query(`SELECT pg_advisory_xact_lock(hashtext('synchart'), hashtext(current_schema()))`)
        .then(() => other.query('COMMIT'));
    }
    await manager.query(`UPDATE todos SET title = 'ours' WHERE id = 'a'`);
  }, op);
  await committed;
  expect(calls).toEqual(['called', 'called']);
  expect(await row('a')).toMatchObject({ title: 'ours', priority: 7 });
  expect(await queued()).toEqual(['a', 'b']);
});

test('I3: with serializable as the default, writers still see what earlier ones queued', async () => {
  await other.query(
    `ALTER DATABASE "${new URL(database).pathname.slice(1)}" SET default_transaction_isolation = 'serializable'`,
  );
  const one = await open();
  const dataSource = await openPostgres({ url: database, entities: [todoEntity] });
  try {
    const there = createWriter(dataSource).forTable(todos);
    await one.writer.insertAndEnqueue(todoOf('a', { priority: 0 }));
    await Promise.all(
      Array.from({ length: 12 }, (_, n) => (n % 2 === 0 ? one.writer : there).increment('a', 'priority', 1)),
    );
  } finally {
    await dataSource.destroy();
  }
  expect(await one.row('a')).toMatchObject({ priority: 12 });
  const ready = await one.dataSource.query<unknown>('SELECT COUNT(*) AS n FROM sync_outbox WHERE state = 1');
  expect(ready).toEqual([{ n: '1' }]);
});

test('F-147: treats a server that closes our connections as busy: the run continues when it returns', async () => {
  const { store, writer, takeAll } = await open();
  await writer.insertAndEnqueue(todoOf('a'));
  const [request] = await takeAll();
  await other.query(`CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN OLD; END $$;
    CREATE TRIGGER die BEFORE DELETE ON sync_outbox FOR EACH ROW EXECUTE FUNCTION die();`);
  const settle = () => store.settle([answerOf(request, accepted('2026-01-01T00:00:01.000001Z')(request!))]);
  await expect(settle()).rejects.toMatchObject({ failure: { type: 'storeBusy' } });
  await other.query('DROP TRIGGER die ON sync_outbox');
  await settle();
  expect(await queued()).toEqual([]);
});

test('F-130: app writes run between the pages of a long pull', async () => {
  const { store, writer, row } = await open();
  const page = (start: number) => {
    const items = Array.from({ length: 50 }, (_, n) => serverRow(`s${start + n}`, '2026-01-01T00:00:01.000001Z'));
    return { page: { items }, items, next: { cursor: undefined, maxPage: 1, resync: false } };
  };
  const applying = store.applyPages(
    'todos',
    Array.from({ length: 40 }, (_, n) => page(n * 50)),
    { totalDone: 0 },
  );
  const seen = await writer.writeAndEnqueueOp(
    (manager) => manager.count(todoEntity),
    upsertOp({
      kind: 'todos',
      id: 'mine',
      opId: 'mine',
      localTimestamp: new Date(0),
      payload: { ...serverRow('mine', '') },
      creates: true,
    }),
  );
  expect(await applying).toHaveLength(40);
  expect(seen).toBeLessThan(2_000);
  expect(await row('s1999')).not.toBeNull();
});
