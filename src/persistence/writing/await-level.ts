/** How far a write goes before its promise resolves. */
export interface AwaitOptions {
  /**
   * `local` (default): stored here and queued. `acked`: the server has it; requires the writer of an engine. Rejects
   * with `NotAckedError` if the operation is refused, parked or discarded.
   */
  readonly await?: 'local' | 'acked' | undefined;
  /**
   * Maximum wait of `acked` in ms; defaults to the engine's `requestTimeoutMs`. Then rejects with `SyncAbortedError`;
   * the write stays.
   */
  readonly timeoutMs?: number | undefined;
  /** Ends the wait of `acked` with `SyncAbortedError`; the write stays. */
  readonly signal?: AbortSignal | undefined;
}

/** An operation queued by a write. */
export interface QueuedWrite {
  readonly opId: string;
  readonly kind: string;
  readonly entityId: string;
  readonly type: 'upsert' | 'delete';
}

/** Observes answers from before the write, so that none is missed. */
export interface AckWatch {
  /** Resolves when the server has all of them. */
  wait(writes: readonly QueuedWrite[], options: AwaitOptions): Promise<void>;
  stop(): void;
}

export type WatchAcks = () => AckWatch;
