import { createDevtoolsClient, type DevtoolsClient } from '../../src/devtools/client/devtools-client.ts';
import type { FoundEngine, InspectedPage } from './inspected-page.ts';
import { createSessionChannel, type SessionChannel } from './session-channel.ts';

/** What the extension's panel shows. A new object for each change. */
export interface PageWatchState {
  /** The engines of the page as it is now. */
  readonly engines: readonly FoundEngine[];
  /** The one that is shown, and stays so over a reload; it may be gone for now. */
  readonly shown?: { readonly key: string; readonly label: string; readonly client: DevtoolsClient } | undefined;
  /** `looking`: not looked yet, or an engine has just gone and may be about to come back. `none`: there is none. */
  readonly presence: 'looking' | 'found' | 'none';
  /** Why the page cannot be looked into. */
  readonly problem?: string | undefined;
}

/**
 * Looks into the inspected page again and again: finds engines, and carries what the shown one and its panel say to
 * each other.
 */
export interface PageWatch {
  getState(): PageWatchState;
  subscribe(listener: () => void): () => void;
  /** Shows another engine. */
  choose(engineId: string): void;
  /** Looks on. */
  start(): void;
  /** Looks no more, so that the page has nothing to do for a panel that nobody sees. */
  stop(): void;
}

/** Until the next look, ms. Engines tell their news at most every 100 ms. */
const pauses = { more: 0, some: 25, none: 100, over: 250, nobody: 400, failed: 1_000 } as const;
/** How long an engine may be gone before the panel says so: a reload takes about as long. */
const patienceMs = 3_000;

interface Shown {
  readonly key: string;
  readonly label: string;
  readonly client: DevtoolsClient;
  readonly session: SessionChannel;
}

export function createPageWatch(page: InspectedPage, now = (): number => performance.now()): PageWatch {
  const listeners = new Set<() => void>();
  let state: PageWatchState = { engines: [], presence: 'looking' };
  let shown: Shown | undefined;
  /** Of the shown engine; undefined while it is gone. */
  let engineId: string | undefined;
  let seenAt = now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStarted = false;
  let isLooking = false;

  const publish = (engines: readonly FoundEngine[], problem?: string): void => {
    const isPatient = shown !== undefined && now() - seenAt <= patienceMs;
    const presence = engineId !== undefined ? 'found' : isPatient ? 'looking' : 'none';
    const told = (seen: PageWatchState): string => JSON.stringify([seen.engines, seen.presence, seen.problem]);
    const next = {
      engines,
      presence,
      problem,
      shown: shown && { key: shown.key, label: shown.label, client: shown.client },
    } as const;
    if (told(next) === told(state) && next.shown?.client === state.shown?.client) return;
    state = next;
    for (const listener of [...listeners]) listener();
  };
  const soon = (ms: number): void => {
    clearTimeout(timer);
    timer = isStarted ? setTimeout(() => void look(), ms) : undefined;
  };
  const atOnce = (): void => {
    if (!isLooking) soon(0);
  };

  const leave = (): void => {
    const farewell = engineId === undefined ? undefined : shown?.session.farewell(engineId);
    // The page may be gone already; it would notice the silence as well.
    if (farewell !== undefined) page.visit(engineId, farewell).catch(() => undefined);
    shown?.session.drop();
  };
  const show = ({ id, key, label }: FoundEngine): void => {
    leave();
    shown?.client.dispose();
    const session = createSessionChannel(atOnce);
    shown = { key, label, session, client: createDevtoolsClient(session.channel) };
    engineId = id;
  };

  /** The engine that was shown, or the one that came in its place; another one only where that does not come back. */
  const settle = (engines: readonly FoundEngine[]): void => {
    const current = engines.find(({ id }) => id === engineId) ?? engines.find(({ key }) => key === shown?.key);
    const [first] = engines;
    if (first !== undefined && current === undefined && (shown === undefined || now() - seenAt > patienceMs))
      show(first);
    else if (current?.id !== engineId) {
      shown?.session.drop();
      engineId = current?.id;
    }
    if (engineId !== undefined) seenAt = now();
  };

  const look = async (): Promise<void> => {
    isLooking = true;
    const asked = shown?.session;
    const askedId = engineId;
    try {
      const visit = await page.visit(askedId, askedId === undefined ? undefined : asked?.request(askedId));
      // Another one may have been chosen meanwhile.
      const outcome =
        asked === undefined || askedId === undefined || asked !== shown?.session
          ? 'nobody'
          : asked.accept(visit.answer);
      settle(visit.engines);
      publish(visit.engines);
      soon(engineId !== askedId || shown?.session.hasNews === true ? 0 : pauses[outcome]);
    } catch (error) {
      if (asked === shown?.session) {
        asked?.drop();
        engineId = undefined;
      }
      publish([], error instanceof Error ? error.message : String(error));
      soon(pauses.failed);
    } finally {
      isLooking = false;
    }
  };

  return {
    getState: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    choose: (id) => {
      const chosen = state.engines.find((engine) => engine.id === id);
      if (chosen === undefined || id === engineId) return;
      show(chosen);
      publish(state.engines);
      atOnce();
    },
    start: () => {
      isStarted = true;
      seenAt = now();
      atOnce();
    },
    stop: () => {
      isStarted = false;
      soon(0);
      leave();
    },
  };
}
