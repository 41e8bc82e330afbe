import type { OutcomeType } from '../../model/outcome.ts';

/** The effects of one outcome on its request and operations, and the events it causes. */
export interface OutcomeEffects {
  /**
   * `closed`: the next attempt is a new request under a new key, and folds with later edits (I2, F-133). `neverSent`:
   * closed, and its key may be reused. `open`: the same request is resent under its key.
   */
  readonly request: 'closed' | 'neverSent' | 'open';
  /**
   * When an attempt counts towards `maxOutboxTryCount`. `whenAlone`: at the end of a run in which other requests
   * succeeded (F-09, F-132).
   */
  readonly countsTry: 'always' | 'whenAlone' | 'never';
  /** Next state of the operation that leads the line. `waiting`: until its own wait ends, or until the next run. */
  readonly head: 'gone' | 'conflict' | 'ready' | 'waiting' | 'ambiguous';
  /** Whether `op.failed` is emitted. */
  readonly isFailure: boolean;
  /**
   * What `engine.explain()` reports for the operation while it waits, unless the whole engine waits for another reason.
   */
  readonly explains: 'conflict' | 'ready' | 'backoff' | 'forbidden' | 'ambiguous' | undefined;
}

/** The single table of the effects of each outcome. A new outcome gets its row here. */
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

/** Whether the engine resends the operation automatically (F-106). `tryCount` includes this attempt. */
export const willRetry = (type: OutcomeType, tryCount: number, maxOutboxTryCount: number): boolean => {
  const { head } = outcomeEffects[type];
  return (head === 'ready' || head === 'waiting') && tryCount < maxOutboxTryCount;
};

/**
 * What `engine.explain()` reports for an operation that waits under an error code. Returns undefined for a code that is
 * not an outcome, such as the server's own codes.
 */
export const explainedBy = (errorCode: string | undefined): OutcomeEffects['explains'] =>
  errorCode !== undefined && Object.hasOwn(outcomeEffects, errorCode)
    ? outcomeEffects[errorCode as OutcomeType].explains
    : undefined;
