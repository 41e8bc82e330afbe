import type { OpType } from './operation.ts';

export type PendingReason =
  | 'ready'
  | 'waitingFor'
  | 'inFlight'
  | 'backoff'
  | 'conflict'
  | 'stuck'
  | 'forbidden'
  | 'authRequired'
  | 'offline'
  | 'paused'
  | 'standby'
  | 'ambiguous'
  | 'scopeChanged'
  | 'newerSchema'
  | 'unregisteredKind';

/** A queued operation and the reason why it is still queued (I12). */
export interface PendingOperation {
  readonly opId: string;
  readonly kind: string;
  readonly entityId: string;
  readonly type: OpType;
  readonly reason: PendingReason;
  /** The operation that must be sent first. */
  readonly waitingFor?: string;
  /** Epoch ms. */
  readonly retryAt?: number;
  readonly tryCount: number;
  readonly lastError?: string;
  /** The server's reasons by wire key, for the fields of a form. */
  readonly errorFields?: Readonly<Record<string, string>>;
  /** Epoch ms. */
  readonly enqueuedAt: number;
  /** The reason as a sentence for people. */
  readonly detail: string;
}
