import { createBundleClient } from '../../src/devtools/client/bundle-client.ts';
import type { DevtoolsClient, PanelState } from '../../src/devtools/client/devtools-client.ts';
import type { EngineView } from '../../src/devtools/protocol/engine-view.ts';
import type { LogEntry } from '../../src/devtools/protocol/log-entry.ts';
import type { DevtoolsCommand, DevtoolsQueries, DevtoolsQueryType } from '../../src/devtools/protocol/messages.ts';
import type { Json } from '../../src/model/values/json.ts';

type Answers = {
  readonly [Type in DevtoolsQueryType]?: (input: DevtoolsQueries[Type]['ask']) => DevtoolsQueries[Type]['answer'];
};

export interface ScriptedOptions {
  /** Instead of what the bundle has. */
  readonly answers?: Answers;
  /** What a command gives; it throws what the engine would say. Default: null. */
  readonly run?: (command: DevtoolsCommand, client: ScriptedClient) => Json;
}

/** A client as of a live engine: it answers from a captured bundle, and notes what it is told to do. */
export interface ScriptedClient {
  readonly client: DevtoolsClient;
  /** What was asked of the engine, oldest first. */
  readonly commands: DevtoolsCommand[];
  /** The engine moved. */
  readonly show: (part: Partial<EngineView>) => void;
  /** So many further entries are logged. */
  readonly log: (count: number) => void;
  /** The last step of the chart is taken once more. */
  readonly repeat: () => void;
  /** The log is cleared; what tells so is its only entry. */
  readonly clear: () => void;
}

export function createScriptedClient(
  bundle: Json,
  { answers = {}, run = () => null }: ScriptedOptions = {},
): ScriptedClient {
  const saved = createBundleClient(bundle);
  const listeners = new Set<() => void>();
  const commands: DevtoolsCommand[] = [];
  const entries: LogEntry[] = [...saved.getState().entries];
  let state: PanelState = { ...saved.getState(), entries, connection: 'connected' };
  const change = (part: Partial<PanelState>): void => {
    state = { ...state, ...part, revision: state.revision + 1 };
    for (const listener of [...listeners]) listener();
  };
  const scripted: ScriptedClient = {
    commands,
    show: (part) => {
      if (state.view !== undefined) change({ view: { ...state.view, ...part } });
    },
    log: (count) => {
      const last = entries.at(-1);
      for (let more = 1; more <= count; more += 1)
        entries.push({
          type: 'event',
          id: (last?.id ?? 0) + more,
          at: (last?.at ?? 0) + more * 10,
          name: 'sync.progress',
          data: { phase: 'push', done: more },
        });
      change({});
    },
    repeat: () => {
      const last = entries.at(-1);
      const step = entries.findLast(({ type }) => type === 'transition');
      if (last === undefined || step === undefined) return;
      entries.push({ ...step, id: last.id + 1, at: last.at + 50 });
      change({});
    },
    clear: () => {
      const last = entries.at(-1);
      const id = last?.id ?? 0;
      entries.splice(0, entries.length, {
        type: 'command',
        id: id + 1,
        at: last?.at ?? 0,
        command: 'clearLog',
        input: {},
        ok: true,
        result: id,
      });
      change({});
    },
    client: {
      getState: () => state,
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      command: async (command) => {
        commands.push(command);
        const result = run(command, scripted);
        // The engine tells that something moved.
        scripted.show({});
        return result;
      },
      query: async (type, input) => {
        const answer = answers[type];
        return answer === undefined ? saved.query(type, input) : answer(input);
      },
      follow: () => () => undefined,
      dispose: () => undefined,
    },
  };
  return scripted;
}
