import type { SyncMachineEvent } from '../../machines/machine-events.ts';
import type { SyncFact } from '../../model/events.ts';
import type { InspectionPort } from '../../model/inspection.ts';
import type { ConnectivityPort } from '../../model/ports.ts';
import type { QueuePort } from '../../model/queue.ts';
import type { StoragePort } from '../../model/storage-status.ts';
import type { SyncTable } from '../../persistence/tables/sync-table.ts';
import type { MachineParts } from '../machine/assemble-machine.ts';
import type { SyncActor } from '../machine/sync-stream.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import type { TriggerSite } from '../triggers/trigger-site.ts';

/** An actor of the app, and the parts of its machine. */
export interface RunningMachine {
  readonly actor: SyncActor;
  readonly parts: Pick<MachineParts, 'keeper' | 'memory' | 'questions'>;
}

/** A table as the app registered it, and its properties by wire key. */
export interface KnownTable {
  readonly table: SyncTable;
  propertyOf(wireKey: string): string | undefined;
}

export interface EngineParts {
  readonly ports: EnginePorts;
  readonly queue: QueuePort;
  /** Reads the database for tools; absent without a database. */
  readonly inspection?: InspectionPort | undefined;
  readonly connectivity?: ConnectivityPort | undefined;
  /** Where a page keeps the database. */
  readonly storage?: StoragePort | undefined;
  /** Runs work outside the caller's transaction, because an engine must never join a transaction of the app. */
  readonly detached?: (<T>(work: () => T) => T) | undefined;
  /** The actor that the engine controls and ends with. Absent: the engine creates its own actor. */
  readonly running?: RunningMachine | undefined;
}

/** What triggers and tools need of an engine beside its public members. */
export interface EngineInternals extends EngineParts {
  readonly send: (event: SyncMachineEvent) => void;
  readonly isDisposed: () => boolean;
  /** Emits facts that occurred outside any run. */
  readonly tell: (facts: readonly SyncFact[]) => void;
  readonly triggerSite: TriggerSite;
  /** The registered table of a kind, for code that edits rows of any table; absent without a database. */
  readonly tableOf?: ((kind: string) => KnownTable | undefined) | undefined;
}

const internals = Symbol('internals of the engine');

/**
 * Attaches the internals to the app's engine object. They are not enumerable, so that nobody copies or prints them by
 * accident.
 */
export const attachInternals = (engine: object, parts: EngineInternals): void =>
  void Object.defineProperty(engine, internals, { value: parts });

/**
 * Returns the internals of an engine. Throws `TypeError` that names the caller if the object is not an engine of this
 * package.
 */
export function internalsOf(engine: object, asked: string): EngineInternals {
  const found = (engine as { readonly [internals]?: EngineInternals })[internals];
  if (found === undefined) throw new TypeError(`${asked}: pass an engine created by createSyncEngine or engineOf`);
  return found;
}
