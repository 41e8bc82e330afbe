import type { Exchange } from '../../src/devtools/bridge/page-hook.ts';
import { parseExchanged } from '../../src/devtools/bridge/parse-exchange.ts';
import type { DevtoolsChannel, EngineMessage, PanelMessage } from '../../src/devtools/protocol/messages.ts';
import { randomId } from '../../src/model/platform/random-id.ts';

/** A line longer than this is no message: a page that never ends one shall not fill the panel's memory. */
const longestLine = 128 * 1024 * 1024;

/**
 * A panel's end of a channel that goes to a page and asks, instead of being told. It begins anew by itself as often as
 * it must.
 */
export interface SessionChannel {
  readonly channel: DevtoolsChannel;
  /** Whether something waits to be said. */
  readonly hasNews: boolean;
  /** What to say to the page now, as JSON. */
  request(engineId: string): string;
  /**
   * What the page said to that, or undefined for nothing. Says whether there is more to fetch at once, only as much, or
   * whether the session is over.
   */
  accept(answer: string | undefined): 'more' | 'some' | 'none' | 'over';
  /** The page is gone, or nobody looks: the next request begins anew. */
  drop(): void;
  /** What to say instead of a request when nobody looks any more; undefined where nothing was begun. */
  farewell(engineId: string): string | undefined;
}

/** `onNews` is called when something was posted. */
export function createSessionChannel(onNews: () => void): SessionChannel {
  const listeners = new Set<(message: unknown) => void>();
  /** Said first in each session. */
  let hello: PanelMessage | EngineMessage | undefined;
  let news: (PanelMessage | EngineMessage)[] = [];
  let session: string | undefined;
  let rest = '';

  const tell = (message: unknown): void => {
    for (const listener of [...listeners]) listener(message);
  };
  const drop = (): void => {
    if (session === undefined) return;
    session = undefined;
    news = [];
    rest = '';
    tell({ type: 'gone' });
  };
  const exchange = (engine: string, step: Exchange['step'], name: string): string =>
    JSON.stringify({ engine, session: name, step, messages: news } satisfies Exchange);

  return {
    channel: {
      post: (message) => {
        if (message.type === 'hello') hello = message;
        else news.push(message);
        onNews();
      },
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      close: () => listeners.clear(),
    },
    get hasNews() {
      return news.length > 0;
    },
    request: (engineId) => {
      const isNew = session === undefined;
      session ??= randomId();
      if (isNew && hello !== undefined) news.unshift(hello);
      const request = exchange(engineId, isNew ? 'open' : 'go', session);
      news = [];
      return request;
    },
    accept: (answer) => {
      // An answer may come after the session was dropped: it is half a stream.
      const exchanged = answer === undefined || session === undefined ? undefined : parseExchanged(answer);
      if (exchanged === undefined) {
        drop();
        return 'over';
      }
      rest += exchanged.text;
      const lines = exchanged.text.includes('\n') ? rest.split('\n') : [];
      rest = lines.pop() ?? rest;
      for (const line of lines) tell(jsonOf(line));
      if (!exchanged.isOpen || rest.length > longestLine) {
        drop();
        return 'over';
      }
      return exchanged.more ? 'more' : lines.length > 0 ? 'some' : 'none';
    },
    drop,
    farewell: (engineId) => (session === undefined ? undefined : exchange(engineId, 'close', session)),
  };
}

/** What is no JSON is told as it is, so that the panel's own check complains about it. */
function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return line;
  }
}
