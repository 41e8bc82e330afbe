import type { Subscribable, TransportAdapter } from 'synchart';
import { createTransport, type CreateTransportOptions, type RemoteAnswer } from 'synchart/transport';
import WebSocket from 'ws';

export interface WebsocketTransportOptions extends Omit<CreateTransportOptions, 'send' | 'subscribe'> {
  readonly url: string;
}

/** What the server sends: the answer to a request, or the word that something changed. */
type Message = { readonly number: number; readonly answer: RemoteAnswer } | { readonly changed: readonly string[] };
interface Waiting {
  readonly resolve: (answer: RemoteAnswer) => void;
  readonly reject: (error: Error) => void;
}
interface Poke {
  readonly kinds: readonly string[];
}

/**
 * Synchronises over one WebSocket: numbered requests, numbered answers, and pokes when something changed. It connects
 * when first needed.
 */
export function websocketTransport({
  url,
  ...options
}: WebsocketTransportOptions): TransportAdapter & { close(): void } {
  const line = new Line(url);
  const transport = createTransport({
    ...options,
    send: (request, signal) => line.ask(request, signal),
    subscribe: (kinds): Subscribable<Poke> => ({
      subscribe: (observer) => {
        const end = line.follow((changed) => {
          const concerned = changed.filter((kind) => kinds.includes(kind));
          if (concerned.length > 0) observer.next({ kinds: concerned });
        });
        return { unsubscribe: end };
      },
    }),
  });
  return { ...transport, close: () => line.close() };
}

class Line {
  readonly #url: string;
  readonly #waiting = new Map<number, Waiting>();
  readonly #followers = new Set<(kinds: readonly string[]) => void>();
  #socket: Promise<WebSocket> | undefined;
  #count = 0;

  constructor(url: string) {
    this.#url = url;
  }

  async ask(request: object, signal: AbortSignal): Promise<RemoteAnswer> {
    // Rejects with ECONNREFUSED where nothing listens: then provably nothing was sent.
    const socket = await this.#connect();
    signal.throwIfAborted();
    this.#count += 1;
    const number = this.#count;
    const forget = (): void => {
      this.#waiting.delete(number);
    };
    signal.addEventListener('abort', forget);
    return new Promise<RemoteAnswer>((resolve, reject) => {
      this.#waiting.set(number, { resolve, reject });
      socket.send(JSON.stringify({ number, request }));
    }).finally(() => signal.removeEventListener('abort', forget));
  }

  follow(listener: (kinds: readonly string[]) => void): () => void {
    this.#followers.add(listener);
    this.#connect().catch(() => undefined);
    return () => this.#followers.delete(listener);
  }

  close(): void {
    this.#socket?.then(
      (socket) => socket.close(),
      () => undefined,
    );
  }

  #connect(): Promise<WebSocket> {
    this.#socket ??= new Promise<WebSocket>((resolve, reject) => {
      const socket = new WebSocket(this.#url);
      socket.on('open', () => resolve(socket));
      socket.on('error', reject);
      socket.on('message', (data) => this.#receive(String(data)));
      socket.on('close', () => {
        // The next request connects again; what was under way may or may not have arrived.
        this.#socket = undefined;
        for (const { reject: lose } of this.#waiting.values()) lose(new Error('the connection was lost'));
        this.#waiting.clear();
      });
    });
    return this.#socket;
  }

  #receive(text: string): void {
    const message = JSON.parse(text) as Message;
    if ('changed' in message) for (const listener of this.#followers) listener(message.changed);
    else {
      this.#waiting.get(message.number)?.resolve(message.answer);
      this.#waiting.delete(message.number);
    }
  }
}
