import {
  createContext,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
  type ReactNode,
} from 'react';
import type { Json } from '../../../model/values/json.ts';
import type { DevtoolsClient, PanelState } from '../../client/devtools-client.ts';
import type { EngineView } from '../../protocol/engine-view.ts';
import type { DevtoolsCommand, DevtoolsQueries, DevtoolsQueryType } from '../../protocol/messages.ts';

const ClientContext = createContext<DevtoolsClient | undefined>(undefined);

/** Gives the views below it the engine that they show. */
export const PanelProvider = ({
  client,
  children,
}: {
  readonly client: DevtoolsClient;
  readonly children: ReactNode;
}): ReactNode => <ClientContext.Provider value={client}>{children}</ClientContext.Provider>;

export function useClient(): DevtoolsClient {
  const client = useContext(ClientContext);
  if (client === undefined) throw new Error('a view of the devtools needs a PanelProvider around it');
  return client;
}

/** What the panel knows now; renders again when that changes. */
export function usePanelState(): PanelState {
  const client = useClient();
  return useSyncExternalStore(client.subscribe, client.getState, client.getState);
}

export interface Asked<Answer> {
  readonly answer?: Answer | undefined;
  readonly error?: string | undefined;
  /** Asks again at once, such as after a command. */
  readonly again: () => void;
}

/** Between two times of asking the same, ms. */
const askEveryMs = 300;

/** Asks the engine, and again when its state has moved since; the last answer stays until the next is there. */
export function useQuery<Type extends DevtoolsQueryType>(
  type: Type,
  input: DevtoolsQueries[Type]['ask'],
): Asked<DevtoolsQueries[Type]['answer']> {
  const client = useClient();
  const { view } = usePanelState();
  const [asked, setAsked] = useState<{ readonly answer?: DevtoolsQueries[Type]['answer']; readonly error?: string }>(
    {},
  );
  const [turn, setTurn] = useState(0);
  const lastAsked = useRef(0);
  const text = JSON.stringify(input);

  useEffect(() => {
    let isOver = false;
    const ask = (): void => {
      lastAsked.current = performance.now();
      client.query(type, JSON.parse(text) as DevtoolsQueries[Type]['ask']).then(
        (answer) => {
          if (!isOver) setAsked({ answer });
        },
        (error: unknown) => {
          if (!isOver)
            setAsked((before) => ({ ...before, error: error instanceof Error ? error.message : String(error) }));
        },
      );
    };
    const timer = setTimeout(ask, Math.max(0, lastAsked.current + askEveryMs - performance.now()));
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
    // The view is a new object whenever the engine moved.
  }, [client, type, text, view, turn]);

  const again = useCallback(() => {
    lastAsked.current = 0;
    setTurn((before) => before + 1);
  }, []);
  return { ...asked, again };
}

export interface Commanding {
  /** Resolves with whether it went well; what went wrong is in `error`. */
  readonly run: (command: DevtoolsCommand) => Promise<boolean>;
  readonly isRunning: boolean;
  readonly error?: string | undefined;
  readonly result?: Json | undefined;
}

/** Runs commands one at a time and keeps how the last one went. */
export function useCommand(): Commanding {
  const client = useClient();
  const [state, setState] = useState<{ readonly isRunning: boolean; readonly error?: string; readonly result?: Json }>({
    isRunning: false,
  });
  const run = useCallback(
    async (command: DevtoolsCommand) => {
      setState({ isRunning: true });
      try {
        setState({ isRunning: false, result: await client.command(command) });
        return true;
      } catch (error) {
        setState({ isRunning: false, error: error instanceof Error ? error.message : String(error) });
        return false;
      }
    },
    [client],
  );
  return { ...state, run };
}

/** When a view was first seen, by this page's clock: whoever is drawn later counts from there, too. */
const seenAt = new WeakMap<EngineView, number>();

/**
 * The present time by the engine's clock, moving on by itself once a second while the engine is there; in a saved file
 * it stands.
 */
export function useEngineNow(): number {
  const { view, connection } = usePanelState();
  const [, setTick] = useState(0);
  const isMoving = connection === 'connected';
  if (view !== undefined && !seenAt.has(view)) seenAt.set(view, performance.now());
  useEffect(() => {
    if (!isMoving) return undefined;
    const timer = setInterval(() => setTick((before) => before + 1), 1_000);
    return () => clearInterval(timer);
  }, [isMoving]);
  if (view === undefined) return 0;
  return isMoving ? view.at + (performance.now() - (seenAt.get(view) ?? performance.now())) : view.at;
}
