import { delayFor } from '../../rules/backoff.ts';
import { reportQuietly } from '../../model/platform/report-quietly.ts';
import { createDebounce, startTimer } from './timers.ts';
import type { EndTrigger, TriggerSite } from './trigger-site.ts';

export interface OutboxTrigger {
  /** Pushes delayed changes at once, because the page may close. */
  flush(): void;
  end: EndTrigger;
}

/**
 * Pushes soon after an operation is queued. Reacts to the queueing itself, never to a count, which may stay equal
 * (F-11). Retries with growing delays what a run left behind without its own time, such as refused operations with
 * attempts left.
 */
export function startOutboxTrigger(
  site: TriggerSite,
  limits: { readonly silenceMs: number; readonly longestMs: number },
): OutboxTrigger {
  const { clock, queue, kinds, config, random, send, detached } = site;
  const pushKinds = [...kinds.values()].filter(({ pullOnly }) => !pullOnly).map(({ kind }) => kind);
  let isOver = false;
  /** The app closes its database after the engine ends. A read of the queue that is in progress then fails. */
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
    // A run or wait of the chart handles them itself, and ends in another event.
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
  // Operations queued before the start cause no change event.
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
