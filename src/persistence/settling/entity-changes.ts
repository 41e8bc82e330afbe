import type { SyncFact } from '../../model/events.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { depart, type Departed, type DepartureMode } from '../../rules/pending/departure.ts';
import { newestKnown, readBases, toldOfDamagedBases, type BaseRecord } from '../outbox/base-rows.ts';
import { readQueues, type StoredOp } from '../outbox/outbox-rows.ts';
import type { SettledOperation } from '../outbox/transitions/settle-operations.ts';
import { forgetPosition } from '../replica/pull-positions.ts';
import type { BadRow } from '../replica/quarantine.ts';
import type { RowToStore } from '../replica/store-rows.ts';
import type { Session } from '../sql/session.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { upgradedQueues } from '../upgrades/upgrade-operations.ts';
import { BaseChanges, type KnownRow } from './base-changes.ts';
import { OperationChanges } from './operation-changes.ts';
import type { PlainDeparture } from './plainly-applied.ts';
import { RowChanges } from './row-changes.ts';

interface Departure {
  /** Numbers of the leaving operations. */
  readonly leaving: ReadonlySet<number>;
  readonly mode: DepartureMode;
  /** The new server row. */
  readonly known: KnownRow;
  /** The sent row, if the version of the server's row is unknown. */
  readonly lastSent?: JsonObject | undefined;
}

/**
 * Collects the changes of one transaction to queues, bases and rows of some entities of one kind, and writes them with
 * few statements. Every departure passes through here, so that followers are always rebuilt, rebased and promoted
 * (F-136).
 */
export class EntityChanges {
  readonly #queues: Map<string, StoredOp[]>;
  readonly #operations = new OperationChanges();
  readonly #bases: BaseChanges;
  readonly #rows: RowChanges;
  #listsAgain = false;

  private constructor(
    readonly table: ReplicaTable,
    queues: Map<string, StoredOp[]>,
    bases: ReadonlyMap<string, BaseRecord>,
  ) {
    this.#queues = queues;
    this.#bases = new BaseChanges(bases);
    this.#rows = new RowChanges({ exist: [...bases.values()].some(({ hasWireValues }) => hasWireValues === true) });
  }

  static async load(session: Session, table: ReplicaTable, entityIds: readonly string[]): Promise<EntityChanges> {
    return new EntityChanges(
      table,
      await upgradedQueues(session, table, await readQueues(session, table.kind, entityIds)),
      await readBases(session, table.kind, entityIds),
    );
  }

  queueOf(entityId: string): readonly StoredOp[] {
    return this.#queues.get(entityId) ?? [];
  }

  baseOf(entityId: string): BaseRecord | undefined {
    return this.#bases.of(entityId);
  }

  /** Reports unreadable bases. Their rows are fetched again. */
  get damage(): readonly SyncFact[] {
    return toldOfDamagedBases(this.table.kind, this.#bases.stored.values());
  }

  /** The operations that left, with their data. */
  get gone(): readonly StoredOp[] {
    return this.#operations.gone;
  }

  /** The newest known server row of the entity, in the form that a departure needs. */
  knownOf(entityId: string): KnownRow {
    const { row, version } = newestKnown(this.baseOf(entityId));
    return { row, version, deleted: row !== undefined && this.table.isDeleted(row) };
  }

  depart(entityId: string, { leaving, mode, known, lastSent }: Departure): Departed {
    const queue = this.queueOf(entityId);
    const [oldest] = queue;
    const departed = depart({
      ops: queue,
      leaving,
      mode,
      serverRow: known.row,
      serverVersion: known.version,
      serverDeleted: known.deleted,
      keys: this.table.keys,
    });
    const gone = new Set(departed.gone.map((op) => op.seq));
    const bySeq = new Map(queue.map((op) => [op.seq, op]));
    this.#operations.leave(queue.filter((op) => gone.has(op.seq)));
    this.#operations.stay(departed.remaining, (op) => bySeq.get(op.seq)?.damaged === undefined);
    this.#queues.set(
      entityId,
      departed.remaining.flatMap((op) => {
        const stored = bySeq.get(op.seq);
        return stored ? [{ ...stored, ...op }] : [];
      }),
    );
    // The pre-image belongs to the oldest operation. If that stays, so does the base.
    if (oldest === undefined || gone.has(oldest.seq)) {
      if (departed.remaining.length > 0 || lastSent !== undefined) this.#bases.rebase(entityId, known, lastSent);
      else this.#bases.remove(entityId);
    }
    this.#show(entityId, departed, known, mode);
    return departed;
  }

  /** Like {@link depart}, if these operations are the whole queue and the row is everything known. */
  leavePlainly(entityId: string, { ops, row, hasWireValues }: PlainDeparture): void {
    if (hasWireValues) this.#rows.noteWireValues();
    this.#operations.leave(ops);
    this.#bases.remove(entityId);
    this.writeRow({ id: entityId, row, server: row }, false);
  }

  /** Stores a newer server row under the pending operations, see {@link BaseChanges.refresh}. */
  refresh(entityId: string, known: KnownRow, { pulled = false }: { readonly pulled?: boolean } = {}): void {
    this.#bases.refresh(entityId, known, { pulled });
  }

  /** Removes the base of an entity without pending operations. */
  forget(entityId: string): void {
    this.#bases.remove(entityId);
  }

  writeRow(row: RowToStore, hidden: boolean): void {
    this.#rows.put(row, { hidden });
  }

  transition(change: SettledOperation): void {
    this.#operations.transition(change);
  }

  /** Writes all changes. Returns the rows that cannot be stored. */
  async flush(
    session: Session,
    options: { readonly now: number; readonly maxTryCount: number; readonly hiddenAt: string },
  ): Promise<readonly BadRow[]> {
    await this.#operations.write(session, options);
    await this.#bases.write(session, this.table);
    if (this.#listsAgain) await forgetPosition(session, this.table.kind);
    return this.#rows.write(session, this.table, options);
  }

  /** Updates what the user sees after the operations have left. */
  #show(entityId: string, departed: Departed, known: KnownRow, mode: DepartureMode): void {
    const { localRow, remaining, deletedLocally } = departed;
    const { tombstones } = this.table;
    if (localRow !== undefined) {
      const isGone = remaining.length === 0 && known.deleted && tombstones === 'remove';
      if (isGone) this.#remove(entityId, known);
      else this.writeRow({ id: entityId, row: localRow, server: known.row ?? localRow }, deletedLocally);
      return;
    }
    // Its base cannot be read, so it is unknown whether the server has the row. The local row stays, and the kind is
    // listed again (F-164).
    const isUnknown = known.row === undefined && this.#bases.stored.get(entityId)?.damaged !== undefined;
    if (isUnknown && mode !== 'applied') this.#listsAgain = true;
    // The server accepted a delete without returning a tombstone. Kept rows stay hidden until one arrives.
    else if (mode === 'applied' && tombstones === 'keep') this.#rows.hide(entityId);
    else this.#remove(entityId, known);
  }

  #remove(entityId: string, known: KnownRow): void {
    this.#rows.remove(entityId, known.version ?? newestKnown(this.#bases.stored.get(entityId)).version);
  }
}
