import { afterEach, describe, expect, test } from 'vitest';
import { TransportError } from '../../../src/model/errors/errors.ts';
import { upsertOp } from '../../../src/model/operation.ts';
import type { Outcome } from '../../../src/model/outcome.ts';
import type { TakenBatch, TakeOptions } from '../../../src/model/ports.ts';
import { accepted, answerOf, drivers, openStore, serverRow, type StoreBench } from '../../support/open-store.ts';
import { categoryOf, categoryRow, itemOf, itemRow, openShop, type ShopBench } from '../../support/shop.ts';
import { Statements } from '../../support/statements.ts';
import { todoOf } from '../../support/todo.ts';

const t1 = '2026-01-01T00:00:01.000001Z';
const t2 = '2026-01-01T00:00:02.000001Z';
const refusal: Outcome = { type: 'rejected', code: 'invalid', error: TransportError.httpError(422) };
const lost: Outcome = { type: 'unavailable', error: TransportError.httpError(503) };
const ids = (requests: readonly { readonly entityId: string }[]): string[] => requests.map(({ entityId }) => entityId);
const take = (bench: StoreBench, options: Partial<TakeOptions> = {}): Promise<TakenBatch> =>
  bench.store.take({ kinds: [...bench.registry.keys()], limit: 500, runId: 1, distrustResend: false, ...options });
const nextRun = (bench: StoreBench, explicit = true): Promise<unknown> =>
  bench.store.beginRun({ explicit, kinds: [...bench.registry.keys()], runId: 2 });

describe.each(drivers)('taking on %s', (driver) => {
  let bench: ShopBench;
  afterEach(() => bench.close());

  test('I3: takes only heads of line, in outbox order, and only once', async () => {
    bench = await openShop(driver, { config: { coalesce: false } });
    for (const id of ['c', 'a', 'b', 'a', 'c'])
      await bench.outbox.enqueue(upsertOp({ kind: 'todos', id, payload: { id, title: 'x' } }));
    expect(ids(await bench.takeAll())).toEqual(['c', 'a', 'b']);
    expect(await bench.takeAll()).toEqual([]);
  });

  test('F-67: uses the order of the outbox, not of the clock', async () => {
    bench = await openShop(driver);
    await bench.writer.insertAndEnqueue(todoOf('late'), { localTimestamp: '2030-01-01T00:00:00.000Z' });
    await bench.categories.insertAndEnqueue(categoryOf('early'), { localTimestamp: '2001-01-01T00:00:00.000Z' });
    await bench.writer.insertAndEnqueue(todoOf('middle'), { localTimestamp: '2020-01-01T00:00:00.000Z' });
    expect(ids(await bench.takeAll())).toEqual(['late', 'early', 'middle']);
  });

  test('respects the limit and the kinds; open requests come first', async () => {
    bench = await openShop(driver);
    for (const id of ['a', 'b', 'c', 'd']) await bench.writer.insertAndEnqueue(todoOf(id));
    await bench.categories.insertAndEnqueue(categoryOf('k'));
    expect(await take(bench, { kinds: [] })).toEqual({ requests: [], facts: [] });
    const [third] = (await take(bench, { limit: 3 })).requests.slice(2);
    expect(third?.entityId).toBe('c');
    await bench.store.settle([answerOf(third, lost)]);
    expect(ids((await take(bench, { kinds: ['todos'], limit: 1 })).requests)).toEqual(['c']);
    expect(ids((await take(bench, { kinds: ['categories'] })).requests)).toEqual(['k']);
    await bench.store.settle([answerOf(third, lost)]);
    expect(ids((await take(bench)).requests)).toEqual(['c', 'd']);
  });

  test('I10: finds heads through indexes only, whatever the outbox contains', async () => {
    const statements = new Statements();
    bench = await openShop(driver, { open: { logging: ['query'], logger: statements } });
    for (let number = 0; number < 30; number++) await bench.writer.insertAndEnqueue(todoOf(`t${number}`));
    statements.list.length = 0;
    await take(bench, { limit: 10 });
    const reads = statements.list.filter(({ sql }) => /^\s*SELECT/.test(sql) && sql.includes('sync_outbox'));
    expect(reads.length).toBeGreaterThanOrEqual(3);
    const plans = [];
    for (const { sql, parameters } of reads)
      plans.push({
        sql,
        steps: ((await bench.dataSource.query(`EXPLAIN QUERY PLAN ${sql}`, [...parameters])) as { detail: string }[])
          .map(({ detail }) => detail)
          .filter(
            (detail) =>
              !/json_each|CO-ROUTINE|UNION|heads|ready$|TEMP B-TREE|SUBQUERY|BLOOM FILTER|COMPOUND|LIST|^LEFT$|^RIGHT$/.test(
                detail,
              ),
          ),
      });
    const steps = plans.flatMap((plan) => plan.steps);
    expect(
      steps.filter((step) => !/USING (COVERING )?INDEX sync_outbox_|USING INTEGER PRIMARY KEY/.test(step)),
    ).toEqual([]);
    expect(plans.find(({ sql }) => sql.includes('"kind" = ? AND "state" = 1 ORDER BY'))?.steps.join()).toContain(
      'sync_outbox_ready (kind=?)',
    );
    expect(plans.find(({ sql }) => sql.includes('"request_id" IS NOT NULL'))?.steps.join()).toContain('SEARCH f USING');
    expect(plans.find(({ sql }) => sql.includes('"request_id" IS NOT NULL'))?.steps.join()).toContain(
      'sync_outbox_frozen',
    );
  });

  test('coalesce: false sends every operation separately, each after the previous one is settled', async () => {
    bench = await openShop(driver, { config: { coalesce: false } });
    await bench.pull([serverRow('a', t1)]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'one' }), { changedFields: ['title'] });
    await bench.writer.replaceAndEnqueue(todoOf('a', { priority: 2 }), { changedFields: ['priority'] });
    const [first] = await bench.takeAll();
    expect(first).toMatchObject({ opIds: ['op1'], op: { requestId: 'op1', payload: { title: 'one' } } });
    expect(await bench.takeAll()).toEqual([]);
    await bench.store.settle([answerOf(first, { type: 'applied', row: serverRow('a', t2, { title: 'one' }) })]);
    expect((await bench.takeAll())[0]).toMatchObject({
      opIds: ['op2'],
      op: { baseUpdatedAt: t2, payload: { title: 'one', priority: 2 } },
    });
  });

  test('coalesce: false sends both a create and its delete', async () => {
    bench = await openShop(driver, { config: { coalesce: false } });
    await bench.writer.insertAndEnqueue(todoOf('a'));
    await bench.writer.enqueueDelete('a');
    const sent = await bench.drain((request) =>
      request.op.type === 'upsert' ? accepted(t1)(request) : { type: 'applied' },
    );
    expect(sent.map(({ op }) => [op.type, op.type === 'delete' ? op.baseUpdatedAt : op.creates])).toEqual([
      ['upsert', true],
      ['delete', t1],
    ]);
  });

  test('sendChangedFields: an edit contains its changes and the id, a create the whole row', async () => {
    bench = await openShop(driver, { categories: { sendChangedFields: true } });
    await bench.categories.insertAndEnqueue(categoryOf('new'));
    await bench.pullOf('categories', [categoryRow('old', t1)]);
    await bench.categories.replaceAndEnqueue(categoryOf('old', { name: 'renamed' }), { changedFields: ['name'] });
    const [create, edit] = (await bench.takeAll()).map(({ op }) => (op.type === 'upsert' ? op.payload : {}));
    expect(create).toEqual({ id: 'new', name: 'name of new', parentId: null, slug: null });
    expect(edit).toEqual({ id: 'old', name: 'renamed' });
    await bench.store.beginRun({ explicit: true, kinds: ['categories'], runId: 2 });
    expect((await bench.takeAll()).map(({ op }) => (op.type === 'upsert' ? op.payload : {}))).toEqual([create, edit]);
  });

  test('I1: 1,500 operations drain in batches, each sent once', async () => {
    bench = await openShop(driver);
    await bench.dataSource.transaction(async (manager) => {
      for (let number = 0; number < 1500; number++) {
        await manager.query(
          `INSERT INTO sync_outbox (op_id, kind, entity_id, op, payload, creates, ts, state, enqueued_at) VALUES (?, 'todos', ?, 'upsert', ?, 1, '2026-01-01T00:00:00.000Z', 1, 0)`,
          [`o${number}`, `e${number}`, JSON.stringify({ id: `e${number}`, title: 't' })],
        );
      }
    });
    const sizes: number[] = [];
    const sent: string[] = [];
    for (let requests = await bench.takeAll(); requests.length > 0; requests = await bench.takeAll()) {
      sizes.push(requests.length);
      sent.push(...ids(requests));
      await bench.store.settle(requests.map((request) => ({ request, outcome: accepted(t1)(request) })));
    }
    expect(sizes).toEqual([500, 500, 500]);
    expect(sent).toEqual(Array.from({ length: 1500 }, (_, number) => `e${number}`));
    expect(await bench.outbox.hasOperations()).toBe(false);
    expect(await bench.dataSource.query('SELECT count(*) AS n FROM todos')).toEqual([{ n: 1500 }]);
  });

  test('F-16: parks an operation with damaged JSON with op.stuck; the others go on', async () => {
    bench = await openShop(driver);
    for (const id of ['a', 'b', 'c']) await bench.writer.insertAndEnqueue(todoOf(id));
    await bench.writer.replaceAndEnqueue(todoOf('c', { title: 'later' }));
    await bench.dataSource.query(`UPDATE sync_outbox SET payload = '{"id":' WHERE op_id = 'op1'`);
    await bench.dataSource.query(`UPDATE sync_outbox SET changed_fields = '[oops' WHERE op_id = 'op4'`);
    const batch = await take(bench);
    expect(ids(batch.requests)).toEqual(['b']);
    expect(batch.facts).toMatchObject([
      { type: 'op.stuck', opId: 'op1', entityId: 'a', errorInfo: { category: 'parse' } },
      { type: 'op.stuck', entityId: 'c' },
    ]);
    expect((await bench.queue.list()).filter(({ state }) => state === 'parked')).toMatchObject([
      { opId: 'op1', parkedFor: 'stuck', errorCode: 'damaged' },
      { opId: 'op3' },
    ]);
    await nextRun(bench);
    expect(ids((await take(bench)).requests)).toEqual(['b']);
    expect(
      (await bench.queue.dropStuck()).filter((fact) => fact.type === 'op.discarded').map((fact) => fact.opId),
    ).toEqual(expect.arrayContaining(['op1', 'op3']));
  });

  test.each([
    ['changed_fields', '{"title":true}', 'a JSON list of field names'],
    ['changed_fields', '[1]', 'a JSON list of field names'],
    ['payload', '[]', 'a JSON object'],
    ['payload', 'null', 'a JSON object'],
    ['deltas', '[{"type":"double","field":"priority"}]', 'a JSON list of deltas'],
  ])(
    'F-164: parks only an operation whose %s is %s, and the reason names table, row and column',
    async (column, value, expected) => {
      bench = await openShop(driver);
      for (const id of ['a', 'b']) await bench.writer.insertAndEnqueue(todoOf(id));
      await bench.dataSource.query(`UPDATE sync_outbox SET ${column} = '${value}' WHERE op_id = 'op1'`);
      const batch = await take(bench);
      expect(ids(batch.requests)).toEqual(['b']);
      const reason = `row seq 1 of sync_outbox is damaged: "${column}" is not ${expected}`;
      expect((batch.facts[0] as { readonly error?: Error }).error?.message).toContain(
        `${reason}; drop operation op1, or repair that row and retry`,
      );
      expect(await bench.queue.list()).toMatchObject([
        { opId: 'op1', parkedFor: 'stuck', errorCode: 'damaged', lastError: reason },
        { opId: 'op2' },
      ]);
    },
  );

  test('F-164, I1: dropping a damaged operation keeps its text in the warning and exactly in the history', async () => {
    bench = await openShop(driver);
    await bench.writer.insertAndEnqueue(todoOf('a'));
    const text = `{"id":"a","title":"the only copy${'!'.repeat(3_000)}`;
    await bench.dataSource.query(
      `UPDATE sync_outbox SET payload = '${text}', changed_fields = '["title"' WHERE op_id = 'op1'`,
    );
    await take(bench);
    const facts = await bench.queue.dropStuck();
    expect(facts.map(({ type }) => type)).toEqual(['op.discarded', 'store.warning']);
    const message = facts.flatMap((fact) => (fact.type === 'store.warning' ? [fact.message] : []))[0] ?? '';
    expect(message).toContain(
      'operation op1 on todos/a was discarded although it could not be read (row seq 1 of sync_outbox is damaged: "payload"',
    );
    expect(message).toContain('{"id":"a","title":"the only copy!!!');
    expect(message.length).toBeLessThan(2_400);
    expect(await bench.dataSource.query('SELECT payload, changed_fields AS f FROM sync_discarded')).toEqual([
      { payload: text, f: '["title"' },
    ]);
  });

  test('F-164: a warning names the row of a damaged position or base, and the consequence', async () => {
    bench = await openShop(driver);
    const told: string[] = [];
    bench.onFacts((facts) =>
      told.push(...facts.flatMap((fact) => (fact.type === 'store.warning' ? [fact.message] : []))),
    );
    await bench.store.applyPages(
      'todos',
      [
        {
          page: { items: [] },
          items: [serverRow('a', t1)],
          next: { cursor: { ts: t1, lastId: 'a' }, maxPage: 1, resync: false },
        },
      ],
      {
        totalDone: 0,
      },
    );
    await bench.dataSource.query(`UPDATE sync_cursors SET ts = 'yesterday' WHERE kind = 'todos'`);
    expect(await bench.store.pullPosition('todos', { resync: false })).toMatchObject({ cursor: undefined });
    expect(told).toEqual([
      expect.stringContaining('row todos of sync_cursors is damaged: "ts" is not an ISO 8601 time'),
    ]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'mine' }), { changedFields: ['title'] });
    const held = `[{"title":"the only copy${'!'.repeat(3_000)}`;
    await bench.dataSource.query(`UPDATE sync_base SET base_row = '${held}' WHERE entity_id = 'a'`);
    const [page] = await bench.store.applyPages(
      'todos',
      [
        {
          page: { items: [serverRow('a', t2)] },
          items: [serverRow('a', t2)],
          next: { cursor: { ts: t2, lastId: 'a' }, maxPage: 1, resync: false },
        },
      ],
      {
        totalDone: 0,
      },
    );
    const expected = {
      type: 'store.warning',
      message: expect.stringContaining(
        'row todos/a of sync_base is damaged: "base_row" is not a JSON object',
      ) as string,
    };
    expect(page?.facts).toContainEqual(expected);
    const [message = ''] = (page?.facts ?? []).flatMap((fact) => (fact.type === 'store.warning' ? [fact.message] : []));
    expect(message).toContain(
      `fullResync({ kinds: ['todos'] }) fetches it now. The queued operations stay. The damaged row contains: base_row [{"title":"the only copy!!!`,
    );
    expect(message.length).toBeLessThan(2_400);
    const [request] = await bench.takeAll();
    await bench.dataSource.query(`UPDATE sync_base SET base_row = '[' WHERE entity_id = 'a'`);
    const { facts } = await bench.store.settle([
      answerOf(request, { type: 'conflict', current: serverRow('a', t2), deleted: false, serverTimestamp: t2 }),
    ]);
    expect(facts).toContainEqual(expected);
  });

  test('F-164: a warning shows the damaged columns before the replacement request is sent', async () => {
    bench = await openShop(driver);
    await bench.writer.insertAndEnqueue(todoOf('a', { title: 'mine' }));
    await bench.dataSource.query(
      `UPDATE sync_base SET version_unknown = 1, last_sent = '{"title":' WHERE entity_id = 'a'`,
    );
    expect((await take(bench)).facts).toContainEqual({
      type: 'store.warning',
      message: expect.stringMatching(
        /^row todos\/a of sync_base is damaged: "last_sent" is not a JSON object; .* The damaged row contains: last_sent \{"title":$/,
      ) as string,
    });
  });

  test('F-164: the warning about a damaged conflict shows the content of the removed row', async () => {
    bench = await openShop(driver);
    await bench.pull([serverRow('a', t1)]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'mine' }), { changedFields: ['title'] });
    const [request] = await bench.takeAll();
    await bench.store.settle([
      answerOf(request, { type: 'conflict', current: serverRow('a', t2), deleted: false, serverTimestamp: t2 }),
    ]);
    await bench.dataSource.query(`UPDATE sync_conflicts SET server_data = '{"title":' WHERE entity_id = 'a'`);
    const { facts } = await bench.store.beginRun({ explicit: false, kinds: ['todos'], runId: 2 });
    expect(facts).toContainEqual({
      type: 'store.warning',
      message: expect.stringMatching(
        /Its operation stays; retry or drop it\. The removed row contained: local_data \{.*"title":"mine".*server_data \{"title":/,
      ) as string,
    });
    expect(await bench.dataSource.query('SELECT * FROM sync_conflicts')).toEqual([]);
  });

  test('I2: parks a frozen request with a damaged stored body instead of sending another body', async () => {
    bench = await openShop(driver);
    await bench.pull([serverRow('a', t1)]);
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'one' }), { changedFields: ['title'] });
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'server a', priority: 3 }), {
      changedFields: ['priority'],
    });
    await bench.takeAll();
    await bench.dataSource.query(`UPDATE sync_outbox SET frozen_body = '{' WHERE request_id IS NOT NULL`);
    await nextRun(bench);
    const batch = await take(bench);
    expect(batch.requests).toEqual([]);
    expect(batch.facts).toMatchObject([{ type: 'op.stuck', entityId: 'a' }]);
  });

  test('F-16: a batch full of damaged operations does not end the push', async () => {
    bench = await openShop(driver);
    for (const id of ['a', 'b', 'c']) await bench.writer.insertAndEnqueue(todoOf(id));
    await bench.dataSource.query(`UPDATE sync_outbox SET payload = '{' WHERE entity_id IN ('a', 'b')`);
    const batch = await take(bench, { limit: 2 });
    expect(ids(batch.requests)).toEqual(['c']);
    expect(batch.facts).toHaveLength(2);
  });

  test('F-123: a batch full of creates that were deleted again does not end the push', async () => {
    bench = await openShop(driver);
    for (const id of ['a', 'b', 'c']) await bench.writer.insertAndEnqueue(todoOf(id));
    for (const id of ['a', 'b']) await bench.writer.enqueueDelete(id);
    const batch = await take(bench, { limit: 2 });
    expect(ids(batch.requests)).toEqual(['c']);
    expect(batch.facts.map((fact) => fact.type)).toEqual(Array(4).fill('op.discarded'));
  });

  test('F-101: keeps operations of unregistered kinds and reports them at the start of a run', async () => {
    bench = await openShop(driver);
    await bench.outbox.enqueue(upsertOp({ kind: 'strangers', id: '1', payload: { id: '1' } }));
    await bench.writer.insertAndEnqueue(todoOf('a'));
    const { facts } = await bench.store.beginRun({ explicit: true, kinds: ['todos'], runId: 2 });
    expect(facts).toMatchObject([
      { type: 'transport.warning', message: expect.stringContaining('strangers') as string },
    ]);
    expect(ids(await bench.takeAll())).toEqual(['a']);
    expect(await bench.outbox.hasOperations({ kinds: ['strangers'] })).toBe(true);
  });

  test('I8: an operation with an outcome waits for the next run; one with its own wait until that is over', async () => {
    bench = await openShop(driver);
    for (const id of ['a', 'b']) await bench.writer.insertAndEnqueue(todoOf(id));
    const [a, b] = await bench.takeAll();
    await bench.store.settle([
      answerOf(a, refusal),
      { ...answerOf(b, { type: 'retryLater', error: TransportError.httpError(500) }), dueInMs: 5_000 },
    ]);
    expect(await bench.takeAll()).toEqual([]);
    await nextRun(bench, false);
    expect(ids(await bench.takeAll())).toEqual(['a']);
    expect(await bench.store.finishRun({ runId: 2, othersSucceeded: false, kinds: ['todos'] })).toMatchObject({
      nextDueInMs: 5_000,
    });
    bench.clock.increment(5_000);
    await nextRun(bench, false);
    expect(ids(await bench.takeAll())).toEqual(expect.arrayContaining(['b']));
  });

  test('F-67: ignores a wait beyond the maximum: the clock was set back', async () => {
    bench = await openShop(driver);
    for (const id of ['far', 'near']) await bench.writer.insertAndEnqueue(todoOf(id));
    await bench.store.settle(
      (await bench.takeAll()).map((request) => ({
        request,
        outcome: { type: 'retryLater', error: TransportError.httpError(500) } as Outcome,
        dueInMs: 60_000,
      })),
    );
    await bench.dataSource.query(`UPDATE sync_outbox SET due_at = ? WHERE entity_id = 'far'`, [
      bench.clock.now() + 365 * 24 * 3_600_000,
    ]);
    await nextRun(bench, false);
    expect(ids(await bench.takeAll())).toEqual(['far']);
  });

  test('F-134: resends a request without an outcome while the server remembers its key, and verifies it afterwards', async () => {
    bench = await openShop(driver, { config: { idempotencyWindowMs: 10_000 } });
    await bench.writer.insertAndEnqueue(todoOf('a'));
    expect((await bench.takeAll())[0]).toMatchObject({ verify: 'no', firstSentAt: undefined });
    bench.clock.increment(10_000);
    await nextRun(bench);
    expect((await bench.takeAll())[0]).toMatchObject({ verify: 'no', op: { requestId: 'op1' } });
    bench.clock.increment(1);
    await nextRun(bench);
    expect((await bench.takeAll())[0]).toMatchObject({ verify: 'staleRequest', op: { requestId: 'op1' } });
  });

  test('F-134: verifies every request without an outcome if the server remembers no keys', async () => {
    bench = await openShop(driver);
    await bench.writer.insertAndEnqueue(todoOf('a'));
    expect((await take(bench, { distrustResend: true })).requests).toMatchObject([{ verify: 'no' }]);
    await nextRun(bench);
    expect((await take(bench, { distrustResend: true })).requests).toMatchObject([{ verify: 'staleRequest' }]);
  });

  test('F-134: still verifies an operation over an unknown version when the process died before sending it', async () => {
    bench = await openShop(driver);
    await bench.writer.insertAndEnqueue(todoOf('a', { title: 'one' }));
    await bench.drain(() => ({ type: 'applied' }));
    await bench.writer.replaceAndEnqueue(todoOf('a', { title: 'two' }));
    expect((await bench.takeAll())[0]).toMatchObject({ verify: 'unknownVersion' });
    await nextRun(bench);
    expect((await bench.takeAll())[0]?.verify).not.toBe('no');
  });

  test('dependsOn: a row waits for the create of its referenced row, and goes once that is settled', async () => {
    bench = await openShop(driver);
    await bench.items.insertAndEnqueue(itemOf('i1', 'c2'));
    await bench.items.insertAndEnqueue(itemOf('i2', null));
    await bench.categories.insertAndEnqueue(categoryOf('c1'));
    await bench.categories.insertAndEnqueue(categoryOf('c2'));
    const first = await bench.takeAll();
    expect(ids(first)).toEqual(['i2', 'c1', 'c2']);
    expect((await bench.queue.list()).find(({ entityId }) => entityId === 'i1')).toMatchObject({
      state: 'waiting',
      waitingFor: 'categories/c2',
      tryCount: 0,
    });
    await bench.store.settle([answerOf(first[1], accepted(t1)(first[1]!))]);
    expect(await bench.takeAll()).toEqual([]);
    await bench.store.settle([answerOf(first[2], accepted(t1)(first[2]!))]);
    expect(ids(await bench.takeAll())).toEqual(['i1']);
  });

  test('dependsOn: an edit of the referenced row blocks nobody', async () => {
    bench = await openShop(driver);
    await bench.pullOf('categories', [categoryRow('c1', t1)]);
    await bench.items.insertAndEnqueue(itemOf('i1', 'c1'));
    await bench.categories.replaceAndEnqueue(categoryOf('c1', { name: 'x' }));
    expect(ids(await bench.takeAll())).toEqual(['i1', 'c1']);
  });

  test('dependsOn uses the folded payload: a row that was moved away meanwhile waits for nothing', async () => {
    bench = await openShop(driver);
    await bench.pullOf('categories', [categoryRow('there', t1)]);
    await bench.items.insertAndEnqueue(itemOf('i1', 'c1'));
    await bench.categories.insertAndEnqueue(categoryOf('c1'));
    await bench.items.replaceAndEnqueue(itemOf('i1', 'there'), { changedFields: ['categoryId'] });
    expect(ids(await bench.takeAll())).toEqual(['i1', 'c1']);
  });

  test('dependsOn: a batch full of waiting rows does not end the push; those behind go', async () => {
    bench = await openShop(driver, { config: { maxOutboxTryCount: 1 } });
    await bench.categories.insertAndEnqueue(categoryOf('c1'));
    await bench.store.settle([answerOf((await bench.takeAll())[0], refusal)]);
    for (const id of ['i1', 'i2', 'i3']) await bench.items.insertAndEnqueue(itemOf(id, 'c1'));
    await bench.items.insertAndEnqueue(itemOf('free', null));
    expect(ids((await take(bench, { limit: 2 })).requests)).toEqual(['free']);
  });

  test('I12: a row behind a stuck create waits and names it; a drop or retry releases it', async () => {
    bench = await openShop(driver, { config: { maxOutboxTryCount: 1 } });
    await bench.categories.insertAndEnqueue(categoryOf('c1'));
    await bench.items.insertAndEnqueue(itemOf('i1', 'c1'));
    await bench.store.settle([answerOf((await bench.takeAll())[0], refusal)]);
    await nextRun(bench);
    expect(await bench.takeAll()).toEqual([]);
    expect(
      (await bench.queue.list()).map(({ entityId, state, waitingFor, parkedFor }) => ({
        entityId,
        state,
        waitingFor,
        parkedFor,
      })),
    ).toEqual([
      { entityId: 'c1', state: 'parked', waitingFor: undefined, parkedFor: 'stuck' },
      { entityId: 'i1', state: 'waiting', waitingFor: 'categories/c1', parkedFor: undefined },
    ]);
    await bench.queue.retryStuck();
    expect(ids(await bench.takeAll())).toEqual(['c1']);
  });

  test('I12: a create that is deleted again releases its waiting rows in the same run', async () => {
    bench = await openShop(driver);
    await bench.categories.insertAndEnqueue(categoryOf('c1'));
    await bench.items.insertAndEnqueue(itemOf('i1', 'c1'));
    expect(ids((await take(bench, { kinds: ['items'] })).requests)).toEqual([]);
    await bench.categories.enqueueDelete('c1');
    expect(ids((await take(bench)).requests)).toEqual(['i1']);
  });

  test('sends deletes children first, also through a delete that something already waits for', async () => {
    bench = await openShop(driver);
    await bench.pullOf('categories', [categoryRow('c1', t1)]);
    await bench.pullOf('items', [itemRow('i1', 'c1', t1), itemRow('i2', 'other', t1)]);
    await bench.categories.enqueueDelete('c1');
    await bench.items.enqueueDelete('i1');
    await bench.items.enqueueDelete('i2');
    const first = await bench.takeAll();
    expect(ids(first)).toEqual(['i1', 'i2']);
    expect((await bench.queue.list())[0]).toMatchObject({ entityId: 'c1', state: 'waiting', waitingFor: 'items/i1' });
    await bench.store.settle([answerOf(first[0], { type: 'applied' })]);
    expect(ids(await bench.takeAll())).toEqual(['c1']);
  });

  test('a row that references itself waits for nothing', async () => {
    bench = await openShop(driver);
    await bench.categories.insertAndEnqueue(categoryOf('self', { parentId: 'self' }));
    await bench.pullOf('categories', [categoryRow('gone', t1, { parentId: 'gone' })]);
    await bench.categories.enqueueDelete('gone');
    expect(ids(await bench.takeAll())).toEqual(['self', 'gone']);
  });

  test.each([2, 3])(
    'breaks a cycle of %i creates at the oldest, which gets its reference when the others exist',
    async (length) => {
      bench = await openShop(driver);
      for (let number = 0; number < length; number++)
        await bench.categories.insertAndEnqueue(categoryOf(`c${number}`, { parentId: `c${(number + 1) % length}` }));
      const order: string[] = [];
      for (let requests = await bench.takeAll(); requests.length > 0; requests = await bench.takeAll()) {
        order.push(ids(requests).join('+'));
        await bench.store.settle(requests.map((request) => ({ request, outcome: accepted(t1)(request) })));
      }
      expect(order).toEqual(length === 2 ? ['c0', 'c1', 'c0'] : ['c0', 'c2', 'c1', 'c0']);
    },
  );

  test.each([2, 3])('also breaks a cycle of %i deletes at the oldest', async (length) => {
    bench = await openShop(driver);
    await bench.pullOf(
      'categories',
      Array.from({ length }, (_, number) => categoryRow(`c${number}`, t1, { parentId: `c${(number + 1) % length}` })),
    );
    for (let number = 0; number < length; number++) await bench.categories.enqueueDelete(`c${number}`);
    const sent = ids(await bench.drain(() => ({ type: 'applied' })));
    expect(sent[0]).toBe('c0');
    expect(sent.toSorted()).toEqual(Array.from({ length }, (_, number) => `c${number}`));
  });
});

test('SCH-12: two databases are independent', async () => {
  const [one, two] = [await openStore('better-sqlite3'), await openStore('better-sqlite3')];
  await one.writer.insertAndEnqueue(todoOf('a'));
  expect(await two.takeAll()).toEqual([]);
  expect(ids(await one.takeAll())).toEqual(['a']);
  await Promise.all([one.close(), two.close()]);
});

test('F-102: 40,000 ids fit in one statement', async () => {
  const bench = await openStore('better-sqlite3');
  await bench.dataSource.query(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
    INSERT INTO sync_outbox (op_id, kind, entity_id, op, payload, creates, ts, state, enqueued_at) SELECT 'o' || i, 'todos', 'e' || i, 'upsert', '{"id":"e' || i || '","title":"t"}', 1, '2026-01-01T00:00:00.000Z', 1, 0 FROM n`);
  const requests = await bench.takeAll(40_000);
  expect(requests).toHaveLength(40_000);
  const report = await bench.store.settle(
    requests.map((request) => ({
      request,
      outcome: { type: 'applied', row: { id: request.entityId, title: 't', updatedAt: t1 } } as Outcome,
    })),
  );
  expect(report.pushed).toBe(40_000);
  expect(await bench.outbox.hasOperations()).toBe(false);
  await bench.close();
});
