import type { DevtoolsChannel } from '../protocol/messages.ts';
import type { Exchanged } from './page-hook.ts';

/** Characters handed over at once: about a tenth of a second of the browser's own copying. */
const mostAtOnce = 512 * 1024;
/** Beyond this many unread characters the panel is given up: it opens a session anew. */
const mostUnread = 32 * 1024 * 1024;

/** The engine's end of a channel whose panel comes by: what the engine says waits as text until it is fetched. */
export interface PageSession {
  readonly channel: DevtoolsChannel;
  receive(messages: readonly unknown[]): void;
  /** The next piece of what waits. */
  take(): Exchanged;
}

export function createPageSession(): PageSession {
  const listeners = new Set<(message: unknown) => void>();
  let waiting: string[] = [];
  let length = 0;
  let isOpen = true;

  const close = (): void => {
    isOpen = false;
    listeners.clear();
  };
  return {
    channel: {
      post: (message) => {
        if (!isOpen) return;
        // Looked at before: one message may have any size, or the first one of a large log would never arrive.
        if (length > mostUnread) {
          // Half a stream is of no use to anybody.
          waiting = [];
          close();
          return;
        }
        const line = `${JSON.stringify(message)}\n`;
        waiting.push(line);
        length += line.length;
      },
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      close,
    },
    receive: (messages) => {
      for (const message of messages) for (const listener of [...listeners]) listener(message);
    },
    take: () => {
      const text = waiting.join('');
      // Also in the middle of a character: as JSON each half is written as what it is.
      const rest = text.slice(mostAtOnce);
      waiting = rest === '' ? [] : [rest];
      length = rest.length;
      const more = rest !== '';
      return { isOpen: isOpen || more, text: text.slice(0, mostAtOnce), more };
    },
  };
}
