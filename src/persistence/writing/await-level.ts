/** How far a write goes before its promise resolves. */
export interface AwaitOptions {
  /**
   * `local` (default): stored here, and queued. `acked`: the server has it; for writers of an engine. Rejects with
   * `NotAckedError` where it was refused, parked or given up.
   */
  readonly await?: 'local' | 'acked' | undefined;
  /**
   * How long `acked` waits, ms; default `requestTimeoutMs` of the engine. Then it rejects with `SyncAbortedError`; what
   * was written stays.
   */
  readonly timeoutMs?: number | undefined;
  /** Ends the wait of `acked`, with `SyncAbortedError`; what was written stays. */
  readonly signal?: AbortSignal | undefined;
}

/** An operation that was queued by a write. */
export interface QueuedWrite {
  readonly opId: string;
  readonly kind: string;
  readonly entityId: string;
  readonly type: 'upsert' | 'delete';
}

/** Listens from before the write, so that no answer is missed. */
export interface AckWatch {
  /** Resolves when the server has all of them. */
  wait(writes: readonly QueuedWrite[], options: AwaitOptions): Promise<void>;
  stop(): void;
}

export type WatchAcks = () => AckWatch;
