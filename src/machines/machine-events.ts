import type { SyncFact } from '../model/events.ts';
import type { SyncFailure } from '../model/errors/failure.ts';
import type { RunEnded, SettleReport } from '../model/run.ts';
import type { WorkEvent } from '../rules/sync-rules.ts';

/** Commands (in capitals, the only imperatives) and facts (dotted, past tense). */
export type SyncMachineEvent =
  | WorkEvent
  | { readonly type: 'PAUSE' }
  | { readonly type: 'RESUME' }
  | { readonly type: 'SIGNED_IN' }
  | { readonly type: 'STOP' }
  /** A promise stopped waiting because of its signal. Work that others want continues. */
  | { readonly type: 'WAITER_LEFT'; readonly waiter: string }
  /** Makes a push in progress read the outbox again. Never starts a run. */
  | { readonly type: 'outbox.changed' }
  | { readonly type: 'network.online' }
  | { readonly type: 'network.offline' }
  | { readonly type: 'session.expired' }
  | { readonly type: 'lease.lost' }
  /** Sent while a batch is being sent: answers received so far are committed, and others are still awaited. */
  | { readonly type: 'answers.settled'; readonly part: SettleReport };

/**
 * What the chart emits: facts for everybody, and two events for the engine's promises. Facts carry no `at`, because the
 * chart has no clock; the bridge stamps them. `run.ended` comes once per run, after `sync.completed` or `sync.failed`.
 * `request.rejected` names promises whose request starts no run.
 */
export type SyncEmitted =
  | (SyncFact & { readonly runId?: number | undefined })
  | ({ readonly type: 'run.ended' } & RunEnded)
  | { readonly type: 'request.rejected'; readonly waiters: readonly string[]; readonly failure: SyncFailure };
