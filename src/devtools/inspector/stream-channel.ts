import type { ServerResponse } from 'node:http';
import type { DevtoolsChannel } from '../protocol/messages.ts';

/** Beyond this many unread bytes the panel is given up: it connects again and begins anew. */
const mostUnreadBytes = 32 * 1024 * 1024;

/** The engine's end of a channel over HTTP: what the engine says goes out as lines of JSON, what the panel posts comes in by `receive`. */
export interface StreamChannel extends DevtoolsChannel {
  receive(message: unknown): void;
}

export function createStreamChannel(response: ServerResponse): StreamChannel {
  const listeners = new Set<(message: unknown) => void>();
  return {
    post: (message) => {
      if (response.writableEnded || response.destroyed) return;
      response.write(`${JSON.stringify(message)}\n`);
      if (response.writableLength > mostUnreadBytes) response.destroy();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => {
      listeners.clear();
      response.end();
    },
    receive: (message) => {
      for (const listener of [...listeners]) listener(message);
    },
  };
}
