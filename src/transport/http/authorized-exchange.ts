import { lastLook } from '../../model/last-look.ts';
import type { Exchange, HttpRequest } from './exchange.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { TokenSource } from './token-source.ts';

/** One request with the app's token; rejects with `ExchangeError`, `AuthError` or the `NetworkError` of `token()`. */
export type AuthorizedExchange = (request: HttpRequest) => Promise<HttpAnswer>;

interface AuthorizedParts {
  readonly exchange: Exchange;
  readonly tokens: TokenSource;
}

/**
 * Adds the token, read anew for each attempt; a 401 is answered by one refresh and one more attempt, and by another one
 * if the app has a new token by then: the only retries of this layer.
 */
export function createAuthorizedExchange({ exchange, tokens }: AuthorizedParts): AuthorizedExchange {
  return async (request) => {
    const token = await tokens.read(request.signal);
    // Somebody else may have signed in since the request was asked for.
    lastLook(request.signal);
    const answer = await exchange(request, token.authorization);
    if (answer.status !== 401 || !tokens.canRefresh) return answer;
    const refreshed = await tokens.refresh(token, request.signal);
    lastLook(request.signal);
    const again = await exchange(request, refreshed.authorization);
    if (again.status !== 401) return again;
    // Whoever signed in while this was under way must not be signed out by the answer to the token before.
    const { authorization } = await tokens.read(request.signal);
    if (authorization === refreshed.authorization || authorization === token.authorization) return again;
    lastLook(request.signal);
    return exchange(request, authorization);
  };
}
