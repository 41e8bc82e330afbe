import type { OutcomeType } from '../../model/outcome.ts';

/** What one outcome does to its request and its operations, and which events it causes. */
export interface OutcomeEffects {
  /**
   * `closed`: the next attempt is a new request under a new key, and folds with later edits (I2, F-133). `neverSent`:
   * closed, and its key may be used again. `open`: the same request is sent again under its key.
   */
  readonly request: 'closed' | 'neverSent' | 'open';
  /**
   * When a try counts towards `maxOutboxTryCount`. `whenAlone`: at the end of a run in which other requests succeeded
   * (F-09, F-132).
   */
  readonly countsTry: 'always' | 'whenAlone' | 'never';
  /** What becomes of the operation that leads the line. `waiting`: until its own wait is over, or the next run. */
  readonly head: 'gone' | 'conflict' | 'ready' | 'waiting' | 'ambiguous';
  /** Whether `op.failed` is emitted. */
  readonly isFailure: boolean;
  /** What `engine.explain()` says of the operation while it waits, unless the whole engine waits for another reason. */
  readonly explains: 'conflict' | 'ready' | 'backoff' | 'forbidden' | 'ambiguous' | undefined;
}

/** The one place that says what follows from an outcome. A new outcome gets its row here. */
export const outcomeEffects: Readonly<Record<OutcomeType, OutcomeEffects>> = {
  applied: { request: 'closed', countsTry: 'never', head: 'gone', isFailure: false, explains: undefined },
  conflict: { request: 'closed', countsTry: 'never', head: 'conflict', isFailure: false, explains: 'conflict' },
  rejected: { request: 'closed', countsTry: 'always', head: 'waiting', isFailure: true, explains: 'backoff' },
  forbidden: { request: 'closed', countsTry: 'never', head: 'waiting', isFailure: true, explains: 'forbidden' },
  authRequired: { request: 'closed', countsTry: 'never', head: 'ready', isFailure: false, explains: 'ready' },
  throttled: { request: 'closed', countsTry: 'never', head: 'ready', isFailure: false, explains: 'ready' },
  notSent: { request: 'neverSent', countsTry: 'never', head: 'ready', isFailure: false, explains: 'ready' },
  unavailable: { request: 'open', countsTry: 'never', head: 'ready', isFailure: false, explains: 'ready' },
  retryLater: { request: 'open', countsTry: 'whenAlone', head: 'waiting', isFailure: true, explains: 'backoff' },
  malformed: { request: 'open', countsTry: 'never', head: 'waiting', isFailure: true, explains: 'backoff' },
  ambiguous: { request: 'open', countsTry: 'never', head: 'ambiguous', isFailure: true, explains: 'ambiguous' },
};

/** Whether the engine sends the operation again by itself (F-106). `tryCount` is the count including this try. */
export const willRetry = (type: OutcomeType, tryCount: number, maxOutboxTryCount: number): boolean => {
  const { head } = outcomeEffects[type];
  return (head === 'ready' || head === 'waiting') && tryCount < maxOutboxTryCount;
};

/**
 * What the table says `engine.explain()` tells of an operation that waits under an error code; undefined where the code
 * is no outcome, as the server's own codes.
 */
export const explainedBy = (errorCode: string | undefined): OutcomeEffects['explains'] =>
  errorCode !== undefined && Object.hasOwn(outcomeEffects, errorCode)
    ? outcomeEffects[errorCode as OutcomeType].explains
    : undefined;
