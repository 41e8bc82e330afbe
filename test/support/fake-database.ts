import type { StoredConflict } from '../../src/model/conflict.ts';
import type { GivenUp, SyncFact } from '../../src/model/events.ts';
import type { JsonObject } from '../../src/model/values/json.ts';
import type { SyncKind } from '../../src/model/kind.ts';
import type { Op } from '../../src/model/operation.ts';
import type { PersistedState, PullPosition, TakenRequest } from '../../src/model/ports.ts';
import type { QueueState } from '../../src/model/queue.ts';
import type { ConflictRef } from '../../src/model/run.ts';
import type { DepartureMode } from '../../src/rules/pending/departure.ts';
import { depart } from '../../src/rules/pending/departure.ts';
import type { PendingOp } from '../../src/rules/pending/pending-op.ts';
import { overlay } from '../../src/rules/pending/overlay.ts';

export interface Queued {
  readonly seq: number;
  op: Op;
  state: QueueState;
  parkedFor?: 'conflict' | 'stuck' | 'ambiguous' | undefined;
  dueAt?: number | undefined;
  tryCount: number;
  lastError?: string | undefined;
  errorCode?: string | undefined;
  /** Held by the newest operation of a frozen group. */
  request?: TakenRequest | undefined;
  /** Requests made so far; the next key is counted from it. */
  attempt: number;
  /** Run in which it failed alone. */
  failedInRun?: number | undefined;
  readonly enqueuedAt: number;
}

/** The newest server row known of an entity with something pending, or whose version is unknown. */
export interface Known {
  readonly row: JsonObject | undefined;
  readonly version?: string | undefined;
  readonly deleted: boolean;
  /** What the last accepted request carried, while the version is unknown. */
  readonly lastSent?: JsonObject | undefined;
}

export interface Resync {
  position: PullPosition;
  readonly seen: Set<string>;
  received: number;
  fetched: boolean;
  byToken?: boolean;
}

export const entityKey = (kind: string, id: string): string => `${kind}/${id}`;
export const refOf = ({ conflict: { kind, entityId, opId } }: StoredConflict): ConflictRef => ({
  kind,
  entityId,
  opId,
});
export const givenUpOf = ({ op }: Queued): GivenUp => ({
  opId: op.opId,
  kind: op.kind,
  entityId: op.id,
  operationType: op.type,
  data: op.type === 'upsert' ? op.payload : {},
  ...(op.type === 'upsert' && op.changedFields !== undefined ? { changedFields: op.changedFields } : {}),
});
export const discardedFacts = (
  gone: readonly Queued[],
  reason: Extract<SyncFact, { type: 'op.discarded' }>['reason'],
): readonly SyncFact[] =>
  gone.map((queued) => ({
    type: 'op.discarded',
    opId: queued.op.opId,
    kind: queued.op.kind,
    entityId: queued.op.id,
    reason,
    givenUp: reason === 'foldedAway' ? [] : [givenUpOf(queued)],
  }));

export const fakeKeys = { id: 'id', updatedAt: 'updatedAt', deletedAt: 'deletedAt' } as const;
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
export const fakeKind = (kind: string, parts: Partial<SyncKind> = {}): SyncKind => ({
  kind,
  keys: fakeKeys,
  readId: (row) => (typeof row['id'] === 'string' ? row['id'] : undefined),
  readUpdatedAt: (row) => textOf(row['updatedAt'] ?? row['updated_at']),
  isDeleted: (row) => (row['deletedAt'] ?? row['deleted_at'] ?? null) !== null,
  conflict: {},
  pullOnly: false,
  pushOnly: false,
  dependsOn: [],
  sendChangedFields: false,
  syncIntervalMs: undefined,
  ...parts,
});
const anyKind = fakeKind('any');

export const pendingOf = ({ seq, op }: Queued): PendingOp => ({
  seq,
  opId: op.opId,
  type: op.type,
  creates: op.creates,
  localTimestamp: op.localTimestamp,
  ...(op.baseUpdatedAt === undefined ? {} : { baseUpdatedAt: op.baseUpdatedAt }),
  ...(op.type === 'upsert'
    ? { payload: op.payload, ...(op.changedFields === undefined ? {} : { changedFields: op.changedFields }) }
    : {}),
});

/** What outlives an engine: give it to a second store to reopen, or to share, the same "database". */
export class FakeDatabase {
  seq = 0;
  ops: Queued[] = [];
  readonly rows = new Map<string, Map<string, JsonObject>>();
  readonly known = new Map<string, Known>();
  readonly positions = new Map<string, PullPosition>();
  readonly resyncs = new Map<string, Resync>();
  /** When each kind's last full resync ended, epoch ms. */
  readonly resyncedAt = new Map<string, number>();
  readonly pulledAt = new Map<string, number>();
  readonly conflicts = new Map<string, StoredConflict>();
  state: PersistedState = { paused: false, attempt: 0, clockOffsetMs: 0 };
  scope: string | undefined;
  lease = { owner: '', token: 0, expiresAt: 0 };
  readonly listeners = new Set<(change: { enqueued: boolean }) => void>();

  changed(enqueued = false): void {
    for (const listener of this.listeners) listener({ enqueued });
  }

  rowsOf(kind: string): Map<string, JsonObject> {
    const rows = this.rows.get(kind) ?? new Map<string, JsonObject>();
    this.rows.set(kind, rows);
    return rows;
  }

  queueOf(kind: string, id: string): Queued[] {
    return this.ops.filter(({ op }) => op.kind === kind && op.id === id);
  }

  /** Puts a server row into place, with what is pending on top (I4). */
  show(kind: string, id: string, row: JsonObject | undefined): void {
    const local = overlay(row, this.queueOf(kind, id).map(pendingOf), fakeKeys);
    if (local.row === undefined || local.deletedLocally || anyKind.isDeleted(local.row)) this.rowsOf(kind).delete(id);
    else this.rowsOf(kind).set(id, local.row);
  }

  enqueue(op: Op, now: number): void {
    const queue = this.queueOf(op.kind, op.id);
    if (queue.length === 0 && !this.known.has(entityKey(op.kind, op.id))) {
      const row = op.creates ? undefined : this.rowsOf(op.kind).get(op.id);
      this.known.set(entityKey(op.kind, op.id), { row, version: row && anyKind.readUpdatedAt(row), deleted: false });
    }
    this.ops.push({
      seq: ++this.seq,
      op,
      state: queue.length > 0 ? 'behind' : 'ready',
      tryCount: 0,
      attempt: 0,
      enqueuedAt: now,
    });
  }

  /** Operations leave: those that stay are rebuilt on the server row known now, and the next has its turn. */
  leave(
    kind: string,
    id: string,
    opIds: readonly string[],
    mode: DepartureMode,
    known: Known | undefined = this.known.get(entityKey(kind, id)),
  ): readonly Queued[] {
    const queue = this.queueOf(kind, id);
    const server = known ?? { row: undefined, deleted: false };
    const departed = depart({
      ops: queue.map(pendingOf),
      leaving: new Set(queue.filter(({ op }) => opIds.includes(op.opId)).map(({ seq }) => seq)),
      mode,
      serverRow: server.row,
      serverVersion: server.version,
      serverDeleted: server.deleted,
      keys: fakeKeys,
    });
    const remaining = new Map(departed.remaining.map((op) => [op.seq, op]));
    this.ops = this.ops.filter((queued) => !queue.includes(queued) || remaining.has(queued.seq));
    for (const queued of queue) {
      const rebuilt = remaining.get(queued.seq);
      if (rebuilt !== undefined) queued.op = rebuiltOp(queued.op, rebuilt);
    }
    const [head] = this.queueOf(kind, id);
    if (head?.state === 'behind') head.state = 'ready';
    if (head === undefined && server.lastSent === undefined) this.known.delete(entityKey(kind, id));
    else this.known.set(entityKey(kind, id), server);
    this.show(kind, id, server.row);
    return queue.filter(({ seq }) => !remaining.has(seq));
  }
}

function rebuiltOp(op: Op, { creates, payload, baseUpdatedAt }: PendingOp): Op {
  const { baseUpdatedAt: _old, ...rest } = op;
  const base = baseUpdatedAt === undefined ? {} : { baseUpdatedAt };
  return rest.type === 'upsert' ? { ...rest, creates, payload: payload ?? {}, ...base } : { ...rest, creates, ...base };
}
