import type { Clock } from '../../model/platform/clock.ts';
import { NetworkError, SyncAbortedError, ValidationError } from '../../model/errors/errors.ts';
import type { SyncEngineCore } from '../api/sync-engine.ts';
import type { ReadOptions, ReadPolicy, RefreshOptions } from '../api/sync-repository.ts';
import { handled } from '../waits/waiters.ts';

export interface RefreshParts {
  readonly core: Pick<SyncEngineCore, 'sync' | 'status' | 'events$'>;
  readonly clock: Clock;
  readonly defaultTimeoutMs: number;
}

/** Pulls a kind. Waits only as long as a result can arrive. */
export type Refresh = (kind: string, options: RefreshOptions) => Promise<void>;

/**
 * Creates the function that pulls one kind now. It always settles. Rejects with `NetworkError` if the server is
 * unreachable (at the first failure, while the engine keeps retrying) or does not answer in time. Rejects with
 * `SyncAbortedError` for an aborted signal and while synchronising is paused. Otherwise it rejects with the error of
 * the pull.
 */
export const createRefresh = ({ core, clock, defaultTimeoutMs }: RefreshParts): Refresh =>
  async function refresh(kind, { timeoutMs = defaultTimeoutMs, signal }) {
    if (!(timeoutMs > 0))
      throw new RangeError(`timeoutMs must be a number of milliseconds above 0, got ${String(timeoutMs)}`);
    if (signal?.aborted === true) throw endedBySignal(kind, signal);
    if (core.status().paused)
      throw new SyncAbortedError(`${kind} was not read from the server: synchronising is paused`);
    const leaving = new AbortController();
    let end: (error: Error) => void = () => undefined;
    const ended = handled(
      new Promise<never>((_, reject) => {
        end = reject;
      }),
    );
    const onAbort = (): void => {
      if (signal !== undefined) end(endedBySignal(kind, signal));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    const timer = clock.setTimeout(
      () => end(new NetworkError(`${kind}: the server has not answered within ${timeoutMs} ms`, { timedOut: true })),
      timeoutMs,
    );
    const failures = core.events$.subscribe((event) => {
      if (
        event.type === 'backoff.scheduled' &&
        (event.cause.category === 'network' || event.cause.category === 'timeout')
      )
        end(
          new NetworkError(`${kind} was not read from the server: ${event.cause.message}`, {
            timedOut: event.cause.category === 'timeout',
          }),
        );
      else if (event.type === 'engine.paused')
        end(new SyncAbortedError(`${kind} was not read from the server: synchronising was paused`));
    });
    try {
      await Promise.race([core.sync({ pushKinds: [], pullKinds: [kind], signal: leaving.signal }), ended]);
    } finally {
      failures.unsubscribe();
      clock.clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      leaving.abort();
    }
  };

const endedBySignal = (kind: string, signal: AbortSignal): SyncAbortedError =>
  new SyncAbortedError(`the signal ended the read of ${kind} from the server`, { cause: signal.reason });

/** A table that is never pulled cannot be read from the server. */
export const refuseRemote = (kind: string): never => {
  throw new ValidationError(`kind '${kind}' is registered as pushOnly: read it with the policy 'localOnly'`);
};

const policies: readonly ReadPolicy[] = ['localOnly', 'localThenRemote', 'remoteFirst'];

/**
 * The policy of a read. Throws `TypeError` for an unknown policy, because a typo must not change which rows are read.
 */
export function policyOf(kind: string, { policy = 'localOnly' }: ReadOptions): ReadPolicy {
  if (policies.includes(policy)) return policy;
  throw new TypeError(`${kind}: policy must be one of ${policies.join(', ')}, got '${String(policy)}'`);
}
