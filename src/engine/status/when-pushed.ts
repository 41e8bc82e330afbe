import { waitFor, type WaitLimits } from '../waits/wait-until.ts';
import type { QueueFilter, QueuePort } from '../../model/queue.ts';
import type { PushedResult } from '../api/sync-engine.ts';

/**
 * Waits until every operation that is queued now has left the queue or is parked. Ignores later writes. `isOver` ends
 * the wait early.
 */
export async function whenPushed(
  queue: QueuePort,
  filter: QueueFilter,
  limits: WaitLimits,
  isOver: () => boolean,
): Promise<PushedResult> {
  let changes = 0;
  let wake: () => void = () => undefined;
  // Subscribes before it reads the queue, so that no change in between is missed.
  const stop = queue.subscribe(() => {
    changes += 1;
    wake();
  });
  const deadline = limits.timeoutMs === undefined ? undefined : limits.clock.now() + limits.timeoutMs;
  try {
    const asked = new Set((await queue.list(filter)).map(({ opId }) => opId));
    for (;;) {
      const seen = changes;
      const left = (await queue.list(filter)).filter(({ opId }) => asked.has(opId));
      // Operations behind a parked one of the same entity are blocked with it.
      const parkedEntities = new Set(
        left.filter(({ state }) => state === 'parked').map(({ kind, entityId }) => JSON.stringify([kind, entityId])),
      );
      if (isOver() || left.every(({ kind, entityId }) => parkedEntities.has(JSON.stringify([kind, entityId]))))
        return { parked: left };
      if (changes !== seen) continue;
      const timeoutMs = deadline === undefined ? undefined : Math.max(0, deadline - limits.clock.now());
      await waitFor<undefined>(
        (done) => {
          wake = () => done(undefined);
          return () => {
            wake = () => undefined;
          };
        },
        { ...limits, timeoutMs },
      );
    }
  } finally {
    stop();
  }
}
