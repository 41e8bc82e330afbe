import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { DataSource } from 'typeorm';
import type { Json } from '../model/values/json.ts';
import { databasePathProblem } from '../model/platform/database-path.ts';
import { createSyncServer } from './create-sync-server.ts';
import { createKindTables, defaultKinds, parseKindSchema, toEntity } from './kind-schema.ts';
import { SqliteConnection } from './sqlite-connection.ts';

const usage = `synchart-server [options]
  --port <n>             port to listen on (default 3000; 0 = a free one)
  --host <name>          address to listen on (default 127.0.0.1)
  --database <file>      SQLite file, created when missing (default synchart-server.db)
  --kind-schema <file>   JSON file: { "<kind>": { "<field>": "text" | "integer" | "number" | "boolean" | "json" } }, ? after a type allows null
                         (default: todos with title, done, notes, priority)
  --token <text>         the only Authorization that is accepted (default: everybody may)
  --prefix <path>        path before the kinds, as /api
  --log                  log requests as JSON lines
`;

/** Runs the reference server until it is told to stop; prints its URL once it listens. */
export async function runServerCommand(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '3000' },
      host: { type: 'string', default: '127.0.0.1' },
      database: { type: 'string', default: 'synchart-server.db' },
      'kind-schema': { type: 'string' },
      token: { type: 'string' },
      prefix: { type: 'string', default: '' },
      log: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new TypeError(`--port must be a number from 0 to 65535, got ${values.port}`);
  const pathProblem = databasePathProblem(values.database);
  if (pathProblem !== undefined)
    throw new TypeError(`--database must be the path of an SQLite file: ${pathProblem}; the text is not shown, it may hold a password`);
  const schemaFile = values['kind-schema'];
  const kinds = parseKindSchema(schemaFile === undefined ? defaultKinds : (JSON.parse(await readFile(schemaFile, 'utf8')) as Json));
  const entities = kinds.map(toEntity);
  const dataSource = await new DataSource({
    type: 'better-sqlite3',
    database: values.database,
    entities,
    enableWAL: values.database !== ':memory:',
  }).initialize();
  createKindTables(new SqliteConnection(dataSource), kinds);
  const { token } = values;
  const server = createSyncServer({
    dataSource,
    tables: entities,
    prefix: values.prefix,
    logger: values.log,
    ...(token === undefined ? {} : { authenticate: (request) => (request.headers.authorization === token ? { userId: 'token' } : null) }),
  });
  const stop = async (): Promise<void> => {
    await server.close();
    await dataSource.destroy();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
  const { url } = await server.listen({ port, host: values.host });
  process.stdout.write(`${url}\n`);
}
