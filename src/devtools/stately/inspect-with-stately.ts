import type { SyncEngine } from '../../engine/api/sync-engine.ts';
import { isText } from '../../model/options/bounds.ts';
import { byDefault, type OptionList } from '../../model/options/option-list.ts';
import { attachDevtools } from '../agent/attach-devtools.ts';
import { checkDevtoolsOptions, devtoolsOptions, type DevtoolsOptions } from '../agent/devtools-agent.ts';
import { definitionOf } from './definition-of.ts';

export interface StatelyOptions extends DevtoolsOptions {
  /** Where a Stately inspector listens, on this machine. @defaultValue `ws://127.0.0.1:8080` */
  readonly url?: string | undefined;
}

/** A name elsewhere would be given what the engine does. */
const loopbackNames: readonly string[] = ['127.0.0.1', 'localhost', '[::1]'];
const isOnThisMachine = (value: unknown): boolean =>
  isText(value) && URL.canParse(value) && loopbackNames.includes(new URL(value).hostname);

/** Defaults and bounds of {@link StatelyOptions}. */
export const statelyOptions = {
  url: byDefault('ws://127.0.0.1:8080', {
    expected: 'a WebSocket address on this machine',
    holds: isOnThisMachine,
    error: RangeError,
  }),
  ...devtoolsOptions,
} satisfies OptionList<StatelyOptions>;

/**
 * Shows the engine's chart in Stately's inspector, through `@statelyai/inspect` (install it yourself). It is told
 * states, names of events and the small data of the chart, sanitised by us; never rows, payloads of events, or code.
 * Resolves with the function that ends it. Rejects with `RangeError` for an address that is not on this machine, with
 * `Error` where the package is missing.
 */
export async function inspectWithStately(engine: SyncEngine, given: StatelyOptions = {}): Promise<() => void> {
  checkDevtoolsOptions('inspectWithStately', statelyOptions, given);
  const { url = statelyOptions.url.fallback, ...options } = given;
  const { createWebSocketInspector } = await loadStately();
  const agent = attachDevtools(engine, options);
  const inspector = createWebSocketInspector({ url });
  const chart = {
    sessionId: agent.description.engineId,
    id: agent.description.name,
    logic: { config: definitionOf(agent.description.chart) },
  };
  const seen = (): { readonly status: 'active'; readonly value: unknown; readonly context: unknown } => {
    const { value, context } = agent.view();
    return { status: 'active', value, context };
  };
  // We hand over what we made: what XState itself tells has rows in it, and their sanitising misses the first message.
  inspector.actor(namedRef(chart), seen());
  let lastId = agent.log.lastId;
  const stop = agent.log.subscribe(() => {
    for (const entry of agent.log.read({ afterId: lastId })) {
      lastId = entry.id;
      if (entry.type !== 'transition') continue;
      inspector.event(chart.sessionId, entry.cause);
      inspector.snapshot(chart.sessionId, { ...seen(), value: entry.value }, { event: { type: entry.cause } });
    }
  });
  return () => {
    stop();
    inspector.stop();
  };
}

type Stately = typeof import('@statelyai/inspect');

async function loadStately(): Promise<Stately> {
  try {
    return await import('@statelyai/inspect');
  } catch (cause) {
    throw new Error(
      'inspectWithStately needs the package @statelyai/inspect: npm install --save-dev @statelyai/inspect',
      { cause },
    );
  }
}

/** Stately reads the id of an actor and the configuration of its logic, no more. */
const namedRef = (chart: {
  readonly sessionId: string;
  readonly id: string;
  readonly logic: { readonly config: object };
}): Parameters<ReturnType<Stately['createWebSocketInspector']>['actor']>[0] => ({
  ...chart,
  send: () => undefined,
  getSnapshot: () => undefined,
});
