import { lastLook } from '../../model/last-look.ts';
import type { Exchange, HttpRequest } from './exchange.ts';
import type { HttpAnswer } from './http-answer.ts';
import type { TokenSource } from './token-source.ts';

/**
 * Sends one request with the app's token. Rejects with `ExchangeError`, `AuthError` or the `NetworkError` of `token()`.
 */
export type AuthorizedExchange = (request: HttpRequest) => Promise<HttpAnswer>;

interface AuthorizedParts {
  readonly exchange: Exchange;
  readonly tokens: TokenSource;
}

/**
 * Adds the token, read anew for each attempt. After a 401, refreshes the token and repeats the request once, and once
 * more if the app has a new token by then. This layer repeats requests in no other case.
 */
export function createAuthorizedExchange({ exchange, tokens }: AuthorizedParts): AuthorizedExchange {
  return async (request) => {
    const token = await tokens.read(request.signal);
    // Another user may have signed in since the request was made.
    lastLook(request.signal);
    const answer = await exchange(request, token.authorization);
    if (answer.status !== 401 || !tokens.canRefresh) return answer;
    const refreshed = await tokens.refresh(token, request.signal);
    lastLook(request.signal);
    const again = await exchange(request, refreshed.authorization);
    if (again.status !== 401) return again;
    // A 401 for the previous token must not sign out a user who signed in meanwhile.
    const { authorization } = await tokens.read(request.signal);
    if (authorization === refreshed.authorization || authorization === token.authorization) return again;
    lastLook(request.signal);
    return exchange(request, authorization);
  };
}
