import { createSyncEngine, type SyncEngine } from 'synchart';
import { openBrowserDatabase } from 'synchart/browser';
import { RestTransport } from 'synchart/transport';
import { Todo, todos } from './todos.ts';

async function open(): Promise<SyncEngine> {
  const { dataSource } = await openBrowserDatabase({ name: 'next', entities: [Todo], synchronize: true });
  const baseUrl = new URLSearchParams(location.search).get('server') ?? '';
  const engine = createSyncEngine({ dataSource, transport: new RestTransport({ baseUrl }), tables: [todos] });
  await engine.start();
  const add = (title: string): Promise<unknown> => engine.repository(todos).create({ id: title, title });
  await add('Bread of the page');
  await engine.sync();
  Object.assign(globalThis, { add });
  return engine;
}

let opening: Promise<SyncEngine> | undefined;

export const openedEngine = (): Promise<SyncEngine> => {
  opening ??= open();
  return opening;
};
