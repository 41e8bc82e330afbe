import { gzipSync } from 'node:zlib';
import axios from 'axios';
import { expect, test } from 'vitest';
import { ParseError } from '../../src/model/errors/errors.ts';
import { edit, pushOne, restWith, typesOf } from './todo-ops.ts';

const megabyte = 1_000_000;
const pullOf = { kind: 'todos', updatedSince: '1970-01-01T00:00:00.000Z', pageSize: 10, includeDeleted: true };

test('I10: does not read a 60 MB page to its end: the pull rejects early and names the option to change', {
  timeout: 60_000,
}, async () => {
  let sent = 0;
  const { rest } = await restWith(
    ({ response }) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.on('error', () => undefined);
      const chunk = Buffer.alloc(megabyte, 32);
      const more = (): void => {
        if (response.destroyed || sent >= 60) return;
        sent += 1;
        response.write(chunk, more);
      };
      more();
    },
    { maxContentLength: 5 * megabyte },
  );
  const error: unknown = await rest.pull(pullOf).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ParseError);
  expect(String(error)).toMatch(/longer than maxContentLength \(5000000\)/);
  expect(sent).toBeLessThan(60);
});

test('I10: stops at the limit for a small body that decompresses to 60 MB', async () => {
  const packed = gzipSync(Buffer.alloc(60 * megabyte, 32));
  expect(packed.length).toBeLessThan(megabyte);
  const { rest } = await restWith(
    ({ response }) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' });
      response.end(packed);
    },
    { maxContentLength: 5 * megabyte },
  );
  await expect(rest.pull(pullOf)).rejects.toThrow(/maxContentLength/);
});

test('F-23: a push with an oversized answer is malformed, not ambiguous forever, and names the option', async () => {
  const result = await pushOne(edit('a'), (exchange) => exchange.reply(200, { id: 'a', text: 'x'.repeat(3000) }), {
    maxContentLength: 2000,
  });
  expect(result).toMatchObject({
    type: 'pushMalformed',
    message: expect.stringContaining('maxContentLength (2000)') as string,
  });
});

test("the limit also applies to an app's axios instance, even with an adapter that ignores it", async () => {
  const long = { items: [], filler: 'x'.repeat(3000) };
  const own = await restWith((exchange) => exchange.reply(200, long), {
    maxContentLength: 2000,
    axios: axios.create(),
  });
  // Its own adapter stops reading, too, but calls it what it calls a cut answer.
  await expect(own.rest.pull(pullOf)).rejects.toThrow(/maxContentLength/);
  const custom = await restWith(() => undefined, {
    maxContentLength: 2000,
    axios: axios.create({
      adapter: async (config) => ({ status: 200, statusText: '', data: JSON.stringify(long), headers: {}, config }),
    }),
  });
  await expect(custom.rest.pull(pullOf)).rejects.toThrow(/maxContentLength \(2000\)/);
});

test('accepts answers below the limit; rejects an invalid limit by name', async () => {
  const { rest } = await restWith(
    (exchange) => exchange.reply(200, { ...exchange.json, id: 'a', updated_at: '2025-01-01T00:00:00Z' }),
    {
      maxContentLength: 200,
    },
  );
  expect(typesOf((await rest.push([edit('a')])).results)).toEqual(['pushSuccess']);
  await expect(restWith(() => undefined, { maxContentLength: 0 })).rejects.toThrow(/maxContentLength/);
});

test('invalid UTF-8 becomes replacement characters in rows and texts, and harms nothing', async () => {
  const { rest } = await restWith(({ response }) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(
      Buffer.concat([
        Buffer.from('{"items":[{"id":"a","title":"'),
        Buffer.from([0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80]),
        Buffer.from('","updated_at":"2025-01-01T00:00:00Z"}]}'),
      ]),
    );
  });
  const page = await rest.pull(pullOf);
  expect(page.items).toHaveLength(1);
  expect(page.items[0]?.['title']).toMatch(/\ufffd/);
});

test.each([301, 302, 303, 307, 308])(
  'follows no redirect (%i) to another host: the token stays here',
  async (status) => {
    const other = await restWith((exchange) => exchange.reply(200, { items: [], results: [] }));
    const { rest, server } = await restWith(
      (exchange) => exchange.reply(status, undefined, { Location: `${other.server.baseUrl}/stolen` }),
      {
        token: () => 'secret',
        enableBatch: true,
      },
    );
    await expect(rest.pull(pullOf)).rejects.toThrow(/redirect/i);
    expect((await rest.fetch({ kind: 'todos', id: 'a' })).type).toBe('fetchError');
    expect(await rest.health()).toBe(false);
    expect(
      typesOf((await rest.push([edit('a'), edit('b')])).results).every(
        (type) => type === 'pushMalformed' || type === 'pushUnavailable',
      ),
    ).toBe(true);
    expect((await rest.forcePush({ ...edit('a'), force: true })).type).toBe('pushMalformed');
    expect(server.requests.length).toBeGreaterThanOrEqual(5);
    expect(other.server.requests).toEqual([]);
  },
);
