import { expect, onTestFinished, test } from 'vitest';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import type { DevtoolsAgent } from '../../src/devtools/agent/devtools-agent.ts';
import { createDevtoolsClient, type DevtoolsClient } from '../../src/devtools/client/devtools-client.ts';
import { createLocalChannel } from '../../src/devtools/protocol/local-channel.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';

async function openPanel(): Promise<{
  readonly bench: EngineBench;
  readonly agent: DevtoolsAgent;
  readonly client: DevtoolsClient;
}> {
  const bench = await openEngine();
  const agent = attachDevtools(bench.engine);
  const { engineEnd, panelEnd } = createLocalChannel();
  agent.connect(engineEnd);
  const client = createDevtoolsClient(panelEnd);
  onTestFinished(async () => {
    client.dispose();
    await bench.close();
  });
  await bench.engine.sync();
  await client.query('kinds', {});
  return { bench, agent, client };
}
const lost = (client: DevtoolsClient): Promise<void> =>
  new Promise((resolve) => {
    const stop = client.subscribe(() => {
      if (client.getState().connection !== 'lost') return;
      stop();
      resolve();
    });
  });

test('I12: disposing an engine notifies its open panels, which keep what they received', async () => {
  const { bench, agent, client } = await openPanel();
  const gone = lost(client);
  await bench.engine.dispose();
  await gone;
  const { view, entries } = client.getState();
  expect({ phase: view?.status.phase, newest: entries.at(-1)?.id }).toEqual({
    phase: 'stopped',
    newest: agent.log.lastId,
  });
  await expect(client.command({ type: 'sync' })).rejects.toThrow('the engine is gone');
  await expect(client.query('kinds', {})).rejects.toThrow('the engine is gone');
});

test('I12: detaching notifies the panels and stops recording; the engine goes on', async () => {
  const { bench, agent, client } = await openPanel();
  const gone = lost(client);
  const asked = client.query('operations', {});
  agent.detach();
  await gone;
  await expect(asked).rejects.toThrow('the engine is gone');
  const before = agent.log.lastId;
  await bench.writer.insertAndEnqueue(todoOf('a'));
  await bench.engine.sync();
  expect([agent.log.lastId, bench.server.effectCount({ kind: 'todos', id: 'a' })]).toEqual([before, 1]);
});

test('I12: attaching after a detach returns a new agent with its own log; until then it returns the same agent', async () => {
  const { bench, agent } = await openPanel();
  expect(attachDevtools(bench.engine)).toBe(agent);
  agent.detach();
  const next = attachDevtools(bench.engine);
  await bench.engine.sync();
  expect(next).not.toBe(agent);
  expect(next.log.read().filter(({ type }) => type === 'request')).not.toEqual([]);
});

test('closing one panel does not end the others', async () => {
  const { bench, agent, client } = await openPanel();
  const { engineEnd, panelEnd } = createLocalChannel();
  const end = agent.connect(engineEnd);
  const second = createDevtoolsClient(panelEnd);
  await second.query('kinds', {});
  const gone = lost(second);
  end();
  await gone;
  await bench.engine.pause();
  expect(await client.query('kinds', {})).toMatchObject([{ kind: 'todos' }]);
  expect(client.getState().connection).toBe('connected');
});
