import { AuthError } from '../../model/errors/errors.ts';
import type { GivenUp, SyncFact } from '../../model/events.ts';
import type { QueuePort } from '../../model/queue.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';

export interface AdoptScopeOptions {
  /**
   * Pulls everything again and removes rows that the server does not list for the new user. Default false: the rows
   * stay and pulls continue where they were.
   */
  readonly resync?: boolean | undefined;
}

export interface ClearScopeOptions {
  /**
   * Handles unsent operations: `giveUp` (the default) discards and reports them, `refuse` rejects and changes nothing.
   */
  readonly unsent?: 'giveUp' | 'refuse' | undefined;
  /** Unsynchronised tables of the app, by entity or table name, to empty in the same transaction. */
  readonly alsoEmpty?: readonly string[] | undefined;
}

export interface ClearedScope {
  /** The operations that were never applied, with their data. No other copy exists. */
  readonly givenUp: readonly GivenUp[];
}

export interface ScopeCommands {
  adopt(options: AdoptScopeOptions | undefined): Promise<void>;
  clear(options: ClearScopeOptions | undefined): Promise<ClearedScope>;
}

interface Parts {
  readonly ports: Pick<EnginePorts, 'scope'>;
  readonly queue: QueuePort;
  readonly send: (event: { readonly type: 'SIGNED_IN' } | { readonly type: 'FULL_RESYNC' }) => void;
  readonly tell: (facts: readonly SyncFact[]) => void;
  /**
   * Runs work while no run is active and none starts. Afterwards the engine continues as before, even if the process
   * dies in between.
   */
  readonly standingStill: <T>(work: () => Promise<T>) => Promise<T>;
  readonly forget: () => void;
}

/** Commands for a database that belongs to another user or server. They run one after another. */
export function createScopeCommands({ ports, queue, send, tell, standingStill, forget }: Parts): ScopeCommands {
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
  return {
    adopt: (options) =>
      inTurn(async () => {
        if (ports.scope !== undefined) {
          const scope = ports.scope();
          if (scope === undefined || scope === '')
            throw new AuthError('adoptScope: nobody is signed in; sign in before you keep the database');
          await queue.adoptScope(scope, { resync: options?.resync === true });
        }
        send({ type: 'SIGNED_IN' });
        if (options?.resync === true) send({ type: 'FULL_RESYNC' });
      }),
    clear: (options) =>
      inTurn(async () => {
        const facts = await standingStill(async () => {
          // Read after all activity has ended, because by then another user may have signed in, or nobody.
          const scope = ports.scope?.();
          const done = await queue.clearScope(scope === '' ? undefined : scope, options);
          forget();
          return done;
        });
        tell(facts);
        send({ type: 'SIGNED_IN' });
        return { givenUp: facts.flatMap((fact) => (fact.type === 'op.discarded' ? fact.givenUp : [])) };
      }),
  };
}
