import { expect, onTestFinished, test } from 'vitest';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import type { DevtoolsAgent } from '../../src/devtools/agent/devtools-agent.ts';
import { createDevtoolsClient, type DevtoolsClient } from '../../src/devtools/client/devtools-client.ts';
import { createLocalChannel } from '../../src/devtools/protocol/local-channel.ts';
import type { LogEntry } from '../../src/devtools/protocol/log-entry.ts';
import { describeEntry } from '../../src/devtools/views/entries/describe-entry.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';

async function openPanel(): Promise<{
  readonly bench: EngineBench;
  readonly agent: DevtoolsAgent;
  readonly open: () => DevtoolsClient;
}> {
  const bench = await openEngine();
  const agent = attachDevtools(bench.engine);
  onTestFinished(() => bench.close());
  const open = (): DevtoolsClient => {
    const { engineEnd, panelEnd } = createLocalChannel();
    agent.connect(engineEnd);
    const client = createDevtoolsClient(panelEnd);
    onTestFinished(() => client.dispose());
    return client;
  };
  return { bench, agent, open };
}
/** Once a panel has all that the engine has. */
const caughtUp = (client: DevtoolsClient, agent: DevtoolsAgent): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (client.getState().entries.at(-1)?.id !== agent.log.lastId) return;
      stop();
      resolve();
    };
    const stop = client.subscribe(look);
    look();
  });
const lines = (entries: readonly LogEntry[]): readonly string[] =>
  entries.map(describeEntry).map(({ title, detail }) => (detail === '' ? title : `${title}: ${detail}`));

test('I12: clearing the log in one panel clears all panels, which then receive new entries', async () => {
  const { bench, agent, open } = await openPanel();
  const [first, second] = [open(), open()];
  await bench.engine.sync();
  await Promise.all([caughtUp(first, agent), caughtUp(second, agent)]);
  expect(second.getState().entries.length).toBeGreaterThan(1);

  await first.command({ type: 'clearLog' });
  await Promise.all([caughtUp(first, agent), caughtUp(second, agent)]);
  expect([first, second].map((client) => lines(client.getState().entries))).toEqual([
    ['clearLog from the panel'],
    ['clearLog from the panel'],
  ]);

  await bench.engine.sync();
  await Promise.all([caughtUp(first, agent), caughtUp(second, agent)]);
  expect(first.getState().entries).toEqual(agent.log.read());
  expect(second.getState().entries).toEqual(agent.log.read());
});

test('I12: entries logged while the log is cleared stay', async () => {
  const { agent, open } = await openPanel();
  const client = open();
  agent.log.add({ type: 'event', at: 1, name: 'op.pushed', data: {} });
  await caughtUp(client, agent);
  const clearing = agent.run({ type: 'clearLog' });
  agent.log.add({ type: 'event', at: 1, name: 'sync.progress', data: {} });
  await clearing;
  await caughtUp(client, agent);
  expect(lines(client.getState().entries)).toEqual(['sync.progress', 'clearLog from the panel']);
});

test('I12: clears everything for an engine of another release that reports no clear position', async () => {
  const { agent, open } = await openPanel();
  const client = open();
  agent.log.add({ type: 'event', at: 1, name: 'sync.progress', data: {} });
  agent.log.add({ type: 'command', at: 2, command: 'clearLog', input: {}, ok: true, result: null });
  await caughtUp(client, agent);
  expect(lines(client.getState().entries)).toEqual(['clearLog from the panel']);
});

test('I12: between pause and resume of the log, only these two entries are written', async () => {
  const { bench, agent, open } = await openPanel();
  const client = open();
  await client.command({ type: 'clearLog' });
  await client.command({ type: 'record', on: false });
  await bench.engine.sync();
  await client.command({ type: 'record', on: true });
  await caughtUp(client, agent);
  expect(lines(client.getState().entries)).toEqual([
    'clearLog from the panel',
    'record from the panel: off',
    'record from the panel: on',
  ]);
});
