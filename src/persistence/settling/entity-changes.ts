import type { SyncFact } from '../../model/events.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { depart, type Departed, type DepartureMode } from '../../rules/pending/departure.ts';
import type { PendingOp } from '../../rules/pending/pending-op.ts';
import {
  newestKnown,
  readBases,
  removeBases,
  toldOfDamagedBases,
  writeBases,
  type BaseRecord,
} from '../outbox/base-rows.ts';
import { readQueues, type StoredOp } from '../outbox/outbox-rows.ts';
import { leave, promote } from '../outbox/transitions/lead-line.ts';
import { rebuildOperations } from '../outbox/transitions/contents.ts';
import { settleOperations, type SettledOperation } from '../outbox/transitions/settle-operations.ts';
import type { PlainDeparture } from './plainly-applied.ts';
import { forgetPosition } from '../replica/pull-positions.ts';
import { releaseFromQuarantine, type BadRow } from '../replica/quarantine.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { Session } from '../sql/session.ts';
import { noteRemoved, type RemovedRow } from '../replica/removed-rows.ts';
import { storeRows, type RowToStore } from '../replica/store-rows.ts';
import { upgradedQueues } from '../upgrades/upgrade-operations.ts';
import type { WireValuesNote } from '../columns/wire-values.ts';

/** What is known of the server's row when operations leave. */
export interface KnownRow {
  readonly row: JsonObject | undefined;
  readonly version: string | undefined;
  readonly deleted: boolean;
}

/**
 * Collects what one transaction does to the queues, bases and rows of some entities of one kind, and writes it in few
 * statements. Every departure from a queue goes through here, so that followers are always rebuilt, rebased and
 * promoted (F-136).
 */
export class EntityChanges {
  private readonly goneSeqs: number[] = [];
  private readonly goneOps: StoredOp[] = [];
  private readonly rebuilt: PendingOp[] = [];
  private readonly promoted: number[] = [];
  private readonly transitions: SettledOperation[] = [];
  private readonly basesToWrite = new Map<string, BaseRecord>();
  private readonly basesToRemove = new Set<string>();
  private readonly rowsToWrite: RowToStore[] = [];
  private readonly hiddenRowsToWrite: RowToStore[] = [];
  private readonly rowsToRemove: string[] = [];
  private readonly removed: RemovedRow[] = [];
  private readonly rowsToHide: string[] = [];
  private readonly rowsToShow: string[] = [];
  private listsAgain = false;
  private readonly wireValues: WireValuesNote;

  private constructor(
    readonly table: ReplicaTable,
    readonly queues: Map<string, StoredOp[]>,
    readonly bases: Map<string, BaseRecord>,
  ) {
    this.wireValues = { exist: [...bases.values()].some(({ hasWireValues }) => hasWireValues === true) };
  }

  static async load(session: Session, table: ReplicaTable, entityIds: readonly string[]): Promise<EntityChanges> {
    return new EntityChanges(
      table,
      await upgradedQueues(session, table, await readQueues(session, table.kind, entityIds)),
      await readBases(session, table.kind, entityIds),
    );
  }

  queueOf(entityId: string): readonly StoredOp[] {
    return this.queues.get(entityId) ?? [];
  }

  baseOf(entityId: string): BaseRecord | undefined {
    return this.basesToWrite.get(entityId) ?? this.bases.get(entityId);
  }

  /** Tells of the bases that could not be read: their rows are looked up anew. */
  get damage(): readonly SyncFact[] {
    return toldOfDamagedBases(this.table.kind, this.bases.values());
  }

  /** The operations that left, with what they carried. */
  get gone(): readonly StoredOp[] {
    return this.goneOps;
  }

  /** The newest server row known for the entity, as a departure needs it. */
  knownOf(entityId: string): KnownRow {
    const { row, version } = newestKnown(this.baseOf(entityId));
    return { row, version, deleted: row !== undefined && this.table.isDeleted(row) };
  }

  /**
   * Operations leave. `known` is the server's row from now on; `lastSent` marks that its version is unknown, and holds
   * what was sent.
   */
  depart(
    entityId: string,
    leaving: ReadonlySet<number>,
    mode: DepartureMode,
    known: KnownRow,
    lastSent?: JsonObject,
  ): Departed {
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
    this.goneSeqs.push(...gone);
    this.goneOps.push(...queue.filter((op) => gone.has(op.seq)));
    const bySeq = new Map(queue.map((op) => [op.seq, op]));
    this.queues.set(
      entityId,
      departed.remaining.flatMap((op) => {
        const stored = bySeq.get(op.seq);
        return stored ? [{ ...stored, ...op }] : [];
      }),
    );
    // What is damaged stays as it is stored, to be seen and repaired (F-164).
    this.rebuilt.push(...departed.remaining.filter((op) => bySeq.get(op.seq)?.damaged === undefined));
    const head = departed.remaining[0];
    if (head) this.promoted.push(head.seq);
    // The pre-image belongs to the oldest operation: where that stays, so does what it came from.
    if (oldest === undefined || gone.has(oldest.seq))
      this.rebase(entityId, known, lastSent, departed.remaining.length > 0);
    this.show(entityId, departed, known, mode);
    return departed;
  }

  /** As {@link depart}, where the operations are all that is queued and the row is all that is known. */
  leavePlainly(entityId: string, { ops, row, hasWireValues }: PlainDeparture): void {
    if (hasWireValues) this.wireValues.exist = true;
    for (const op of ops) {
      this.goneSeqs.push(op.seq);
      this.goneOps.push(op);
    }
    this.basesToRemove.add(entityId);
    this.writeRow({ id: entityId, row, server: row }, false);
  }

  /**
   * Puts a newer server row under the pending operations, without touching their bases. A pull does not tell whether
   * its row is the one that our last write made: where that write's version is unknown it stays so, and the row is
   * looked at before the next operation leaves (F-26).
   */
  refresh(entityId: string, known: KnownRow, { pulled = false }: { readonly pulled?: boolean } = {}): void {
    const before = this.baseOf(entityId);
    this.basesToWrite.set(entityId, {
      entityId,
      baseRow: before?.baseRow,
      baseVersion: before?.baseVersion,
      serverRow: known.row,
      serverVersion: known.version,
      versionUnknown: pulled && before?.versionUnknown === true,
      lastSent: pulled ? before?.lastSent : undefined,
    });
  }

  /** Drops the base of an entity that has nothing pending. */
  forget(entityId: string): void {
    this.basesToRemove.add(entityId);
  }

  writeRow(row: RowToStore, hidden: boolean): void {
    (hidden ? this.hiddenRowsToWrite : this.rowsToWrite).push(row);
  }

  transition(change: SettledOperation): void {
    this.transitions.push(change);
  }

  /** Writes it all; gives back the rows that cannot be stored. */
  async flush(
    session: Session,
    options: { readonly now: number; readonly maxTryCount: number; readonly hiddenAt: string },
  ): Promise<readonly BadRow[]> {
    const { kind } = this.table;
    await leave(session, this.goneSeqs);
    await rebuildOperations(
      session,
      this.rebuilt.map(({ seq, payload, baseUpdatedAt, creates }) => ({
        seq,
        payload: payload === undefined ? null : JSON.stringify(payload),
        base: baseUpdatedAt,
        creates,
      })),
    );
    await settleOperations(session, this.transitions, options.now);
    await promote(session, this.promoted, options.maxTryCount);
    await removeBases(session, kind, [...this.basesToRemove]);
    await writeBases(session, kind, [...this.basesToWrite.values()], this.table.schema.version);
    if (this.listsAgain) await forgetPosition(session, kind);
    await noteRemoved(session, kind, this.removed, options.now);
    await this.table.rows.removeOrHide(session, this.rowsToRemove, options.hiddenAt);
    const bad = [
      ...(await storeRows(session, this.table, this.rowsToWrite, { despiteTable: true, wireValues: this.wireValues })),
      ...(await storeRows(session, this.table, this.hiddenRowsToWrite, {
        despiteTable: true,
        keepDeletedLocally: true,
        wireValues: this.wireValues,
      })),
    ];
    // A delete may be queued for a row that was not here yet: it does not appear with the pull that brings it (I4).
    await this.table.rows.hideShown(
      session,
      this.hiddenRowsToWrite.map(({ id }) => id),
      options.hiddenAt,
    );
    await this.table.rows.markDeletedLocally(session, this.rowsToHide, options.hiddenAt);
    await this.table.rows.markDeletedLocally(session, this.rowsToShow, null);
    const badIds = new Set(bad.map(({ id }) => id));
    await releaseFromQuarantine(
      session,
      kind,
      // What is deleted must not come back from there either.
      [
        ...[...this.rowsToWrite, ...this.hiddenRowsToWrite].map(({ id }) => id),
        ...this.rowsToRemove,
        ...this.rowsToHide,
      ].filter((id) => !badIds.has(id)),
    );
    return bad;
  }

  private rebase(entityId: string, known: KnownRow, lastSent: JsonObject | undefined, pending: boolean): void {
    if (!pending && lastSent === undefined) {
      this.basesToWrite.delete(entityId);
      this.basesToRemove.add(entityId);
      return;
    }
    this.basesToRemove.delete(entityId);
    this.basesToWrite.set(entityId, {
      entityId,
      baseRow: known.row,
      baseVersion: known.version,
      serverRow: undefined,
      serverVersion: undefined,
      versionUnknown: lastSent !== undefined,
      lastSent,
    });
  }

  private show(entityId: string, departed: Departed, known: KnownRow, mode: DepartureMode): void {
    if (departed.localRow === undefined) {
      // Its base cannot be read: that the server has no row is not known. What is here stays, and the kind is listed
      // again (F-164).
      if (known.row === undefined && mode !== 'applied' && this.bases.get(entityId)?.damaged !== undefined) {
        this.listsAgain = true;
        return;
      }
      // A delete that the server took without showing a tombstone: kept rows stay hidden until one arrives.
      if (mode === 'applied' && this.table.tombstones === 'keep') this.rowsToHide.push(entityId);
      else this.remove(entityId, known);
      return;
    }
    if (departed.remaining.length === 0 && known.deleted && this.table.tombstones === 'remove')
      this.remove(entityId, known);
    else
      this.writeRow(
        { id: entityId, row: departed.localRow, server: known.row ?? departed.localRow },
        departed.deletedLocally,
      );
  }

  private remove(entityId: string, known: KnownRow): void {
    this.rowsToRemove.push(entityId);
    const version = known.version ?? newestKnown(this.bases.get(entityId)).version;
    if (version !== undefined) this.removed.push({ id: entityId, version });
  }
}
