import type { EntityMetadata } from 'typeorm';
import { ValidationError } from '../../model/errors/errors.ts';
import type { SyncFact } from '../../model/events.ts';
import { toGivenUp } from '../outbox/discarded.ts';
import { revokeLease } from '../runs/lease.ts';
import { syncTableNames } from '../database/migrations.ts';
import { outboxSelection, toStoredOp, type RawOutboxRow } from '../outbox/outbox-rows.ts';
import { quoted, quotedTable } from '../sql/quoted-name.ts';
import type { Session } from '../sql/session.ts';
import type { StoreContext } from '../database/store-context.ts';
import { forgetState, writeState } from '../database/sync-state.ts';

export interface ClearOptions {
  readonly unsent?: 'giveUp' | 'refuse' | undefined;
  readonly alsoEmpty?: readonly string[] | undefined;
}

/**
 * Empties the database for another scope in one transaction: rows of synced tables with their local-only columns, the
 * queue, and all stored server state. Fences out every active run, also in other processes, so that data received for
 * the previous scope is never written (I11). The facts name every operation that was never applied. With an undefined
 * scope, the next one claims the database.
 */
export async function clearScope(
  session: Session,
  context: StoreContext,
  scope: string | undefined,
  options: ClearOptions = {},
): Promise<readonly SyncFact[]> {
  const rows = await session.query<RawOutboxRow>(`SELECT ${outboxSelection} FROM "sync_outbox" ORDER BY "seq"`);
  const ops = rows.map(toStoredOp);
  if (options.unsent === 'refuse' && ops.length > 0) {
    throw new ValidationError(
      `clearScope: ${ops.length} operation${ops.length > 1 ? 's wait' : ' waits'} to be sent and would be lost; send them first (whenPushed), or allow the loss with { unsent: 'giveUp' }; nothing was changed`,
    );
  }
  const tables = tablesToEmpty(context, options.alsoEmpty ?? []);
  await assertUnreferenced(session, tables);
  await revokeLease(session);
  if (session.dialect.name === 'sqlite') await session.run('PRAGMA defer_foreign_keys = ON');
  const facts = ops.map(
    (op): SyncFact => ({
      type: 'op.discarded',
      opId: op.opId,
      kind: op.kind,
      entityId: op.entityId,
      reason: 'scopeCleared',
      givenUp: [toGivenUp(op)],
    }),
  );
  for (const metadata of childrenFirst(tables)) await empty(session, metadata);
  for (const name of syncTableNames)
    if (name !== 'sync_state' && name !== 'sync_lease') await session.run(`DELETE FROM "${name}"`);
  await forgetState(session, 'wait');
  await forgetState(session, 'lastSyncedAt');
  if (scope === undefined) await forgetState(session, 'scope');
  else await writeState(session, 'scope', scope);
  return facts;
}

function tablesToEmpty({ registry }: StoreContext, names: readonly string[]): readonly EntityMetadata[] {
  const synced = [...registry.values()].map(({ metadata }) => metadata);
  const known = synced[0]?.connection?.entityMetadatas ?? [];
  const others = names.map((name) => {
    const found = known.find((metadata) => metadata.name === name || metadata.tableName === name);
    if (found === undefined || syncTableNames.includes(found.tableName))
      throw new ValidationError(
        `clearScope: alsoEmpty names '${name}', which is not an entity or table of this DataSource`,
      );
    return found;
  });
  return [...new Set([...synced, ...others])];
}

type ForeignKey = EntityMetadata['foreignKeys'][number];
/** The database itself neither deletes the row nor clears the reference. */
const holds = ({ onDelete }: ForeignKey): boolean =>
  onDelete !== 'CASCADE' && onDelete !== 'SET NULL' && onDelete !== 'DEFAULT';

/** Checks before any change whether remaining rows reference removed ones. Throws with the remedy. */
async function assertUnreferenced(session: Session, tables: readonly EntityMetadata[]): Promise<void> {
  for (const metadata of tables[0]?.connection?.entityMetadatas ?? []) {
    if (tables.includes(metadata)) continue;
    for (const foreignKey of metadata.foreignKeys) {
      if (!tables.includes(foreignKey.referencedEntityMetadata) || !holds(foreignKey)) continue;
      const filled = foreignKey.columns.map(({ databaseName }) => `${quoted(databaseName)} IS NOT NULL`).join(' AND ');
      if (
        (await session.one(`SELECT 1 AS "found" FROM ${quotedTable(metadata)} WHERE ${filled} LIMIT 1`)) === undefined
      )
        continue;
      throw new ValidationError(
        `clearScope: rows of ${metadata.tableName}, which is not synchronised, refer to ${foreignKey.referencedEntityMetadata.tableName}; empty it in the same step with { alsoEmpty: ['${metadata.tableName}'] }, or give the reference ON DELETE CASCADE or SET NULL; nothing was changed`,
      );
    }
  }
}

/** Sorts referencing tables before referenced ones. A cycle keeps the order of registration. */
function childrenFirst(tables: readonly EntityMetadata[]): readonly EntityMetadata[] {
  const ordered = new Set<EntityMetadata>();
  const visiting = new Set<EntityMetadata>();
  const visit = (metadata: EntityMetadata): void => {
    if (ordered.has(metadata) || visiting.has(metadata)) return;
    visiting.add(metadata);
    for (const child of tables)
      if (child.foreignKeys.some(({ referencedEntityMetadata }) => referencedEntityMetadata === metadata)) visit(child);
    ordered.add(metadata);
  };
  for (const metadata of tables) visit(metadata);
  return [...ordered];
}

/** Removes all rows. A tree with foreign keys between its rows is removed from the leaves. */
async function empty(session: Session, metadata: EntityMetadata): Promise<void> {
  const table = quotedTable(metadata);
  const own = metadata.foreignKeys.find(
    ({ referencedEntityMetadata, onDelete, columns }) =>
      referencedEntityMetadata === metadata && onDelete === 'RESTRICT' && columns.length === 1,
  );
  const [column, referenced] = [own?.columns[0], own?.referencedColumns[0]];
  if (column !== undefined && referenced !== undefined) {
    const isLeaf = `NOT EXISTS (SELECT 1 FROM ${table} AS "child" WHERE "child".${quoted(column.databaseName)} = ${table}.${quoted(referenced.databaseName)})`;
    while ((await session.changed(`DELETE FROM ${table} WHERE ${isLeaf}`)) > 0);
  }
  await session.run(`DELETE FROM ${table}`);
}
