import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import type { DatabaseDriver } from '../../src/persistence/open-database.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { createTestServer } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { fileDrivers, openTodoDatabase, todos } from '../support/open-store.ts';
import { todoEntity } from '../support/todo.ts';

const child = fileURLToPath(new URL('./crash-child.ts', import.meta.url));
/** Replay with KILL_SEED=…; each seed gives the same points. */
const seed = Number(process.env['KILL_SEED'] ?? 1_794_000);
const pointsPerDriver = 13;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'synchart-kill-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

interface Life {
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

const live = (driver: DatabaseDriver, database: string, url: string, killAt: number): Promise<Life> =>
  new Promise((resolve, reject) => {
    const process_ = spawn(process.execPath, ['--import', 'tsx', child, driver, database, url, String(killAt), 'w'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let stderr = '';
    process_.stdout.on('data', (data: Buffer) => {
      out += data.toString();
    });
    process_.stderr.on('data', (data: Buffer) => {
      stderr += data.toString();
    });
    process_.on('error', reject);
    process_.on('close', (_code, signal) => resolve({ signal, lines: out.split('\n').filter((line) => line !== ''), stderr }));
  });

async function dieAndRestart(driver: DatabaseDriver, name: string, killAt: number): Promise<Life> {
  const database = join(directory, `${name}.db`);
  await using server = await createTestServer();
  const life = await live(driver, database, server.url, killAt);
  if (life.signal === null) return life;

  const dataSource = await openTodoDatabase(driver, database);
  const engine = createSyncEngine({ dataSource, tables: [todos], transport: new RestTransport({ baseUrl: server.url }) });
  try {
    await engine.start();
    await engine.sync();
    expect(await engine.outbox.hasOperations(), `left in the outbox after the kill at step ${killAt}`).toBe(false);
    expect(await dataSource.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);

    const promised = new Map<string, string[]>();
    for (const [, id = '', what = ''] of life.lines.map((line) => line.split(' '))) promised.set(id, [...(promised.get(id) ?? []), what]);
    const rows = new Map((await dataSource.getRepository(todoEntity).find()).map((row) => [row.id, row]));
    for (const [id, written] of promised) {
      const onServer = server.get('todos', id);
      if (written.includes('deleted')) {
        expect(onServer?.['deletedAt'] ?? onServer?.['deleted_at'] ?? onServer ?? 'gone', `${id} was deleted`).not.toBeNull();
        continue;
      }
      expect(onServer, `${id} was written and is not on the server (I1)`).toMatchObject({
        id,
        ...(written.includes('edited') ? { title: 'edited' } : {}),
        ...(written.includes('prioritised') ? { priority: 5 } : {}),
      });
      expect(rows.get(id), `${id} differs from the server (I5)`).toMatchObject({ title: onServer?.['title'], priority: onServer?.['priority'] ?? null });
    }
    // Nothing the server was asked for took effect twice (I2).
    const keys = server.backend.effects.map((effect) => effect.key);
    expect(keys.length).toBe(new Set(keys).size);
    const creations = server.backend.effects.filter((effect) => effect.type === 'upsert').map((effect) => effect.id);
    for (const id of creations) expect(creations.filter((other) => other === id).length, `${id} was written ${id} times`).toBeLessThanOrEqual(3);
  } finally {
    await engine.dispose();
    await dataSource.destroy();
  }
  return life;
}

test.each(fileDrivers)(
  'I7: killed at any step of writing, pushing and pulling, %s loses nothing and doubles nothing after a restart',
  { timeout: 180_000 },
  async (driver) => {
    const whole = await dieAndRestart(driver, `${driver}-whole`, -1);
    expect(whole.stderr).toBe('');
    const steps = Number(whole.lines.at(-1)?.split(' ')[1]);
    expect(steps).toBeGreaterThan(100);
    const random = seededRandom(seed);
    for (let point = 0; point < pointsPerDriver; point++) {
      const killAt = 1 + Math.floor(random() * steps);
      const life = await dieAndRestart(driver, `${driver}-${killAt}-${point}`, killAt);
      expect(life.signal, `KILL_SEED=${seed}, step ${killAt} of ${steps}: ${life.stderr}`).toBe('SIGKILL');
    }
  },
);
