import { waitFor, type WaitLimits } from '../waits/wait-until.ts';
import type { QueueFilter, QueuePort } from '../../model/queue.ts';
import type { PushedResult } from '../api/sync-engine.ts';

/**
 * Waits until what is queued now has left the queue or is parked; what is written later does not count. `isOver` ends
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
  // The ear is open before the queue is read: a change in between is not missed.
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
      // What waits behind a parked operation of its entity is held up with it.
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
