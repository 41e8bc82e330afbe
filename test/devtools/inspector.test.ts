import { readFile } from 'node:fs/promises';
import { request as ask, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import { serveInspector, type RunningInspector } from '../../src/devtools/inspector/inspector-server.ts';
import { startInspector } from '../../src/devtools/inspector/start-inspector.ts';
import { createStreamChannel } from '../../src/devtools/inspector/stream-channel.ts';
import { protocolVersion, type EngineMessage } from '../../src/devtools/protocol/messages.ts';
import { buildPage, type BuiltPage } from '../support/build-page.ts';
import { chromiumArguments, findChromium } from '../support/find-chromium.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

let built: BuiltPage;
let browser: Browser;
beforeAll(async () => {
  built = await buildPage('src/devtools/inspector/panel-page.tsx');
  browser = await chromium.launch({ executablePath: findChromium(), args: [...chromiumArguments] });
}, 180_000);
afterAll(async () => {
  await browser.close();
  await built.remove();
});

async function inspected(
  hosts: readonly string[] = [],
): Promise<{ readonly bench: EngineBench; readonly inspector: RunningInspector }> {
  const bench = await openEngine();
  const files = (name: string): Promise<Buffer | undefined> =>
    readFile(join(built.folder, name)).catch(() => undefined);
  const inspector = await serveInspector(attachDevtools(bench.engine), 0, files, hosts);
  onTestFinished(async () => {
    await inspector.close();
    await bench.close();
  });
  return { bench, inspector };
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** As no browser lets a page do it: with any Host and Origin. */
const call = (
  url: string,
  path: string,
  { method = 'GET', headers = {}, body }: Asked = {},
): Promise<{ readonly status: number; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const sent = ask(new URL(path, url), { method, headers: { ...headers }, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
/** Reads lines until one is the last that is wanted, or none is left. */
async function readLines(response: Response, isWanted: (line: string) => boolean): Promise<void> {
  const decoder = new TextDecoder();
  let begun: string[] = [];
  for await (const part of response.body ?? []) {
    const [first = '', ...others] = decoder.decode(part, { stream: true }).split('\n');
    begun.push(first);
    for (const next of others) {
      if (!isWanted(begun.join(''))) return;
      begun = [next];
    }
  }
}
const tokenOf = ({ url }: RunningInspector): string => new URL(url).searchParams.get('token') ?? '';

test('I12: a Node process shows its engine in a browser: the outbox is visible, and the sync button syncs', async () => {
  const { bench, inspector } = await inspected();
  await bench.engine.start();
  await bench.writer.insertAndEnqueue(todoOf('a'));
  const context = await browser.newContext();
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  const elsewhere: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(inspector.url).origin)) elsewhere.push(request.url());
  });
  const { url } = inspector;
  await page.goto(url);
  await page.getByRole('button', { name: /todos\/a/ }).waitFor();
  expect(new URL(page.url()).search).toBe('');
  await page.getByRole('button', { name: 'Sync now' }).click();
  await bench.until(({ pending }) => pending === 0);
  await page.getByText('Everything is sent').waitFor();

  // What is seen becomes one file, and the file shows it again.
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save what is seen as a file' }).click(),
  ]);
  expect(download.suggestedFilename()).toMatch(/^synchart-\d{4}-.*\.json$/);
  await page.getByLabel('Saved file', { exact: true }).setInputFiles(await download.path());
  await page.getByText('saved file', { exact: true }).waitFor();
  expect(await page.getByRole('button', { name: 'Sync now' }).count()).toBe(0);
  await page.getByRole('button', { name: 'Back to the engine' }).click();
  await page.getByRole('button', { name: 'Sync now' }).waitFor();

  // A reload keeps the session; the address lets nobody else in.
  await page.reload();
  await page.getByRole('button', { name: 'Sync now' }).waitFor();
  expect(complaints).toEqual([]);
  const stranger = await browser.newContext();
  onTestFinished(() => stranger.close());
  const second = await stranger.newPage();
  await second.goto(url);
  expect(await second.getByRole('alert').textContent()).toContain('was used already');

  await inspector.close();
  await page.getByText('engine gone').waitFor();
  expect(elsewhere.filter((asked) => !asked.startsWith('data:'))).toEqual([]);
}, 60_000);

test('F-112: a DNS-rebinding host name gets no answer from the inspector', async () => {
  const { inspector } = await inspected();
  const origin = new URL(inspector.url).origin;
  const token = tokenOf(inspector);
  expect((await call(inspector.url, '/', { headers: { host: 'evil.example' } })).status).toBe(403);
  expect((await call(inspector.url, '/page.js', { headers: { host: 'evil.example' } })).status).toBe(403);
  const rebound = await call(inspector.url, '/session', {
    method: 'POST',
    headers: { host: 'evil.example', origin: 'http://evil.example' },
    body: token,
  });
  expect(rebound.status).toBe(403);
  // The attempt has not used the token up.
  expect((await call(inspector.url, '/session', { method: 'POST', headers: { origin }, body: token })).status).toBe(
    200,
  );
});

test('a page of another site can neither open a session nor send a message', async () => {
  const { bench, inspector } = await inspected();
  const origin = new URL(inspector.url).origin;
  const token = tokenOf(inspector);
  for (const foreign of ['http://evil.example', 'null', 'http://127.0.0.1:1'])
    expect(
      (await call(inspector.url, '/session', { method: 'POST', headers: { origin: foreign }, body: token })).status,
    ).toBe(403);
  expect((await call(inspector.url, '/session', { method: 'POST', body: token })).status).toBe(403);
  const { text } = await call(inspector.url, '/session', { method: 'POST', headers: { origin }, body: token });
  const key = JSON.parse(text) as string;
  const message = { channel: 'c', message: { type: 'command', id: 1, command: { type: 'pause' } } };
  const authorization = `Bearer ${key}`;
  expect(
    (
      await call(inspector.url, '/messages', {
        method: 'POST',
        headers: { origin: 'http://evil.example', authorization },
        body: message,
      })
    ).status,
  ).toBe(403);
  expect((await call(inspector.url, '/messages', { method: 'POST', headers: { origin }, body: message })).status).toBe(
    401,
  );
  expect(
    (
      await call(inspector.url, '/events', {
        method: 'POST',
        headers: { origin, authorization: 'Bearer x' },
        body: 'c',
      })
    ).status,
  ).toBe(401);
  expect(
    (await call(inspector.url, '/messages', { method: 'POST', headers: { origin, authorization }, body: message }))
      .status,
  ).toBe(404);
  expect(bench.engine.status().paused).toBe(false);
});

test('a token works once, and the next one differs', async () => {
  const { inspector } = await inspected();
  const origin = new URL(inspector.url).origin;
  const token = tokenOf(inspector);
  const redeem = (body: unknown): Promise<{ readonly status: number }> =>
    call(inspector.url, '/session', { method: 'POST', headers: { origin }, body });
  expect((await redeem('wrong')).status).toBe(401);
  expect((await redeem({ token })).status).toBe(401);
  expect((await redeem(token)).status).toBe(200);
  expect((await redeem(token)).status).toBe(401);
  expect(tokenOf(inspector)).not.toBe(token);
  expect((await redeem(tokenOf(inspector))).status).toBe(200);
});

test('answers malformed requests and goes on', async () => {
  const { inspector } = await inspected();
  const origin = new URL(inspector.url).origin;
  const post = (body: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const sent = ask(
        new URL('/session', inspector.url),
        { method: 'POST', headers: { origin }, agent: false },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  expect(await post('{')).toBe(400);
  expect(await post(JSON.stringify('x'.repeat(9 * 1024 * 1024)))).toBe(413);
  expect((await call(inspector.url, '/../package.json')).status).toBe(404);
  expect((await call(inspector.url, '/%2e%2e%2fpackage.json')).status).toBe(404);
  expect((await call(inspector.url, '/')).status).toBe(200);
});

test('I10: a log larger than any buffer reaches the panel completely, in lines of moderate size', async () => {
  const bench = await openEngine();
  const agent = attachDevtools(bench.engine);
  const inspector = await serveInspector(agent, 0, () => Promise.resolve(undefined));
  onTestFinished(async () => {
    await inspector.close();
    await bench.close();
  });
  // Three bytes a letter: more than 32 MB in the first message.
  const text = '€'.repeat(20_000);
  for (let count = 0; count < 900; count += 1)
    agent.log.add({ type: 'event', at: count, name: 'row.quarantined', data: { text } });
  const { origin } = new URL(inspector.url);
  const key = JSON.parse(
    (await call(inspector.url, '/session', { method: 'POST', headers: { origin }, body: tokenOf(inspector) })).text,
  ) as string;
  const headers = { origin, authorization: `Bearer ${key}` };
  const response = await fetch(new URL('/events', origin), { method: 'POST', headers, body: JSON.stringify('c') });
  const hello = { type: 'hello', protocol: protocolVersion, panelId: 'p' };
  expect(
    (await call(inspector.url, '/messages', { method: 'POST', headers, body: { channel: 'c', message: hello } }))
      .status,
  ).toBe(204);
  const ids: number[] = [];
  let longest = 0;
  await readLines(response, (line) => {
    longest = Math.max(longest, line.length);
    const message = JSON.parse(line) as EngineMessage;
    if (message.type === 'welcome' || message.type === 'entries') ids.push(...message.entries.map(({ id }) => id));
    return ids.length < 900;
  });
  expect(ids).toEqual(Array.from({ length: 900 }, (_, index) => (ids[0] === undefined ? 0 : ids[0] + index)));
  expect(longest).toBeLessThan(1024 * 1024);
}, 30_000);

test('I10: disconnects a panel that reads nothing before its queue fills the memory', async () => {
  const listeners = new Map<string, () => void>();
  let written = 0;
  const response = {
    writableEnded: false,
    destroyed: false,
    // What it wrote first was never read.
    get writableNeedDrain() {
      return written > 0;
    },
    on: (name: string, listener: () => void) => listeners.set(name, listener),
    write: () => {
      written += 1;
      return false;
    },
    destroy() {
      this.destroyed = true;
    },
  };
  const channel = createStreamChannel(response as unknown as ServerResponse);
  const data = { text: 'x'.repeat(500_000) };
  let posted = 0;
  while (!response.destroyed && posted < 1_000) {
    posted += 1;
    channel.post({
      type: 'entries',
      entries: [{ type: 'event', id: posted, at: posted, name: 'row.quarantined', data }],
    });
  }
  expect(posted).toBeGreaterThan(100);
  expect(posted).toBeLessThan(200);
  expect(written).toBe(1);
});

test('I13: answers under a further name only if it is given exactly, with its port', async () => {
  const { inspector } = await inspected(['localhost:9000']);
  const statusFor = async (host: string, origin?: string): Promise<number> =>
    (await call(inspector.url, '/', { headers: { host, ...(origin === undefined ? {} : { origin }) } })).status;
  expect(await statusFor('localhost:9000', 'http://localhost:9000')).toBe(200);
  expect(await statusFor('localhost:9001')).toBe(403);
  expect(await statusFor('evil.localhost:9000')).toBe(403);
  expect(await statusFor('localhost:9000', 'http://evil.example')).toBe(403);
});

test('I10: refuses further names with a wildcard or without a port', async () => {
  const bench = await openEngine();
  onTestFinished(() => bench.close());
  for (const name of ['*:9000', 'localhost', 'http://localhost:9000'])
    await expect(startInspector(bench.engine, { hosts: [name] })).rejects.toThrow('hosts');
});
