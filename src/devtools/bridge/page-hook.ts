import type { DevtoolsChannel } from '../protocol/messages.ts';

/**
 * Under `Symbol.for` of this name a page that exposes engines has its {@link PageHook}. Raised when a text of the hook
 * changes its meaning.
 */
export const hookName = 'synchart.devtools.v1';

/** An engine as the extension finds it. */
export interface ExposedEngine {
  readonly id: string;
  readonly name: string;
}

/** What the extension says to one engine, and that it is still there. */
export interface Exchange {
  readonly engine: string;
  /** Chosen by the panel; a new one begins anew. */
  readonly session: string;
  /** `open` begins the session, `close` ends it. */
  readonly step: 'open' | 'go' | 'close';
  readonly messages: readonly unknown[];
}

/** What the page says back. `text` is a piece of a stream of lines, each one JSON message. */
export interface Exchanged {
  /** False: there is no such session, or it has ended with this text. */
  readonly isOpen: boolean;
  readonly text: string;
  /** There is more to fetch at once. */
  readonly more: boolean;
}

/**
 * What a page lets the extension ask. Only texts go through: they are the same in every frame, and nothing of the page
 * can be reached by them.
 */
export interface PageHook {
  /** JSON of {@link ExposedEngine}s. */
  list(): string;
  /**
   * JSON of an {@link Exchange} in, JSON of an {@link Exchanged} out; undefined: the engine is not here, or the text
   * cannot be read.
   */
  exchange(request: string): string | undefined;
  /**
   * Adds an engine, returns the function that takes it away. For {@link exposeSyncDevtools}, of whichever copy of the
   * library.
   */
  add(engine: ExposedEngine, connect: (channel: DevtoolsChannel) => () => void): () => void;
}
