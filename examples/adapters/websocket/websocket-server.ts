import type { AddressInfo } from 'node:net';
import type { MemoryBackend } from 'synchart/testing';
import type { RemoteAnswer, RemoteRequest } from 'synchart/transport';
import { WebSocketServer, type WebSocket } from 'ws';
import { answerOf, type Intercept } from '../answer-of.ts';

export interface WebsocketServerOptions {
  readonly backend: MemoryBackend;
  readonly accepts?: (authorization: string | undefined) => boolean;
  readonly intercept?: Intercept;
}

interface Asked {
  readonly number: number;
  readonly request: RemoteRequest;
}

/** A server that answers numbered requests and tells all its clients which kinds change. */
export async function startWebsocketServer({
  backend,
  accepts = () => true,
  intercept = async (proceed) => proceed(),
}: WebsocketServerOptions) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await new Promise((ready) => {
    server.once('listening', ready);
  });
  const answer = async (socket: WebSocket, { number, request }: Asked): Promise<void> => {
    // A token may expire while the connection stands, so each request shows it.
    const found: RemoteAnswer | 'cut' | 'silence' = accepts(request.authorization)
      ? await intercept(() => answerOf(backend, request))
      : { status: 401, body: { error: 'unauthorized' } };
    if (found === 'cut') socket.terminate();
    else if (found !== 'silence') socket.send(JSON.stringify({ number, answer: found }));
  };
  server.on('connection', (socket) => {
    const forget = backend.onChange((kind) => socket.send(JSON.stringify({ changed: [kind] })));
    socket.on('close', forget);
    socket.on('message', (data) => void answer(socket, JSON.parse(String(data)) as Asked));
  });
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise<void>((done) => {
        for (const socket of server.clients) socket.terminate();
        server.close(() => done());
      }),
  };
}
