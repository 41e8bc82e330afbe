import { expect, test } from 'vitest';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import { createTestServer } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openTodoDatabase, todos } from '../support/open-store.ts';
import { todoEntity, todoOf } from '../support/todo.ts';

test('F-137: the first sync against an empty server succeeds, even if the only local row was refused', async () => {
  await using server = await createTestServer();
  const dataSource = await openTodoDatabase('better-sqlite3');
  const engine = createSyncEngine({
    dataSource,
    tables: [todos],
    transport: new RestTransport({ baseUrl: server.url }),
  });
  try {
    await engine.start();
    await engine.writer(todos).insertAndEnqueue(todoOf('refused'));
    server.failNextRequests(1, 422, { match: { method: 'PUT' } });
    expect(await engine.sync()).toMatchObject({ pushed: 0, pulled: 0, errors: 1 });
    expect(await dataSource.getRepository(todoEntity).count()).toBe(1);
    expect(await engine.explain()).toMatchObject([{ entityId: 'refused', tryCount: 1 }]);
    expect(await engine.sync()).toMatchObject({ pushed: 1, errors: 0 });
    expect(server.get('todos', 'refused')).toMatchObject({ id: 'refused' });
  } finally {
    await engine.dispose();
    await dataSource.destroy();
  }
});
