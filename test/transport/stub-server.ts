import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Recorded {
  readonly method: string;
  /** Path and query, as they came over the wire. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly json: Record<string, unknown>;
}

export interface Exchange extends Recorded {
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** Answers with JSON. */
  reply(status: number, body?: unknown, headers?: Record<string, string>): void;
  /** Answers with text as it is. */
  replyText(status: number, text: string, headers?: Record<string, string>): void;
}

/** A real HTTP server on a free loopback port that answers as the test says and records what it got. */
export interface StubServer {
  readonly baseUrl: string;
  readonly requests: readonly Recorded[];
  /** Most requests that were unanswered at the same time. */
  readonly mostInFlight: () => number;
  /** Resolves when the n-th request (from 1) has arrived completely. */
  readonly arrived: (count: number) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function stubServer(answer: (exchange: Exchange) => void): Promise<StubServer> {
  const requests: Recorded[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const sockets = new Set<Socket>();
  let inFlight = 0;
  let most = 0;
  const server = createServer((request, response) => {
    inFlight += 1;
    most = Math.max(most, inFlight);
    response.on('close', () => {
      inFlight -= 1;
    });
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const recorded: Recorded = {
        method: request.method ?? '',
        url: request.url ?? '',
        headers: request.headers,
        text,
        json: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      };
      requests.push(recorded);
      const replyText = (status: number, body: string, headers: Record<string, string> = {}): void => {
        response.writeHead(status, headers);
        response.end(body);
      };
      answer({
        ...recorded,
        response,
        socket: request.socket,
        replyText,
        reply: (status, body, headers = {}) =>
          replyText(status, body === undefined ? '' : JSON.stringify(body), {
            'Content-Type': 'application/json',
            ...headers,
          }),
      });
      for (const waiter of waiting) if (waiter.count <= requests.length) waiter.resolve();
    });
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  const port = await listen(server);
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });
  onTestFinished(close);
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    requests,
    mostInFlight: () => most,
    arrived: (count) =>
      requests.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.push({ count, resolve });
          }),
    close,
  };
}

const listen = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });

/** A port on which nothing listens. */
export async function deadUrl(): Promise<string> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
