import type { Json, JsonObject } from '../../model/values/json.ts';
import { mostEntries } from '../log/inspection-log.ts';
import type { EngineDescription, EngineView } from '../protocol/engine-view.ts';
import type { LogEntry } from '../protocol/log-entry.ts';
import {
  protocolVersion,
  type DevtoolsChannel,
  type DevtoolsCommand,
  type DevtoolsQueries,
  type DevtoolsQueryType,
  type EngineMessage,
} from '../protocol/messages.ts';
import { parseEngineMessage } from '../protocol/parse-message.ts';
import { randomId } from '../../model/platform/random-id.ts';

/** What a panel knows. A new object for each change, so that it fits `useSyncExternalStore`. */
export interface PanelState {
  /** `bundle`: a saved file, read-only. `lost`: the engine has gone; what it told stays. */
  readonly connection: 'connecting' | 'connected' | 'refused' | 'lost' | 'bundle';
  /** Why it was refused, or what could not be read. */
  readonly complaint?: string | undefined;
  readonly engine?: EngineDescription | undefined;
  readonly view?: EngineView | undefined;
  /** Oldest first. Grows in place: compare `revision`, not the list. */
  readonly entries: readonly LogEntry[];
  readonly revision: number;
}

/** A panel's end of the protocol. */
export interface DevtoolsClient {
  getState(): PanelState;
  subscribe(listener: () => void): () => void;
  /** Rejects with what the engine said, or when there is none that could answer. */
  command(command: DevtoolsCommand): Promise<Json>;
  query<Type extends DevtoolsQueryType>(
    type: Type,
    input: DevtoolsQueries[Type]['ask'],
  ): Promise<DevtoolsQueries[Type]['answer']>;
  /** Wants the log, for a client that was made quiet; returns the function that ends it. The others have it anyway. */
  follow(): () => void;
  /** Says goodbye and closes the channel; what waits for an answer is rejected. */
  dispose(): void;
}

interface Waiting {
  readonly resolve: (value: Json) => void;
  readonly reject: (error: Error) => void;
}

/** How many entries too many are kept before the oldest go: one shift for many. */
const slack = 5_000;

export interface ClientOptions {
  /** Is told the status only, which costs the engine next to nothing, until somebody calls `follow`. */
  readonly quiet?: boolean | undefined;
}

/** Connects to the engine behind a channel and keeps what it tells. */
export function createDevtoolsClient(channel: DevtoolsChannel, { quiet = false }: ClientOptions = {}): DevtoolsClient {
  const panelId = randomId();
  const listeners = new Set<() => void>();
  const waiting = new Map<number, Waiting>();
  const entries: LogEntry[] = [];
  let nextId = 1;
  let followers = 0;
  let state: PanelState = { connection: 'connecting', entries, revision: 0 };

  const change = (next: Partial<PanelState>): void => {
    state = { ...state, ...next, revision: state.revision + 1 };
    for (const listener of [...listeners]) listener();
  };
  const append = (more: readonly LogEntry[]): void => {
    const newest = entries.at(-1)?.id ?? 0;
    for (const entry of more) {
      if (entry.id <= newest) continue;
      const gone = newestGone(entry);
      if (gone !== undefined) entries.splice(0, entries.findLastIndex(({ id }) => id <= gone) + 1);
      entries.push(entry);
    }
    if (entries.length > mostEntries + slack) entries.splice(0, entries.length - mostEntries);
  };
  const failAll = (reason: string): void => {
    for (const { reject } of waiting.values()) reject(new Error(reason));
    waiting.clear();
  };

  const receive = (message: EngineMessage): void => {
    switch (message.type) {
      case 'welcome':
        if (message.panelId !== panelId) return;
        // Another engine behind the same channel begins a log of its own.
        if (state.engine !== undefined && state.engine.engineId !== message.engine.engineId) entries.length = 0;
        append(message.entries);
        return change({ connection: 'connected', complaint: undefined, engine: message.engine, view: message.view });
      case 'refused':
        if (message.panelId === panelId) change({ connection: 'refused', complaint: message.reason });
        return;
      case 'entries':
        append(message.entries);
        return change({});
      case 'view':
        return change({ view: message.view });
      case 'answer': {
        const asked = waiting.get(message.id);
        waiting.delete(message.id);
        if (message.ok) asked?.resolve(message.value);
        else asked?.reject(new Error(message.error));
        return;
      }
      case 'gone':
        failAll('the engine is gone');
        return change({ connection: 'lost' });
    }
  };

  const stop = channel.subscribe((raw) => {
    const parsed = parseEngineMessage(raw);
    if (parsed.ok) receive(parsed.message);
    else if (parsed.id !== undefined && waiting.has(parsed.id)) {
      waiting.get(parsed.id)?.reject(new Error(parsed.complaint));
      waiting.delete(parsed.id);
    } else change({ complaint: parsed.complaint });
  });
  const send = (post: (id: number) => void): Promise<Json> =>
    new Promise((resolve, reject) => {
      if (state.connection === 'lost' || state.connection === 'refused')
        return reject(new Error(state.complaint ?? 'the engine is gone'));
      const id = nextId;
      nextId += 1;
      waiting.set(id, { resolve, reject });
      post(id);
    });

  channel.post({ type: 'hello', protocol: protocolVersion, panelId, ...(quiet ? { quiet } : {}) });

  return {
    getState: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    command: (command) => send((id) => channel.post({ type: 'command', id, command })),
    query: async (query, input) => {
      // The engine's own types, made JSON on the way and back.
      const answer: unknown = await send((id) =>
        channel.post({ type: 'query', id, query, input: input as JsonObject }),
      );
      return answer as DevtoolsQueries[typeof query]['answer'];
    },
    follow: () => {
      if (!quiet) return () => undefined;
      followers += 1;
      if (followers === 1) channel.post({ type: 'follow', panelId, since: entries.at(-1)?.id ?? 0 });
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        followers -= 1;
        if (followers === 0) channel.post({ type: 'unfollow', panelId });
      };
    },
    dispose: () => {
      channel.post({ type: 'goodbye', panelId });
      stop();
      channel.close();
      failAll('the panel was closed');
      listeners.clear();
    },
  };
}

/**
 * Of an entry that tells that the log was cleared: the number of the newest one that went. All panels read it,
 * whichever asked for it.
 */
function newestGone(entry: LogEntry): number | undefined {
  if (entry.type !== 'command' || entry.command !== 'clearLog' || !entry.ok) return undefined;
  return typeof entry.result === 'number' ? entry.result : entry.id - 1;
}
