import { afterEach, expect, test } from 'vitest';
import { createTransport } from '../../src/transport.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

let bench: EngineBench;
afterEach(() => bench.close());

const at = (second: number): string => `2026-01-01T00:00:0${second}.000000Z`;
const row = (id: string, second: number, tags: string): string =>
  `{"id":"${id}","title":"${id}","done":false,"priority":null,"tags":${tags},"updatedAt":"${at(second)}","deletedAt":null}`;
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

const openWith = async (rows: readonly string[]): Promise<EngineBench> => {
  let asked = 0;
  const transport = createTransport({
    send: async ({ action }) => {
      if (action !== 'list') return { status: 200, body: {} };
      asked += 1;
      return { status: 200, text: asked === 1 ? `{"items":[${rows.join()}]}` : '{"items":[]}' };
    },
  });
  return openEngine({ transport });
};

test.each([1_000, 5_000, 50_000])(
  'I13: a row with lists %i deep blocks neither other rows nor the run',
  async (depth) => {
    bench = await openWith([row('a', 1, 'null'), row('deep', 2, nested(depth)), row('z', 3, '["x"]')]);
    await bench.engine.sync();
    expect(await bench.row('a')).toMatchObject({ title: 'a' });
    expect(await bench.row('z')).toMatchObject({ title: 'z', tags: ['x'] });
    // Also when what is in quarantine is tried again.
    await bench.engine.sync();
    const kept = await bench.dataSource.query<unknown[]>('SELECT "entity_id" AS "id" FROM "sync_quarantine"');
    expect(kept).toEqual((await bench.row('deep')) === null ? [{ id: 'deep' }] : []);
  },
);

test('I13: quarantines rows that are too deep to write and have no id once', async () => {
  bench = await openWith([row('', 1, nested(50_000)), row('z', 3, 'null')]);
  await bench.engine.sync();
  expect(await bench.row('z')).toMatchObject({ title: 'z' });
  expect(bench.told.filter(({ type }) => type === 'row.quarantined')).toHaveLength(1);
});

test('I13: a row with an object in a text column, and one with a prototype key, affect neither other rows nor the prototype', async () => {
  bench = await openWith([
    row('a', 1, '{"__proto__":{"polluted":true}}'),
    `{"id":"b","title":{"x":1},"updatedAt":"${at(2)}","__proto__":{"title":"inherited","polluted":true}}`,
    row('z', 3, 'null'),
  ]);
  await bench.engine.sync();
  expect(await bench.row('z')).toMatchObject({ title: 'z' });
  expect('polluted' in {}).toBe(false);
});

test('treats quotes, SQL and internal table names in ids as text, and changes nothing else', async () => {
  const ids = [
    "'; DROP TABLE todos; --",
    '"sync_outbox"',
    'x" OR "1"="1',
    '__proto__',
    'constructor',
    'toString',
    '%',
    '_',
    '\\u0000',
  ];
  bench = await openWith(ids.map((id, index) => JSON.stringify({ ...todoOf(id), updatedAt: at(index) })));
  await bench.engine.sync();
  for (const id of ids) expect(await bench.row(id)).toMatchObject({ id, title: `title of ${id}` });
  expect(await bench.dataSource.query('SELECT COUNT(*) AS "n" FROM "todos"')).toEqual([{ n: ids.length }]);
});
