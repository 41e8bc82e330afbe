import type { RemoteAnswer } from '../../src/transport.ts';

/** Numbers in [0, 1). */
export type Random = () => number;
const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

const statuses = [
  200, 201, 204, 206, 301, 302, 307, 400, 401, 403, 404, 405, 408, 409, 410, 412, 413, 418, 422, 425, 429, 500, 501,
  502, 503, 504, 599, 0, 99, 999,
];
const waits = [
  '-1',
  'soon',
  '1e9',
  '0',
  '3',
  'Fri, 31 Dec 9999 23:59:59 GMT',
  'Thu, 01 Jan 1970 00:00:00 GMT',
  '99999999999999999999',
  '',
];
const texts = [
  '',
  ' ',
  'null',
  'true',
  '[]',
  '{}',
  '"text"',
  '12',
  '\ufeff{"items":[]}',
  '<!doctype html><p>Sign in',
  '{"items": [{"id": "1", ',
  '\ufffd\ufffd{"id":"\u0000"}',
  '{"items":[],"items":{"length":1}}',
  '{"items":[null]}',
  '{"items":{"0":{"id":"a"},"length":1}}',
  '{"items":[],"nextPageToken":"again","hasMore":true}',
  '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
];
/** JSON texts, so that keys such as __proto__ and deep nesting arrive as a server would send them. */
const values = [
  'null',
  'true',
  '0',
  '-0',
  '1e308',
  '9007199254740993',
  '-1',
  '0.1',
  '""',
  '" "',
  '"\\ud800"',
  '"\\u0000"',
  `"'; DROP TABLE todos; --"`,
  '"\\"sync_outbox\\""',
  '"../../health"',
  '"__proto__"',
  '"9999-12-31T23:59:59.999Z"',
  '"1970-01-01T00:00:00.000Z"',
  '"yesterday"',
  '"2026-02-30T99:99:99Z"',
  '[]',
  '{}',
  '[[[]]]',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"toString":1,"valueOf":2,"hasOwnProperty":3,"then":4,"length":-1}',
  `"${'x'.repeat(20_000)}"`,
  `${'['.repeat(4000)}${']'.repeat(4000)}`,
  `${'{"a":'.repeat(4000)}1${'}'.repeat(4000)}`,
];
const keys = [
  'id',
  'ID',
  'uuid',
  'updatedAt',
  'updated_at',
  'deletedAt',
  'deleted_at',
  'items',
  'current',
  'error',
  'nextPageToken',
  'hasMore',
  '__proto__',
  'toJSON',
  '',
  'sync_outbox',
  "x'y",
];

export type Distorted =
  | { readonly type: 'answer'; readonly answer: RemoteAnswer; readonly how: string }
  | { readonly type: 'thrown'; readonly error: unknown; readonly how: string }
  | { readonly type: 'hung'; readonly how: string };

/** Makes of a good answer one that a broken or hostile server, or a broken adapter, could give. */
export function distortAnswer(answer: RemoteAnswer, random: Random): Distorted {
  const give = (changed: RemoteAnswer, how: string): Distorted => ({ type: 'answer', answer: { ...changed }, how });
  const body = JSON.stringify(answer.body ?? {});
  const kind = random();
  if (kind < 0.12) {
    const status = pick(random, statuses);
    return give(
      { ...answer, status, retryAfter: random() < 0.3 ? pick(random, waits) : undefined },
      `status ${status}`,
    );
  }
  if (kind < 0.22) {
    const text = pick(random, texts);
    return give({ ...answer, body: undefined, text, status: random() < 0.7 ? 200 : answer.status }, `text ${text}`);
  }
  if (kind < 0.29)
    return give({ ...answer, body: undefined, text: body.slice(0, Math.floor(random() * body.length)) }, 'truncated');
  if (kind < 0.32)
    return give({ ...answer, version: pick(random, ['', '"', 'W/"1"', '\n', 'x'.repeat(9000)]) }, 'version');
  if (kind < 0.36) {
    const error = pick<unknown>(random, [
      new Error('lost'),
      Object.assign(new Error('no'), { code: 'ECONNREFUSED' }),
      'a text',
      undefined,
      null,
      { code: 7 },
    ]);
    return { type: 'thrown', error, how: `thrown ${String(error)}` };
  }
  if (kind < 0.37) return { type: 'hung', how: 'hung' };
  if (kind < 0.39)
    return give(
      pick<unknown>(random, [
        undefined,
        {},
        { status: '200' },
        { status: Number.NaN, body: 1 },
        { status: 200, body: 7 },
      ]) as RemoteAnswer,
      'not an answer',
    );
  const changed = changedText(body, random);
  return give({ ...answer, body: undefined, text: changed }, changed.slice(0, 300));
}

/** One to three changes somewhere in the tree, made on the text. */
function changedText(body: string, random: Random): string {
  const holes: string[] = [];
  const hole = (text: string): string => {
    holes.push(text);
    return `\u0001${holes.length - 1}\u0001`;
  };
  let tree = JSON.parse(body) as unknown;
  const changes = 1 + Math.floor(random() * 3);
  for (let change = 0; change < changes; change += 1) tree = changedAt(tree, random, hole);
  const text = JSON.stringify(tree) ?? 'null';
  return text.replace(/"\\u0001(\d+)\\u0001"(:?)/g, (_, index: string, colon: string) =>
    colon === '' ? (holes[Number(index)] ?? 'null') : `"hole":`,
  );
}

function changedAt(node: unknown, random: Random, hole: (text: string) => string): unknown {
  if (typeof node !== 'object' || node === null || random() < 0.08) return hole(pick(random, values));
  if (Array.isArray(node)) {
    const items = node as unknown[];
    const index = Math.floor(random() * items.length);
    const roll = random();
    if (items.length === 0 || roll < 0.1) return [...items, hole(pick(random, values))];
    if (roll < 0.25) return [...items, items[index]];
    if (roll < 0.35) return items.toReversed();
    if (roll < 0.45) return items.toSpliced(index, 1);
    return items.with(index, changedAt(items[index], random, hole));
  }
  const entries = Object.entries(node);
  const index = Math.floor(random() * entries.length);
  const [key, value] = entries[index] ?? ['items', []];
  const roll = random();
  if (roll < 0.2) return Object.fromEntries(entries.filter(([name]) => name !== key));
  if (roll < 0.35) return Object.fromEntries([...entries, [pick(random, keys), hole(pick(random, values))]]);
  if (roll < 0.42) return Object.fromEntries([...entries, [key, pick(random, entries)?.[1]]]);
  return Object.fromEntries(entries.map(([name, old]) => [name, name === key ? changedAt(value, random, hole) : old]));
}
