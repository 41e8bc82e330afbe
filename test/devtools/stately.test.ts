import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { inspectWithStately } from '../../src/devtools/stately/inspect-with-stately.ts';
import { openEngine } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

interface Told {
  readonly type: string;
  readonly name?: string;
  readonly definition?: string;
  readonly snapshot?: { readonly value?: unknown };
}

test("I12: sends the chart and its states to Stately's inspector, and never a row, from the first message on", async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const texts: string[] = [];
  const atRest = new Promise<void>((resolve) => {
    server.on('connection', (socket) =>
      socket.on('message', (data: Buffer) => {
        texts.push(data.toString('utf8'));
        if (texts.length > 5 && texts.at(-1)?.includes('"activity":"idle"') === true) resolve();
      }),
    );
  });
  const bench = await openEngine();
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await bench.writer.insertAndEnqueue(todoOf('a', { title: 'Bearer s3cr3t-of-a-user' }));
  const end = await inspectWithStately(bench.engine, { url: `ws://127.0.0.1:${port}`, name: 'todo app' });
  onTestFinished(async () => {
    end();
    for (const client of server.clients) client.terminate();
    server.close();
    await bench.close();
  });
  await bench.engine.sync();
  await atRest;
  const told = texts.map((text) => JSON.parse(text) as Told);
  expect(told[0]).toMatchObject({ type: '@xstate.actor' });
  expect(JSON.parse(told[0]?.definition ?? '{}')).toMatchObject({
    id: 'sync',
    type: 'parallel',
    states: { activity: { initial: 'starting' } },
  });
  expect(texts.join('\n')).not.toMatch(/s3cr3t|title/);
});

test('F-112: sends nothing about the engine to another machine', async () => {
  const bench = await openEngine();
  onTestFinished(() => bench.close());
  await expect(inspectWithStately(bench.engine, { url: 'ws://stately.example:8080' })).rejects.toThrow(RangeError);
});
