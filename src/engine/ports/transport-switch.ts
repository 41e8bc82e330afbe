import type { Op } from '../../model/operation.ts';
import type {
  BatchPushResult,
  FetchResult,
  PullPage,
  PullRequest,
  PushContext,
  PushResult,
  Subscribable,
  TransportAdapter,
  TransportCapabilities,
  TransportContext,
} from '../../model/transport.ts';

/** Forwards every call to the app's transport through interposed layers, such as an inspector or injected faults. */
export class TransportSwitch implements TransportAdapter {
  /** Absent if the app's transport cannot subscribe. */
  readonly subscribe?: NonNullable<TransportAdapter['subscribe']>;
  readonly #app: TransportAdapter;
  readonly #between: ((inner: TransportAdapter) => TransportAdapter)[] = [];
  #current: TransportAdapter;

  constructor(app: TransportAdapter) {
    this.#app = app;
    this.#current = app;
    const nothing: Subscribable<{ readonly kinds: readonly string[] }> = {
      subscribe: () => ({ unsubscribe: () => undefined }),
    };
    if (app.subscribe !== undefined) this.subscribe = (kinds) => this.#current.subscribe?.(kinds) ?? nothing;
  }

  /**
   * Inserts a layer between the engine and its transport. Returns a function that removes it. Does not affect calls in
   * flight.
   */
  interpose(wrap: (inner: TransportAdapter) => TransportAdapter): () => void {
    this.#between.push(wrap);
    this.#connect();
    return () => {
      const index = this.#between.indexOf(wrap);
      if (index !== -1) this.#between.splice(index, 1);
      this.#connect();
    };
  }

  #connect(): void {
    this.#current = this.#between.reduce((inner, wrap) => wrap(inner), this.#app);
  }

  get capabilities(): TransportCapabilities {
    return this.#current.capabilities;
  }
  pull(request: PullRequest): Promise<PullPage> {
    return this.#current.pull(request);
  }
  push(ops: readonly Op[], context: PushContext): Promise<BatchPushResult> {
    return this.#current.push(ops, context);
  }
  forcePush(op: Op, context: PushContext): Promise<PushResult> {
    return this.#current.forcePush(op, context);
  }
  fetch(request: {
    readonly kind: string;
    readonly id: string;
    readonly signal?: AbortSignal | undefined;
  }): Promise<FetchResult> {
    return this.#current.fetch(request);
  }
  health(context: TransportContext): Promise<boolean> {
    return this.#current.health(context);
  }
}
