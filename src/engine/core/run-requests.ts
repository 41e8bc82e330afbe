import type { SyncMachineEvent } from '../../machines/machine-events.ts';
import type { SyncStats } from '../../model/values/run-stats.ts';
import type { Kinds, RunEnded } from '../../model/run.ts';
import type { FullResyncOptions, SyncOptions, SyncRunResult } from '../api/sync-engine.ts';
import { unlessPaused, type PauseParts } from '../waits/when-paused.ts';
import type { EngineContext } from './engine-context.ts';

/** Requests runs from the chart and waits for their end. */
export interface RunRequests {
  readonly sync: (options: SyncOptions) => Promise<SyncRunResult>;
  readonly fullResync: (options: FullResyncOptions) => Promise<SyncStats>;
}

/** The lists that a call requests. Throws `TypeError` for `kinds` combined with one of them. */
export function askedKinds({ kinds, pushKinds, pullKinds }: SyncOptions): {
  readonly pushKinds: Kinds | undefined;
  readonly pullKinds: Kinds | undefined;
} {
  if (kinds !== undefined && (pushKinds !== undefined || pullKinds !== undefined)) {
    throw new TypeError('sync: `kinds` sets both lists; give either `kinds`, or `pushKinds` and `pullKinds`');
  }
  return { pushKinds: kinds ?? pushKinds, pullKinds: kinds ?? pullKinds };
}

export function createRunRequests({ ports, actor, life, waiters, news, machine, queue }: EngineContext): RunRequests {
  const { memory, questions } = machine;
  const send = (event: SyncMachineEvent): void => life.send(event);
  const until: PauseParts['until'] = (reached, options) => life.until(reached, options);
  const waited = (
    { signal, whenPaused }: Pick<SyncOptions, 'signal' | 'whenPaused'>,
    ask: (waiter: string) => void,
  ): Promise<RunEnded> =>
    unlessPaused({ actor, whenPaused, signal, isBrief: () => memory.pausesBriefly, until }, (left) => {
      questions.leaveOpen();
      return waiters.wait(ask, (waiter) => send({ type: 'WAITER_LEFT', waiter }), left);
    });
  return {
    sync: async (options) => {
      const asked = askedKinds(options);
      const ended = await waited(options, (waiter) => send({ type: 'SYNC', ...asked, waiter }));
      const all = [...ports.kinds.keys()];
      const { stuck } = await queue.counts();
      return {
        push: ended.push,
        pull: ended.pull,
        stats: ended.stats,
        durationMs: ended.tookMs ?? 0,
        stuckOpsCount: stuck,
        hadErrors: ended.stats.errors > 0,
        kindsPushed: asked.pushKinds ?? all,
        kindsPulled: asked.pullKinds ?? all,
        ...news.storyOf(ended.runId),
      };
    },
    fullResync: async (options) => {
      const ended = await waited(options, (waiter) =>
        send({ type: 'FULL_RESYNC', kinds: options.kinds, clearData: options.clearData, waiter }),
      );
      return ended.stats;
    },
  };
}
