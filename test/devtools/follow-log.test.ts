import { expect, onTestFinished, test } from 'vitest';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import type { DevtoolsAgent } from '../../src/devtools/agent/devtools-agent.ts';
import {
  createDevtoolsClient,
  type ClientOptions,
  type DevtoolsClient,
  type PanelState,
} from '../../src/devtools/client/devtools-client.ts';
import { createLocalChannel } from '../../src/devtools/protocol/local-channel.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';

interface Panels {
  readonly bench: EngineBench;
  readonly agent: DevtoolsAgent;
  readonly open: (options?: ClientOptions) => DevtoolsClient;
  readonly posted: () => readonly string[];
}

async function openPanels(): Promise<Panels> {
  const bench = await openEngine();
  const agent = attachDevtools(bench.engine);
  const { engineEnd, panelEnd } = createLocalChannel();
  const posted: string[] = [];
  agent.connect({
    ...engineEnd,
    post: (message) => {
      posted.push(message.type);
      engineEnd.post(message);
    },
  });
  const clients: DevtoolsClient[] = [];
  onTestFinished(async () => {
    for (const client of clients) client.dispose();
    await bench.close();
  });
  const open = (options?: ClientOptions): DevtoolsClient => {
    // Each has its own place in the channel, and closes only that.
    const client = createDevtoolsClient({ ...panelEnd, close: () => undefined }, options);
    clients.push(client);
    return client;
  };
  return { bench, agent, open, posted: () => posted };
}
const when = (client: DevtoolsClient, holds: (state: PanelState) => boolean): Promise<void> =>
  new Promise((resolve) => {
    const check = (): void => {
      if (!holds(client.getState())) return;
      stop();
      resolve();
    };
    const stop = client.subscribe(check);
    check();
  });
const note = (agent: DevtoolsAgent, count: number): void => {
  for (let more = 0; more < count; more += 1) agent.log.add({ type: 'event', at: 1, name: 'sync.progress', data: {} });
};
const idsOf = (client: DevtoolsClient): readonly number[] => client.getState().entries.map(({ id }) => id);
const upTo = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

test('I12: a closed panel receives the status and no log entries until it is opened', async () => {
  const { bench, agent, open, posted } = await openPanels();
  const client = open({ quiet: true });
  await bench.engine.sync();
  await when(client, ({ view }) => view?.status.lastSyncedAt !== undefined);
  expect([idsOf(client), posted().includes('entries')]).toEqual([[], false]);

  const close = client.follow();
  await when(client, () => idsOf(client).at(-1) === agent.log.lastId);
  expect(idsOf(client)).toEqual(upTo(1, agent.log.lastId));

  close();
  await client.query('kinds', {});
  const before = idsOf(client);
  const tellings = posted().filter((type) => type === 'entries').length;
  // The second run is told apart from the first by its time.
  bench.clock.increment(1_000);
  await bench.engine.sync();
  await when(client, ({ view }) => view?.status.lastSyncedAt === bench.engine.status().lastSyncedAt);
  expect([idsOf(client), posted().filter((type) => type === 'entries').length]).toEqual([before, tellings]);
});

test('I10: a long log reaches a new panel in parts without gaps, also beside a panel that has it', async () => {
  const { agent, open, posted } = await openPanels();
  note(agent, 25_000);
  const first = open();
  await when(first, () => idsOf(first).at(-1) === agent.log.lastId);
  expect(idsOf(first)).toEqual(upTo(15_001, 25_000));
  expect(posted().filter((type) => type === 'entries').length).toBe(4);

  const second = open();
  note(agent, 10);
  await Promise.all([
    when(first, () => idsOf(first).at(-1) === 25_010),
    when(second, () => idsOf(second).at(-1) === 25_010),
  ]);
  expect(idsOf(first)).toEqual(upTo(15_001, 25_010));
  expect(idsOf(second)).toEqual(upTo(15_011, 25_010));
});
