import { SyncAbortedError } from '../model/errors/errors.ts';
import type { ConnectivityPort, VisibilityPort } from '../model/ports.ts';
import { internalsOf } from './core/engine-internals.ts';
import type { SyncEngineCore } from './api/sync-engine.ts';
import { browserVisibility } from './triggers/browser-visibility.ts';
import { startInterval } from './triggers/interval-trigger.ts';
import { startOutboxTrigger } from './triggers/outbox-trigger.ts';
import { startRemoteTrigger } from './triggers/remote-trigger.ts';
import { startTableClocks } from './triggers/table-clocks.ts';
import { sharedKinds, type EndTrigger } from './triggers/trigger-site.ts';

/**
 * What asks for a sync. Times in ms, above 0. Tables with a `syncIntervalMs` keep their own clock beside all of these.
 */
export interface TriggerOptions {
  /** Pulls once when started. Default false. */
  readonly pullOnStartup?: boolean | undefined;
  /** Syncs every so many ms, first after one interval. */
  readonly interval?: number | undefined;
  /** Pushes soon after something was queued, and again what a run left behind. Default false. */
  readonly pushOnOutboxChanges?: boolean | undefined;
  /** How long nothing more must have been queued. Default 2,000. */
  readonly pushDebounceMs?: number | undefined;
  /** How long after the first change at the latest. Default five times `pushDebounceMs`. */
  readonly maxDebounceMs?: number | undefined;
  /**
   * Syncs when the network comes back. Default: true where the engine has a `connectivity`. A port given here tells the
   * engine, too, which then starts no automatic run while it says offline.
   */
  readonly connectivity?: boolean | ConnectivityPort | undefined;
  /**
   * Syncs when the app is seen again, and pushes at once what waits for silence when it no longer is. Default: true in a
   * page, which asks the document; false elsewhere.
   */
  readonly visibility?: boolean | VisibilityPort | undefined;
  /** Pulls when the server says that something changed, with a transport that listens. Default false. */
  readonly remoteChanges?: boolean | undefined;
  /** How long the server must have been silent; at most ten times as long after its first word. Default 100. */
  readonly remoteDebounceMs?: number | undefined;
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
 * Installs triggers on an engine. All they send is automatic work: it is tried again by itself, its failures are
 * events, and nobody's promise rejects (F-10, F-11, F-12, F-15, F-113). They end with the engine. Throws `RangeError`
 * for a time that is none, `TypeError` for an engine of somebody else.
 */
export function createTriggers(engine: SyncEngineCore, options: TriggerOptions = {}): Triggers {
  const internals = internalsOf(engine, 'createTriggers');
  const { triggerSite: site } = internals;
  const silenceMs = positive('pushDebounceMs', options.pushDebounceMs ?? 2_000);
  const longestMs = positive('maxDebounceMs', options.maxDebounceMs ?? 5 * silenceMs);
  const remoteMs = positive('remoteDebounceMs', options.remoteDebounceMs ?? 100);
  const interval = options.interval === undefined ? undefined : positive('interval', options.interval);
  /** What is installed; another list for each start, so that nothing of an earlier one can come late (F-113). */
  let installed: EndTrigger[] | undefined;
  let isDisposed = false;

  const syncShared = (): void => site.send({ type: 'SYNC', pullKinds: sharedKinds(site), automatic: true });

  const install = (): EndTrigger[] => {
    const outbox =
      options.pushOnOutboxChanges === true ? startOutboxTrigger(site, { silenceMs, longestMs }) : undefined;
    const remote =
      options.remoteChanges === true
        ? startRemoteTrigger(site, { silenceMs: remoteMs, longestMs: 10 * remoteMs })
        : undefined;
    const ends: EndTrigger[] = [startTableClocks(site), () => outbox?.end(), () => remote?.end()];
    if (interval !== undefined) ends.push(startInterval(site, interval));

    const own = typeof options.connectivity === 'object' ? options.connectivity : undefined;
    const connectivity = own ?? (options.connectivity === false ? undefined : internals.connectivity);
    if (own !== undefined) ends.push(reportNetwork(own));
    if (connectivity !== undefined)
      ends.push(
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

  /** Passes the facts of a port on to the engine, as it does by itself with its own. */
  const reportNetwork = (port: ConnectivityPort): EndTrigger => {
    const say = (isOnline: boolean): void => site.send({ type: isOnline ? 'network.online' : 'network.offline' });
    if (!port.isOnline()) say(false);
    const end = port.subscribe(say);
    return () => {
      end();
      // Nobody would ever say that it is back.
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
      if (options.pullOnStartup === true && pullKinds?.length !== 0)
        site.send({ type: 'SYNC', pushKinds: [], pullKinds, automatic: true });
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
  if (!(Number.isFinite(value) && value > 0))
    throw new RangeError(`triggers: ${name} must be a number of milliseconds above 0, got ${String(value)}`);
  return value;
}
