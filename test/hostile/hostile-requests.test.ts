import { request as httpRequest } from 'node:http';
import { DataSource, EntitySchema } from 'typeorm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSyncServer, type PagingStyle, type SyncServer } from '../../src/server.ts';
import { pagingStyles } from '../../src/server/paging.ts';
import { createTestServer } from '../../src/testing/test-server.ts';

/** A column of each shape that the wire knows, and those that go through TypeORM. */
const Things = new EntitySchema({
  name: 'things',
  columns: {
    id: { type: 'text', primary: true },
    title: { type: 'text', nullable: true },
    done: { type: 'boolean', nullable: true },
    count: { type: 'integer', nullable: true },
    price: { type: 'real', nullable: true },
    tags: { type: 'simple-json', nullable: true },
    labels: { type: 'simple-array', nullable: true },
    color: { type: 'simple-enum', enum: ['red', 'blue'], nullable: true },
    due: { type: 'datetime', nullable: true },
    updatedAt: { type: 'text', default: '' },
    deletedAt: { type: 'text', nullable: true },
  },
});
const Counters = new EntitySchema({
  name: 'counters',
  columns: {
    id: { type: 'integer', primary: true },
    count: { type: 'real', default: 0 },
    updatedAt: { type: 'text', default: '' },
  },
});
const fields = [
  'title',
  'done',
  'count',
  'price',
  'tags',
  'labels',
  'color',
  'due',
  'updatedAt',
  'deletedAt',
  'id',
  '_baseUpdatedAt',
  '_deltas',
  'unknown',
];

const texts: Readonly<Record<string, string>> = {
  '30 digits': '9'.repeat(30),
  '30 digits below zero': `-${'9'.repeat(30)}`,
  '400 digits': '9'.repeat(400),
  'an exponent': '1e308',
  'an exponent too large': '1e400',
  'no number': 'NaN',
  infinity: 'Infinity',
  'a fraction': '0.5',
  'below zero': '-1',
  nothing: '',
  blank: ' ',
  NUL: '\u0000',
  'a line break': 'a\r\nb',
  'a prototype key': '__proto__',
  'an inherited key': 'toString',
  dots: '..',
  SQL: "'; DROP TABLE things; --",
  quotes: '"""',
  '7000 characters': 'x'.repeat(7_000),
  'a month that is none': '2026-99-99T99:99:99Z',
  'a year above all': '9999-12-31T23:59:59.999999-23:59',
  'a year below all': '0000-01-01T00:00:00+23:59',
  'five-digit year': '+010000-01-01T00:00:00Z',
  '5000 fractional digits': `2026-01-01T00:00:00.${'1'.repeat(5_000)}Z`,
  'a token of a page': `p${encodeURIComponent(JSON.stringify(['9'.repeat(30), 'a']))}`,
  'a token with a wrong time': `e${encodeURIComponent(JSON.stringify(['soon', 'a']))}`,
  'a token of 15 digits': '9'.repeat(15),
  'a token that is deep': `p${'['.repeat(600)}`,
};

const nest = (depth: number, open: string, inner: string, close: string): string =>
  `${open.repeat(depth)}${inner}${close.repeat(depth)}`;
/** As they stand in a body. */
const values: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(texts).map(([name, text]) => [`text: ${name}`, JSON.stringify(text)])),
  null: 'null',
  true: 'true',
  'a list': '[]',
  'an object': '{}',
  'an empty row': '{"id":{}}',
  'an object without toString': '{"toString":1,"valueOf":null}',
  'a list of objects without toString': '[{"toString":null}]',
  'a number too large': '1e400',
  'a number too large within': '{"a":[-1e400]}',
  '2^53 + 1': '9007199254740993',
  '30 digits as a number': '9'.repeat(30),
  'minus zero': '-0',
  'half a surrogate pair': '"\\ud800"',
  'a prototype key': '{"__proto__":{"polluted":true}}',
  'a prototype key 70 deep': nest(70, '[', '{"__proto__":{"polluted":true}}', ']'),
  'a prototype key 5,000 deep': nest(5_000, '{"a":', '{"constructor":1}', '}'),
  'lists 99 deep': nest(99, '[', '', ']'),
  'lists 5,000 deep': nest(5_000, '[', '', ']'),
  'lists 200,000 deep': nest(200_000, '[', '', ']'),
  'objects 100,000 deep': nest(100_000, '{"a":', '1', '}'),
  'an increment': '{"increment":1e400}',
  'an inherited field incremented':
    '{"toString":{"increment":1},"hasOwnProperty":{"add":[1]},"__proto__":{"remove":[1]}}',
  'every delta at once':
    '{"count":{"increment":1e308},"price":{"increment":1e308},"title":{"increment":1},"tags":{"add":[[[]]],"remove":[{"toString":1}]}}',
};

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Sends what `fetch` would mend or refuse: raw paths, any header. */
const send = (
  url: string,
  method: string,
  path: string,
  body?: string,
  headers: Readonly<Record<string, string | string[]>> = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const request = httpRequest({
      hostname,
      port,
      method,
      path,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    });
    request.end(body);
  });

/** What is wrong with an answer: nothing, for the tests. */
function faultOf({ status, text }: Answer): string | undefined {
  if (status < 200 || status >= 500) return `status ${String(status)}: ${text.slice(0, 200)}`;
  if (text === '') return status === 204 || status === 404 ? undefined : `status ${String(status)} without a body`;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return `status ${String(status)}, no JSON: ${text.slice(0, 200)}`;
  }
  if (status >= 400 && (typeof body !== 'object' || body === null || !('error' in body)))
    return `status ${String(status)} without a code: ${text.slice(0, 200)}`;
  if (text.includes('"statusCode":5')) return `an item failed: ${text.slice(0, 300)}`;
  return undefined;
}

interface Subject {
  readonly url: string;
  close(): Promise<unknown>;
}
const reference = async (paging: PagingStyle = 'keyset'): Promise<Subject> => {
  const dataSource = await new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
    entities: [Things, Counters],
    synchronize: true,
  }).initialize();
  const server: SyncServer = createSyncServer({ dataSource, tables: [Things, Counters], paging });
  const { url } = await server.listen();
  return {
    url,
    close: async () => {
      await server.close();
      await dataSource.destroy();
    },
  };
};
const subjects: Readonly<Record<string, () => Promise<Subject>>> = {
  'reference server': () => reference(),
  'test server': () => createTestServer({ naming: 'camelCase' }),
};

describe.each(Object.entries(subjects))('the %s answers hostile values with 2xx or 4xx and JSON', (name, open) => {
  let subject: Subject;
  let url: string;
  beforeAll(async () => {
    subject = await open();
    url = subject.url;
    await send(url, 'PUT', '/things/a', '{"title":"A","count":1,"price":1e308,"tags":["x"]}');
    await send(url, 'PUT', '/counters/1', '{"count":1}');
  });
  afterAll(() => subject.close());

  const expectNoFaults = async (
    attempts: readonly (readonly [what: string, ask: () => Promise<Answer>])[],
  ): Promise<void> => {
    const faults: string[] = [];
    for (const [what, ask] of attempts) {
      const fault = await ask().then(faultOf, (error: unknown) => `no answer: ${String(error)}`);
      if (fault !== undefined) faults.push(`${what}: ${fault}`);
    }
    expect(faults).toEqual([]);
    expect('polluted' in {}).toBe(false);
    expect((await send(url, 'GET', '/things/a')).status).toBe(200);
  };

  test('in each parameter of a list and of a delete, once and twice', async () => {
    const parameters = [
      'updatedSince',
      'afterId',
      'limit',
      'includeDeleted',
      'pageToken',
      'unknown',
      '__proto__',
      'limit[]',
    ];
    await expectNoFaults([
      ...['things', 'counters'].flatMap((kind) =>
        Object.entries(texts).flatMap(([what, text]) =>
          parameters.flatMap((parameter): [string, () => Promise<Answer>][] => [
            [
              `${kind} ${parameter} ${what}`,
              () => send(url, 'GET', `/${kind}?${parameter}=${encodeURIComponent(text)}`),
            ],
            [
              `${kind} ${parameter} twice ${what}`,
              () => send(url, 'GET', `/${kind}?${parameter}=${encodeURIComponent(text)}&${parameter}=1`),
            ],
            [
              `${kind} ${parameter} after an id ${what}`,
              () => send(url, 'GET', `/${kind}?afterId=a&${parameter}=${encodeURIComponent(text)}`),
            ],
          ]),
        ),
      ),
      ...Object.entries(texts).map(([what, text]): [string, () => Promise<Answer>] => [
        `delete ${what}`,
        () => send(url, 'DELETE', `/things/none?_baseUpdatedAt=${encodeURIComponent(text)}`),
      ]),
      ...['%', '%E0%A4%A', '%ED%A0%80', '%00', '%2F', '%', '?', '?&&&===', '?limit=%E0%A4%A'].map(
        (text): [string, () => Promise<Answer>] => [`raw ${text}`, () => send(url, 'GET', `/things${text}`)],
      ),
    ]);
  });

  test('in the path', async () => {
    const raw = [
      '/',
      '//',
      '/%',
      '/things/%E0%A4%A',
      '/things/%ED%A0%80',
      '/things/%00',
      '/things/a%2Fb',
      '/things/a/b/c',
      '/..%2f..',
      `/${'x/'.repeat(3_000)}`,
    ];
    await expectNoFaults([
      ...Object.entries(texts).flatMap(([what, text]) =>
        ['GET', 'PUT', 'DELETE', 'POST', 'PATCH'].flatMap((method) =>
          ['things', 'counters'].map((kind): [string, () => Promise<Answer>] => [
            `${method} ${kind} ${what}`,
            () =>
              send(
                url,
                method,
                `/${kind}/${encodeURIComponent(text)}`,
                method === 'GET' || method === 'DELETE' ? undefined : '{"count":1}',
              ),
          ]),
        ),
      ),
      ...Object.entries(texts).map(([what, text]): [string, () => Promise<Answer>] => [
        `kind ${what}`,
        () => send(url, 'GET', `/${encodeURIComponent(text)}`),
      ]),
      ...raw.map((path): [string, () => Promise<Answer>] => [path.slice(0, 40), () => send(url, 'GET', path)]),
    ]);
  });

  test('in each header', async () => {
    const headers = [
      'authorization',
      'x-idempotency-key',
      'x-force-update',
      'x-force-delete',
      'x-create-only',
      'if-match',
      'last-event-id',
      'origin',
      'content-type',
    ];
    const plain = Object.entries(texts).filter(([, text]) => !/[\0\r\n]/.test(text));
    const odd: [string, string][] = [
      ['tags', '"", W/"", "\\"", *'],
      ['Latin-1', 'é\u00ff'],
      ['many parts', ','.repeat(5_000)],
    ];
    await expectNoFaults(
      [...plain, ...odd].flatMap(([what, text]) =>
        headers.flatMap((header): [string, () => Promise<Answer>][] => [
          [`${header} ${what}`, () => send(url, 'PUT', '/things/h', '{"title":"x"}', { [header]: text })],
          [`${header} ${what}, delete`, () => send(url, 'DELETE', '/things/none', undefined, { [header]: text })],
        ]),
      ),
    );
  });

  test('as a body, and in each field of a body', async () => {
    await expectNoFaults(
      Object.entries(values).flatMap(([what, value]): [string, () => Promise<Answer>][] => [
        [`body ${what}`, () => send(url, 'PUT', '/things/b', value)],
        [`batch ${what}`, () => send(url, 'POST', '/batch', value)],
        ...fields.map((field): [string, () => Promise<Answer>] => [
          `${field} ${what}`,
          () => send(url, 'PUT', '/things/a', `{"${field}":${value}}`),
        ]),
        ...fields.map((field): [string, () => Promise<Answer>] => [
          `delta of ${field} ${what}`,
          () =>
            send(url, 'PUT', '/things/a', `{"_deltas":{"${field}":${value}}}`, {
              'x-idempotency-key': `${field} ${what}`.slice(0, 200),
            }),
        ]),
        ...['increment', 'add', 'remove'].map((key): [string, () => Promise<Answer>] => [
          `${key} ${what}`,
          () => send(url, 'PUT', '/things/a', `{"_deltas":{"tags":{"${key}":${value}},"price":{"${key}":${value}}}}`),
        ]),
        [`key ${what}`, () => send(url, 'PUT', '/things/a', `{${value.startsWith('"') ? value : '"x"'}:1}`)],
      ]),
    );
  });

  test('in each field of a batch item, and also answers the other items', async () => {
    const keys = ['opId', 'kind', 'id', 'type', 'payload', 'baseUpdatedAt', 'force', 'createOnly'];
    let asked = 0;
    const batch = async (item: string): Promise<Answer> => {
      asked += 1;
      const good = (side: string) =>
        `{"opId":"good-${side}-${String(asked)}","kind":"things","id":"${side}","type":"upsert","payload":{"title":"${String(asked)}"}}`;
      const answer = await send(url, 'POST', '/batch', `{"ops":[${good('l')},${item},${good('r')}]}`);
      if (answer.status !== 200)
        return {
          status: 599,
          text: `the whole batch was refused: ${String(answer.status)} ${answer.text.slice(0, 200)}`,
        };
      const { results } = JSON.parse(answer.text) as { results: { statusCode: number }[] };
      const besides = [results[0]?.statusCode, results[2]?.statusCode];
      return besides.every((status) => status === 200 || status === 201)
        ? answer
        : { status: 599, text: `items beside it: ${besides.join()}` };
    };
    const itemWith = (key: string, value: string): string => {
      const item: Record<string, string> = {
        opId: `"bad-${String(asked)}"`,
        kind: '"things"',
        id: '"c"',
        type: '"upsert"',
        payload: '{"title":"c"}',
        [key]: value,
      };
      return `{${Object.entries(item)
        .map(([name, text]) => `"${name}":${text}`)
        .join()}}`;
    };
    await expectNoFaults(
      Object.entries(values).flatMap(([what, value]): [string, () => Promise<Answer>][] => [
        [`item ${what}`, () => batch(value)],
        ...keys.map((key): [string, () => Promise<Answer>] => [`${key} ${what}`, () => batch(itemWith(key, value))]),
        ...fields.map((field): [string, () => Promise<Answer>] => [
          `${field} ${what}`,
          () => batch(itemWith('payload', `{"${field}":${value}}`)),
        ]),
      ]),
    );
  });

  test('returns stored values as they were sent', async () => {
    const page = await send(url, 'GET', '/things?includeDeleted=true&limit=1000');
    const { items } = JSON.parse(page.text) as { items: Record<string, unknown>[] };
    expect(items.length).toBeGreaterThan(1);
    for (const item of items) {
      const again = await send(url, 'GET', `/things/${encodeURIComponent(String(item['id']))}`);
      expect(JSON.parse(again.text)).toEqual(item);
    }
    expect(name).not.toBe('');
  });
});

test.each(pagingStyles.filter((style) => style !== 'keyset'))(
  'rejects hostile tokens and times with 4xx, with %s pages',
  async (paging) => {
    const subject = await reference(paging);
    try {
      const faults: string[] = [];
      for (const [what, text] of Object.entries(texts)) {
        for (const query of [
          `pageToken=${encodeURIComponent(text)}`,
          `pageToken=${encodeURIComponent(text)}&updatedSince=${'9'.repeat(30)}`,
        ]) {
          const fault = faultOf(await send(subject.url, 'GET', `/things?${query}`));
          if (fault !== undefined) faults.push(`${what}: ${fault}`);
        }
      }
      expect(faults).toEqual([]);
    } finally {
      await subject.close();
    }
  },
);
