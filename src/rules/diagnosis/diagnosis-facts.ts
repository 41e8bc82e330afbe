import type { SyncErrorInfo } from '../../model/errors/errors.ts';
import type { SyncStatus } from '../../model/status.ts';
import type { QuarantineFacts } from './diagnosis.ts';
import type { QueueDigest } from './digest-queue.ts';

/** What may start a sync by itself. `tableClock`: a table's `syncIntervalMs`. */
export type TriggerName = 'interval' | 'outbox' | 'remote' | 'network' | 'visibility' | 'tableClock';

/** Everything a diagnosis is made from. Times are epoch ms. */
export interface DiagnosisFacts {
  readonly status: SyncStatus;
  /** The server does not accept the session, also while something else goes on. */
  readonly isSignedOut: boolean;
  /** The whole engine waits before it tries again, not only single operations. */
  readonly isBackingOff: boolean;
  /** Why it waits, where that is known; the status tells only of runs that have ended. */
  readonly failure?: SyncErrorInfo | undefined;
  readonly queue: QueueDigest;
  readonly quarantine?: QuarantineFacts | undefined;
  readonly triggers: readonly TriggerName[];
  /** Server time less device time, ms; 0 while unknown. */
  readonly clockOffsetMs: number;
  readonly now: number;
  /** How long after the last sync data counts as old. `Infinity`: never. */
  readonly staleAfterMs: number;
}
