import type { AxiosAdapter, AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type * as Http from 'node:http';
import type * as Https from 'node:https';
import type { Readable, Transform } from 'node:stream';
import type * as Zlib from 'node:zlib';
import type { Socket } from 'node:net';
import { StaleConnectionError, tooLargeCode } from './network-failure.ts';

/**
 * The parts of Node that the adapter needs. They are passed in, so that bundlers for browsers see no import of Node.
 */
export interface NodeParts {
  readonly http: typeof Http;
  readonly https: typeof Https;
  readonly zlib: typeof Zlib;
  readonly httpAgent: Http.Agent;
  readonly httpsAgent: Https.Agent;
  /**
   * Contains the signal of each request whose connection was established. A missing signal proves that nothing was
   * sent.
   */
  readonly connected: WeakSet<object>;
}

/**
 * Creates an axios adapter with only the features of this transport: text in both directions, no redirects, no proxy,
 * no progress. About twice as fast as the adapter of axios, and it knows whether a connection was established.
 */
export function createNodeAdapter(parts: NodeParts): AxiosAdapter {
  /**
   * Connections that have carried a request. An agent does not report the reuse of one that it passes straight to a
   * waiting request.
   */
  const used = new WeakSet<Socket>();
  return (config) =>
    new Promise<AxiosResponse<string>>((resolve, reject) => {
      const url = new URL(config.url ?? '');
      const secure = url.protocol === 'https:';
      const agent = secure ? parts.httpsAgent : parts.httpAgent;
      const options: Https.RequestOptions = {
        method: (config.method ?? 'GET').toUpperCase(),
        headers: { 'Accept-Encoding': 'gzip, deflate, br', ...plainHeaders(config) },
        agent,
      };
      const request = secure ? parts.https.request(url, options) : parts.http.request(url, options);
      const signal = config.signal;
      const destroy = (): void => {
        request.destroy();
      };
      const settled = (): void => signal?.removeEventListener?.('abort', destroy);
      const fail = (error: unknown): void => {
        settled();
        // Nobody reads the rest of the answer, so it is not fetched.
        request.destroy();
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      signal?.addEventListener?.('abort', destroy);
      let reused: { readonly socket: Socket; readonly bytesBefore: number } | undefined;
      request.once('socket', (socket) => {
        if (request.reusedSocket || used.has(socket)) reused = { socket, bytesBefore: socket.bytesRead };
        used.add(socket);
        if (signal !== undefined)
          noteConnection(socket, secure && reused === undefined, () => parts.connected.add(signal));
      });
      request.on('error', (error) => {
        const unanswered = reused !== undefined && reused.socket.bytesRead === reused.bytesBefore;
        if (!unanswered || signal?.aborted) return fail(error);
        endIdle(agent);
        fail(new StaleConnectionError(error));
      });
      request.on('response', (response) => {
        const body = decoded(response, parts.zlib, fail);
        readText(body, config.maxContentLength ?? Infinity, fail, (data) => {
          settled();
          resolve({
            data,
            status: response.statusCode ?? 0,
            statusText: response.statusMessage ?? '',
            headers: headersOf(response),
            config,
            request,
          });
        });
      });
      request.end(typeof config.data === 'string' ? config.data : undefined);
    });
}

function plainHeaders(config: InternalAxiosRequestConfig): Http.OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(config.headers.toJSON()).flatMap(([name, value]) =>
      value === null || value === undefined ? [] : [[name, String(value)]],
    ),
  );
}

/** Bytes are sent only over an established connection; with TLS, only after the handshake. */
function noteConnection(socket: Socket, handshake: boolean, note: () => void): void {
  if (socket.connecting || handshake) socket.once(handshake ? 'secureConnect' : 'connect', note);
  else note();
}

/** Whatever ended one kept connection has probably ended the other idle ones. The next request opens a new one. */
function endIdle(agent: Http.Agent): void {
  for (const idle of Object.values(agent.freeSockets).flat()) idle?.destroy();
}

function decoded(response: Http.IncomingMessage, zlib: typeof Zlib, fail: (error: unknown) => void): Readable {
  const decoder = decoderOf(response.headers['content-encoding'], zlib);
  if (decoder === undefined || response.statusCode === 204) return response;
  response.on('error', fail);
  return response.pipe(decoder);
}

function decoderOf(encoding: string | undefined, zlib: typeof Zlib): Transform | undefined {
  switch (encoding?.toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return zlib.createGunzip();
    case 'deflate':
      return zlib.createInflate();
    case 'br':
      return zlib.createBrotliDecompress();
    default:
      return undefined;
  }
}

function readText(body: Readable, longest: number, fail: (error: unknown) => void, done: (text: string) => void): void {
  let text = '';
  body.setEncoding('utf8');
  body.on('data', (chunk: string) => {
    text += chunk;
    // Counted after decompression, because a small body may expand to a huge one.
    if (text.length > longest) {
      text = '';
      body.removeAllListeners('data');
      fail(
        Object.assign(new Error(`the answer is longer than maxContentLength (${longest}); it was not read`), {
          code: tooLargeCode,
        }),
      );
      body.destroy();
    }
  });
  // An interrupted body is an error here, not an end.
  body.on('error', fail);
  body.on('end', () => done(text));
}

function headersOf(response: Http.IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(response.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}
