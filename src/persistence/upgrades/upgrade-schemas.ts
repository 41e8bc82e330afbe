import type { SyncFact } from '../../model/events.ts';
import type { SchemaReport } from '../../model/ports.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { openResync } from '../replica/resync.ts';
import type { Session } from '../sql/session.ts';
import type { StoreContext } from '../database/store-context.ts';
import { operationsOfVersion, upgradeOperations } from './upgrade-operations.ts';
import { readStaleBases, upgradeBases, upgradeConflicts } from './upgrade-rows.ts';

/** Operations per transaction, so that upgrading a long queue does not block writers. */
const chunkSize = 200;

interface KindVersions {
  /** The version of the last pull; undefined if nothing is known yet. */
  readonly stored: number | undefined;
  /** The versions of its queued operations, ascending. */
  readonly queued: readonly number[];
  readonly wasPulled: boolean;
}

/**
 * Upgrades everything stored of each table to its registered version: operations, base rows, conflicts. Then opens a
 * full resync of tables that were pulled under an older version. Each step is its own transaction and may be repeated
 * after a crash; the table's version is written last. Refuses a table that a newer release has used, and leaves it
 * unchanged.
 */
export async function upgradeSchemas(context: StoreContext): Promise<SchemaReport> {
  const { unit, registry } = context;
  const tables = [...registry.values()];
  const versions = await unit.read((session) => readVersions(session, tables));
  const facts: SyncFact[] = [];
  const refused: SchemaReport['refused'][number][] = [];
  for (const table of tables) {
    const { kind, schema } = table;
    const known = versions.get(kind);
    if (known === undefined) continue;
    const newest = newestOf(known);
    if (newest > schema.version) {
      refused.push({ kind, stored: newest, known: schema.version });
      continue;
    }
    const isBehind = (known.stored ?? schema.version) < schema.version;
    const older = known.queued.filter((version) => version < schema.version);
    if (older.length > 0 || isBehind) facts.push(...(await upgradeStored(context, table, older)));
    if (isBehind || (known.stored === undefined && schema.version > 1))
      await unit.fenced((session) => adoptVersion(session, context, table, known));
  }
  const open = await unit.read((session) =>
    session.query<{ kind: string }>(
      `SELECT "kind" FROM "sync_cursors" WHERE "resync_open" = 1 AND "resync_reason" = 'schema'`,
    ),
  );
  return { facts, refused, resyncing: open.map(({ kind }) => kind) };
}

async function readVersions(
  session: Session,
  tables: readonly ReplicaTable[],
): Promise<ReadonlyMap<string, KindVersions>> {
  const cursors = await session.query<{ kind: string; version: number; pulled: number }>(
    `SELECT "kind", "schema_version" AS "version", CASE WHEN "ts" IS NOT NULL OR "token" IS NOT NULL OR "resync_open" = 1 THEN 1 ELSE 0 END AS "pulled" FROM "sync_cursors"`,
  );
  const byKind = new Map(cursors.map((row) => [row.kind, row]));
  const queued = await queuedVersions(session);
  return new Map(
    tables.map(({ kind }): [string, KindVersions] => {
      const cursor = byKind.get(kind);
      return [
        kind,
        {
          stored: cursor === undefined ? undefined : Number(cursor.version),
          queued: queued.get(kind) ?? [],
          wasPulled: Number(cursor?.pulled ?? 0) === 1,
        },
      ];
    }),
  );
}

/** The queued versions by kind. Jumps from one to the next along the index, whatever the length of the queue. */
async function queuedVersions(session: Session): Promise<ReadonlyMap<string, readonly number[]>> {
  const versions = await session.query<{ version: number }>(
    `WITH RECURSIVE "versions"("version") AS (SELECT MIN("schema_version") FROM "sync_outbox" UNION ALL
       SELECT (SELECT MIN("schema_version") FROM "sync_outbox" WHERE "schema_version" > "versions"."version") FROM "versions" WHERE "versions"."version" IS NOT NULL)
     SELECT "version" FROM "versions" WHERE "version" IS NOT NULL ORDER BY "version"`,
  );
  const byKind = new Map<string, number[]>();
  for (const { version } of versions) {
    const kinds = await session.query<{ kind: string }>(
      `WITH RECURSIVE "kinds"("kind") AS (SELECT MIN("kind") FROM "sync_outbox" WHERE "schema_version" = ? UNION ALL
         SELECT (SELECT MIN("kind") FROM "sync_outbox" WHERE "schema_version" = ? AND "kind" > "kinds"."kind") FROM "kinds" WHERE "kinds"."kind" IS NOT NULL)
       SELECT "kind" FROM "kinds" WHERE "kind" IS NOT NULL`,
      [version, version],
    );
    for (const { kind } of kinds) byKind.set(kind, [...(byKind.get(kind) ?? []), Number(version)]);
  }
  return byKind;
}

/** Kinds that a newer release of the app has used. */
export async function newerKinds(session: Session, tables: readonly ReplicaTable[]): Promise<ReadonlySet<string>> {
  const versions = await readVersions(session, tables);
  return new Set(
    tables.filter(({ kind, schema }) => newestOf(versions.get(kind)) > schema.version).map(({ kind }) => kind),
  );
}

/** An invalid version means a damaged row, not a newer release. */
const newestOf = (known: KindVersions | undefined): number =>
  Math.max(0, ...[known?.stored ?? 0, ...(known?.queued ?? [])].filter(Number.isFinite));

async function upgradeStored(
  context: StoreContext,
  table: ReplicaTable,
  versions: readonly number[],
): Promise<readonly SyncFact[]> {
  const { unit } = context;
  const facts: SyncFact[] = [];
  // Rows first, because an operation is parked only beside rows that were tried already.
  for (let after = '', more = true; more; ) {
    const from = after;
    const bases = await unit.fenced(async (session) => {
      const stale = await readStaleBases(session, table, { after: from, limit: chunkSize });
      await upgradeBases(session, table, stale);
      return stale;
    });
    after = bases.at(-1)?.entityId ?? after;
    more = bases.length === chunkSize;
  }
  await unit.fenced((session) => upgradeConflicts(session, table));
  for (const version of versions) {
    for (let after = 0, more = true; more; ) {
      const from = after;
      const done = await unit.fenced(async (session) => {
        const ops = await operationsOfVersion(session, table.kind, version, { after: from, limit: chunkSize });
        return { ops, facts: await upgradeOperations(session, table, ops) };
      });
      facts.push(...done.facts);
      after = done.ops.at(-1)?.seq ?? after;
      more = done.ops.length === chunkSize;
    }
  }
  return facts;
}

/** Records in one transaction that the whole table has the current version, and the consequences for its rows. */
async function adoptVersion(
  session: Session,
  context: StoreContext,
  table: ReplicaTable,
  { stored, wasPulled }: KindVersions,
): Promise<void> {
  const { kind, schema, pushOnly } = table;
  const mustResync = stored !== undefined && wasPulled && !pushOnly && schema.needsResync(stored);
  // A generation in progress has pulled rows under the old version, so it starts again.
  if (mustResync) {
    await session.run('UPDATE "sync_cursors" SET "resync_open" = 0 WHERE "kind" = ?', [kind]);
    await openResync(session, context, [kind]);
  }
  await session.run(
    `INSERT INTO "sync_cursors" ("kind", "schema_version") VALUES (?, ?)
     ON CONFLICT ("kind") DO UPDATE SET "schema_version" = excluded."schema_version"${mustResync ? `, "resync_reason" = 'schema'` : ''}`,
    [kind, schema.version],
  );
}
