import { EntitySchema } from 'typeorm';
import { createSyncEngine, syncTable } from 'synchart';
import { openDatabase, syncColumns, type SyncedRow } from 'synchart/persistence';
import { rpcDriver } from 'synchart/rpc';
import { RestTransport } from 'synchart/transport';

interface Todo extends SyncedRow {
  id: string;
  title: string;
}

const Todo = new EntitySchema<Todo>({
  name: 'todos',
  columns: { id: { type: 'text', primary: true }, title: { type: 'text' }, ...syncColumns },
});

/** Asks the main process for a port to the database. */
const connect = (): Promise<MessagePort> =>
  new Promise((resolve) => {
    const hear = ({ data, ports }: MessageEvent): void => {
      const [port] = ports;
      if (data !== 'database:port' || port === undefined) return;
      window.removeEventListener('message', hear);
      resolve(port);
    };
    window.addEventListener('message', hear);
    window.postMessage('database:connect', '*');
  });

const dataSource = await openDatabase({
  driver: rpcDriver(connect),
  database: 'app',
  entities: [Todo],
  synchronize: true,
});

const engine = createSyncEngine({
  dataSource,
  transport: new RestTransport({ baseUrl: 'https://api.example.com' }),
  tables: [syncTable(Todo)],
});
await engine.start();
