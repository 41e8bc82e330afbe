import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { DatabaseError } from '../../../src/model/errors/errors.ts';
import { OutboxState } from '../../../src/persistence/database/outbox-columns.ts';
import { operationTransitions } from '../../../src/persistence/outbox/transitions/transition-table.ts';
import { parkAgain } from '../../../src/persistence/outbox/transitions/resolve.ts';
import { settleOperations } from '../../../src/persistence/outbox/transitions/settle-operations.ts';
import { stopWaiting, waitFor } from '../../../src/persistence/outbox/transitions/wait-for.ts';
import { takeHeads, takePlainly } from '../../../src/persistence/outbox/transitions/take.ts';
import { dialectOf } from '../../../src/persistence/drivers/profile-of.ts';
import { Session } from '../../../src/persistence/sql/session.ts';
import { allDrivers, openStore, type StoreBench } from '../../support/open-store.ts';
import { todoOf } from '../../support/todo.ts';
import { transitionsPage } from './transitions-page.ts';

const root = new URL('../../../', import.meta.url);

test('docs: the drawn states match the table (after a change: vitest run -u on this file)', async () => {
  await expect(transitionsPage()).toMatchFileSnapshot('../../../docs/operations.md');
});

test('only one folder changes queued operations: no other source updates or deletes rows of sync_outbox', () => {
  const sources = readdirSync(new URL('src/', root), { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.tsx?$/.test(file),
  );
  const writers = sources.filter((file) =>
    /\b(?:UPDATE|DELETE\s+FROM)\s+"?sync_outbox"?/i.test(readFileSync(new URL(`src/${file}`, root), 'utf8')),
  );
  const folders = writers.map((file) => file.replaceAll('\\', '/').replace(/\/[^/]+$/, ''));
  expect([...new Set(folders)]).toEqual(['persistence/outbox/transitions']);
});

test('every state can be entered and left', () => {
  const all = Object.values(operationTransitions);
  for (const state of Object.keys(OutboxState)) {
    expect(all.some(({ from }) => (from as readonly string[]).includes(state))).toBe(true);
    expect(state === 'behind' || all.some(({ to }) => (to as readonly string[]).includes(state))).toBe(true);
  }
});

describe.each(allDrivers)('transitions on %s', (driver) => {
  let bench: StoreBench;
  let session: Session;
  const open = async (): Promise<void> => {
    bench = await openStore(driver);
    session = new Session(bench.dataSource.createQueryRunner(), dialectOf(bench.dataSource));
  };
  afterEach(async () => {
    await session.queryRunner.release();
    await bench.close();
  });
  const states = async (): Promise<readonly number[]> =>
    (await session.query<{ state: number }>('SELECT "state" FROM "sync_outbox" ORDER BY "seq"')).map(({ state }) =>
      Number(state),
    );
  const seqs = async (): Promise<readonly number[]> =>
    (await session.query<{ seq: number | string }>('SELECT "seq" FROM "sync_outbox" ORDER BY "seq"')).map(({ seq }) =>
      Number(seq),
    );

  test('an invalid transition rejects with the operation, its state and the expected state', async () => {
    await open();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await bench.writer.insertAndEnqueue(todoOf('b'));
    await takePlainly(session, await seqs(), 1);
    expect(await states()).toEqual([OutboxState.inFlight, OutboxState.inFlight]);
    const [first = 0, second = 0] = await seqs();
    const refused = waitFor(session, second, 'todos/a');
    await expect(refused).rejects.toThrow(DatabaseError);
    await expect(refused).rejects.toThrow(
      "The outbox does not allow 'waitFor': it starts from ready, but op2 is inFlight",
    );
    await expect(stopWaiting(session, first)).rejects.toThrow(
      "'stopWaiting': it starts from waiting, but op1 is inFlight",
    );
    await expect(takeHeads(session, [first])).rejects.toThrow("'take': it starts from ready, but op1 is inFlight");
    await expect(takeHeads(session, [99])).rejects.toThrow('the operation of seq 99 is gone');
    expect(await states()).toEqual([OutboxState.inFlight, OutboxState.inFlight]);
  });

  test('rejects an answer to an operation that is not in flight; one to a follower changes no state', async () => {
    await open();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'later' }));
    const [head = 0, follower = 0] = await seqs();
    await expect(settleOperations(session, [{ seq: head, state: OutboxState.waiting }], 1)).rejects.toThrow(
      "'settle': it starts from inFlight, but op1 is ready",
    );
    await settleOperations(session, [{ seq: follower, countTry: true }], 1);
    expect(await states()).toEqual([OutboxState.ready, OutboxState.behind]);
  });

  test('transitions that select operations leave those in other states alone', async () => {
    await open();
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await takePlainly(session, await seqs(), 1);
    await parkAgain(session, 'todos', 'a');
    expect(await states()).toEqual([OutboxState.inFlight]);
  });
});
