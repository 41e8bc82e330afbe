import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { createTestServer } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { createTodoDatabase, openTodoDatabase, todos } from '../support/open-store.ts';
import { todoEntity } from '../support/todo.ts';

const child = fileURLToPath(new URL('./crash-child.ts', import.meta.url));
/** Replay with KILL_SEED=…; each seed gives the same points. */
const seed = Number(process.env['KILL_SEED'] ?? 1_794_000);
const points = 4;

interface Life {
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly string[];
  readonly stderr: string;
}

const live = (database: string, url: string, killAt: number): Promise<Life> =>
  new Promise((resolve, reject) => {
    const worker = spawn(process.execPath, ['--import', 'tsx', child, 'postgres', database, url, String(killAt), 'w'], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let stderr = '';
    worker.stdout.on('data', (data: Buffer) => (out += data.toString()));
    worker.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
    worker.on('error', reject);
    worker.on('close', (_code, signal) => resolve({ signal, lines: out.split('\n').filter((line) => line !== ''), stderr }));
  });

async function dieAndRestart(killAt: number): Promise<Life> {
  const { database, remove } = await createTodoDatabase('postgres', '');
  await using server = await createTestServer();
  const life = await live(database, server.url, killAt);
  const dataSource = await openTodoDatabase('postgres', database);
  const engine = createSyncEngine({ dataSource, tables: [todos], transport: new RestTransport({ baseUrl: server.url }) });
  try {
    await engine.start();
    await engine.sync();
    expect(await engine.outbox.hasOperations(), `left in the outbox after the kill at step ${killAt}`).toBe(false);
    const promised = new Map<string, string[]>();
    for (const [verb, id = '', what = ''] of life.lines.map((line) => line.split(' '))) {
      if (verb === 'wrote') promised.set(id, [...(promised.get(id) ?? []), what]);
    }
    const rows = new Map((await dataSource.getRepository(todoEntity).find()).map((row) => [row.id, row]));
    for (const [id, written] of promised) {
      const there = server.get('todos', id);
      if (written.includes('deleted')) {
        expect(there?.['deletedAt'] ?? there?.['deleted_at'] ?? there ?? 'gone', `${id} was deleted`).not.toBeNull();
        continue;
      }
      expect(there, `${id} was written and is not on the server (I1)`).toMatchObject({
        id,
        ...(written.includes('edited') ? { title: 'edited' } : {}),
        ...(written.includes('prioritised') ? { priority: 5 } : {}),
      });
      expect(rows.get(id), `${id} differs from the server (I5)`).toMatchObject({ title: there?.['title'], priority: there?.['priority'] ?? null });
    }
    const keys = server.backend.effects.map(({ key }) => key);
    expect(keys.length, 'a request took effect twice (I2)').toBe(new Set(keys).size);
  } finally {
    await engine.dispose();
    await dataSource.destroy();
    await remove();
  }
  return life;
}

test('I7: a worker on PostgreSQL, killed at any step of writing, pushing and pulling, loses nothing and doubles nothing', { timeout: 180_000 }, async () => {
  const whole = await dieAndRestart(0);
  expect(whole.stderr).toBe('');
  const steps = Number(whole.lines.at(-1)?.split(' ')[1]);
  expect(steps).toBeGreaterThan(100);
  const random = seededRandom(seed);
  for (let point = 0; point < points; point++) {
    const killAt = 1 + Math.floor(random() * steps);
    const life = await dieAndRestart(killAt);
    expect(life.signal, `KILL_SEED=${seed}, step ${killAt} of ${steps}: ${life.stderr}`).toBe('SIGKILL');
  }
});
