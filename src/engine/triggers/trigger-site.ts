import type { Observable } from 'rxjs';
import type { SyncMachineEvent } from '../../machines/machine-events.ts';
import type { Clock, RandomSource } from '../../model/platform/clock.ts';
import type { SyncConfig } from '../../model/config.ts';
import type { SyncEvent, SyncFact } from '../../model/events.ts';
import type { SyncKind } from '../../model/kind.ts';
import type { StorePort } from '../../model/ports.ts';
import type { QueuePort } from '../../model/queue.ts';
import type { TransportAdapter } from '../../model/transport.ts';
import type { TriggerName } from '../../rules/diagnosis/diagnosis-facts.ts';

/** What triggers see of an engine. */
export interface TriggerSite {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly config: SyncConfig;
  readonly kinds: ReadonlyMap<string, SyncKind>;
  readonly store: Pick<StorePort, 'pulledAt'>;
  readonly queue: QueuePort;
  readonly transport: TransportAdapter;
  readonly events$: Observable<SyncEvent>;
  /** Does nothing once the engine is disposed. */
  readonly send: (event: SyncMachineEvent) => void;
  readonly tell: (facts: readonly SyncFact[]) => void;
  /** Notes that something may start a sync by itself; returns the function that takes it back. */
  readonly note: (name: TriggerName) => EndTrigger;
  /** A run is under way. */
  readonly isBusy: () => boolean;
  /** No run is under way, asked for, or waited for. */
  readonly isResting: () => boolean;
  /** Runs work outside the transaction of whoever called. */
  readonly detached: <T>(work: () => T) => T;
}

/** Ends what a trigger installed; may be called more than once. */
export type EndTrigger = () => void;

/** Kinds without a clock of their own; undefined: all of them. */
export const sharedKinds = ({ kinds }: Pick<TriggerSite, 'kinds'>): readonly string[] | undefined => {
  const shared = [...kinds.values()].filter(({ syncIntervalMs }) => syncIntervalMs === undefined);
  return shared.length === kinds.size ? undefined : shared.map(({ kind }) => kind);
};
