import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * The browser origins that may call the server: all, a list, or those that a function accepts. `false`: CORS is handled
 * elsewhere.
 */
export type CorsOption = boolean | readonly string[] | ((origin: string) => boolean);

const requestHeaders =
  'Authorization, Content-Type, X-Idempotency-Key, X-Force-Update, X-Force-Delete, X-Create-Only, If-Match, Last-Event-ID';
const answerHeaders = 'ETag, Retry-After, Date, Age, X-Page-Limit, X-Tombstone-Retention';

/**
 * Answers preflights and sets the CORS headers on every response, including errors. A browser hides a response without
 * them, and sends no forced write without a preflight (F-92).
 */
export function createCorsHook(
  option: CorsOption,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | undefined> {
  const isAllowed = (origin: string): boolean =>
    typeof option === 'function' ? option(origin) : typeof option === 'boolean' ? option : option.includes(origin);
  return async (request, reply) => {
    const { origin } = request.headers;
    if (option === false || origin === undefined || !isAllowed(origin)) return undefined;
    // Repeats the origin instead of `*`, which browsers sometimes reject together with Authorization.
    void reply
      .header('access-control-allow-origin', origin)
      .header('vary', 'Origin')
      .header('access-control-expose-headers', answerHeaders);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined)
      return undefined;
    return reply
      .header('access-control-allow-methods', 'GET, PUT, DELETE, POST, HEAD, OPTIONS')
      .header('access-control-allow-headers', requestHeaders)
      .header('access-control-max-age', '7200')
      .code(204)
      .send();
  };
}
