import type { TransportAdapter } from '../../src/model/transport.ts';
import type { SimulatedClock } from '../../src/testing/simulated-clock.ts';

/**
 * Lets the simulated clock move on with each call, as a network would: the same durations each time, so that captures
 * are alike.
 */
export function pacedTransport(inner: TransportAdapter, clock: SimulatedClock): TransportAdapter {
  let calls = 0;
  const after = async <Answer>(baseMs: number, call: () => Promise<Answer>): Promise<Answer> => {
    calls += 1;
    const spreadMs = (calls * 37) % 90;
    clock.increment(baseMs);
    return call().finally(() => clock.increment(spreadMs));
  };
  return {
    get capabilities() {
      return inner.capabilities;
    },
    pull: (request) => after(60, () => inner.pull(request)),
    push: (ops, context) => after(90 + ops.length * 12, () => inner.push(ops, context)),
    forcePush: (op, context) => after(80, () => inner.forcePush(op, context)),
    fetch: (request) => after(40, () => inner.fetch(request)),
    health: (context) => after(20, () => inner.health(context)),
  };
}
