import { useEffect, useRef, useState } from 'react';
import type { SyncEngine } from '../../engine/api/sync-engine.ts';
import { internalsOf } from '../../engine/core/engine-internals.ts';
import { useStores } from '../../react/sync-provider.ts';
import { useDiagnosis, useSyncStatus } from '../../react/use-sync-status.ts';
import type { Diagnosis, Remedy } from '../../rules/diagnosis/diagnosis.ts';
import { messageOf } from './use-done.ts';

/** What a remedy does. A promise keeps its button busy. */
export type RemedyActions = Readonly<Partial<Record<Remedy, () => unknown>>>;

export interface SyncIndicatorModel {
  /** The finding to show first. What passes within half a second is left out, so that polling makes nothing flicker. */
  readonly first: Diagnosis;
  readonly findings: readonly Diagnosis[];
  /** Changes that are not sent, refused ones included. */
  readonly waiting: number;
  readonly isBusy: boolean;
  readonly lastSyncedAt: number | undefined;
  /** The engine's time, epoch ms; it moves each second while `isWatched`. */
  readonly now: number;
  /** What can be done at once: by the engine, or by the app. */
  readonly actions: RemedyActions;
  /** The remedy that is under way. */
  readonly running: Remedy | undefined;
  readonly problem: string | undefined;
  /** Does what a remedy says. Never rejects: `problem` says what failed. */
  run(remedy: Remedy): Promise<void>;
}

const nothingYet: Diagnosis = { code: 'starting', level: 'ok', evidence: {}, remedies: ['wait'] };
const busyPhases: ReadonlySet<string> = new Set([
  'planning',
  'pushing',
  'pulling',
  'paging',
  'fullResync',
  'firstPull',
]);

/** What an indicator shows, and what it can do. Draws nothing. */
export function useSyncIndicator(
  options: { readonly onRemedy?: RemedyActions | undefined; readonly isWatched?: boolean | undefined } = {},
): SyncIndicatorModel {
  const { onRemedy = {}, isWatched = false } = options;
  const engine = useStores('useSyncIndicator')?.engine;
  const findings = useDiagnosis();
  const waiting = useSyncStatus(({ pending, stuck }) => pending + stuck);
  const isBusy = useSyncStatus(({ phase }) => busyPhases.has(phase));
  const lastSyncedAt = useSyncStatus((status) => status.lastSyncedAt);
  const now = useEngineTime(engine, isWatched);
  const [running, setRunning] = useState<Remedy>();
  const [problem, setProblem] = useState<string>();
  const isRunning = useRef(false);
  const first = useCalm(findings.find(({ level }) => level !== 'notice') ?? findings[0] ?? nothingYet);
  const actions: RemedyActions = { ...(engine === undefined ? {} : ownActions(engine)), ...onRemedy };
  return {
    first,
    findings,
    waiting,
    isBusy,
    lastSyncedAt,
    now,
    actions,
    running,
    problem,
    run: async (remedy) => {
      const act = actions[remedy];
      if (act === undefined || isRunning.current) return;
      isRunning.current = true;
      setRunning(remedy);
      setProblem(undefined);
      try {
        await act();
      } catch (error) {
        setProblem(messageOf(error));
      } finally {
        isRunning.current = false;
        setRunning(undefined);
      }
    },
  };
}

/** Remedies that harm nothing and need nobody else. */
const ownActions = (engine: SyncEngine): RemedyActions => ({
  sync: () => engine.sync({ whenPaused: 'reject' }),
  resume: () => engine.resume(),
  retry: () => engine.retryStuckOperations(),
  reload: () => location.reload(),
  persistStorage: () => navigator.storage.persist(),
});

const passing: ReadonlySet<string> = new Set(['syncing', 'queued']);
const calmMs = 500;

function useCalm(first: Diagnosis): Diagnosis {
  const [shown, setShown] = useState(first);
  const isPassing = passing.has(first.code);
  useEffect(() => {
    const timer = setTimeout(() => setShown(first), isPassing ? calmMs : 0);
    return () => clearTimeout(timer);
  }, [first, isPassing]);
  return isPassing ? shown : first;
}

/** Before the first tick nobody has asked for the time, so that a server renders the same. */
function useEngineTime(engine: SyncEngine | undefined, isWatched: boolean): number {
  const [now, setNow] = useState(0);
  useEffect(() => {
    if (engine === undefined || !isWatched) return;
    const { clock } = internalsOf(engine, 'useSyncIndicator').ports;
    const look = (): void => setNow(clock.now());
    look();
    const timer = setInterval(look, 1_000);
    return () => clearInterval(timer);
  }, [engine, isWatched]);
  return now;
}
