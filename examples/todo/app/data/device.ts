import { createSyncEngine, createTriggers, type SyncEngine, type SyncRepository } from 'synchart';
import { openBrowserDatabase, type BrowserDatabase } from 'synchart/browser';
import { RestTransport } from 'synchart/transport';
import wasmUrl from '@sqlite.org/sqlite-wasm/sqlite3.wasm?url';
import { List, Tag, Todo, TodoTag } from '../../tables.ts';
import type { Session } from '../session/session.ts';
import { cuttableRequests } from './cut-requests.ts';
import { CreateTodos1780000000000 } from './migrations.ts';
import { NetworkSwitch } from './network-switch.ts';
import { SyncLogStore } from './sync-log.ts';
import { lists, tags, todos, todoTags } from './sync-tables.ts';

/** One device of one user: a database of its own, and the engine that syncs it. */
export interface Device {
  readonly name: string;
  readonly user: string;
  readonly database: BrowserDatabase;
  readonly engine: SyncEngine;
  readonly network: NetworkSwitch;
  readonly log: SyncLogStore;
  readonly lists: SyncRepository<List>;
  readonly todos: SyncRepository<Todo>;
  readonly tags: SyncRepository<Tag>;
  readonly todoTags: SyncRepository<TodoTag>;
  close(): Promise<void>;
}

/** Each user has a database of their own on a device, so an account switch mixes nothing and loses nothing. */
export const databaseName = (user: string, device: string): string => `todo-${user}-${device}`;

export async function openDevice(
  name: string,
  session: Session,
  options: { readonly allowMemory?: boolean } = {},
): Promise<Device> {
  const { user } = session;
  const database = await openBrowserDatabase({
    name: databaseName(user, name),
    entities: [List, Todo, Tag, TodoTag],
    migrations: [CreateTodos1780000000000],
    wasmUrl,
    ...options,
  });
  /** Undone in reverse order: when the device is closed, or where opening it fails halfway. */
  const opened: (() => unknown)[] = [() => database.close()];
  const close = async (): Promise<void> => {
    for (const undo of opened.splice(0).reverse()) await undo();
  };
  try {
    const network = new NetworkSwitch(`todo-offline-${name}`);
    const engine = createSyncEngine({
      dataSource: database.dataSource,
      tables: [lists, todos, tags, todoTags],
      transport: new RestTransport({
        baseUrl: `${location.origin}/api`,
        token: () => session.token,
        deltas: true,
        axios: cuttableRequests(network),
      }),
      // A refused edit shows at once; by default the engine tries it a few times more.
      config: { maxOutboxTryCount: 1 },
      scope: () => `${user}@${location.origin}`,
      connectivity: network,
    });
    opened.push(() => engine.dispose());
    const log = new SyncLogStore(engine);
    opened.push(() => log.end());
    await engine.start();
    const triggers = createTriggers(engine, {
      pullOnStartup: true,
      pushOnOutboxChanges: true,
      pushDebounceMs: 400,
      interval: 4_000,
      connectivity: network,
    });
    opened.push(() => triggers.dispose());
    await triggers.start();
    opened.push(session.onRenewed(() => void engine.signedIn()));
    return {
      name,
      user,
      database,
      engine,
      network,
      log,
      lists: engine.repository(lists),
      todos: engine.repository(todos),
      tags: engine.repository(tags),
      todoTags: engine.repository(todoTags),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
