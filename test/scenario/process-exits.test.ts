import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { createTestServer } from '../../src/testing/test-server.ts';

const script = fileURLToPath(new URL('../support/disposing-process.ts', import.meta.url));
/** Far above what an exit takes on a busy machine, and far below each timer that the process has set. */
const patienceMs = 20_000;

test.each(['better-sqlite3', 'sqlite3', 'sqljs'])(
  'a process that disposed its engine and closed its DataSource exits by itself, on %s',
  async (driver) => {
    const folder = await mkdtemp(join(tmpdir(), 'synchart-exit-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const server = await createTestServer({ naming: 'camelCase' });
    onTestFinished(() => server.close());
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', script, JSON.stringify({ driver, database: join(folder, 'app.db'), baseUrl: server.url })],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: patienceMs,
        killSignal: 'SIGKILL',
      },
    );
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (said += data.toString()));
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    expect(said).toBe('disposed: 9 of 9 streams are over\nclosed: 11 of 11 streams are over\n');
    expect([code, signal]).toEqual([0, null]);
  },
);
