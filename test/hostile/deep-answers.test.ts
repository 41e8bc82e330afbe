import { afterEach, describe, expect, test } from 'vitest';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import { createBundleClient } from '../../src/devtools/client/bundle-client.ts';
import { acceptMerged } from '../../src/model/conflict.ts';
import type { ConflictStrategy } from '../../src/model/conflict.ts';
import type { Json, JsonObject } from '../../src/model/values/json.ts';
import { maxNesting } from '../../src/model/values/nesting.ts';
import { pushConflict, pushSuccess, type OpPushResult, type TransportAdapter } from '../../src/model/transport.ts';
import { syncTable } from '../../src/persistence/tables/sync-table.ts';
import { runSynchartCommand } from '../../src/replay/synchart-command.ts';
import { preservingMerge, threeWayMerge } from '../../src/index.ts';
import { createTransport } from '../../src/transport/create-transport.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoEntity, todoOf, type Todo } from '../support/todo.ts';
import { stubServer } from '../transport/stub-server.ts';

const deepText = (levels = 200_000): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const deepObjectText = (levels = 200_000): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const deep = (levels?: number): Json => JSON.parse(deepText(levels)) as Json;
const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}.000000Z`;
const rowText = (id: string, second: number, tags: string): string =>
  `{"id":"${id}","title":"theirs","done":false,"priority":null,"tags":${tags},"updatedAt":"${at(second)}","deletedAt":null}`;
const rowOf = (id: string, second: number, tags: string): JsonObject =>
  JSON.parse(rowText(id, second, tags)) as JsonObject;

const strategies: readonly ConflictStrategy[] = [
  'autoPreserve',
  'serverWins',
  'clientWins',
  'lastWriteWins',
  'merge',
  'manual',
];

const benches: EngineBench[] = [];
afterEach(async () => {
  for (const each of benches.splice(0)) await each.close();
});
const open = async (options: Parameters<typeof openEngine>[0]): Promise<EngineBench> => {
  const bench = await openEngine(options);
  benches.push(bench);
  return bench;
};
const sync = (bench: EngineBench): Promise<unknown> => bench.engine.sync().catch((error: unknown) => error);
const quarantined = (bench: EngineBench) => bench.told.filter((event) => event.type === 'row.quarantined');

describe.each([
  ['lists', deepText()],
  ['objects', deepObjectText()],
  ['lists just above the limit', deepText(maxNesting + 1)],
])('I13: a row with %s', (_, tags) => {
  const rows = `{"items":[${rowText('a', 1, '["x"]')},${rowText('deep', 2, tags)},${rowText('z', 3, 'null')}],"hasMore":false}`;
  const adapters: readonly (readonly [string, () => Promise<TransportAdapter>])[] = [
    [
      'RestTransport',
      async () =>
        new RestTransport({
          baseUrl: (
            await stubServer((exchange) => exchange.replyText(200, rows, { 'Content-Type': 'application/json' }))
          ).baseUrl,
        }),
    ],
    [
      'createTransport',
      () =>
        Promise.resolve(
          createTransport({ send: () => Promise.resolve({ status: 200, body: JSON.parse(rows) as Json }) }),
        ),
    ],
    [
      'an adapter of the app',
      () => {
        const inner = createTransport({ send: () => Promise.resolve({ status: 200, body: {} }) });
        const items = (JSON.parse(rows) as { items: JsonObject[] }).items;
        // The deep row first: adapters that give no size are measured by it.
        return Promise.resolve({
          ...inner,
          pull: () => Promise.resolve({ items: items.toSorted((a) => (a['id'] === 'deep' ? -1 : 0)), hasMore: false }),
        });
      },
    ],
  ];

  test.each(adapters)('is quarantined with the reason when pulled by %s, and the page arrives', async (_name, make) => {
    const bench = await open({ transport: await make() });
    await bench.engine.sync();
    expect(await bench.row('a')).toMatchObject({ title: 'theirs', tags: ['x'] });
    expect(await bench.row('z')).toMatchObject({ title: 'theirs' });
    expect(await bench.row('deep')).toBeNull();
    expect(quarantined(bench)).toMatchObject([
      {
        id: 'deep',
        error: { message: expect.stringContaining("field 'tags' is nested deeper than 500 levels") as string },
      },
    ]);
    // Also when what is in quarantine is tried again.
    await bench.engine.sync();
    await bench.engine.fullResync();
    expect(await bench.row('a')).toMatchObject({ title: 'theirs' });
  });
});

describe.each(strategies)('under %s', (strategy) => {
  const openWith = (answers: (id: string) => OpPushResult['result'], fetched: JsonObject | undefined) => {
    const inner = createTransport({
      send: ({ action }) =>
        Promise.resolve(
          action === 'list' ? { status: 200, body: { items: [], hasMore: false } } : { status: 200, body: {} },
        ),
    });
    const transport: TransportAdapter = {
      ...inner,
      push: (ops) => Promise.resolve({ results: ops.map(({ opId, id }) => ({ opId, result: answers(id) })) }),
      fetch: () =>
        Promise.resolve(fetched === undefined ? { type: 'fetchNotFound' } : { type: 'fetchSuccess', data: fetched }),
    };
    return open({ transport, tables: [syncTable(todoEntity, { conflict: { strategy } })] });
  };

  test('I1, I13: ignores a deep row in the answer to a write, and the write counts', async () => {
    const bench = await openWith(
      (id) => pushSuccess({ serverData: rowOf(id, 5, id === 'deep' ? deepText() : 'null') }),
      undefined,
    );
    for (const id of ['a', 'deep', 'z']) await bench.writer.insertAndEnqueue(todoOf(id, { title: 'mine' }));
    await bench.engine.sync();
    expect(await bench.queued()).toEqual([]);
    expect(await bench.row('deep')).toMatchObject({ title: 'mine' });
  });

  test('I1, I13: a conflict with a deep row waits with the reason, and the others are sent', async () => {
    const current = rowOf('deep', 9, deepText());
    const bench = await openWith(
      (id) => (id === 'deep' ? pushConflict({ serverData: current }) : pushSuccess()),
      current,
    );
    for (const id of ['a', 'deep', 'z']) await bench.writer.insertAndEnqueue(todoOf(id, { title: 'mine' }));
    for (let run = 0; run < 3; run++) await sync(bench);
    expect(await bench.queued()).toHaveLength(1);
    expect(await bench.row('deep')).toMatchObject({ title: 'mine' });
    expect(await bench.engine.explain()).toMatchObject([
      {
        entityId: 'deep',
        lastError: expect.stringContaining("field 'tags' is nested deeper than 500 levels") as string,
      },
    ]);
  });
});

test.each([true, false])(
  'I1, I13: a server that answers batches with deep rows (%s) affects only those rows',
  async (enableBatch) => {
    const server = await stubServer((exchange) => {
      const id = exchange.url.split('/').at(-1)?.split('?')[0] ?? '';
      if (exchange.method === 'GET') return exchange.reply(200, { items: [], hasMore: false });
      const ops = exchange.json['ops'] as { readonly opId: string; readonly id: string }[] | undefined;
      const answer = (of: string): string => rowText(of, 5, of === 'deep' ? deepObjectText() : 'null');
      const body =
        ops === undefined
          ? answer(id)
          : `{"results":[${ops.map((op) => `{"opId":"${op.opId}","statusCode":200,"data":${answer(op.id)}}`).join()}]}`;
      exchange.replyText(200, body, { 'Content-Type': 'application/json' });
    });
    const bench = await open({ transport: new RestTransport({ baseUrl: server.baseUrl, enableBatch }) });
    for (const id of ['a', 'deep', 'z']) await bench.writer.insertAndEnqueue(todoOf(id, { title: 'mine' }));
    await bench.engine.sync();
    expect(await bench.queued()).toEqual([]);
    expect(await bench.row('z')).toMatchObject({ title: 'theirs' });
  },
);

test('I13: a refusal with a deep body is still a refusal', async () => {
  const server = await stubServer((exchange) =>
    exchange.method === 'GET'
      ? exchange.reply(200, { items: [], hasMore: false })
      : exchange.replyText(422, `{"errors":${deepText()},"message":"no"}`, { 'Content-Type': 'application/json' }),
  );
  const bench = await open({ transport: new RestTransport({ baseUrl: server.baseUrl, enableBatch: false }) });
  for (const id of ['a', 'b']) await bench.writer.insertAndEnqueue(todoOf(id));
  await sync(bench);
  expect(bench.told.filter(({ type }) => type === 'op.failed')).toMatchObject([
    { errorInfo: { statusCode: 422 } },
    { errorInfo: { statusCode: 422 } },
  ]);
});

describe('I13: deep values that the app writes', () => {
  const tags = (levels: number): string[] => deep(levels) as unknown as string[];

  test.each([maxNesting + 1, 5_000, 200_000])(
    'with %i levels are rejected with the field name, by each way of writing',
    async (levels) => {
      const bench = await open({});
      await bench.writer.insertAndEnqueue(todoOf('ok'));
      const expected = /tags.*(nested deeper than 500 levels|cannot be written as JSON)/;
      await expect(bench.writer.insertAndEnqueue(todoOf('x', { tags: tags(levels) }))).rejects.toThrow(expected);
      const row = (await bench.row('ok'))!;
      await expect(bench.writer.replaceAndEnqueueDiff(row, { ...row, tags: tags(levels) })).rejects.toThrow(expected);
      const [opId] = await bench.queued();
      await expect(bench.engine.amend(opId!, { tags: tags(levels) })).rejects.toThrow(expected);
      expect(await bench.row('x')).toBeNull();
      expect(await bench.queued()).toHaveLength(1);
    },
  );

  test('in a manual merge are rejected without a crash', () => {
    const row: JsonObject = { id: 'a', tags: deep() };
    expect(() => preservingMerge(row, row)).toThrow('local data is nested deeper than 500 levels');
    expect(() => threeWayMerge({ id: 'a' }, { id: 'a' }, row)).toThrow('server data is nested deeper than 500 levels');
  });

  test("in a resolver's answer or a merge leave the conflict to a person", async () => {
    for (const conflict of [
      { strategy: 'manual', resolver: () => acceptMerged({ id: 'a', title: 'merged', tags: deep() }) },
      { strategy: 'merge', mergeFunction: (local: JsonObject) => ({ ...local, tags: deep() }) },
    ] as const) {
      const bench = await open({ tables: [syncTable(todoEntity, { conflict })] });
      bench.server.seed('todos', { id: 'a', title: 'theirs', done: false, priority: null, tags: null });
      await bench.engine.sync();
      const row: Todo = (await bench.row('a'))!;
      await bench.writer.replaceAndEnqueueDiff(row, { ...row, title: 'mine' });
      bench.server.update('todos', 'a', { title: 'theirs again' });
      await sync(bench);
      expect(await bench.queued()).toHaveLength(1);
      expect(bench.told.findLast(({ type }) => type === 'conflict.unresolved')).toMatchObject({
        reason: expect.stringContaining('nested deeper') as string,
      });
    }
  });
});

test('I13: the panel shows deep rows in quarantine, and its log accepts deep answers', async () => {
  const transport = createTransport({
    send: ({ action, id }) =>
      Promise.resolve(
        action === 'list'
          ? { status: 200, text: `{"items":[${rowText('deep', 2, deepText())}],"hasMore":false}` }
          : { status: 200, text: rowText(id, 3, deepText()) },
      ),
  });
  const bench = await open({ transport });
  const agent = attachDevtools(bench.engine);
  await bench.writer.insertAndEnqueue(todoOf('mine'));
  await bench.engine.sync();
  expect(await bench.queued()).toEqual([]);
  const opened = createBundleClient(JSON.parse(JSON.stringify(await agent.ask('bundle', {}))));
  expect(opened.getState().entries.length).toBe(agent.log.size);
  expect(quarantined(bench)).toHaveLength(1);
});

test('I13: the panel and the command reject a saved file with a deep value, with an explanation', async () => {
  const bench = await open({});
  const bundle = JSON.stringify(await attachDevtools(bench.engine).ask('bundle', {}));
  const text = `{"extra":${deepText()},${bundle.slice(1)}`;
  expect(() => createBundleClient(JSON.parse(text))).toThrow('a value in it is nested deeper than 500 levels');
  const folder = await mkdtemp(join(tmpdir(), 'synchart-deep-'));
  try {
    await writeFile(join(folder, 'saved.json'), text);
    const told: string[] = [];
    const code = await runSynchartCommand(['replay', join(folder, 'saved.json')], {
      out: () => undefined,
      err: (line) => told.push(line),
    });
    expect({ code, told: told.join('') }).toMatchObject({
      code: 2,
      told: expect.stringContaining('nested deeper than 500 levels') as string,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
