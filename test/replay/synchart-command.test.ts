import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { DatabaseError } from '../../src/model/errors/errors.ts';
import { loadOptional } from '../../src/persistence/drivers/load-optional.ts';
import { openSqliteInMemory } from '../../src/replay/play/sqlite-in-memory.ts';
import { runSynchartCommand } from '../../src/replay/synchart-command.ts';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../stories/fixtures/${name}.json`, import.meta.url));

async function run(...args: string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const told = { out: '', err: '' };
  const code = await runSynchartCommand(args, {
    out: (text) => {
      told.out += text;
    },
    err: (text) => {
      told.err += text;
    },
  });
  return { code, ...told };
}

function fileOf(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'synchart-replay-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'saved.json');
  writeFileSync(path, text);
  return path;
}

test('I12: summarises a saved file with many problems in 80 columns: what drains, what stays and why', async () => {
  const { code, out, err } = await run('replay', fixture('troubles'));
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  const longTexts = await run('replay', fixture('long-texts'));
  expect(longTexts.out.split('\n').filter((line) => line.length > 80)).toEqual([]);
  expect(out).toMatch(/same {6}When it was saved, the same operations waited for the same reasons/);
  expect(out).toMatch(/stuck {5}todos\/t3\n {14}The server refused it 2 times/);
  expect(out).toMatch(/conflict {2}todos\/t1, todos\/t6, todos\/t8/);
  expect(out).toMatch(/Assumed, because the file does not say/);
});

test('I12: reports first what was wrong and what helps', async () => {
  const saved = JSON.parse(readFileSync(fixture('troubles'), 'utf8')) as { view: object };
  const diagnosis = [
    {
      code: 'stuck',
      level: 'warning',
      text: 'One change cannot be sent.',
      remedies: ['Correct the change.', 'Drop it.'],
    },
    { code: 'offline', level: 'waiting', text: 'The device is offline.', remedies: ['Connect to a network.'] },
  ];
  const file = fileOf(JSON.stringify({ ...saved, view: { ...saved.view, diagnosis } }));
  const { out } = await run('replay', file);
  expect(out).toContain(`What was wrong when it was saved, and what helps
  warning  One change cannot be sent. Correct the change. Drop it.
  waiting  The device is offline. Connect to a network.
`);
  const json = await run('replay', '--json', file);
  expect(JSON.parse(json.out)).toMatchObject({ saved: { diagnosis } });
});

test('shortens a long trace in the middle unless requested in full', async () => {
  const short = await run('replay', fixture('busy-day'));
  expect(short.out).toMatch(/… \d+ steps more; --all shows them/);
  const all = await run('replay', '--all', fixture('busy-day'));
  expect(all.out).not.toMatch(/--all shows them/);
  expect(all.out.length).toBeGreaterThan(short.out.length);
});

test('prints the report as JSON on request', async () => {
  const { code, out } = await run('replay', '--json', fixture('offline-day'));
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ outcome: 'same', left: [], differences: [] });
});

test('exits with 1 for a recording that deviates', async () => {
  const saved = readFileSync(fixture('troubles'), 'utf8').replaceAll('"pushRejected"', '"pushSuccess"');
  const { code, out } = await run('replay', fileOf(saved));
  expect(code).toBe(1);
  expect(out).toMatch(/DIFFERENT upsert todos\/t3 \([0-9a-f]{8}\) has left the queue in the re-run/);
  expect(out).toMatch(/Here they part:/);
});

test('F-112: exits with 2 and the error for unreadable files and other formats', async () => {
  expect(await run('replay', '/nowhere/saved.json')).toEqual({
    code: 2,
    out: '',
    err: 'synchart: /nowhere/saved.json cannot be read: there is no such file\n',
  });
  expect((await run('replay', fileOf('{'))).err).toMatch(/saved\.json is no JSON/);
  expect((await run('replay', fileOf('{"name":"other"}'))).err).toMatch(
    /saved\.json: not a bundle of the synchart devtools: format/,
  );
  const saved = JSON.parse(readFileSync(fixture('empty'), 'utf8')) as object;
  const broken = await run('replay', fileOf(JSON.stringify({ ...saved, operations: { items: 'none', total: 0 } })));
  expect(broken).toMatchObject({ code: 2, out: '' });
  expect(broken.err).toMatch(/operations\.items/);
  const newer = await run('replay', fileOf(JSON.stringify({ ...saved, version: 2 })));
  expect(newer).toMatchObject({ code: 2, out: '' });
  expect(newer.err).toMatch(/saved by a newer version of synchart .+; update synchart/);
});

test('exits with 2 for an unknown command and lists the known ones', async () => {
  expect(await run()).toMatchObject({ code: 2, out: '' });
  expect((await run('serve')).err).toBe("synchart: 'serve' is no command; there is: synchart replay <file>\n");
  expect((await run('replay')).err).toMatch(/name the file/);
  expect((await run('replay', fixture('empty'), fixture('empty'))).err).toMatch(/one file at a time, got 2/);
  expect((await run('replay', '--seed', 'x', fixture('empty'))).err).toMatch(/--seed must be a whole number, got 'x'/);
  expect(await run('replay', '--loud', fixture('empty'))).toMatchObject({ code: 2 });
  expect(await run('--help')).toMatchObject({ code: 0, err: '' });
});

test('the command runs as its own process', { timeout: 60_000 }, async () => {
  const source = fileURLToPath(new URL('../../src/replay/synchart.ts', import.meta.url));
  const { code, out } = await new Promise<{ code: number | string | null | undefined; out: string }>((resolve) => {
    execFile(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), source, 'replay', fixture('offline-day')],
      (error, stdout) => resolve({ code: error === null ? 0 : error.code, out: stdout }),
    );
  });
  expect(code).toBe(0);
  expect(out).toMatch(/drained {3}todos\/n1, todos\/t1 \(2 operations\), todos\/t2/);
});

test('falls back to sql.js without better-sqlite3; without either, says what to install', async () => {
  const without =
    (...missing: readonly string[]): typeof loadOptional =>
    (name) =>
      missing.includes(name)
        ? Promise.reject(new DatabaseError(`The package ${name} cannot be loaded`))
        : loadOptional(name);
  const database = await openSqliteInMemory(without('better-sqlite3'));
  database.exec('CREATE TABLE "a" ("x")');
  database.prepare('BEGIN').run();
  expect(database.inTransaction).toBe(true);
  expect(database.prepare('INSERT INTO "a" VALUES (?), (?)').run(1, null)).toMatchObject({ changes: 2 });
  database.prepare('COMMIT').run();
  expect(database.inTransaction).toBe(false);
  expect(database.prepare('SELECT "x" FROM "a" WHERE "x" IS NOT ?').all(null)).toEqual([{ x: 1 }]);
  database.close();
  await expect(openSqliteInMemory(without('better-sqlite3', 'sql.js'))).rejects.toThrow(/npm install better-sqlite3/);
});
