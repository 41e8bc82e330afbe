import { delayFor } from '../../rules/backoff.ts';
import { reportQuietly } from '../../model/platform/report-quietly.ts';
import { createDebounce, startTimer } from './timers.ts';
import type { EndTrigger, TriggerSite } from './trigger-site.ts';

export interface OutboxTrigger {
  /** Pushes at once what waits for silence: the page may be gone before. */
  flush(): void;
  end: EndTrigger;
}

/**
 * Pushes soon after something was queued: by the fact that it was queued, never by a count, which may be the same as
 * before (F-11). What a run leaves behind without a time of its own, such as a refused operation with tries left, is
 * pushed again after growing waits.
 */
export function startOutboxTrigger(
  site: TriggerSite,
  limits: { readonly silenceMs: number; readonly longestMs: number },
): OutboxTrigger {
  const { clock, queue, kinds, config, random, send, detached } = site;
  const pushKinds = [...kinds.values()].filter(({ pullOnly }) => !pullOnly).map(({ kind }) => kind);
  let isOver = false;
  /** A look at the queue that was under way when the engine ended fails with the database that the app closes then. */
  const report = (error: unknown): void => {
    if (!isOver) reportQuietly(error);
  };
  let rounds = 0;
  let endFollowUp: EndTrigger = () => undefined;

  const push = (): void => {
    endFollowUp();
    send({ type: 'SYNC', pullKinds: [], automatic: true });
  };
  const debounce = createDebounce(clock, limits, push);

  const hasLeftovers = (): Promise<boolean> => queue.hasSendable({ kinds: pushKinds });
  const followUp = async (): Promise<void> => {
    const isLeft = await detached(hasLeftovers);
    if (isOver) return;
    if (!isLeft) {
      rounds = 0;
      return;
    }
    // A run or a wait of the chart sees to them by itself, and ends in another event.
    if (!site.isResting()) return;
    rounds += 1;
    endFollowUp();
    endFollowUp = startTimer(clock, delayFor(rounds, random(), config), push);
  };

  const stopListening = queue.subscribe(({ enqueued }) => {
    if (!enqueued) return;
    rounds = 0;
    debounce.poke();
  });
  const runs = site.events$.subscribe({
    next: (event) => {
      if (event.type === 'sync.completed' || event.type === 'sync.failed') void followUp().catch(report);
    },
    complete: () => {
      isOver = true;
    },
  });
  // What was queued before the start has no change to come.
  void detached(hasLeftovers).then((isLeft) => {
    if (isLeft && !isOver) debounce.poke();
  }, report);

  return {
    flush: () => debounce.flush(),
    end: () => {
      isOver = true;
      debounce.cancel();
      endFollowUp();
      stopListening();
      runs.unsubscribe();
    },
  };
}
