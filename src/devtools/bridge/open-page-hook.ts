import type { DevtoolsChannel } from '../protocol/messages.ts';
import { hookName, type Exchanged, type ExposedEngine, type PageHook } from './page-hook.ts';
import { createPageSession } from './page-session.ts';
import { parseExchange } from './parse-exchange.ts';

/** A session for which nobody came so long has no panel any more. */
const silenceMs = 10_000;

interface OpenSession {
  exchange(messages: readonly unknown[]): Exchanged;
  close(): void;
}
interface Exposed extends ExposedEngine {
  readonly connect: (channel: DevtoolsChannel) => () => void;
  readonly sessions: Map<string, OpenSession>;
}

/** The hook of a page: the one that is there, also where another copy of the library made it, else a new one. */
export function openPageHook(place: object = globalThis): PageHook {
  const key = Symbol.for(hookName);
  const existing: unknown = Reflect.get(place, key);
  if (isPageHook(existing)) return existing;
  const hook = createPageHook();
  // Found by nobody who does not look for it.
  Object.defineProperty(place, key, { value: hook, configurable: true, enumerable: false, writable: false });
  return hook;
}

const isPageHook = (value: unknown): value is PageHook =>
  typeof value === 'object' &&
  value !== null &&
  'list' in value &&
  'exchange' in value &&
  'add' in value &&
  typeof value.add === 'function';

function createPageHook(): PageHook {
  const engines = new Map<string, Exposed>();
  return {
    list: () => JSON.stringify([...engines.values()].map(({ id, name }): ExposedEngine => ({ id, name }))),
    exchange: (request) => {
      const asked = parseExchange(request);
      const engine = asked === undefined ? undefined : engines.get(asked.engine);
      if (asked === undefined || engine === undefined) return undefined;
      const session =
        engine.sessions.get(asked.session) ?? (asked.step === 'open' ? openSession(engine, asked.session) : undefined);
      if (session === undefined) return JSON.stringify({ isOpen: false, text: '', more: false } satisfies Exchanged);
      const exchanged = session.exchange(asked.messages);
      if (asked.step === 'close' || !exchanged.isOpen) session.close();
      return JSON.stringify(exchanged);
    },
    add: (engine, connect) => {
      const exposed: Exposed = { ...engine, connect, sessions: new Map() };
      engines.set(engine.id, exposed);
      return () => {
        engines.delete(engine.id);
        for (const session of [...exposed.sessions.values()]) session.close();
      };
    },
  };
}

function openSession({ connect, sessions }: Exposed, name: string): OpenSession {
  const session = createPageSession();
  const disconnect = connect(session.channel);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const opened: OpenSession = {
    exchange: (messages) => {
      clearTimeout(timer);
      timer = setTimeout(opened.close, silenceMs);
      session.receive(messages);
      return session.take();
    },
    close: () => {
      clearTimeout(timer);
      sessions.delete(name);
      disconnect();
      session.channel.close();
    },
  };
  sessions.set(name, opened);
  return opened;
}
