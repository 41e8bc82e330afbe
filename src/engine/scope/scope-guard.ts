import { AuthError } from '../../model/errors/errors.ts';
import { SyncStepError, type SyncFailure } from '../../model/errors/failure.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';

/** Remembers the owner of the current run and checks for a change (F-143). */
export interface ScopeGuard {
  /**
   * Compares the current scope with the owner of the database, and claims an unowned database. Throws `SyncStepError`:
   * `scopeChanged`, or `authRequired` if nobody is signed in.
   */
  claim(): Promise<void>;
  /** True if the scope differs from the claimed one. Does not read the database. */
  hasChanged(): boolean;
  /**
   * Like `claim`, but reads the database only if the scope differs from the last claim, because it may have been
   * adopted since.
   */
  assert(): Promise<void>;
}

const message =
  'the database belongs to another user or server; nothing is sent or pulled until adoptScope() keeps it or clearScope() empties it';

export function createScopeGuard({ scope, store, clock }: Pick<EnginePorts, 'scope' | 'store' | 'clock'>): ScopeGuard {
  if (scope === undefined)
    return { claim: () => Promise.resolve(), hasChanged: () => false, assert: () => Promise.resolve() };
  let owner: string | undefined;
  const ask = (): string | undefined => {
    try {
      return scope();
    } catch (cause) {
      throw new SyncStepError({
        type: 'fatal',
        message: 'scope() threw; it must always return the user and the server, or undefined',
        at: clock.now(),
        cause,
      });
    }
  };
  const read = (): string => {
    const given = ask();
    if (given !== undefined && given !== '') return given;
    const cause = new AuthError(
      'nobody is signed in, because scope() returned no user; call signedIn() after the sign-in',
    );
    throw new SyncStepError({ type: 'authRequired', message: cause.message, at: clock.now(), cause });
  };
  const claim = async (): Promise<void> => {
    const asked = read();
    const claimed = await store.claimScope(asked);
    // Another user may have signed in during the database access.
    if (claimed.owner !== asked || read() !== asked)
      throw new SyncStepError({ type: 'scopeChanged', message, at: clock.now() });
    owner = asked;
  };
  const hasChanged = (): boolean => {
    try {
      return ask() !== owner;
    } catch {
      // Without a known owner nothing is sent; `assert` reports the reason.
      return true;
    }
  };
  return {
    claim,
    hasChanged,
    assert: async () => {
      if (hasChanged()) await claim();
    },
  };
}

/** The guard's current failure, without throwing. Undefined if the database is ours, or if nobody is signed in. */
export async function scopeFailure(guard: ScopeGuard): Promise<SyncFailure | undefined> {
  try {
    await guard.claim();
    return undefined;
  } catch (error) {
    if (error instanceof SyncStepError && error.failure.type === 'scopeChanged') return error.failure;
    if (error instanceof SyncStepError && error.failure.type === 'authRequired') return undefined;
    throw error;
  }
}
