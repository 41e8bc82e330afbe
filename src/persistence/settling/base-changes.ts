import type { JsonObject } from '../../model/values/json.ts';
import { removeBases, writeBases, type BaseRecord } from '../outbox/base-rows.ts';
import type { Session } from '../sql/session.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';

/** What is known of the server's row when operations leave. */
export interface KnownRow {
  readonly row: JsonObject | undefined;
  readonly version: string | undefined;
  readonly deleted: boolean;
}

/** What one transaction does to the bases: the server rows that lie under pending operations. */
export class BaseChanges {
  readonly #toWrite = new Map<string, BaseRecord>();
  readonly #toRemove = new Set<string>();

  constructor(
    /** As they are stored. */
    readonly stored: ReadonlyMap<string, BaseRecord>,
  ) {}

  of(entityId: string): BaseRecord | undefined {
    return this.#toWrite.get(entityId) ?? this.stored.get(entityId);
  }

  /**
   * Puts a newer server row under the pending operations, without touching their bases. A pull does not tell whether
   * its row is the one that our last write made: where that write's version is unknown it stays so, and the row is
   * looked at before the next operation leaves (F-26).
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

  /** Puts the server's row under what is left; `lastSent` marks that its version is unknown. */
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

  /** Removes the base of an entity that has nothing pending. */
  remove(entityId: string): void {
    this.#toWrite.delete(entityId);
    this.#toRemove.add(entityId);
  }

  async write(session: Session, { kind, schema }: ReplicaTable): Promise<void> {
    await removeBases(session, kind, [...this.#toRemove]);
    await writeBases(session, kind, [...this.#toWrite.values()], schema.version);
  }
}
