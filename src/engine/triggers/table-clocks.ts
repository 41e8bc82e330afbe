import { startTimer } from './timers.ts';
import type { EndTrigger, TriggerSite } from './trigger-site.ts';

type Site = Pick<TriggerSite, 'clock' | 'kinds' | 'send' | 'store' | 'detached' | 'note'>;

/**
 * Syncs each table with a `syncIntervalMs` when that time has passed since its last complete pull, in any session or
 * tab. One timer serves all tables; kinds due together share a request. A last pull in the future stems from a wrong
 * clock and counts as due.
 */
export function startTableClocks(site: Site): EndTrigger {
  const { clock, kinds, send, store, detached, note } = site;
  const intervals = new Map<string, number>();
  for (const { kind, syncIntervalMs } of kinds.values())
    if (syncIntervalMs !== undefined) intervals.set(kind, syncIntervalMs);
  if (intervals.size === 0) return () => undefined;
  const takeBack = note('tableClock');

  /** Remaining ms until the next check of a kind, counted by the timer. */
  const left = new Map([...intervals.keys()].map((kind) => [kind, 0]));
  let end: EndTrigger = () => undefined;
  let isOver = false;

  const restOf = (interval: number, pulledAt: number | undefined): number => {
    const passed = pulledAt === undefined ? interval : clock.now() - pulledAt;
    return passed < 0 ? 0 : Math.max(0, interval - passed);
  };
  const look = async (): Promise<void> => {
    const asked = [...left].filter(([, ms]) => ms <= 0).map(([kind]) => kind);
    // The run reports an unreadable database.
    const pulledAt = await detached(() => store.pulledAt(asked)).catch(() => new Map<string, number>());
    if (isOver) return;
    const due: string[] = [];
    for (const kind of asked) {
      const interval = intervals.get(kind) ?? 0;
      const rest = restOf(interval, pulledAt.get(kind));
      if (rest <= 0) due.push(kind);
      left.set(kind, rest <= 0 ? interval : rest);
    }
    if (due.length > 0) send({ type: 'SYNC', pushKinds: due, pullKinds: due, automatic: true });
    const next = Math.min(...left.values());
    end = startTimer(clock, next, () => {
      for (const [kind, ms] of left) left.set(kind, ms - next);
      void look();
    });
  };
  void look();
  return () => {
    isOver = true;
    takeBack();
    end();
  };
}
