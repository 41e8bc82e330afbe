import { attachDevtools } from '../../devtools/agent/attach-devtools.ts';
import type { DevtoolsAgent } from '../../devtools/agent/devtools-agent.ts';
import { createSyncEngine } from '../../engine/create-sync-engine.ts';
import type { SyncEngine } from '../../engine/api/sync-engine.ts';
import type { RandomSource } from '../../model/platform/clock.ts';
import { defer, type ConflictResolver, type FieldRule } from '../../model/conflict.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';
import type { Op } from '../../model/operation.ts';
import { prepareTables } from '../../persistence/database/open-database.ts';
import { syncTable } from '../../persistence/tables/sync-table.ts';
import type { SyncEntityWriter } from '../../persistence/writing/writer.ts';
import { openWatchedDatabase, type CrashableDatabase } from '../../simulation/crashable-database.ts';
import { jsonEntity, type JsonRow } from '../../simulation/json-entity.ts';
import type { VirtualTime } from '../../simulation/virtual-time.ts';
import type { KnownOperation } from '../plan/known-operations.ts';
import type { PlannedTable } from '../plan/planned-tables.ts';
import type { ReplayPlan } from '../plan/replay-plan.ts';
import { restoreOperation, type RestoredOperation } from '../../persistence/outbox/transitions/restore-operation.ts';
import { dialectOf } from '../../persistence/drivers/profile-of.ts';
import { Session } from '../../persistence/sql/session.ts';
import type { ReplayTransport } from './replay-transport.ts';
import { openSqliteInMemory } from './sqlite-in-memory.ts';

export interface ReplicaParts {
  readonly plan: ReplayPlan;
  readonly time: VirtualTime;
  readonly transport: ReplayTransport;
  readonly random: RandomSource;
  readonly resolver: ConflictResolver | undefined;
  readonly onCommit: () => void;
}

/** The device of a replay: the real engine on a database in memory, with the tables that the file describes. */
export class ReplayReplica {
  readonly name = 'device';
  readonly database: CrashableDatabase;
  readonly engine: SyncEngine;
  readonly agent: DevtoolsAgent;
  readonly #writers: ReadonlyMap<string, SyncEntityWriter<JsonRow>>;
  readonly #listeners: Set<(online: boolean) => void>;
  #isUp = true;

  private constructor(
    private readonly parts: ReplicaParts,
    opened: Pick<ReplayReplica, 'database' | 'engine' | 'agent'>,
    writers: ReadonlyMap<string, SyncEntityWriter<JsonRow>>,
    listeners: Set<(online: boolean) => void>,
  ) {
    this.database = opened.database;
    this.engine = opened.engine;
    this.agent = opened.agent;
    this.#writers = writers;
    this.#listeners = listeners;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  static async open(parts: ReplicaParts): Promise<ReplayReplica> {
    const { plan, time, transport, random, resolver } = parts;
    const clock = {
      now: () => Math.floor(time.now()),
      setTimeout: time.setTimeout.bind(time),
      clearTimeout: time.clearTimeout.bind(time),
    };
    const entities = new Map(plan.tables.map((table) => [table.kind, jsonEntity(table.kind, table.fields)]));
    let isReady = false;
    const database = await openWatchedDatabase(await openSqliteInMemory(), [...entities.values()], clock, {
      onStatement: () => time.touch(),
      beforeCommit: () => undefined,
      afterCommit: () => {
        if (isReady) parts.onCommit();
      },
    });
    const { dataSource } = database;
    await prepareTables(dataSource, true);
    const tables = plan.tables.flatMap((table) => {
      const entity = entities.get(table.kind);
      return entity === undefined ? [] : [{ kind: table.kind, table: syncTable(entity, optionsOf(table, plan)) }];
    });
    let isOnline = !plan.startsOffline;
    const listeners = new Set<(online: boolean) => void>();
    listeners.add((online) => {
      isOnline = online;
    });
    const engine = createSyncEngine({
      dataSource,
      transport,
      clock,
      random,
      tables: tables.map(({ table }) => table),
      config: { ...plan.config, ...(resolver === undefined ? {} : { conflictResolver: resolver }) },
      connectivity: {
        isOnline: () => isOnline,
        subscribe: (listener) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      },
    });
    const agent = attachDevtools(engine, { name: 're-run' });
    isReady = true;
    return new ReplayReplica(
      parts,
      { database, engine, agent },
      new Map(tables.map(({ kind, table }) => [kind, engine.writer(table)])),
      listeners,
    );
  }

  sayOnline(online: boolean): void {
    for (const listener of [...this.#listeners]) listener(online);
  }

  /** Stores a row as if it had been pulled. */
  async seed(kind: string, id: string, fields: JsonObject, updatedAt: string): Promise<void> {
    await this.database.dataSource.manager
      .getRepository<JsonRow>(kind)
      .save(wholeRow(this.#table(kind), { ...fields, id, updatedAt, deletedAt: null }));
  }

  /** Edits a row and queues the recorded operation in one transaction, as the app did. */
  async write(operation: KnownOperation): Promise<void> {
    const { kind, id } = operation;
    const writer = this.#writers.get(kind);
    if (writer === undefined) return;
    const repository = this.database.dataSource.manager.getRepository<JsonRow>(kind);
    const before = await repository.findOneBy({ id });
    const others = this.database.look<{ kind: string; id: string }>(
      'SELECT "kind", "entity_id" AS "id" FROM "sync_outbox"',
    );
    const isFirst = !others.some((other) => other.kind === kind && other.id === id);
    const version = before?.updatedAt === undefined || before.updatedAt === '' ? undefined : before.updatedAt;
    const baseUpdatedAt = operation.creates ? undefined : isFirst ? (operation.baseUpdatedAt ?? version) : version;
    const shared = {
      kind,
      id,
      opId: operation.opId,
      localTimestamp: operation.localTimestamp,
      ...(baseUpdatedAt === undefined ? {} : { baseUpdatedAt }),
      creates: operation.creates,
    };
    const op: Op =
      operation.type === 'delete'
        ? { ...shared, type: 'delete' }
        : {
            ...shared,
            type: 'upsert',
            payload: operation.payload ?? { id },
            ...(operation.changedFields === undefined ? {} : { changedFields: operation.changedFields }),
            ...(operation.deltas === undefined ? {} : { deltas: operation.deltas }),
          };
    await writer.writeAndEnqueueOp(async (manager) => {
      const rows = manager.getRepository<JsonRow>(kind);
      if (operation.type === 'delete')
        await rows.update({ id }, { deletedAtLocal: new Date(operation.enqueuedAt).toISOString() });
      else {
        const own = wholeRow(this.#table(kind), {
          ...operation.payload,
          id,
          updatedAt: before?.updatedAt ?? '',
          deletedAt: null,
        });
        await rows.save({ ...before, ...own, deletedAtLocal: null });
      }
    }, op);
  }

  /** Runs a statement directly on the database, for data that only the store writes. */
  async run(sql: string, parameters: readonly unknown[]): Promise<void> {
    await this.database.dataSource.query(sql, [...parameters]);
  }

  /** Restores the recorded history of a queued operation. */
  async restore(opId: string, past: RestoredOperation): Promise<void> {
    const { dataSource } = this.database;
    await restoreOperation(new Session(dataSource.createQueryRunner(), dialectOf(dataSource)), opId, past);
  }

  async close(): Promise<void> {
    this.agent.detach();
    this.#isUp = false;
    this.database.crash();
    await this.engine.dispose().catch(() => undefined);
  }

  #table(kind: string): PlannedTable | undefined {
    return this.parts.plan.tables.find((table) => table.kind === kind);
  }
}

/** Only fields with a column. */
const wholeRow = (table: PlannedTable | undefined, row: JsonObject): JsonRow => {
  const known = new Set<string>([...(table?.fields ?? []), 'id', 'updatedAt', 'deletedAt']);
  return Object.fromEntries(Object.entries(row).filter(([key]) => known.has(key))) as JsonRow;
};

function optionsOf(table: PlannedTable, { tables }: ReplayPlan) {
  const {
    kind,
    strategy,
    fieldRules,
    deleteConflict,
    tombstones,
    pullOnly,
    pushOnly,
    sendChangedFields,
    dependsOn,
    fields,
  } = table;
  const known = dependsOn.filter(
    (other) =>
      tables.some((each) => each.kind === other.kind) && (other.key === undefined || fields.includes(other.key)),
  );
  const keyed = known.flatMap(({ key, kind: parent }) => (key === undefined ? [] : [[key, parent] as const]));
  return {
    kind,
    tombstones,
    pullOnly,
    pushOnly,
    sendChangedFields,
    conflict: {
      strategy,
      ...(Object.keys(fieldRules).length === 0 ? {} : { fields: fieldRules as Readonly<Record<string, FieldRule>> }),
      ...(deleteConflict === undefined ? {} : { deleteConflict }),
    },
    ...(known.length === 0
      ? {}
      : { dependsOn: keyed.length === known.length ? Object.fromEntries(keyed) : known.map((other) => other.kind) }),
  };
}

/** Answers like the app's resolver; defers conflicts without a recorded answer. */
export const recordedResolver =
  (resolutionOf: (opId: string) => ReturnType<typeof defer> | undefined): ConflictResolver =>
  ({ opId }) =>
    resolutionOf(opId) ?? defer();

/** A row of SQLite as wire JSON. */
export const toWireRow = (row: Readonly<Record<string, Json>>): JsonObject => {
  const {
    id,
    updated_at: updatedAt = '',
    deleted_at: deletedAt = null,
    deleted_at_local: deletedAtLocal = null,
    ...fields
  } = row;
  const values = Object.entries(fields).map(
    ([key, text]) => [key, typeof text === 'string' ? (JSON.parse(text) as Json) : null] as const,
  );
  return { id: id ?? null, ...Object.fromEntries(values), updatedAt, deletedAt, deletedAtLocal };
};
