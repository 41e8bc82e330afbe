import { of } from 'rxjs';
import { expect, onTestFinished, test, vi } from 'vitest';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import { followDiagnosis } from '../../src/devtools/agent/follow-diagnosis.ts';
import { createDevtoolsClient } from '../../src/devtools/client/devtools-client.ts';
import { createRedactor } from '../../src/devtools/log/redact.ts';
import { createLocalChannel } from '../../src/devtools/protocol/local-channel.ts';
import { parseBundle } from '../../src/devtools/protocol/parse-bundle.ts';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

async function open(): Promise<EngineBench> {
  const bench = await openEngine();
  onTestFinished(() => bench.close());
  await bench.engine.start();
  return bench;
}

test("I12: sends the engine's diagnosis to a panel, and a new one after each change", async () => {
  const { engine, writer } = await open();
  const { engineEnd, panelEnd } = createLocalChannel();
  attachDevtools(engine).connect(engineEnd);
  const client = createDevtoolsClient(panelEnd);
  onTestFinished(() => client.dispose());
  const codes = (): readonly string[] => client.getState().view?.diagnosis?.map(({ code }) => code) ?? [];
  await vi.waitFor(() => expect(codes()).toEqual(['neverSynced']));
  await writer.insertAndEnqueue(todoOf('a'));
  await vi.waitFor(() => expect(codes()).toEqual(['noTrigger']));
  expect(client.getState().view?.diagnosis?.[0]).toMatchObject({
    level: 'warning',
    text: 'One change waits, and nothing will start a sync by itself.',
    remedies: ['Sync now.', 'Call createTriggers(engine, …).start(), or engine.startAuto().'],
  });
  await engine.sync();
  await vi.waitFor(() => expect(codes()).not.toContain('noTrigger'));
});

test('I12: a saved file contains the diagnosis, even without an open panel', async () => {
  const { engine, writer } = await open();
  await writer.insertAndEnqueue(todoOf('a'));
  const saved = parseBundle(await attachDevtools(engine).ask('bundle', {}));
  expect(saved.view.diagnosis?.map(({ code }) => code)).toEqual(['noTrigger']);
});

test('I13: a diagnosis hides secrets that a server repeats', () => {
  const error = 'no right for Bearer abcdef0123456789abcdef';
  const first = { opId: '1', kind: 'todos', entityId: 'a', lastError: error };
  const finding = { code: 'stuck', level: 'warning', remedies: [], evidence: { count: 1, isAtLeast: false, first } };
  const engine = { diagnosis$: of([finding]) } as unknown as SyncEngine;
  const follower = followDiagnosis(engine, createRedactor(undefined), () => undefined);
  follower.need(true);
  expect(follower.read()?.[0]?.text).toMatch(/cannot be sent: the server refused too often\. It says: no right for/);
  expect(JSON.stringify(follower.read())).not.toContain('abcdef0123456789');
});
