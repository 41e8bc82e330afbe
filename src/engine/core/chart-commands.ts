import { phaseOf } from '../../machines/phase-of.ts';
import { toSyncError } from '../../rules/sync-rules.ts';
import type { SyncEngineCore } from '../api/sync-engine.ts';
import { whenPushed } from '../status/when-pushed.ts';
import { pauseReached, resumeReached } from '../waits/pause-waits.ts';
import { checkWhenPaused } from '../waits/when-paused.ts';
import type { EngineContext } from './engine-context.ts';
import { isOver } from './engine-life.ts';
import { askedKinds, createRunRequests } from './run-requests.ts';

type ChartCommands = Pick<
  SyncEngineCore,
  'start' | 'sync' | 'syncRun' | 'fullResync' | 'pause' | 'resume' | 'signedIn' | 'whenIdle' | 'whenPushed'
>;

/** Commands that send the chart an event and wait for its effect. */
export function chartCommands(context: EngineContext): ChartCommands {
  const { ports, queue, machine, life } = context;
  const runs = createRunRequests(context);
  return {
    start: () =>
      life.alive(async () => {
        const snapshot = await life.until((now) => phaseOf(now) !== 'starting' || isOver(now));
        if (phaseOf(snapshot) !== 'failed') return;
        const { failure } = snapshot.context;
        throw toSyncError(failure ?? { type: 'storeFailed', message: 'the database is unusable' }, {
          phase: 'sync',
          attempts: 1,
          maxRetries: 0,
        });
      }),
    sync: (options = {}) => {
      askedKinds(options);
      checkWhenPaused(options.whenPaused, 'sync');
      return life.alive(async () => (await runs.sync(options)).stats);
    },
    syncRun: (options = {}) => {
      checkWhenPaused(options.whenPaused, 'syncRun');
      return life.alive(() => runs.sync(options));
    },
    fullResync: (options = {}) => {
      checkWhenPaused(options.whenPaused, 'fullResync');
      return life.alive(() => runs.fullResync(options));
    },
    pause: () =>
      life.alive(async () => {
        const isReached = pauseReached();
        life.send({ type: 'PAUSE' });
        await life.until((now) => isOver(now) || isReached(now));
      }),
    resume: () =>
      life.alive(async () => {
        const isReached = resumeReached();
        life.send({ type: 'RESUME' });
        await life.until((now) => isOver(now) || isReached(now));
      }),
    signedIn: () =>
      life.alive(async () => {
        life.send({ type: 'SIGNED_IN' });
        // Wait for the owner check, so that the next status read reports the right account.
        await life.until((now) => isOver(now) || !now.matches({ session: { signedIn: 'checking' } }));
      }),
    whenIdle: (options) =>
      life.alive(async () => {
        machine.questions.leaveOpen();
        await life.until(
          (now) => isOver(now) || (now.matches({ activity: 'idle' }) && now.context.next === undefined),
          options,
        );
      }),
    whenPushed: ({ kinds, signal, timeoutMs } = {}) =>
      life.alive(() => whenPushed(queue, { kinds }, { signal, timeoutMs, clock: ports.clock }, () => life.isDisposed)),
  };
}
