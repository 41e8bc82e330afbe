import { createSyncServer } from 'synchart/server';
import { DataSource } from 'typeorm';
import { Todo } from './tables.ts';

const dataSource = new DataSource({
  type: 'better-sqlite3',
  database: 'server.db',
  entities: [Todo],
  synchronize: true,
});
await dataSource.initialize();

const server = createSyncServer({ dataSource, tables: [Todo], prefix: '/api' });
const { url } = await server.listen({ port: Number(process.env['PORT'] ?? 3000) });
console.log(`The server listens on ${url}`);
