import type { SyncFact } from '../model/events.ts';
import type { SyncFailure } from '../model/errors/failure.ts';
import type { RunEnded, SettleReport } from '../model/run.ts';
import type { WorkEvent } from '../rules/sync-rules.ts';

/** Commands (capitals, the only imperatives) and facts (dotted, past). */
export type SyncMachineEvent =
  | WorkEvent
  | { readonly type: 'PAUSE' }
  | { readonly type: 'RESUME' }
  | { readonly type: 'SIGNED_IN' }
  | { readonly type: 'STOP' }
  /** The signal of a promise ended its wait. Work that others want goes on. */
  | { readonly type: 'WAITER_LEFT'; readonly waiter: string }
  /** Makes a push under way look again; begins no run by itself. */
  | { readonly type: 'outbox.changed' }
  | { readonly type: 'network.online' }
  | { readonly type: 'network.offline' }
  | { readonly type: 'session.expired' }
  | { readonly type: 'lease.lost' }
  /** Told by the sending of a batch: answers that came while others are still awaited are committed. */
  | { readonly type: 'answers.settled'; readonly part: SettleReport };

/**
 * What the chart tells: facts for everybody (without `at`: the chart has no clock, the bridge stamps them), and two
 * events for the engine's promises. `run.ended` comes once per run, after `sync.completed` or `sync.failed`;
 * `request.rejected` names promises whose request begins no run.
 */
export type SyncEmitted =
  | (SyncFact & { readonly runId?: number | undefined })
  | ({ readonly type: 'run.ended' } & RunEnded)
  | { readonly type: 'request.rejected'; readonly waiters: readonly string[]; readonly failure: SyncFailure };
