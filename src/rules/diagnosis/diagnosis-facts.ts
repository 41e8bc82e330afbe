import type { SyncErrorInfo } from '../../model/errors/errors.ts';
import type { SyncStatus } from '../../model/status.ts';
import type { QuarantineFacts } from './diagnosis.ts';
import type { QueueDigest } from './digest-queue.ts';

/** What may start a sync automatically. `tableClock`: a table's `syncIntervalMs`. */
export type TriggerName = 'interval' | 'outbox' | 'remote' | 'network' | 'visibility' | 'tableClock';

/** The input of a diagnosis. Times are epoch ms. */
export interface DiagnosisFacts {
  readonly status: SyncStatus;
  /** The server rejects the session; also set while another phase runs. */
  readonly isSignedOut: boolean;
  /** The whole engine waits before the next attempt, not only single operations. */
  readonly isBackingOff: boolean;
  /** Why it waits, if known. The status only describes runs that have ended. */
  readonly failure?: SyncErrorInfo | undefined;
  readonly queue: QueueDigest;
  readonly quarantine?: QuarantineFacts | undefined;
  readonly triggers: readonly TriggerName[];
  /** Server time minus device time in ms; 0 if unknown. */
  readonly clockOffsetMs: number;
  readonly now: number;
  /** Age of the last sync in ms from which data counts as old. `Infinity`: never. */
  readonly staleAfterMs: number;
}
