import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from 'synchart';

export interface ApiRequest {
  /** Such as `PATCH`. */
  readonly method: string;
  /** The segments of the path, decoded; a path that ends with a slash has an empty last one. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body?: unknown;
}

export interface RunningApi {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** Serves an API over HTTP on a free port. */
export async function serveApi(answer: (request: ApiRequest) => ApiAnswer): Promise<RunningApi> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://api');
      const text = Buffer.concat(chunks).toString();
      const { status, body } = answer({
        method: request.method ?? '',
        path: url.pathname.slice(1).split('/').map(decodeURIComponent),
        query: url.searchParams,
        body: text === '' ? {} : (JSON.parse(text) as JsonObject),
        headers: request.headers,
      });
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(body === undefined ? '' : JSON.stringify(body));
    });
  });
  return listen(server);
}

/** Starts a server on a free port. */
export async function listen(server: Server): Promise<RunningApi> {
  return running(server.listen(0, '127.0.0.1'));
}

/** A server that a framework started on 127.0.0.1. */
export async function running(server: Server): Promise<RunningApi> {
  if (!server.listening) await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
