import type { Clock } from '../../model/platform/clock.ts';
import { AuthError, NetworkError } from '../../model/errors/errors.ts';
import { ExchangeError } from './network-failure.ts';
import { onAbort } from './on-abort.ts';
import type { TokenProvider } from './rest-options.ts';

/** A token and the refresh that produced it, so that a late 401 does not refresh again. */
export interface ReadToken {
  readonly authorization: string | undefined;
  readonly generation: number;
}

/**
 * Reads the app's token for every attempt and refreshes it single-flight (F-84): any number of simultaneous 401s leads
 * to one refresh. Rejects with `AuthError`, or with the `NetworkError` that `token()` threw.
 */
export class TokenSource {
  readonly #provider: TokenProvider | undefined;
  readonly #requestTimeoutMs: number;
  readonly #clock: Clock;
  #generation = 0;
  #refreshing: Promise<ReadToken> | undefined;
  #refreshed: ReadToken | undefined;

  constructor(
    provider: TokenProvider | undefined,
    waits: { readonly requestTimeoutMs: number; readonly clock: Clock },
  ) {
    this.#provider = provider;
    this.#requestTimeoutMs = waits.requestTimeoutMs;
    this.#clock = waits.clock;
  }

  /** False without a provider. A 401 is then final. */
  get canRefresh(): boolean {
    return this.#provider !== undefined;
  }

  async read(signal?: AbortSignal): Promise<ReadToken> {
    const provider = this.#provider;
    const generation = this.#generation;
    if (provider === undefined) return { authorization: undefined, generation };
    const given = call(() => provider());
    // A synchronous token needs no timer.
    return { authorization: typeof given === 'string' ? given : await this.#inTime(given, signal), generation };
  }

  /** Returns the token to use after `refused` got a 401. */
  async refresh(refused: ReadToken, signal?: AbortSignal): Promise<ReadToken> {
    // The refused token was read before the last refresh ended, so the current one is newer.
    if (this.#refreshed !== undefined && this.#refreshed.generation > refused.generation) return this.#refreshed;
    this.#refreshing ??= this.#inTime(this.#ask(), undefined).finally(() => {
      this.#refreshing = undefined;
    });
    return this.#inTime(this.#refreshing, signal);
  }

  async #ask(): Promise<ReadToken> {
    const provider = this.#provider;
    const authorization = provider === undefined ? undefined : await call(() => provider({ refresh: true }));
    this.#generation += 1;
    this.#refreshed = { authorization, generation: this.#generation };
    return this.#refreshed;
  }

  /** `token()` is code of the app. It may hang, and an abort must not wait for it (I8, I9). */
  #inTime<T>(waited: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      // The server has nothing of the request: it was never sent, or was refused with a 401.
      const aborted = (): ExchangeError => new ExchangeError('aborted', false, 'Aborted while waiting for token()');
      const end = (settle: () => void): void => {
        this.#clock.clearTimeout(timer);
        forget();
        settle();
      };
      const forget = onAbort(signal, () => end(() => reject(aborted())));
      const onTimeout = (): void =>
        end(() => reject(new AuthError(`token() did not answer within ${this.#requestTimeoutMs} ms`)));
      const timer = this.#clock.setTimeout(onTimeout, this.#requestTimeoutMs);
      waited.then(
        (value) => end(() => resolve(value)),
        (error: unknown) => end(() => reject(error)),
      );
      if (signal?.aborted) end(() => reject(aborted()));
    });
  }
}

function call(provide: () => string | Promise<string>): string | Promise<string> {
  try {
    const given = provide();
    return typeof given === 'string' ? checked(given) : Promise.resolve(given).then(checked, refuse);
  } catch (thrown) {
    return refuse(thrown);
  }
}

/** A header would reject or silently change anything but visible ASCII. */
function checked(token: unknown): string {
  if (typeof token === 'string' && /^[\x20-\x7e]+$/.test(token)) return token;
  throw new AuthError(
    'token() must return the value of the Authorization header: visible ASCII characters without line breaks',
  );
}

function refuse(thrown: unknown): never {
  if (thrown instanceof NetworkError || thrown instanceof AuthError) throw thrown;
  throw new AuthError(`token() failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`, {
    cause: thrown,
  });
}
