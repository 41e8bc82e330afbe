import { readFile } from 'node:fs/promises';
import { DataSource } from 'typeorm';
import type { Json } from '../model/values/json.ts';
import { databasePathProblem } from '../model/platform/database-path.ts';
import type { readFlags } from './command-flags.ts';
import { createSyncServer } from './create-sync-server.ts';
import { createKindTables, defaultKinds, parseKindSchema, toEntity } from './kind-schema.ts';
import { SqliteConnection } from './sqlite-connection.ts';

/** Runs the reference server until a signal stops it. Prints its URL once it listens. */
export async function runServerCommand(flags: ReturnType<typeof readFlags>): Promise<void> {
  const pathProblem = databasePathProblem(flags.database);
  if (pathProblem !== undefined)
    throw new TypeError(
      `--database must be the path of an SQLite file: ${pathProblem}; the text is not shown, because it may contain a password`,
    );
  const schemaFile = flags['kind-schema'];
  const kinds = parseKindSchema(
    schemaFile === undefined ? defaultKinds : (JSON.parse(await readFile(schemaFile, 'utf8')) as Json),
  );
  const entities = kinds.map(toEntity);
  const dataSource = await new DataSource({
    type: 'better-sqlite3',
    database: flags.database,
    entities,
    enableWAL: flags.database !== ':memory:',
  }).initialize();
  createKindTables(new SqliteConnection(dataSource), kinds);
  const { token } = flags;
  const server = createSyncServer({
    dataSource,
    tables: entities,
    prefix: flags.prefix,
    logger: flags.log,
    ...(token === undefined
      ? {}
      : { authenticate: (request) => (request.headers.authorization === token ? { userId: 'token' } : null) }),
  });
  const stop = async (): Promise<void> => {
    await server.close();
    await dataSource.destroy();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
  const { url } = await server.listen({ port: Number(flags.port), host: flags.host });
  process.stdout.write(`${url}\n`);
}
