import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commandFlags } from '../../src/server/command-flags.ts';
import { parseKindSchema } from '../../src/server/kind-schema.ts';

const main = fileURLToPath(new URL('../../src/server/synchart-server.ts', import.meta.url));
let folder: string;
let running: ChildProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synchart-server-'));
});
afterEach(async () => {
  for (const child of running) if (child.exitCode === null) child.kill('SIGKILL');
  running = [];
  await rm(folder, { recursive: true, force: true });
});

const start = (...args: string[]): ChildProcess => {
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  return child;
};
const firstLine = async (child: ChildProcess): Promise<string> => String((await once(child.stdout!, 'data'))[0]).trim();

test('the command prints its URL, serves its kinds, ends on SIGTERM, and keeps its rows across a restart with a new column', async () => {
  const database = join(folder, 'rows.db');
  const first = start('--port', '0', '--database', database);
  const url = await firstLine(first);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const put = await fetch(`${url}/todos/a`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: '{"title":"A"}',
  });
  expect([put.status, await put.json()]).toMatchObject([
    201,
    { id: 'a', title: 'A', done: false, notes: null, deletedAt: null, createdAt: expect.any(String) as unknown },
  ]);
  first.kill('SIGTERM');
  expect((await once(first, 'exit'))[0]).toBe(0);

  const schema = join(folder, 'kinds.json');
  await writeFile(schema, JSON.stringify({ todos: { title: 'text', stars: 'integer', meta: 'json?' } }));
  const again = await firstLine(
    start('--port', '0', '--database', database, '--kind-schema', schema, '--token', 'Bearer x', '--prefix', '/api'),
  );
  expect((await fetch(`${again}/todos/a`)).status).toBe(401);
  const row: unknown = await (await fetch(`${again}/todos/a`, { headers: { authorization: 'Bearer x' } })).json();
  expect(row).toMatchObject({ id: 'a', title: 'A', stars: 0, meta: null });
});

test('--version prints the version of the package, and --help every flag', async () => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  for (const flag of ['--version', '-v']) {
    const child = start(flag);
    expect(await firstLine(child)).toBe(version);
    expect((await once(child, 'exit'))[0]).toBe(0);
  }
  const help = await firstLine(start('--help'));
  for (const flag of Object.keys(commandFlags)) expect(help).toContain(`--${flag}`);
});

test('a wrong option ends it with an explanation', async () => {
  const child = start('--port', 'x');
  const [text] = await once(child.stderr!, 'data');
  expect(String(text)).toMatch(/--port must be/);
  expect((await once(child, 'exit'))[0]).toBe(1);
});

test('rejects a kind schema and names the wrong place', () => {
  expect(() => parseKindSchema({ todos: { title: 'string' } })).toThrow(/todos\.title: expected text/);
  expect(() => parseKindSchema({ todos: { id: 'text' } })).toThrow(/todos\.id is added automatically/);
  expect(() => parseKindSchema({ 'a b': {} })).toThrow(/'a b' is not a valid kind name/);
  expect(parseKindSchema({ todos: { n: 'integer?' } })).toEqual([
    { kind: 'todos', fields: [{ name: 'n', type: 'integer', nullable: true }] },
  ]);
});
