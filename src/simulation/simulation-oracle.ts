import type { Conflict } from '../model/conflict.ts';
import type { Delta } from '../model/values/delta.ts';
import type { SyncEvent } from '../model/events.ts';
import type { Json, JsonObject } from '../model/values/json.ts';
import { deepEqual } from '../rules/values/deep-equal.ts';
import { compareTimestamps } from '../rules/values/timestamp.ts';
import type { WriteRequest } from '../server/wire-rules.ts';
import type { ModelServer } from './model-server.ts';
import { simulatedKinds } from './simulated-app.ts';
import type { SimulatedClientKind, SimulatedServerKind } from './simulation-script.ts';
import { SimulationViolation } from './virtual-time.ts';
import { WatchedVersions } from './watched-versions.ts';

/** A device as far as it is watched: its name, and a way to look into its database beside everything else. */
export interface WatchedReplica {
  readonly name: string;
  readonly isUp: boolean;
  readonly database:
    | { readonly raw: { readonly inTransaction: boolean }; look<Row>(sql: string): readonly Row[] }
    | undefined;
}

/** What of a world decides which invariants can be held to. */
export interface WatchedWorld {
  readonly server: Pick<SimulatedServerKind, 'paging'> & Partial<Pick<SimulatedServerKind, 'deletes'>>;
  readonly client: Pick<SimulatedClientKind, 'strategy' | 'mergedPush'>;
}

/** The app's tables as the oracle reads them. */
export interface WatchedTables {
  readonly kinds: readonly string[];
  /** A row of SQLite as wire JSON. */
  toWire(kind: string, row: Readonly<Record<string, Json>>): JsonObject;
  /** Which device an operation is of. */
  ownerOf(opId: string): string;
}

/** A queued operation, read beside the engine. */
export interface QueuedNow {
  readonly seq: number;
  readonly opId: string;
  readonly kind: string;
  readonly id: string;
  readonly type: 'upsert' | 'delete';
  readonly payload: JsonObject | undefined;
  readonly changed: readonly string[] | undefined;
  readonly deltas: readonly Delta[];
  readonly requestId: string | null;
  readonly creates: boolean;
}

interface RawQueued {
  readonly seq: number;
  readonly op_id: string;
  readonly kind: string;
  readonly entity_id: string;
  readonly op: 'upsert' | 'delete';
  readonly payload: string | null;
  readonly changed_fields: string | null;
  readonly deltas: string | null;
  readonly request_id: string | null;
  readonly creates: number;
}

interface Memory {
  /** Undefined where the kinds are not those of the simulation. */
  readonly versions: WatchedVersions | undefined;
  queued: ReadonlyMap<string, QueuedNow>;
  readonly cursors: Map<string, string>;
}

/** What became of an operation that left the queue. */
export type Fate = 'applied' | 'givenUp';

const parse = <T>(text: string | null): T | undefined => (text === null ? undefined : (JSON.parse(text) as T));
const entityOf = ({ kind, id }: { readonly kind: string; readonly id: string }): string => `${kind}/${id}`;
const serverKeys = new Set(['id', 'updatedAt', 'deletedAt', 'createdAt']);

/** Watches every commit of every replica, and holds the engine to its invariants. */
export class SimulationOracle {
  /** All operations that were ever queued. */
  readonly operations = new Map<string, QueuedNow>();
  readonly fates = new Map<string, Fate>();
  readonly #memories = new Map<WatchedReplica, Memory>();
  readonly #toldDiscarded = new Set<string>();
  /** Entities whose whole row somebody decided by hand. */
  readonly #decided = new Set<string>();
  /** The server's clock went back: its versions no longer order what happened (F-161). */
  hasServerTurnedBack = false;

  constructor(
    private readonly world: WatchedWorld,
    private readonly server: ModelServer,
    private readonly tables: WatchedTables = simulatedWatch,
  ) {
    server.backend.onEffect = (request, before, after) => this.#onEffect(request, before, after);
  }

  readQueue(replica: WatchedReplica): readonly QueuedNow[] {
    const rows = replica.database?.look<RawQueued>(
      'SELECT "seq", "op_id", "kind", "entity_id", "op", "payload", "changed_fields", "deltas", "request_id", "creates" FROM "sync_outbox" ORDER BY "seq"',
    );
    return (rows ?? []).map((row) => ({
      seq: row.seq,
      opId: row.op_id,
      kind: row.kind,
      id: row.entity_id,
      type: row.op,
      payload: parse<JsonObject>(row.payload),
      changed: parse<string[]>(row.changed_fields),
      deltas: parse<Delta[]>(row.deltas) ?? [],
      requestId: row.request_id,
      creates: row.creates === 1,
    }));
  }

  /** Somebody decides a conflict by hand. Under `acceptClient` and `merge` the whole row counts, not only the edited fields. */
  noteDecision({ kind, entityId }: Conflict, how: string): void {
    if (how === 'acceptClient' || how === 'merge') this.#decided.add(`${kind}/${entityId}`);
  }

  onEvent(event: SyncEvent): void {
    if (event.type === 'op.discarded') this.#toldDiscarded.add(event.opId);
  }

  /**
   * A deletion is believed only where there was one: not after a gateway's 404, nor after a refusal (F-150, F-151).
   * Needs the server's whole history.
   */
  checkDeletion(event: SyncEvent): void {
    if (event.type !== 'conflict.detected' || !event.conflict.serverDeleted) return;
    const { kind, entityId } = event.conflict;
    const states = this.server.backend.history.get(`${kind}/${entityId}`) ?? [];
    if (!states.includes(null))
      throw new SimulationViolation('I1', `a deletion of ${kind}/${entityId} is told, and the server never deleted it`);
  }

  /** I1, I6: whatever left the queue with this commit has a reason, and no cursor moved back. */
  onCommit(replica: WatchedReplica): void {
    const memory = this.#memoryOf(replica);
    const queue = this.readQueue(replica);
    const now = new Map(queue.map((op) => [op.opId, op]));
    for (const op of queue) this.operations.set(op.opId, op);
    const gone = [...memory.queued.values()].filter(({ opId }) => !now.has(opId));
    if (gone.length > 0) {
      const discarded = new Set(
        replica.database?.look<{ op_id: string }>('SELECT "op_id" FROM "sync_discarded"').map((row) => row.op_id),
      );
      for (const op of gone) {
        const fate = discarded.has(op.opId) ? 'givenUp' : 'applied';
        this.fates.set(op.opId, fate);
        if (fate === 'applied') this.#assertApplied(replica, op, [...memory.queued.values()]);
      }
    }
    const applied = gone.filter(({ opId }) => this.fates.get(opId) === 'applied');
    const last = new Map(applied.map((op) => [entityOf(op), op.type]));
    memory.queued = now;
    this.#checkCursors(replica, memory);
    if (this.hasServerTurnedBack) return;
    memory.versions?.check(
      replica,
      this.tables.kinds,
      new Set(last.keys()),
      new Set([...last].flatMap(([entity, type]) => (type === 'delete' ? [entity] : []))),
    );
  }

  /** After a crash: what was not committed never was. */
  afterRestart(replica: WatchedReplica): void {
    this.#memoryOf(replica).queued = new Map(this.readQueue(replica).map((op) => [op.opId, op]));
  }

  // ── Every step ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** I4, I6: what the user sees has all pending edits in it; every server row that the cursor has passed is here. */
  check(replica: WatchedReplica): void {
    if (!replica.isUp || replica.database?.raw.inTransaction === true) return;
    const byEntity = new Map<string, QueuedNow[]>();
    for (const op of this.readQueue(replica)) byEntity.set(entityOf(op), [...(byEntity.get(entityOf(op)) ?? []), op]);
    const quarantined = new Set(
      replica.database
        ?.look<{ kind: string; entity_id: string }>('SELECT "kind", "entity_id" FROM "sync_quarantine"')
        .map((row) => `${row.kind}/${row.entity_id}`),
    );
    for (const kind of this.tables.kinds) {
      const rows = this.localRows(replica, kind);
      for (const [entity, ops] of byEntity) {
        if (ops[0]?.kind === kind && !quarantined.has(entity))
          this.#checkPending(replica, entity, ops, rows.get(ops[0].id));
      }
      // A hard delete shifts a listing by position and leaves no trace: only a full resync finds what it stepped over.
      if (this.hasServerTurnedBack) continue;
      if (this.world.server.paging !== 'offsetToken' || this.world.server.deletes === 'soft')
        this.#checkPassed(replica, kind, rows, quarantined);
    }
  }

  /** The rows of a replica as wire JSON, hidden and deleted ones too. */
  localRows(replica: WatchedReplica, kind: string): ReadonlyMap<string, JsonObject> {
    const raw = replica.database?.look<Record<string, Json>>(`SELECT * FROM "${kind}"`) ?? [];
    return new Map(raw.map((row) => [String(row['id']), this.tables.toWire(kind, row)]));
  }

  #checkPending(replica: WatchedReplica, entity: string, ops: readonly QueuedNow[], row: JsonObject | undefined): void {
    let isHidden = false;
    const fields = new Map<string, Json | undefined>();
    for (const op of ops) {
      isHidden = op.type === 'delete';
      if (op.payload === undefined) continue;
      for (const key of op.changed ?? Object.keys(op.payload))
        if (!serverKeys.has(key)) fields.set(key, op.payload[key] ?? null);
      for (const { field } of op.deltas) fields.set(field, undefined);
    }
    const seen = row !== undefined && row['deletedAt'] === null && row['deletedAtLocal'] === null;
    const ids = ops.map(({ opId }) => opId).join(', ');
    if (isHidden && seen)
      throw new SimulationViolation(
        'I4',
        `${replica.name}: ${entity} is shown although its deletion is pending (${ids})`,
      );
    if (!isHidden && !seen)
      throw new SimulationViolation(
        'I4',
        `${replica.name}: ${entity} is not shown although edits of it are pending (${ids}): ${JSON.stringify(row)}`,
      );
    if (isHidden || row === undefined) return;
    for (const [field, value] of fields) {
      if (value !== undefined && !deepEqual(row[field] ?? null, value))
        throw new SimulationViolation(
          'I4',
          `${replica.name}: ${entity}.${field} shows ${JSON.stringify(row[field])}, the pending edit (${ids}) says ${JSON.stringify(value)}`,
        );
    }
  }

  #checkPassed(
    replica: WatchedReplica,
    kind: string,
    rows: ReadonlyMap<string, JsonObject>,
    quarantined: ReadonlySet<string>,
  ): void {
    const cursor = this.#memoryOf(replica).cursors.get(kind);
    if (cursor === undefined) return;
    const bases = new Set(
      replica.database
        ?.look<{ kind: string; entity_id: string }>('SELECT "kind", "entity_id" FROM "sync_base"')
        .map((row) => `${row.kind}/${row.entity_id}`),
    );
    for (const row of this.server.backend.getAll(kind, { includeDeleted: true })) {
      const id = String(row['id']);
      const version = String(row['updatedAt']);
      if (compareTimestamps(version, cursor) >= 0 || bases.has(`${kind}/${id}`) || quarantined.has(`${kind}/${id}`))
        continue;
      const local = rows.get(id);
      const isDeletedThere = (row['deletedAt'] ?? null) !== null;
      if (local === undefined) {
        if (!isDeletedThere)
          throw new SimulationViolation(
            'I6',
            `${replica.name}: the cursor of ${kind} is at ${cursor}, and row ${id} of ${version} is not here`,
          );
        continue;
      }
      const localVersion = String(local['updatedAt'] ?? '');
      if (localVersion === '' || compareTimestamps(localVersion, version) < 0) {
        // A deletion that the server took of us is known without its version.
        if (isDeletedThere && local['deletedAtLocal'] !== null) continue;
        throw new SimulationViolation(
          'I6',
          `${replica.name}: the cursor of ${kind} is at ${cursor}, and row ${id} is still of ${localVersion}, not of ${version}`,
        );
      }
    }
  }

  #checkCursors(replica: WatchedReplica, memory: Memory): void {
    for (const { kind, ts, fetched } of replica.database?.look<{ kind: string; ts: string | null; fetched: number }>(
      'SELECT "kind", "ts", "resync_fetched" AS "fetched" FROM "sync_cursors"',
    ) ?? []) {
      const before = memory.cursors.get(kind);
      if (ts === null) continue;
      if (
        before !== undefined &&
        compareTimestamps(ts, before) < 0 &&
        this.world.server.paging === 'keyset' &&
        fetched !== 1
      )
        throw new SimulationViolation(
          'I6',
          `${replica.name}: the cursor of ${kind} moved back from ${before} to ${ts}`,
        );
      memory.cursors.set(kind, ts);
    }
  }

  // ── What it means to be applied ───────────────────────────────────────────────────────────────────────────────────

  #assertApplied(replica: WatchedReplica, op: QueuedNow, queue: readonly QueuedNow[]): void {
    const group = queue.filter((other) => other.kind === op.kind && other.id === op.id && other.seq >= op.seq);
    const ids = new Set(group.map(({ opId }) => opId));
    const written = this.server.backend.writes.some(
      ({ key, status, type }) =>
        key !== undefined &&
        ids.has(key.split('#')[0] ?? '') &&
        (status < 300 || (type === 'delete' && (status === 404 || status === 410))),
    );
    if (written && this.#keepsFields && op.changed !== undefined) {
      const superseded = new Set(group.filter(({ seq }) => seq > op.seq).flatMap(claimsOf));
      const own = claimsOf(op).filter((key) => !superseded.has(key) && !op.deltas.some(({ field }) => field === key));
      const isOverwritten = group.some(({ seq, type }) => seq > op.seq && type === 'delete');
      const states = this.server.backend.history.get(entityOf(op)) ?? [];
      // Lists are merged member by member: the whole of what one user wrote need never have been there.
      const lost = own.find(
        (key) =>
          !Array.isArray(op.payload?.[key]) &&
          !states.some((row) => row !== null && deepEqual(row[key] ?? null, op.payload?.[key] ?? null)),
      );
      if (lost === undefined || isOverwritten) return;
      throw new SimulationViolation(
        'I1',
        `${replica.name}: operation ${op.opId} left the queue as applied, and ${entityOf(op)}.${lost} never was what it says on the server`,
      );
    }
    // Who decides by hand may have chosen the server's side, which a refused write then turns out to be.
    const isDecided =
      this.world.client.strategy === 'manual' &&
      this.server.backend.writes.some(({ key }) => ids.has(key?.split('#')[0] ?? ''));
    if (written || isDecided || this.#isOnServer(op, group)) return;
    throw new SimulationViolation(
      'I1',
      `${replica.name}: operation ${op.opId} (${op.type} ${entityOf(op)}) left the queue, and the server never had it`,
    );
  }

  /** Whether field by field is merged: then nobody's edit of one field may undo another's of another field. */
  get #keepsFields(): boolean {
    const { strategy, mergedPush } = this.world.client;
    return (strategy === 'autoPreserve' || strategy === 'merge') && mergedPush === 'conditional';
  }

  /** I1: a write changes what the user changed, and takes back nobody else's edit. */
  #onEffect(request: WriteRequest, before: JsonObject | undefined, after: JsonObject | undefined): void {
    const { key, type, kind, id } = request;
    if (!this.#keepsFields || type === 'delete' || key === undefined || before === undefined || after === undefined)
      return;
    if (this.#decided.has(`${kind}/${id}`)) return;
    // What was deleted is brought back as a whole, without base.
    if (this.server.backend.history.get(`${kind}/${id}`)?.includes(null) === true) return;
    const newest = this.operations.get(key.split('#')[0] ?? '');
    if (newest === undefined) return;
    const owner = this.tables.ownerOf(newest.opId);
    const group = [...this.operations.values()].filter(
      (op) =>
        op.kind === kind &&
        op.id === id &&
        op.seq <= newest.seq &&
        this.tables.ownerOf(op.opId) === owner &&
        !this.fates.has(op.opId),
    );
    // A row that comes back is meant as a whole.
    if (group.some((op) => op.type === 'delete' || op.creates || op.changed === undefined)) return;
    const claimed = new Set([...group, newest].flatMap(claimsOf));
    for (const [field, value] of Object.entries(after)) {
      if (serverKeys.has(field) || claimed.has(field) || deepEqual(before[field] ?? null, value)) continue;
      throw new SimulationViolation(
        'I1',
        `request ${key} changed ${kind}/${id}.${field} from ${JSON.stringify(before[field])} to ${JSON.stringify(value)}, which its user did not`,
      );
    }
  }

  /** The server came to the same by another way: somebody else did it, or a lost answer was recognised. */
  #isOnServer(op: QueuedNow, group: readonly QueuedNow[]): boolean {
    const states = this.server.backend.history.get(entityOf(op)) ?? [];
    const isDeleted = states.length === 0 || states.includes(null);
    const endsInDelete = (group.at(-1) ?? op).type === 'delete';
    if (endsInDelete && (isDeleted || op.type === 'delete')) return isDeleted;
    // An edit with a deletion behind it that has not left yet stands for itself.
    const superseded = new Set(group.filter(({ seq }) => seq > op.seq).flatMap(claimsOf));
    const own = claimsOf(op).filter((key) => !superseded.has(key));
    return states.some((row) => row !== null && own.every((key) => says(row, key, op)));
  }

  #memoryOf(replica: WatchedReplica): Memory {
    const memory = this.#memories.get(replica) ?? {
      queued: new Map<string, QueuedNow>(),
      cursors: new Map<string, string>(),
      versions: this.tables === simulatedWatch ? new WatchedVersions() : undefined,
    };
    this.#memories.set(replica, memory);
    return memory;
  }
}

const claimsOf = (op: QueuedNow): readonly string[] =>
  [...(op.changed ?? Object.keys(op.payload ?? {})), ...op.deltas.map(({ field }) => field)].filter(
    (key) => !serverKeys.has(key),
  );

/**
 * Whether a row's field is what the operation wants: its value, or, for a set, that what was added is there and what
 * was taken out is not.
 */
function says(row: JsonObject, key: string, op: QueuedNow): boolean {
  const value = row[key] ?? null;
  const changes = op.deltas.filter(({ field }) => field === key);
  if (deepEqual(value, op.payload?.[key] ?? null)) return true;
  const members = value ?? [];
  if (changes.length === 0 || !Array.isArray(members)) return false;
  const has = (wanted: Json): boolean => members.some((member) => deepEqual(member, wanted));
  return changes.every((change) => {
    if (change.type === 'increment') return false;
    return change.values.every((wanted) => has(wanted) === (change.type === 'addToSet'));
  });
}

function toWire(kind: string, row: Readonly<Record<string, Json>>): JsonObject {
  const shared = { id: row['id'] ?? null, title: row['title'] ?? null };
  const times = {
    updatedAt: row['updated_at'] ?? null,
    deletedAt: row['deleted_at'] ?? null,
    deletedAtLocal: row['deleted_at_local'] ?? null,
  };
  if (kind === 'lists') return { ...shared, ...times };
  const tags = row['tags'];
  return {
    ...shared,
    note: row['note'] ?? null,
    done: row['done'] === 1,
    points: row['points'] ?? 0,
    tags: typeof tags === 'string' ? (JSON.parse(tags) as Json) : null,
    listId: row['list_id'] ?? null,
    ...times,
  };
}

const simulatedWatch: WatchedTables = { kinds: simulatedKinds, toWire, ownerOf: (opId) => opId.split('.')[0] ?? '' };
