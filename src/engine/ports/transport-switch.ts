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

/**
 * Hands every call on to the app's transport, through whatever has been put between them: an inspector that watches,
 * faults that it makes.
 */
export class TransportSwitch implements TransportAdapter {
  /** Absent where the app's transport cannot listen. */
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
   * Puts something between the engine and its transport; returns the function that takes it out again. Calls under way
   * are not touched.
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
