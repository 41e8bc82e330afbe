import { QueryFailedError, type DataSource } from 'typeorm';
import { DatabaseError, NewerReleaseError } from '../../model/errors/errors.ts';
import { classifyDatabaseError } from '../sql/database-failure.ts';
import type { ConnectionGate } from '../gate/gate-port.ts';
import { syncEntities } from './entities.ts';
import { syncTableNames } from './migrations.ts';
import { refuseNewerRelease } from './newer-release.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';
import { dialectOf } from '../drivers/profile-of.ts';
import { Session } from '../sql/session.ts';

/**
 * Rejects with `DatabaseError` that names each missing table, or column on SQLite, and how to get it (SCH-05). Before
 * that, rejects with `NewerReleaseError` if it applies.
 */
export async function checkSchema(
  session: Session,
  dataSource: DataSource,
  tables: Iterable<ReplicaTable>,
): Promise<void> {
  await refuseNewerRelease(session, dataSource);
  const names =
    session.dialect.name === 'sqlite'
      ? `SELECT "name" FROM sqlite_master WHERE "type" = 'table'`
      : `SELECT "tablename" AS "name" FROM pg_catalog.pg_tables WHERE schemaname = ANY (current_schemas(false))
         UNION ALL SELECT schemaname || '.' || "tablename" FROM pg_catalog.pg_tables WHERE schemaname <> 'pg_catalog'`;
  const present = new Set((await session.query<{ name: string }>(names)).map(({ name }) => name));
  const missing = syncTableNames.filter((name) => !present.has(name));
  if (missing.length > 0) {
    throw new DatabaseError(
      `sync table${missing.length > 1 ? 's' : ''} ${missing.join(', ')} missing in ${String(dataSource.options.database ?? 'the database')}: put \`migrations: [...syncMigrations]\` and \`entities: [...syncEntities]\` (from synchart/persistence) into the DataSource and run its migrations (migrationsRun: true)`,
    );
  }
  const replicas = [...tables];
  const unmade = replicas
    .map(({ metadata: { schema, tableName } }) => (schema === undefined ? tableName : `${schema}.${tableName}`))
    .filter((name) => !present.has(name));
  if (unmade.length > 0)
    throw new DatabaseError(
      `table ${unmade.join(', ')} is registered for sync but does not exist: run your migrations before the engine starts`,
    );
  if (session.dialect.name === 'sqlite') await checkColumns(session, replicas);
}

/** A table used before it is synchronised lacks the sync columns until a migration of the app adds them. */
async function checkColumns(session: Session, tables: readonly ReplicaTable[]): Promise<void> {
  const present = await session.query<{ table: string; column: string; hidden: number }>(
    `SELECT t."name" AS "table", c."name" AS "column", c."hidden" FROM sqlite_master t JOIN pragma_table_xinfo(t."name") c WHERE t."type" = 'table'`,
  );
  const known = new Set(present.map(({ table, column }) => JSON.stringify([table, column]).toLowerCase()));
  const unmigrated = syncEntities.flatMap(({ options: { tableName = '', columns } }) =>
    Object.entries(columns)
      .map(([property, column]) => column?.name ?? property)
      .filter((name) => !known.has(JSON.stringify([tableName, name]).toLowerCase()))
      .map((name) => `${tableName}.${name}`),
  );
  if (unmigrated.length > 0)
    throw new DatabaseError(
      `columns of sync tables are missing: ${unmigrated.join(', ')}: put \`migrations: [...syncMigrations]\` (from synchart/persistence) into the DataSource and run its migrations (migrationsRun: true)`,
    );
  const complaints = tables.flatMap(({ metadata: { tableName, columns } }) => {
    const missing = columns.filter(
      ({ databaseName, isVirtualProperty }) =>
        !isVirtualProperty && !known.has(JSON.stringify([tableName, databaseName]).toLowerCase()),
    );
    return missing.length === 0 ? [] : [`${tableName} (${missing.map(({ databaseName }) => databaseName).join(', ')})`];
  });
  if (complaints.length > 0)
    throw new DatabaseError(
      `columns of tables registered for sync are missing: ${complaints.join('; ')}: add them by a migration before the engine starts`,
    );
  const computed = new Set(
    present
      .filter(({ hidden }) => hidden > 1)
      .map(({ table, column }) => JSON.stringify([table, column]).toLowerCase()),
  );
  const undeclared = tables.flatMap(({ metadata: { tableName }, codecs }) =>
    codecs
      .filter(({ name }) => computed.has(JSON.stringify([tableName, name]).toLowerCase()))
      .map(({ name }) => `${tableName}.${name}`),
  );
  if (undeclared.length > 0)
    throw new DatabaseError(
      `this database computes ${undeclared.join(', ')}, which cannot be written: declare the column as generated in its entity ({ asExpression, generatedType }), which excludes it from sync`,
    );
}

/**
 * Explains the failure of a statement because of a missing sync table or a destroyed data source: returns an error that
 * names it and the fix (SCH-05). Returns any other error unchanged.
 */
export async function explainMissingTables(
  error: unknown,
  gate: ConnectionGate,
  dataSource: DataSource,
): Promise<unknown> {
  if (!dataSource.isInitialized)
    return new DatabaseError(
      'the DataSource is destroyed: end the engine first, await engine.dispose(), then dataSource.destroy()',
      {
        cause: DatabaseError.fromError(error),
      },
    );
  if (!(error instanceof QueryFailedError) || classifyDatabaseError(error) !== 'other') return error;
  try {
    await gate.read((queryRunner) => checkSchema(new Session(queryRunner, dialectOf(dataSource)), dataSource, []));
    return error;
  } catch (missing) {
    if (missing instanceof NewerReleaseError) return missing;
    return missing instanceof DatabaseError
      ? new DatabaseError(missing.message, { cause: DatabaseError.fromError(error) })
      : error;
  }
}
