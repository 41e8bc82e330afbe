import { SyncAbortedError } from '../model/errors/errors.ts';
import { aFlag, objectWith, orFlag, timeAboveZero, type Bounds } from '../model/options/bounds.ts';
import { completeOptions, ownedBy } from '../model/options/complete-options.ts';
import { byDefault, optional, type OptionList } from '../model/options/option-list.ts';
import type { ConnectivityPort, VisibilityPort } from '../model/ports.ts';
import { internalsOf } from './core/engine-internals.ts';
import type { SyncEngineCore } from './api/sync-engine.ts';
import { browserVisibility } from './triggers/browser-visibility.ts';
import { startInterval } from './triggers/interval-trigger.ts';
import { startOutboxTrigger } from './triggers/outbox-trigger.ts';
import { startRemoteTrigger } from './triggers/remote-trigger.ts';
import { startTableClocks } from './triggers/table-clocks.ts';
import { sharedKinds, type EndTrigger } from './triggers/trigger-site.ts';

/** What starts a sync. Times in ms, above 0. Tables with a `syncIntervalMs` also sync at their own interval. */
export interface TriggerOptions {
  /** Pulls once when started. @defaultValue false */
  readonly pullOnStartup?: boolean | undefined;
  /** Syncs at this interval, first after one interval. */
  readonly interval?: number | undefined;
  /** Pushes soon after an operation is queued, and retries what a run left behind. @defaultValue false */
  readonly pushOnOutboxChanges?: boolean | undefined;
  /** A push starts after the outbox was quiet for this long. @defaultValue 2,000 (2 seconds) */
  readonly pushDebounceMs?: number | undefined;
  /** A push starts at most this long after the first change. @defaultValue five times `pushDebounceMs` */
  readonly maxDebounceMs?: number | undefined;
  /**
   * Syncs when the network returns. A port given here also informs the engine, which starts no automatic run while the
   * port reports offline.
   *
   * @defaultValue true where the engine has a `connectivity`
   */
  readonly connectivity?: boolean | ConnectivityPort | undefined;
  /**
   * Syncs when the app becomes visible. When it is hidden, pushes changes at once that wait for `pushDebounceMs`.
   *
   * @defaultValue true in a page, which asks the document; false elsewhere
   */
  readonly visibility?: boolean | VisibilityPort | undefined;
  /** Pulls when the server reports a change. Needs a transport with `subscribe`. @defaultValue false */
  readonly remoteChanges?: boolean | undefined;
  /**
   * A pull starts after the server reported nothing for this long, and at most ten times as long after its first
   * report. @defaultValue 100
   */
  readonly remoteDebounceMs?: number | undefined;
}

const aPortWith = (...methods: readonly string[]): Bounds => orFlag(objectWith('a port', ...methods));

/** Defaults and bounds of {@link TriggerOptions}. */
export const triggerOptions = {
  pullOnStartup: byDefault(false, aFlag),
  interval: optional(timeAboveZero),
  pushOnOutboxChanges: byDefault(false, aFlag),
  pushDebounceMs: byDefault(2_000, timeAboveZero),
  maxDebounceMs: optional(timeAboveZero),
  connectivity: optional(aPortWith('isOnline', 'subscribe')),
  visibility: optional(aPortWith('subscribe')),
  remoteChanges: byDefault(false, aFlag),
  remoteDebounceMs: byDefault(100, timeAboveZero),
} satisfies OptionList<TriggerOptions>;

/** Starts syncs automatically, so that the app need not call `sync()`. */
export interface Triggers {
  /** Never fails because of the network (F-10). A second call has no effect. Rejects after `dispose()`. */
  start(): Promise<void>;
  /** Ends only what these triggers started. */
  stop(): void;
  /** Stops for good; does not dispose the engine. */
  dispose(): void;
}

/**
 * Installs triggers on an engine. They request only automatic work: the engine retries it, reports failures as events,
 * and rejects no promise (F-10, F-11, F-12, F-15, F-113). The triggers end with the engine. Throws `RangeError` or
 * `TypeError` for an invalid option, and `TypeError` for an object that is not an engine of this package.
 */
export function createTriggers(engine: SyncEngineCore, given: TriggerOptions = {}): Triggers {
  const options = completeOptions<TriggerOptions, typeof triggerOptions>(
    ownedBy('createTriggers'),
    triggerOptions,
    given,
  );
  const internals = internalsOf(engine, 'createTriggers');
  const { triggerSite: site } = internals;
  const { interval, pushDebounceMs: silenceMs, maxDebounceMs: longestMs = 5 * silenceMs, remoteDebounceMs } = options;
  /** The installed triggers. Each start creates a new list, so that an earlier start cannot add to it late (F-113). */
  let installed: EndTrigger[] | undefined;
  let isDisposed = false;

  const syncShared = (): void => site.send({ type: 'SYNC', pullKinds: sharedKinds(site), automatic: true });

  const install = (): EndTrigger[] => {
    const outbox = options.pushOnOutboxChanges ? startOutboxTrigger(site, { silenceMs, longestMs }) : undefined;
    const remote = options.remoteChanges
      ? startRemoteTrigger(site, { silenceMs: remoteDebounceMs, longestMs: 10 * remoteDebounceMs })
      : undefined;
    const ends: EndTrigger[] = [startTableClocks(site), () => outbox?.end(), () => remote?.end()];
    if (outbox !== undefined) ends.push(site.note('outbox'));
    if (remote !== undefined) ends.push(site.note('remote'));
    if (interval !== undefined) ends.push(site.note('interval'), startInterval(site, interval));

    const own = typeof options.connectivity === 'object' ? options.connectivity : undefined;
    const connectivity = own ?? (options.connectivity === false ? undefined : internals.connectivity);
    if (own !== undefined) ends.push(reportNetwork(own));
    if (connectivity !== undefined)
      ends.push(
        site.note('network'),
        connectivity.subscribe((isOnline) => {
          if (!isOnline) return;
          remote?.hurry();
          syncShared();
        }),
      );

    const wanted = options.visibility ?? typeof document !== 'undefined';
    const visibility = wanted === true ? browserVisibility() : wanted === false ? undefined : wanted;
    if (visibility !== undefined)
      ends.push(
        site.note('visibility'),
        visibility.subscribe((isVisible) => {
          if (!isVisible) return outbox?.flush();
          remote?.hurry();
          syncShared();
        }),
      );
    const life = site.events$.subscribe({ complete: () => stop() });
    ends.push(() => life.unsubscribe());
    return ends;
  };

  /** Forwards the facts of a port to the engine, as the engine does with its own port. */
  const reportNetwork = (port: ConnectivityPort): EndTrigger => {
    const say = (isOnline: boolean): void => site.send({ type: isOnline ? 'network.online' : 'network.offline' });
    if (!port.isOnline()) say(false);
    const end = port.subscribe(say);
    return () => {
      end();
      // Without the port, nothing would report that the network is back.
      say(true);
    };
  };

  const stop = (): void => {
    const ends = installed ?? [];
    installed = undefined;
    for (const end of ends) end();
  };
  return {
    start: async () => {
      if (isDisposed || internals.isDisposed())
        throw new SyncAbortedError('the triggers are disposed; create new ones');
      if (installed !== undefined) return;
      installed = install();
      const pullKinds = sharedKinds(site);
      if (options.pullOnStartup && pullKinds?.length !== 0)
        site.send({ type: 'SYNC', pushKinds: [], pullKinds, automatic: true });
      // Events and status report an unusable database. The triggers stay installed for its repair.
      await engine.start().catch(() => undefined);
    },
    stop,
    dispose: () => {
      isDisposed = true;
      stop();
    },
  };
}

/** The same as a class, under the name of the reference library. */
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
