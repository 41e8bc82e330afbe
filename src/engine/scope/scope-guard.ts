import { AuthError } from '../../model/errors/errors.ts';
import { SyncStepError, type SyncFailure } from '../../model/errors/failure.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';

/** Knows for whom the present run works, and whether that is still so (F-143). */
export interface ScopeGuard {
  /**
   * Compares the scope with the one that the database belongs to, and takes an unowned database. Throws
   * `SyncStepError`: `scopeChanged`, or `authRequired` where nobody is signed in.
   */
  claim(): Promise<void>;
  /** True when the scope is not the one that was claimed; asks nobody. */
  hasChanged(): boolean;
  /**
   * As `claim`, and asks the database only where the scope is another one than at the last claim: it may have been
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
        message: 'scope() threw: it must name the user and the server at any time',
        at: clock.now(),
        cause,
      });
    }
  };
  const read = (): string => {
    const given = ask();
    if (given !== undefined && given !== '') return given;
    const cause = new AuthError('nobody is signed in: scope() names no user; call signedIn() once somebody is');
    throw new SyncStepError({ type: 'authRequired', message: cause.message, at: clock.now(), cause });
  };
  const claim = async (): Promise<void> => {
    const asked = read();
    const claimed = await store.claimScope(asked);
    // Somebody else may have signed in while the database was asked.
    if (claimed.owner !== asked || read() !== asked)
      throw new SyncStepError({ type: 'scopeChanged', message, at: clock.now() });
    owner = asked;
  };
  const hasChanged = (): boolean => {
    try {
      return ask() !== owner;
    } catch {
      // Who cannot say whose turn it is sends nothing; asserting it tells why.
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

/**
 * What a guard has to say now, without throwing; undefined: the database is ours, or nobody is signed in to say whose
 * it is.
 */
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
