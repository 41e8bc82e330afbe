import { SyncError } from '../../model/errors/errors.ts';

/**
 * Why an exchange ended without a complete answer. `dispatched: false` guarantees that no byte of the request was sent.
 */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';

  constructor(
    readonly reason: 'aborted' | 'timedOut' | 'unreachable' | 'cut' | 'tooLarge',
    readonly dispatched: boolean,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * A kept connection ended before the first byte of the answer, closed while idle by the server or an intermediary. The
 * request may have arrived.
 */
export class StaleConnectionError extends Error {
  override readonly name = 'StaleConnectionError';

  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

/**
 * Whether the request used a kept connection that was closed. Also recognises the errors of axios's own adapter for
 * Node.
 */
export function metStaleConnection(thrown: unknown): boolean {
  if (thrown instanceof StaleConnectionError) return true;
  if (!(thrown instanceof Error) || ('response' in thrown && thrown.response !== undefined) || !('request' in thrown))
    return false;
  const code = textField(thrown, 'code') ?? textField(causeOf(thrown), 'code');
  const request: unknown = thrown.request;
  const isReused =
    typeof request === 'object' && request !== null && 'reusedSocket' in request && request.reusedSocket === true;
  return isReused && code !== undefined && connectionEndCodes.has(code);
}

/** Codes of a connection that the other side closed. */
const connectionEndCodes: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

/** The code of an answer that exceeds `maxContentLength`. */
export const tooLargeCode = 'ANSWER_TOO_LARGE';

export const tooLarge = (what: string, longest: number): ExchangeError =>
  new ExchangeError(
    'tooLarge',
    true,
    `${what}: the answer is longer than maxContentLength (${longest}); it was not read`,
  );

/** Codes that only occur before a connection is established, so nothing can have been sent. */
const unreachableCodes: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EAI_FAIL',
  'EADDRNOTAVAIL',
  'ERR_INVALID_URL',
  // Certificates are checked before the first byte of the request.
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
  'CERT_NOT_YET_VALID',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  // undici, for adapters built on it.
  'UND_ERR_CONNECT_TIMEOUT',
]);
const connectCalls: ReadonlySet<string> = new Set(['connect', 'getaddrinfo']);
const timeoutCodes: ReadonlySet<string> = new Set([
  'ETIMEDOUT',
  'ECONNABORTED',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
]);

/**
 * Decides by code and system call, never by the text, whether the request may have been sent. Never throws; an unknown
 * error counts as sent (I2). `sent: 'yes'`: an earlier attempt of the same request may have arrived.
 */
export function toExchangeError(thrown: unknown, what: string, sent: 'no' | 'unknown' | 'yes'): ExchangeError {
  const code = foreignCode(thrown) ?? foreignCode(causeOf(thrown));
  const message = `${what}: ${thrown instanceof Error && thrown.message !== '' ? thrown.message : (code ?? String(thrown))}`;
  const cause = withoutConfig(thrown, code);
  // The adapters of axios also report ERR_BAD_RESPONSE for an interrupted answer, which stays ambiguous.
  if (code === tooLargeCode) return new ExchangeError('tooLarge', true, message, { cause });
  const isUnsent = sent === 'no' || (sent === 'unknown' && (neverConnected(thrown) || neverConnected(causeOf(thrown))));
  if (isUnsent) return new ExchangeError('unreachable', false, message, { cause });
  return new ExchangeError(code !== undefined && timeoutCodes.has(code) ? 'timedOut' : 'cut', true, message, { cause });
}

/** An AxiosError contains the request's headers, including the token. Logs must not. */
function withoutConfig(thrown: unknown, code: string | undefined): unknown {
  if (!(thrown instanceof Error) || !('config' in thrown)) return thrown;
  return thrown.cause ?? Object.assign(new Error(thrown.message), code === undefined ? {} : { code });
}

function neverConnected(error: unknown): boolean {
  const code = textField(error, 'code');
  const call = textField(error, 'syscall');
  return (code !== undefined && unreachableCodes.has(code)) || (call !== undefined && connectCalls.has(call));
}

/** The code that the platform or a package gave; a code of synchart says nothing of the connection. */
const foreignCode = (error: unknown): string | undefined =>
  error instanceof SyncError ? undefined : textField(error, 'code');

const causeOf = (error: unknown): unknown => (error instanceof Error ? error.cause : undefined);

function textField(value: unknown, field: 'code' | 'syscall'): string | undefined {
  if (typeof value !== 'object' || value === null || !(field in value)) return undefined;
  const text: unknown = Reflect.get(value, field);
  return typeof text === 'string' ? text : undefined;
}
