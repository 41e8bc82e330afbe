import type {
  InspectedKind,
  InspectedOperation,
  InspectedRow,
  InspectionPort,
  OperationFilter,
  Page,
  PageOptions,
} from '../../model/inspection.ts';
import { ValidationError } from '../../model/errors/errors.ts';
import { newestKnown, readBases } from '../outbox/base-rows.ts';
import { OutboxState } from '../database/outbox-columns.ts';
import { outboxSelection, toStoredOp, type RawOutboxRow, type StoredOp } from '../outbox/outbox-rows.ts';
import { stateNameOf, stateNames } from '../outbox/queue-state-names.ts';
import { quoted } from '../sql/quoted-name.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { listOf, type Session } from '../sql/session.ts';
import type { StoreContext } from '../database/store-context.ts';

const mostRows = 500;

const boundsOf = ({ offset = 0, limit = 100 }: PageOptions): { readonly offset: number; readonly limit: number } => ({
  offset: Math.max(0, Math.trunc(offset)),
  limit: Math.min(mostRows, Math.max(0, Math.trunc(limit))),
});

interface Condition {
  readonly sql: string;
  readonly parameters: readonly unknown[];
}
const all = (conditions: readonly (Condition | undefined)[]): Condition => {
  const given = conditions.filter((condition) => condition !== undefined);
  return {
    sql: given.length === 0 ? 'true' : given.map(({ sql }) => sql).join(' AND '),
    parameters: given.flatMap(({ parameters }) => parameters),
  };
};
const likeText = (text: string): string => text.replaceAll(/[\\%_]/g, (character) => `\\${character}`);

/** Reads the database for tools: pages of the queue, of kinds, and of rows in every known version. Never writes. */
export function createInspection(context: StoreContext): InspectionPort {
  const { unit, registry } = context;
  const tableFor = (kind: string): ReplicaTable => {
    const table = registry.get(kind);
    if (table === undefined)
      throw new ValidationError(`kind '${kind}' is not registered; known are ${[...registry.keys()].join(', ')}`);
    return table;
  };

  return {
    operations: (filter: OperationFilter = {}): Promise<Page<InspectedOperation>> =>
      unit.read(async (session) => {
        const { offset, limit } = boundsOf(filter);
        const where = operationsWhere(session, filter);
        const total = await count(session, `"sync_outbox" WHERE ${where.sql}`, where.parameters);
        const rows = await session.query<RawOutboxRow>(
          `SELECT ${outboxSelection} FROM "sync_outbox" WHERE ${where.sql} ORDER BY "seq" LIMIT ${limit} OFFSET ${offset}`,
          [...where.parameters],
        );
        return { items: await inspected(session, rows.map(toStoredOp)), total, offset };
      }),

    operation: (opId) =>
      unit.read(async (session) => {
        const row = await session.one<RawOutboxRow>(`SELECT ${outboxSelection} FROM "sync_outbox" WHERE "op_id" = ?`, [
          opId,
        ]);
        return row === undefined ? undefined : (await inspected(session, [toStoredOp(row)]))[0];
      }),

    kinds: () => unit.read((session) => inspectKinds(session, [...registry.values()])),

    rows: (kind, options = {}) =>
      unit.read(async (session) => {
        const table = tableFor(kind);
        const { offset, limit } = boundsOf(options);
        const { ids, total } = await idsOf(session, table, options, { offset, limit });
        return { items: await inspectRows(session, table, ids), total, offset };
      }),

    row: (kind, id) =>
      unit.read(async (session) => {
        const [row] = await inspectRows(session, tableFor(kind), [id]);
        return row ?? { id, pending: 0, conflict: false };
      }),
  };
}

const sqlNameOf = (table: ReplicaTable): string => table.table;
const idColumnOf = (table: ReplicaTable): string => quoted(table.metadata.primaryColumns[0]?.databaseName ?? 'id');

const count = async (session: Session, from: string, parameters: readonly unknown[]): Promise<number> =>
  Number(
    (await session.one<{ count: number | string }>(`SELECT COUNT(*) AS "count" FROM ${from}`, parameters))?.count ?? 0,
  );

function operationsWhere(session: Session, { kinds, states, text }: OperationFilter): Condition {
  const numbers = states?.map((state) =>
    Number(Object.entries(stateNames).find(([, name]) => name === state)?.[0] ?? -1),
  );
  return all([
    kinds && { sql: session.dialect.inList('"kind"'), parameters: [listOf(kinds)] },
    numbers && { sql: `"state" IN (${numbers.length === 0 ? 'NULL' : numbers.join(', ')})`, parameters: [] },
    text === undefined || text === ''
      ? undefined
      : {
          sql: `("op_id" LIKE ? ESCAPE '\\' OR "entity_id" LIKE ? ESCAPE '\\')`,
          parameters: [`%${likeText(text)}%`, `%${likeText(text)}%`],
        },
  ]);
}

async function inspected(session: Session, ops: readonly StoredOp[]): Promise<readonly InspectedOperation[]> {
  const behind = ops.filter((op) => op.state === OutboxState.behind);
  const heads = new Map<number, string>();
  if (behind.length > 0) {
    const rows = await session.query<{ seq: number | string; before: string | null }>(
      `SELECT o."seq", (SELECT p."op_id" FROM "sync_outbox" p WHERE p."kind" = o."kind" AND p."entity_id" = o."entity_id" AND p."seq" < o."seq" ORDER BY p."seq" DESC LIMIT 1) AS "before"
       FROM "sync_outbox" o WHERE ${session.dialect.inList('o."seq"')}`,
      [listOf(behind.map((op) => op.seq))],
    );
    for (const { seq, before } of rows) if (before !== null) heads.set(Number(seq), before);
  }
  return ops.map(
    ({
      // The remaining columns are shown as stored.
      seq,
      state,
      parked,
      frozenBase: _frozenBase,
      schemaVersion: _schemaVersion,
      frozenVersion: _frozenVersion,
      damaged: _damaged,
      stored: _stored,
      ...shown
    }): InspectedOperation => ({
      ...shown,
      state: stateNameOf(state),
      parkedFor: parked,
      waitingFor: heads.get(seq) ?? (shown.errorCode === 'waitingFor' ? shown.lastError : undefined),
    }),
  );
}

interface CursorState {
  readonly kind: string;
  readonly ts: string | null;
  readonly lastId: string | null;
  readonly lastPullAt: number | string | null;
  readonly lastResyncAt: number | string | null;
  readonly generation: number;
  readonly open: number;
  readonly marking: number;
  readonly fetched: number;
  readonly received: number;
}

async function inspectKinds(session: Session, tables: readonly ReplicaTable[]): Promise<readonly InspectedKind[]> {
  const cursors = await session.query<CursorState>(
    `SELECT "kind", "ts", "last_id" AS "lastId", "last_pull_at" AS "lastPullAt", "last_resync_at" AS "lastResyncAt", "resync_generation" AS "generation", "resync_open" AS "open",
       "resync_marking" AS "marking", "resync_fetched" AS "fetched", "resync_rows" AS "received" FROM "sync_cursors"`,
  );
  const perKind = async (name: string): Promise<ReadonlyMap<string, number>> => {
    const rows = await session.query<{ kind: string; count: number | string }>(
      `SELECT "kind", COUNT(*) AS "count" FROM "${name}" GROUP BY "kind"`,
    );
    return new Map(rows.map(({ kind, count: found }) => [kind, Number(found)]));
  };
  const pending = await perKind('sync_outbox');
  const quarantined = await perKind('sync_quarantine');
  const kinds: InspectedKind[] = [];
  for (const table of tables) {
    const cursor = cursors.find(({ kind }) => kind === table.kind);
    kinds.push({
      kind: table.kind,
      tableName: table.metadata.tableName,
      rows: await count(session, sqlNameOf(table), []),
      pending: pending.get(table.kind) ?? 0,
      quarantined: quarantined.get(table.kind) ?? 0,
      pullOnly: table.pullOnly,
      pushOnly: table.pushOnly,
      fields: table.codecs.map(({ wireKey }) => wireKey),
      tombstones: table.tombstones,
      ...(cursor === undefined ? {} : cursorOf(cursor)),
    });
  }
  return kinds;
}

const cursorOf = (state: CursorState): Partial<InspectedKind> => ({
  ...(state.ts === null ? {} : { cursor: { ts: state.ts, lastId: state.lastId ?? '' } }),
  ...(state.lastPullAt === null ? {} : { lastPulledAt: Number(state.lastPullAt) }),
  ...(state.lastResyncAt === null ? {} : { lastResyncedAt: Number(state.lastResyncAt) }),
  ...(state.open === 1
    ? {
        resync: {
          generation: state.generation,
          marking: state.marking === 1,
          received: state.received,
          fetched: state.fetched === 1,
        },
      }
    : {}),
});

async function idsOf(
  session: Session,
  table: ReplicaTable,
  { text, only }: { readonly text?: string | undefined; readonly only?: 'pending' | 'quarantined' | undefined },
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<{ readonly ids: readonly string[]; readonly total: number }> {
  const source =
    only === undefined
      ? {
          from: `SELECT CAST(${idColumnOf(table)} AS text) AS "id" FROM ${sqlNameOf(table)}`,
          parameters: [] as unknown[],
        }
      : {
          from: `SELECT DISTINCT "entity_id" AS "id" FROM ${only === 'pending' ? '"sync_outbox"' : '"sync_quarantine"'} WHERE "kind" = ?`,
          parameters: [table.kind],
        };
  const where =
    text === undefined || text === ''
      ? all([])
      : { sql: `"id" LIKE ? ESCAPE '\\'`, parameters: [`${likeText(text)}%`] };
  const from = `(${source.from}) AS "ids" WHERE ${where.sql}`;
  const parameters = [...source.parameters, ...where.parameters];
  const rows = await session.query<{ id: string }>(
    `SELECT "id" FROM ${from} ORDER BY "id" LIMIT ${limit} OFFSET ${offset}`,
    parameters,
  );
  return { ids: rows.map(({ id }) => id), total: await count(session, from, parameters) };
}

async function inspectRows(
  session: Session,
  table: ReplicaTable,
  ids: readonly string[],
): Promise<readonly InspectedRow[]> {
  if (ids.length === 0) return [];
  const local = await table.rows.read(session, ids);
  const bases = await readBases(session, table.kind, ids);
  const pending = await session.query<{ id: string; count: number | string }>(
    `SELECT "entity_id" AS "id", COUNT(*) AS "count" FROM "sync_outbox" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')} GROUP BY "entity_id"`,
    [table.kind, listOf(ids)],
  );
  const conflicts = await session.query<{ id: string }>(
    `SELECT "entity_id" AS "id" FROM "sync_conflicts" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')}`,
    [table.kind, listOf(ids)],
  );
  const bad = await session.query<{ id: string; error: string }>(
    `SELECT "entity_id" AS "id", "error" FROM "sync_quarantine" WHERE "kind" = ? AND ${session.dialect.inList('"entity_id"')}`,
    [table.kind, listOf(ids)],
  );
  const counts = new Map(pending.map(({ id, count: found }) => [id, Number(found)]));
  const inConflict = new Set(conflicts.map(({ id }) => id));
  const errors = new Map(bad.map(({ id, error }) => [id, error]));
  return ids.map((id): InspectedRow => {
    const base = bases.get(id);
    const row = local.get(id);
    const server = base === undefined ? row : newestKnown(base).row;
    return {
      id,
      ...(row === undefined ? {} : { local: row }),
      ...(base?.baseRow === undefined ? {} : { base: base.baseRow }),
      ...(server === undefined ? {} : { server }),
      pending: counts.get(id) ?? 0,
      conflict: inConflict.has(id),
      ...(errors.has(id) ? { quarantined: errors.get(id) } : {}),
    };
  });
}
