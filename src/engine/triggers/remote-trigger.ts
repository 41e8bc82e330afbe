import { delayFor } from '../../rules/backoff.ts';
import { createDebounce, startTimer } from './timers.ts';
import type { EndTrigger, TriggerSite } from './trigger-site.ts';

/** A stream that lives this long counts as healthy. */
const steadyMs = 1_000;

export interface RemoteTrigger {
  /** Ends a wait before the next subscription, because the network is back. */
  hurry(): void;
  end: EndTrigger;
}

/**
 * Pulls what the server reports as changed. Subscribes again with growing delays after a stream fails or ends. Reports
 * in between are lost, so all kinds are pulled once the new stream is healthy.
 */
export function startRemoteTrigger(
  site: TriggerSite,
  limits: { readonly silenceMs: number; readonly longestMs: number },
): RemoteTrigger | undefined {
  const { clock, transport, kinds, config, random, send, tell } = site;
  if (transport.subscribe === undefined) return undefined;
  const pullKinds = [...kinds.values()].filter(({ pushOnly }) => !pushOnly).map(({ kind }) => kind);
  const changed = new Set<string>();
  let failures = 0;
  /** Counts subscriptions, so that late events of an earlier one are ignored. */
  let generation = 0;
  let endWait: EndTrigger | undefined;
  let endSteady: EndTrigger = () => undefined;
  let unsubscribe: EndTrigger = () => undefined;

  const pull = createDebounce(clock, limits, () => {
    const asked = pullKinds.filter((kind) => changed.has(kind));
    changed.clear();
    if (asked.length > 0) send({ type: 'remote.changed', kinds: asked });
  });
  const note = (some: readonly string[]): void => {
    for (const kind of some) changed.add(kind);
    pull.poke();
  };
  const isWell = (): void => {
    endSteady();
    if (failures > 0) note(pullKinds);
    failures = 0;
  };

  const listen = (): void => {
    generation += 1;
    const mine = generation;
    endWait = undefined;
    const lost = (reason: string): void => {
      if (mine !== generation) return;
      generation += 1;
      endSteady();
      unsubscribe();
      failures += 1;
      const delayMs = delayFor(failures, random(), config);
      tell([
        {
          type: 'transport.warning',
          message: `the stream of remote changes ${reason}; the engine subscribes again in ${delayMs} ms`,
        },
      ]);
      endWait = startTimer(clock, delayMs, listen);
    };
    endSteady = startTimer(clock, steadyMs, isWell);
    try {
      const listening = transport.subscribe?.(pullKinds).subscribe({
        next: (word) => {
          if (mine !== generation) return;
          isWell();
          // The app supplies this value at runtime: without a list, all kinds count.
          note(Array.isArray(word?.kinds) ? word.kinds : pullKinds);
        },
        error: (error) => lost(`failed: ${error instanceof Error ? error.message : String(error)}`),
        complete: () => lost('ended'),
      });
      const end = (): void => listening?.unsubscribe();
      // The stream may have ended while it started.
      if (mine === generation) unsubscribe = end;
      else end();
    } catch (error) {
      lost(`could not begin: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  listen();

  return {
    hurry: () => {
      if (endWait === undefined) return;
      endWait();
      listen();
    },
    end: () => {
      generation += 1;
      endWait?.();
      endSteady();
      pull.cancel();
      unsubscribe();
      unsubscribe = () => undefined;
    },
  };
}
