import { expect, onTestFinished, test } from 'vitest';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import type { DevtoolsAgent } from '../../src/devtools/agent/devtools-agent.ts';
import { createBundleClient } from '../../src/devtools/client/bundle-client.ts';
import { createDevtoolsClient, type DevtoolsClient } from '../../src/devtools/client/devtools-client.ts';
import { createLocalChannel } from '../../src/devtools/protocol/local-channel.ts';
import { bundleFileName } from '../../src/devtools/views/words/bundle-file-name.ts';
import type { Json } from '../../src/model/values/json.ts';
import { openEngine } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

const secret = 's3cr3t-of-a-user';

test('I12: a saved file shows the recorded data read-only and contains no secret', async () => {
  const bench = await openEngine({
    rest: { token: () => Promise.resolve(secret), headers: { 'x-api-key': secret } },
    config: { maxRetries: 0 },
  });
  onTestFinished(() => bench.close());
  const agent = attachDevtools(bench.engine, { redact: { fields: ['title'] } });
  await bench.engine.start();
  await bench.writer.insertAndEnqueue(todoOf('a', { title: secret, tags: [`authorization: Bearer ${secret}`] }));
  bench.server.refuse(({ id }) => id === 'a', {
    status: 422,
    body: { error: `Bearer ${secret} may not do this`, token: secret },
  });
  await bench.engine.sync().catch(() => undefined);
  await agent
    .run({ type: 'amend', opId: (await bench.queued())[0] ?? '', patch: { title: secret } })
    .catch(() => undefined);

  await bench.engine.pause();
  const file = await agent.ask('bundle', {});
  expect(JSON.stringify(file)).not.toContain(secret);
  const opened = createBundleClient(JSON.parse(JSON.stringify(file)) as typeof file);
  expect(opened.getState()).toMatchObject({
    connection: 'bundle',
    view: agent.view(),
    engine: JSON.parse(JSON.stringify(agent.description)) as object,
  });
  expect(opened.getState().entries.length).toBe(agent.log.size);
  expect((await opened.query('operations', {})).items.map(({ entityId }) => entityId)).toEqual(['a']);
  await expect(opened.command({ type: 'sync' })).rejects.toThrow('saved file');
});

test('F-112: rejects a file that is not a bundle and names the error', () => {
  expect(() => createBundleClient(null)).toThrow(TypeError);
  expect(() => createBundleClient({ format: 'synchart-bundle', version: 2 })).toThrow(/version/);
});

test('a saved file has a name that every file system accepts', () => {
  expect(bundleFileName('To/do: "app"', new Date(0))).toBe('synchart-to-do-app-1970-01-01T00-00-00.json');
  expect(bundleFileName('…', new Date(0))).toBe('synchart-engine-1970-01-01T00-00-00.json');
});

test('I12: a saved file is complete: the whole log and outbox, and the waiting rows', async () => {
  const bench = await openEngine({ config: { maxRetries: 0, conflictStrategy: 'manual' } });
  onTestFinished(() => bench.close());
  const agent = attachDevtools(bench.engine);
  bench.server.seed('todos', [{ id: 'c', title: 'before', done: false, priority: 1, tags: null }]);
  await bench.engine.sync();
  await bench.writer.replaceAndEnqueue(todoOf('c', { title: 'mine' }));
  bench.server.update('todos', 'c', { title: 'theirs' });
  for (let round = 0; round < 20; round += 1) await bench.engine.sync().catch(() => undefined);
  await bench.server.stop();
  for (let index = 0; index < 260; index += 1)
    await bench.writer.insertAndEnqueue(todoOf(`n${index}`, { title: `new ${index}` }));
  await bench.engine.sync().catch(() => undefined);

  const opened = createBundleClient(JSON.parse(JSON.stringify(await agent.ask('bundle', {}))) as Json);
  expect(opened.getState().entries.length).toBe(agent.log.size);
  expect(agent.log.size).toBeGreaterThan(200);
  const longest = opened
    .getState()
    .entries.flatMap((entry) => (entry.type === 'request' ? (entry.operations ?? []).length : 0));
  expect(Math.max(...longest)).toBe(260);
  expect((await opened.query('operations', { limit: 500 })).items.length).toBe(261);
  const live = createPanel(agent);
  expect((await live.query('rows', { kind: 'todos', limit: 300 })).items.every((row) => typeof row === 'object')).toBe(
    true,
  );
  expect(await opened.query('row', { kind: 'todos', id: 'c' })).toMatchObject({
    conflict: true,
    pending: 1,
    local: { title: 'mine' },
    base: { title: 'before' },
    server: { title: 'theirs' },
  });
  expect((await opened.query('rows', { kind: 'todos', only: 'pending', limit: 300 })).total).toBe(261);
});

function createPanel(agent: DevtoolsAgent): DevtoolsClient {
  const { engineEnd, panelEnd } = createLocalChannel();
  agent.connect(engineEnd);
  const client = createDevtoolsClient(panelEnd);
  onTestFinished(() => client.dispose());
  return client;
}
