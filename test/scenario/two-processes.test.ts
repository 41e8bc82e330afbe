import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import { createTestServer } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { startChild } from '../prove/child-process.ts';
import type { WritingOptions } from '../prove/writing-process.ts';
import { createTodoDatabase, fileDrivers, openTodoDatabase, todos } from '../support/open-store.ts';

async function live(options: WritingOptions): Promise<void> {
  const child = await startChild('writing-process.ts', options);
  const { code, signal, stderr } = await child.ended;
  if (code !== 0) throw new Error(`process ${options.label} ended with ${String(code ?? signal)}: ${stderr}`);
}

test.each([...fileDrivers, 'postgres'] as const)(
  'I11, F-47: three processes write and sync on one %s database and send every operation once',
  { timeout: 120_000 },
  async (driver) => {
    const directory = await mkdtemp(join(tmpdir(), 'synchart-shared-'));
    const { database, remove } = await createTodoDatabase(driver, directory);
    await using server = await createTestServer();
    try {
      const labels = ['a', 'b', 'c'];
      await Promise.all(labels.map((label) => live({ driver, database, url: server.url, label })));
      const dataSource = await openTodoDatabase(driver, database);
      const engine = createSyncEngine({
        dataSource,
        tables: [todos],
        transport: new RestTransport({ baseUrl: server.url }),
      });
      await engine.start();
      await engine.sync();
      expect(await engine.outbox.hasOperations()).toBe(false);
      await engine.dispose();
      const rows = (await dataSource.query(
        'SELECT id, title, priority FROM todos WHERE deleted_at IS NULL AND deleted_at_local IS NULL ORDER BY id',
      )) as {
        id: string;
      }[];
      await dataSource.destroy();
      const onServer = server
        .getAll('todos')
        .map((row) => ({ id: row['id'], title: row['title'], priority: row['priority'] }))
        .toSorted((a, b) => String(a.id).localeCompare(String(b.id)));
      expect(rows).toEqual(onServer);
      expect(onServer).toHaveLength(labels.length * 2 * 3);
      const sent = server.recordedRequests
        .filter(({ method }) => method === 'PUT' || method === 'DELETE')
        .map(({ headers }) => String(headers['x-idempotency-key']));
      expect(sent.length).toBe(new Set(sent).size);
    } finally {
      await remove();
      await rm(directory, { recursive: true, force: true });
    }
  },
);
