import type { EntityManager } from 'typeorm';
import type { Op } from '../../model/operation.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { enqueueOp, type PreImage } from '../outbox/enqueue.ts';
import { preImageOf, versionOf } from '../outbox/local-change.ts';
import type { Session } from '../sql/session.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import type { QueuedWrite } from './await-level.ts';
import type { WriteOptions } from './write-options.ts';

interface PendingWriteParts {
  readonly table: ReplicaTable;
  readonly session: Session;
  readonly manager: EntityManager;
  /** Generates operation ids. */
  readonly opId: () => string;
  readonly now: () => number;
}

/** A write of one table within its transaction: reads the current row and queues the change. */
export class PendingWrite {
  readonly table: ReplicaTable;
  readonly session: Session;
  readonly manager: EntityManager;
  readonly now: () => number;
  /** Operations queued so far. */
  readonly queued: QueuedWrite[] = [];
  readonly #opId: () => string;

  constructor({ table, session, manager, opId, now }: PendingWriteParts) {
    this.table = table;
    this.session = session;
    this.manager = manager;
    this.now = now;
    this.#opId = opId;
  }

  async stored(id: string): Promise<JsonObject | undefined> {
    return (await this.table.rows.read(this.session, [id])).get(id);
  }

  /** Whether a stored row is deleted on the server or here. */
  async isGone(id: string, row: JsonObject): Promise<boolean> {
    return this.table.isDeleted(row) || (await this.table.rows.isDeletedLocally(this.session, id));
  }

  /** Stores a row. Local writes never change server-owned fields. */
  async store(row: JsonObject, before: JsonObject | undefined): Promise<void> {
    const { updatedAt, deletedAt } = this.table.keys;
    await this.table.rows.upsert(this.session, [{ ...row, [updatedAt]: before?.[updatedAt] ?? '', [deletedAt]: null }]);
  }

  /** The parts that every operation has. */
  opOf(id: string, options: WriteOptions | undefined) {
    return {
      kind: this.table.kind,
      id,
      opId: options?.opId ?? this.#opId(),
      localTimestamp: options?.localTimestamp ?? new Date(this.now()),
    };
  }

  async enqueue(
    op: Op,
    before: JsonObject | undefined,
    preImage: PreImage = preImageOf(this.table, before, undefined),
  ): Promise<void> {
    const replaced = op.creates ? { row: undefined, version: versionOf(this.table, before) } : preImage;
    await enqueueOp(this.session, op, this.table, replaced, this.now());
    this.queued.push({ opId: op.opId, kind: op.kind, entityId: op.id, type: op.type });
  }
}
