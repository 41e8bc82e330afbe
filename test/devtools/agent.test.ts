import { expect, onTestFinished, test } from 'vitest';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import { createDevtoolsClient } from '../../src/devtools/client/devtools-client.ts';
import { createLocalChannel } from '../../src/devtools/protocol/local-channel.ts';
import { openEngine } from '../support/open-engine.ts';

test('the panel of a new engine knows its chart, its kinds and its state', async () => {
  const bench = await openEngine();
  const { engineEnd, panelEnd } = createLocalChannel();
  const agent = attachDevtools(bench.engine);
  agent.connect(engineEnd);
  const client = createDevtoolsClient(panelEnd);
  onTestFinished(() => client.dispose());
  await bench.engine.sync();
    JSON.stringify(agent.view()).slice(0, 600),
    agent.log
      .read()
      .map(
        (entry) =>
          `${entry.type} ${'name' in entry ? entry.name : 'cause' in entry ? `${entry.cause} ${entry.sources.join()} ${entry.actions.join()}` : 'method' in entry ? `${entry.method} ${entry.result}` : ''}`,
      )
      .join('\n'),
  );
  expect(client.getState().connection).toBe('connected');
});
