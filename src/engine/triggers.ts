import { SyncAbortedError } from '../model/errors.ts';
import { internalsOf } from './engine-core.ts';
import { reportQuietly } from './isolated-observable.ts';
import type { SyncEngineCore } from './sync-engine.ts';

export interface TriggerOptions {
  /** Pulls once when started. Default false. */
  readonly pullOnStartup?: boolean | undefined;
  /** Syncs every so many ms. */
  readonly interval?: number | undefined;
  /** Pushes soon after something was queued. Default false. */
  readonly pushOnOutboxChanges?: boolean | undefined;
  /** How long after the last change. Default 2,000. */
  readonly pushDebounceMs?: number | undefined;
  /** How long after the first change at the latest. Default five times `pushDebounceMs`. */
  readonly maxDebounceMs?: number | undefined;
  /** Syncs when the network comes back. Default: true where the engine has a `connectivity`. */
  readonly connectivity?: boolean | undefined;
  /** Syncs when the page becomes visible. Default false; no effect without a document. */
  readonly visibility?: boolean | undefined;
  /** Pulls when the server says that something changed, with a transport that listens. Default false. */
  readonly remoteChanges?: boolean | undefined;
}

/** Says when to sync, so that nobody has to call `sync()`. */
export interface Triggers {
  /** Never fails for the network (F-10). The second call does nothing. Rejects after `dispose()`. */
  start(): Promise<void>;
  /** Ends what these triggers started, nothing else. */
  stop(): void;
  /** Stops for good; does not dispose the engine. */
  dispose(): void;
}

/**
 * Installs triggers on an engine. All they send is automatic work: it is tried again by itself, its failures are events, and nobody's
 * promise rejects (F-10, F-11, F-15, F-113).
 */
export function createTriggers(engine: SyncEngineCore, options: TriggerOptions = {}): Triggers {
  const found = internalsOf(engine);
  if (found === undefined) throw new TypeError('createTriggers needs an engine made by createSyncEngine');
  const internals = found;
  const { clock } = internals.ports;
  const pushDebounceMs = positive('pushDebounceMs', options.pushDebounceMs ?? 2_000);
  const maxDebounceMs = positive('maxDebounceMs', options.maxDebounceMs ?? 5 * pushDebounceMs);
  const interval = options.interval === undefined ? undefined : positive('interval', options.interval);
  let undo: (() => void)[] | undefined;
  let isDisposed = false;

  const every = (ms: number, work: () => void): (() => void) => {
    let timer: unknown;
    const again = (): void => {
      timer = clock.setTimeout(() => {
        work();
        again();
      }, ms);
    };
    again();
    return () => clock.clearTimeout(timer);
  };

  /** Waits for silence, but not for ever. */
  const debounced = (work: () => void): { poke(): void; cancel(): void } => {
    let timer: unknown;
    let firstAt: number | undefined;
    const cancel = (): void => {
      if (timer !== undefined) clock.clearTimeout(timer);
      timer = undefined;
      firstAt = undefined;
    };
    return {
      cancel,
      poke: () => {
        const now = clock.now();
        const first = firstAt ?? now;
        cancel();
        firstAt = first;
        timer = clock.setTimeout(
          () => {
            cancel();
            work();
          },
          Math.max(0, Math.min(pushDebounceMs, first + maxDebounceMs - now)),
        );
      },
    };
  };

  const sync = (): void => internals.send({ type: 'SYNC', automatic: true });
  const install = (): (() => void)[] => {
    const installed: (() => void)[] = [];
    if (interval !== undefined) installed.push(every(interval, sync));
    if (options.pushOnOutboxChanges === true) {
      const push = debounced(() => internals.send({ type: 'SYNC', pullKinds: [], automatic: true }));
      installed.push(
        push.cancel,
        internals.queue.subscribe(({ enqueued }) => {
          if (enqueued) push.poke();
        }),
      );
      // What was queued before the start has no change to come.
      internals.queue.counts().then(({ pending }) => {
        if (pending > 0 && undo === installed) push.poke();
      }, reportQuietly);
    }
    const { connectivity } = internals;
    if (connectivity !== undefined && options.connectivity !== false)
      installed.push(
        connectivity.subscribe((online) => {
          if (online) sync();
        }),
      );
    if (options.visibility === true && typeof document !== 'undefined') {
      const look = (): void => {
        if (document.visibilityState === 'visible') sync();
      };
      document.addEventListener('visibilitychange', look);
      installed.push(() => document.removeEventListener('visibilitychange', look));
    }
    if (options.remoteChanges === true) {
      const poke = internals.ports.transport.subscribe?.([...internals.ports.kinds.keys()]);
      const listening = poke?.subscribe({ next: ({ kinds }) => internals.send({ type: 'remote.changed', kinds }), error: reportQuietly });
      if (listening !== undefined) installed.push(() => listening.unsubscribe());
    }
    return installed;
  };

  const stop = (): void => {
    for (const end of undo ?? []) end();
    undo = undefined;
  };
  return {
    start: async () => {
      if (isDisposed || internals.isDisposed()) throw new SyncAbortedError('the triggers are disposed; create new ones');
      if (undo !== undefined) return;
      undo = [];
      undo = install();
      if (options.pullOnStartup === true) internals.send({ type: 'SYNC', pushKinds: [], automatic: true });
      // An unusable database is told by events and status; the triggers stay for when it is repaired.
      await engine.start().catch(() => undefined);
    },
    stop,
    dispose: () => {
      isDisposed = true;
      stop();
    },
  };
}

/** The same as a class, under the name by which it is known elsewhere. */
export class SyncCoordinator implements Triggers {
  readonly #triggers: Triggers;

  constructor(engine: SyncEngineCore, options: TriggerOptions = {}) {
    this.#triggers = createTriggers(engine, options);
  }

  start(): Promise<void> {
    return this.#triggers.start();
  }

  stop(): void {
    this.#triggers.stop();
  }

  dispose(): void {
    this.#triggers.dispose();
  }
}

function positive(name: string, value: number): number {
  if (!(Number.isFinite(value) && value > 0)) throw new RangeError(`triggers: ${name} must be a number of milliseconds above 0, got ${String(value)}`);
  return value;
}
