import { phaseOf } from '../../machines/phase-of.ts';
import type { SyncSnapshot } from '../../machines/sync-machine.ts';
import { SyncAbortedError } from '../../model/errors/errors.ts';
import type { SyncActor } from '../machine/sync-stream.ts';

/** Behaviour of a call while synchronising is paused: waits for `resume()`, or rejects with `SyncAbortedError`. */
export type WhenPaused = 'wait' | 'reject';

export interface PauseParts {
  readonly actor: SyncActor;
  readonly whenPaused: WhenPaused | undefined;
  readonly signal: AbortSignal | undefined;
  /** Whether the engine paused itself briefly. */
  isBrief(): boolean;
  /** Waits for a state of the chart. */
  until(
    reached: (snapshot: SyncSnapshot) => boolean,
    options: { readonly signal: AbortSignal | undefined },
  ): Promise<SyncSnapshot>;
}

/** Throws `TypeError` for an unknown value, because a typo must not wait forever. */
export function checkWhenPaused(given: WhenPaused | undefined, call: string): void {
  if (given === undefined || given === 'wait' || given === 'reject') return;
  throw new TypeError(`${call}: whenPaused must be 'wait' or 'reject', got '${String(given)}'`);
}

/**
 * Waits for the work that `ask` requests; with `reject`, only while synchronising is not paused. Work requested before
 * a pause continues after `resume()`.
 */
export async function unlessPaused<T>(
  { actor, whenPaused, signal, isBrief, until }: PauseParts,
  ask: (signal: AbortSignal | undefined) => Promise<T>,
): Promise<T> {
  if (whenPaused !== 'reject') return ask(signal);
  const isPaused = (snapshot: SyncSnapshot): boolean =>
    snapshot.matches({ activity: { paused: 'resting' } }) && !isBrief();
  // A stored pause is known only after the engine has started.
  const started = await until((now) => phaseOf(now) !== 'starting', { signal });
  if (isPaused(started))
    throw new SyncAbortedError('synchronising is paused, so the call did nothing; call engine.resume() first');
  const leaving = new AbortController();
  const interrupted = new SyncAbortedError(
    'synchronising was paused; the requested work continues after engine.resume()',
  );
  const onAbort = (): void => leaving.abort(signal?.reason);
  const watch = actor.subscribe((snapshot) => {
    if (isPaused(snapshot)) leaving.abort(interrupted);
  });
  signal?.addEventListener('abort', onAbort, { once: true });
  if (signal?.aborted === true) onAbort();
  try {
    return await ask(leaving.signal);
  } catch (error) {
    throw leaving.signal.reason === interrupted ? interrupted : error;
  } finally {
    watch.unsubscribe();
    signal?.removeEventListener('abort', onAbort);
  }
}
