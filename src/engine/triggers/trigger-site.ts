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

/** The part of an engine that triggers use. */
export interface TriggerSite {
  readonly clock: Clock;
  readonly random: RandomSource;
  readonly config: SyncConfig;
  readonly kinds: ReadonlyMap<string, SyncKind>;
  readonly store: Pick<StorePort, 'pulledAt'>;
  readonly queue: QueuePort;
  readonly transport: TransportAdapter;
  readonly events$: Observable<SyncEvent>;
  /** Does nothing after the engine is disposed. */
  readonly send: (event: SyncMachineEvent) => void;
  readonly tell: (facts: readonly SyncFact[]) => void;
  /** Registers something that may start a sync automatically. Returns a function that unregisters it. */
  readonly note: (name: TriggerName) => EndTrigger;
  /** A run is active. */
  readonly isBusy: () => boolean;
  /** No run is active, requested, or waiting. */
  readonly isResting: () => boolean;
  /** Runs work outside the caller's transaction. */
  readonly detached: <T>(work: () => T) => T;
}

/** Removes what a trigger installed. May be called more than once. */
export type EndTrigger = () => void;

/** Kinds without their own interval; undefined if that is all of them. */
export const sharedKinds = ({ kinds }: Pick<TriggerSite, 'kinds'>): readonly string[] | undefined => {
  const shared = [...kinds.values()].filter(({ syncIntervalMs }) => syncIntervalMs === undefined);
  return shared.length === kinds.size ? undefined : shared.map(({ kind }) => kind);
};
