import { expect, onTestFinished, test } from 'vitest';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import { createDevtoolsClient } from '../../src/devtools/client/devtools-client.ts';
import { createLocalChannel } from '../../src/devtools/protocol/local-channel.ts';
import { openEngine } from '../support/open-engine.ts';

test("I12: an engine's panel receives its chart, its kinds, and its current state", async () => {
  const bench = await openEngine();
  const { engineEnd, panelEnd } = createLocalChannel();
  const agent = attachDevtools(bench.engine);
  agent.connect(engineEnd);
  const client = createDevtoolsClient(panelEnd);
  onTestFinished(() => client.dispose());
  await bench.engine.sync();
  expect(await client.query('kinds', {})).toMatchObject([{ kind: 'todos', rows: 0, pending: 0 }]);
  const { connection, engine } = client.getState();
  expect({ connection, kinds: engine?.kinds.map(({ kind }) => kind), root: engine?.chart.root }).toEqual({
    connection: 'connected',
    kinds: ['todos'],
    root: 'sync',
  });
  expect(agent.log.read().map((entry) => (entry.type === 'transition' ? entry.cause : entry.type))).toContain(
    'done planning',
  );
});
