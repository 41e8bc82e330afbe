import type { Json } from '../../src/model/values/json.ts';
import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import type { DevtoolsAgent } from '../../src/devtools/agent/devtools-agent.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import { createTestServer } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../../test/support/open-engine.ts';
import { pacedTransport } from './paced-transport.ts';

export interface CaptureBench extends EngineBench {
  readonly agent: DevtoolsAgent;
  /** Some time goes by, ms. */
  readonly after: (ms: number) => Promise<void>;
}

/** A working day begins. */
const morning = Date.UTC(2026, 0, 15, 9, 12);
/** What the stories show in the place of the loopback server. */
const shownHost = 'api.example.com';

/**
 * Runs a script on a real engine, database and server under one clock, which a call moves on as a network would, and
 * gives what it made.
 */
export async function onBench<Made>(
  script: (bench: CaptureBench) => Promise<Made>,
  options: EngineBenchOptions = {},
): Promise<Made> {
  const clock = createSimulatedClock(morning);
  const server = await createTestServer({ naming: 'camelCase', now: () => clock.now() });
  const { port } = new URL(server.url);
  const bench = await openEngine({
    server,
    clock,
    transport: pacedTransport(new RestTransport({ baseUrl: server.url, clock }), clock),
    ...options,
  });
  const agent = attachDevtools(bench.engine, { name: 'todo app' });
  const made = await script({ ...bench, agent, after: (ms) => clock.advance(ms) });
  agent.detach();
  await bench.close();
  return JSON.parse(
    JSON.stringify(made)
      .replaceAll(`http://127.0.0.1:${port}`, `https://${shownHost}`)
      .replaceAll(`127.0.0.1:${port}`, shownHost),
  ) as Made;
}

/** What is meant to fail is no reason to stop. */
export const quietly = (work: Promise<unknown>): Promise<unknown> => work.catch(() => undefined);

export const bundleOf = ({ agent }: CaptureBench): Promise<Json> => agent.ask('bundle', {});

/** Twelve todos that the server has, pulled. */
export const seeded = async ({ engine, server, after }: CaptureBench): Promise<void> => {
  server.seed(
    'todos',
    Array.from({ length: 12 }, (_, index) => ({
      id: `t${index}`,
      title: `Todo ${index}`,
      done: index % 3 === 0,
      priority: index,
      tags: ['home'],
    })),
  );
  await engine.sync();
  await after(90_000);
};
