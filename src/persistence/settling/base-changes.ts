import type { JsonObject } from '../../model/values/json.ts';
import { removeBases, writeBases, type BaseRecord } from '../outbox/base-rows.ts';
import type { Session } from '../sql/session.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';

/** The known server row when operations leave. */
export interface KnownRow {
  readonly row: JsonObject | undefined;
  readonly version: string | undefined;
  readonly deleted: boolean;
}

/** The changes of one transaction to the bases: the server rows under pending operations. */
export class BaseChanges {
  readonly #toWrite = new Map<string, BaseRecord>();
  readonly #toRemove = new Set<string>();

  constructor(
    /** The stored bases. */
    readonly stored: ReadonlyMap<string, BaseRecord>,
  ) {}

  of(entityId: string): BaseRecord | undefined {
    return this.#toWrite.get(entityId) ?? this.stored.get(entityId);
  }

  /**
   * Stores a newer server row under the pending operations and keeps their bases. A pull does not reveal whether its
   * row stems from our last write. If the version of that write is unknown, it stays unknown, and the row is read
   * before the next operation is sent (F-26).
   */
  refresh(entityId: string, known: KnownRow, { pulled }: { readonly pulled: boolean }): void {
    const before = this.of(entityId);
    this.#toWrite.set(entityId, {
      entityId,
      baseRow: before?.baseRow,
      baseVersion: before?.baseVersion,
      serverRow: known.row,
      serverVersion: known.version,
      versionUnknown: pulled && before?.versionUnknown === true,
      lastSent: pulled ? before?.lastSent : undefined,
    });
  }

  /** Stores the server's row under the remaining operations. `lastSent` marks its version as unknown. */
  rebase(entityId: string, known: KnownRow, lastSent: JsonObject | undefined): void {
    this.#toRemove.delete(entityId);
    this.#toWrite.set(entityId, {
      entityId,
      baseRow: known.row,
      baseVersion: known.version,
      serverRow: undefined,
      serverVersion: undefined,
      versionUnknown: lastSent !== undefined,
      lastSent,
    });
  }

  /** Removes the base of an entity without pending operations. */
  remove(entityId: string): void {
    this.#toWrite.delete(entityId);
    this.#toRemove.add(entityId);
  }

  async write(session: Session, { kind, schema }: ReplicaTable): Promise<void> {
    await removeBases(session, kind, [...this.#toRemove]);
    await writeBases(session, kind, [...this.#toWrite.values()], schema.version);
  }
}
