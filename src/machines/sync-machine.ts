/**
 * The root chart of the sync engine. It decides; actors made from ports do the work.
 *
 *   network    online ⇄ offline { waiting ⇄ probing }          session    signedIn ⇄ authRequired          (each: STOP → closed)
 *   intent     working ⇄ pausing, stopping: what PAUSE, RESUME and STOP told, for states that finish their work first
 *   activity
 *     starting { hydrating, blocked } ──────────────▶ failed (database unusable; SYNC, RESUME try again)
 *        │            ┌────────────── running ──────────────────────────────────────────────────────────────────────────────┐
 *        ▼            │ planning ▶ [fullResync.preparing] ▶ pushing { taking ▶ sending ▶ settling ▶ taking … }               │
 *      idle ▶ standby │                                       ⇅ resolvingConflict { deciding ▶ applying | repushing }       │
 *        ▲    (lease) │ finishing ◀ [fullResync.sweeping] ◀ pulling { choosingKind ⇄ paging }                               │
 *        │       ▲ ▲  └────┬──────────────────────────────────────────────────────────────▲──────────────────────────────────┘
 *        │       │ └───────┼──────────────────────────────── lease held again ────────────┘ running.where (shallow history)
 *        │       │         ▼ any failed step
 *        │   resuming ◀─ backoff ◀─ assessing ─▶ failed
 *        └───────┴───── paused ◀─ PAUSE anywhere                      stopped (final) ◀─ STOP anywhere, after settling
 *     `assessing` judges the failure of a step, `tidying` decides whether what is left of an ended run waits.
 *
 * Keeps: I1, I12 (a request or wake-up is merged, never dropped), I8 (bounded attempts and rounds), I9 (what was
 * answered is settled before the chart leaves), I11 (a run works only between `standby` and the next `releaseLease`),
 * I13 (a kind that fails is left out, the others go on). Every phase of `running` begins by asking the store what is
 * left: hence a shallow history is enough to continue, also after a restart.
 */
import type { SnapshotFrom } from 'xstate';
import { noStats } from '../model/values/run-stats.ts';
import { sync } from './setup/sync-setup.ts';
import { assessing, tidying } from './states/assessing.ts';
import { backoff, resuming } from './states/backoff.ts';
import { failed, stopped } from './states/ended.ts';
import { idle } from './states/idle.ts';
import { intent } from './states/intent.ts';
import { network } from './states/network.ts';
import { paused } from './states/paused.ts';
import { finishing } from './states/running/finishing.ts';
import { fullResync } from './states/running/full-resync.ts';
import { planning } from './states/running/planning.ts';
import { pulling } from './states/running/pulling.ts';
import { pushing } from './states/running/pushing.ts';
import { resolvingConflict } from './states/running/resolving-conflict.ts';
import { session } from './states/session.ts';
import { standby } from './states/standby.ts';
import { starting } from './states/starting.ts';
import { accept, onWork } from './states/wiring.ts';

export const syncMachine = sync.createMachine({
  id: 'sync',
  context: ({ input }) => ({
    ...input,
    run: undefined,
    next: undefined,
    attempt: 0,
    wait: undefined,
    failure: undefined,
    runCount: 0,
    lastStats: noStats,
  }),
  type: 'parallel',
  states: {
    network,
    session,
    intent,
    activity: {
      initial: 'starting',
      on: {
        ...onWork({ actions: accept }),
        WAITER_LEFT: { actions: { type: 'dropWaiter', params: ({ event }) => event.waiter } },
        PAUSE: '.paused',
        STOP: '.stopped',
      },
      states: {
        starting,
        idle,
        standby,
        paused,
        running: {
          id: 'running',
          tags: 'busy',
          initial: 'planning',
          on: {
            'lease.lost': { target: 'idle', actions: ['giveBackRun', 'dropRun'] },
            'session.expired': 'resuming',
          },
          states: {
            where: { type: 'history' },
            planning,
            pushing,
            resolvingConflict,
            pulling,
            fullResync,
            finishing,
          },
        },
        assessing,
        tidying,
        backoff,
        resuming,
        failed,
        stopped,
      },
    },
  },
});

export type SyncSnapshot = SnapshotFrom<typeof syncMachine>;
