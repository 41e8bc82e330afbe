import { expect, onTestFinished, test } from 'vitest';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import { createBundleClient } from '../../src/devtools/client/bundle-client.ts';
import { bundleFileName } from '../../src/devtools/views/bundle-file-name.ts';
import { openEngine } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

const secret = 's3cr3t-of-a-user';

test('I12: a saved file shows what was seen, read-only, and no secret is in it', async () => {
  const bench = await openEngine({ rest: { token: () => Promise.resolve(secret), headers: { 'x-api-key': secret } }, config: { maxRetries: 0 } });
  onTestFinished(() => bench.close());
  const agent = attachDevtools(bench.engine, { redact: { fields: ['title'] } });
  await bench.engine.start();
  await bench.writer.insertAndEnqueue(todoOf('a', { title: secret, tags: [`authorization: Bearer ${secret}`] }));
  bench.server.refuse(({ id }) => id === 'a', { status: 422, body: { error: `Bearer ${secret} may not do this`, token: secret } });
  await bench.engine.sync().catch(() => undefined);
  await agent.run({ type: 'amend', opId: (await bench.queued())[0] ?? '', patch: { title: secret } }).catch(() => undefined);

  await bench.engine.pause();
  const file = await agent.ask('bundle', {});
  expect(JSON.stringify(file)).not.toContain(secret);
  const opened = createBundleClient(JSON.parse(JSON.stringify(file)) as typeof file);
  expect(opened.getState()).toMatchObject({ connection: 'bundle', view: agent.view(), engine: JSON.parse(JSON.stringify(agent.description)) as object });
  expect(opened.getState().entries.length).toBe(agent.log.size);
  expect((await opened.query('operations', {})).items.map(({ entityId }) => entityId)).toEqual(['a']);
  await expect(opened.command({ type: 'sync' })).rejects.toThrow('saved file');
});

test('F-112: a file that is no bundle is refused by the name of what is wrong', () => {
  expect(() => createBundleClient(null)).toThrow(TypeError);
  expect(() => createBundleClient({ format: 'synchart-bundle', version: 2 })).toThrow(/version/);
});

test('a saved file has a name that every file system takes', () => {
  expect(bundleFileName('To/do: "app"', new Date(0))).toBe('synchart-to-do-app-1970-01-01T00-00-00.json');
  expect(bundleFileName('…', new Date(0))).toBe('synchart-engine-1970-01-01T00-00-00.json');
});
