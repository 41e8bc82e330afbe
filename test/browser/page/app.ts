/** The app of the browser tests. A test calls its functions through `window.app`, and each returns plain values. */
import { EntitySchema, type QueryRunner } from 'typeorm';
import { createSyncEngine, syncTable, type SyncEngine } from 'synchart';
import { RestTransport } from 'synchart/transport';
import { liveQuery, syncColumns } from 'synchart/persistence';
import {
  BrowserStorageError,
  deleteBrowserDatabase,
  openBrowserDatabase,
  rescueBrowserDatabase,
  type BrowserDatabase,
} from 'synchart/browser';
import wasmUrl from '@sqlite.org/sqlite-wasm/sqlite3.wasm?url';
import { AddColour1800000000002, CreateNotes1800000000001, Note } from './note-entity.ts';

declare global {
  /** Set by the test: receives each write at once, also from a page that dies afterwards. */
  var wrote: ((tab: string, n: number, isStored: boolean, error: string) => void) | undefined;
}

interface OpenSettings {
  readonly name?: string;
  readonly allowMemory?: boolean;
  readonly openTimeoutMs?: number;
  /** The address of another worker script. */
  readonly worker?: string;
  /** Opens as the app's next release does. */
  readonly isNextRelease?: boolean;
  /** Opens with another set of entities. */
  readonly hasOtherEntities?: boolean;
  readonly hasNoWasmUrl?: boolean;
}

const Other = new EntitySchema<{ id: number }>({
  name: 'Other',
  tableName: 'others',
  columns: { id: { type: 'integer', primary: true } },
});

interface TodoRow {
  id: string;
  title: string;
  updatedAt: string;
  deletedAt: string | null;
  deletedAtLocal: string | null;
}
const Todo = new EntitySchema<TodoRow>({
  name: 'todos',
  columns: { id: { type: 'text', primary: true }, title: { type: 'text' }, ...syncColumns },
});
const todos = syncTable(Todo);
let engine: SyncEngine | undefined;
let user = 'ann';

const unhandled: string[] = [];
addEventListener('unhandledrejection', ({ reason }) => unhandled.push(String(reason)));

let database: BrowserDatabase | undefined;
let openRunner: QueryRunner | undefined;
const roles: string[] = [];
let isWriting = false;
let writing: Promise<void> = Promise.resolve();
let live = -1;
let persistCalls = 0;

const opened = (): BrowserDatabase => {
  if (database === undefined) throw new Error('open the database first');
  return database;
};
const describe = (error: unknown): string => {
  if (error instanceof BrowserStorageError) return `${error.name}(${error.problem}): ${error.message}`;
  if (!(error instanceof Error)) return String(error);
  const driverError: unknown = 'driverError' in error ? error.driverError : undefined;
  const inner = driverError instanceof Error ? ` < ${driverError.name}: ${driverError.message}` : '';
  return `${error.name}: ${error.message}${inner}`;
};

/** Every fourth write is a transaction of two rows that the app runs itself; the others are single statements. */
async function writeOnce(tab: string, n: number): Promise<void> {
  const { dataSource } = opened();
  if (n % 4 !== 3) {
    await dataSource.getRepository(Note).insert({ tab, n, part: 'only' });
    return;
  }
  await dataSource.transaction(async (manager) => {
    await manager.insert(Note, { tab, n, part: 'first' });
    await manager.insert(Note, { tab, n, part: 'second' });
  });
}

async function writeUntilStopped(tab: string, pauseMs: number): Promise<void> {
  for (let n = 0; isWriting; n += 1) {
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    try {
      await writeOnce(tab, n);
      globalThis.wrote?.(tab, n, true, '');
    } catch (error) {
      globalThis.wrote?.(tab, n, false, describe(error));
    }
  }
}

async function filesOf(name: string): Promise<readonly FileSystemFileHandle[]> {
  const home = await (await navigator.storage.getDirectory()).getDirectoryHandle('synchart');
  const pool = await (await home.getDirectoryHandle(name)).getDirectoryHandle('.opaque');
  const files: FileSystemFileHandle[] = [];
  for await (const handle of pool.values()) if (handle instanceof FileSystemFileHandle) files.push(handle);
  return files;
}

const app = {
  unhandled: () => unhandled,
  roles: () => roles,
  open: async (settings: OpenSettings = {}): Promise<string> => {
    const { worker, isNextRelease, hasOtherEntities, hasNoWasmUrl, ...given } = settings;
    try {
      database = await openBrowserDatabase({
        name: 'app',
        entities: hasOtherEntities === true ? [Other] : [Note],
        migrations: [CreateNotes1800000000001, ...(isNextRelease === true ? [AddColour1800000000002] : [])],
        ...(hasNoWasmUrl === true ? {} : { wasmUrl }),
        ...(worker === undefined ? {} : { worker: () => new Worker(worker, { type: 'module' }) }),
        ...given,
      });
      database.storage$.subscribe(({ role }) => roles.push(role));
      return 'open';
    } catch (error) {
      return describe(error);
    }
  },
  storage: () => opened().storage(),
  query: async (sql: string, parameters: unknown[] = []): Promise<unknown> => {
    try {
      return await opened().dataSource.query(sql, parameters);
    } catch (error) {
      return describe(error);
    }
  },
  /** Sends all writes at once, numbered in call order. */
  writeAtOnce: async (tab: string, count: number): Promise<number> => {
    const { dataSource } = opened();
    const sql = 'INSERT INTO notes (tab, n, part) VALUES (?, ?, ?)';
    await Promise.all(Array.from({ length: count }, (_, n) => dataSource.query(sql, [tab, n, 'only'])));
    return count;
  },
  /** Sends all reads at once. */
  readAtOnce: async (count: number): Promise<number> => {
    const { dataSource } = opened();
    await Promise.all(Array.from({ length: count }, (_, n) => dataSource.query('SELECT ? AS n', [n])));
    return count;
  },
  /** One transaction that creates and fills a table. */
  createAndFill: async (table: string): Promise<string> => {
    try {
      await opened().dataSource.transaction(async (manager) => {
        await manager.query(`CREATE TABLE "${table}" ("bytes" text)`);
        await manager.query(`INSERT INTO "${table}" VALUES (hex(randomblob(2000000)))`);
      });
      return 'done';
    } catch (error) {
      return describe(error);
    }
  },
  /** A pause leaves CPU time to other tabs and processes. */
  startWriting: (tab: string, pauseMs = 0): void => {
    isWriting = true;
    writing = writeUntilStopped(tab, pauseMs);
  },
  /** Resolves when the last call has settled. */
  stopWriting: async (): Promise<void> => {
    isWriting = false;
    await writing;
  },
  follow: (): void => {
    const { dataSource } = opened();
    liveQuery(() => dataSource.getRepository(Note).count(), { dataSource, tables: [Note] }).subscribe((count) => {
      live = count;
    });
  },
  live: () => live,
  /** Begins a transaction, writes in it, and never ends it. */
  stayInTransaction: async (tab: string): Promise<void> => {
    openRunner = opened().dataSource.createQueryRunner();
    await openRunner.startTransaction();
    await openRunner.manager.insert(Note, { tab, n: 0, part: 'open' });
  },
  /** Writes in that transaction again, and rolls it back if the write fails. */
  goOnInTransaction: async (): Promise<string> => {
    try {
      await openRunner?.manager.insert(Note, { tab: 'late', n: 0, part: 'open' });
      return 'written';
    } catch (error) {
      await openRunner?.rollbackTransaction().catch(() => undefined);
      await openRunner?.release();
      return describe(error);
    }
  },
  pretendToBe: (state: 'hidden' | 'visible'): void => {
    Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  },
  /** Encodes bytes as text, one character each: a list of numbers is a hundred times slower. */
  exportFile: async (): Promise<string> => {
    const bytes = await opened().exportFile();
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  },
  importFile: async (text: string): Promise<string> => {
    try {
      await opened().importFile(Uint8Array.from(text, (character) => character.charCodeAt(0)));
      return 'imported';
    } catch (error) {
      return describe(error);
    }
  },
  rescue: (name: string): Promise<string> =>
    rescueBrowserDatabase(name).then(
      ({ database, wal }) => `${database.byteLength > 0} ${wal !== undefined}`,
      describe,
    ),
  /** Damages the stored file on purpose: its beginning, the bytes from `from` on, or its end. */
  damage: async (name: string, from = 0, bytes = 400): Promise<void> => {
    for (const file of await filesOf(name)) {
      const { size } = await file.getFile();
      if (size <= 8_192 + Math.abs(from)) continue;
      const stream = await file.createWritable({ keepExistingData: true });
      await stream.write({ type: 'write', position: from < 0 ? size + from : 4_096 + from, data: '?'.repeat(bytes) });
      await stream.close();
    }
  },
  countPersistCalls: (): void => {
    const { storage } = navigator;
    const persist = storage.persist.bind(storage);
    storage.persist = () => {
      persistCalls += 1;
      return persist();
    };
  },
  persistCalls: () => persistCalls,
  /** Stops the worker of this tab from answering. It must be the worker that listens to `sleep`. */
  sleepInWorker: (forMs: number): void => new BroadcastChannel('sleep').postMessage(forMs),
  /** The size of a database's WAL. Each file of the pool begins with a block that names it. */
  walBytes: async (name: string): Promise<number> => {
    for (const handle of await filesOf(name)) {
      const file = await handle.getFile();
      const path = await file.slice(0, 512).text();
      if (path.startsWith('/database.sqlite3-wal')) return file.size - 4_096;
    }
    return 0;
  },
  /** A digest of everything stored under a name. */
  fingerprint: async (name: string): Promise<string> => {
    const parts: string[] = [];
    for (const file of await filesOf(name)) {
      const bytes = await (await file.getFile()).arrayBuffer();
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
      parts.push(`${file.name} ${bytes.byteLength} ${[...digest].join()}`);
    }
    return parts.sort().join('\n');
  },
  /** Opens a synced table, and an engine that sends to the given server. */
  openSynced: async (baseUrl: string, name = 'synced'): Promise<void> => {
    database = await openBrowserDatabase({ name, entities: [Todo], synchronize: true, wasmUrl });
    const { dataSource } = database;
    const transport = new RestTransport({ baseUrl });
    engine = createSyncEngine({ dataSource, transport, tables: [todos], config: { maxRetries: 0, pageSize: 100 } });
    await engine.start();
  },
  addTodo: async (id: string): Promise<void> => {
    const times = { updatedAt: '', deletedAt: null, deletedAtLocal: null };
    await engine?.writer(todos).insertAndEnqueue({ id, title: id, ...times });
  },
  sync: async (): Promise<string> => {
    try {
      await engine?.sync();
      return 'synced';
    } catch (error) {
      return describe(error);
    }
  },
  /** Durations of tasks over 50 ms while the engine synced, in ms. */
  syncAndListLongTasks: async (): Promise<readonly number[]> => {
    const long: PerformanceEntry[] = [];
    const observer = new PerformanceObserver((list) => long.push(...list.getEntries()));
    observer.observe({ type: 'longtask' });
    await app.sync();
    return [...long, ...observer.takeRecords()].map(({ duration }) => duration);
  },
  todos: async (): Promise<readonly string[]> =>
    (
      await opened()
        .dataSource.getRepository(Todo)
        .find({ order: { id: 'ASC' } })
    ).map(({ id }) => id),
  countTodos: (): Promise<number> => opened().dataSource.getRepository(Todo).count(),
  pendingCount: async (): Promise<unknown> => app.query('SELECT count(*) AS n FROM sync_outbox'),
  /** Like `openSynced`, with one operation per request; each request's token names its tab. */
  openAs: async (baseUrl: string, tab: string): Promise<void> => {
    database = await openBrowserDatabase({ name: 'synced', entities: [Todo], synchronize: true, wasmUrl });
    engine = createSyncEngine({
      dataSource: database.dataSource,
      transport: new RestTransport({ baseUrl, token: () => tab, pushConcurrency: 1 }),
      tables: [todos],
      config: { pushBatchSize: 1 },
      scope: () => user,
    });
    await engine.start();
  },
  signIn: (name: string): void => {
    user = name;
  },
  /** Clears the database for the current user; returns how many operations were given up. */
  clearScope: async (): Promise<number> => (await engine?.clearScope())?.givenUp.length ?? -1,
  scopeChanged: (): boolean => engine?.status().scopeChanged === true,
  /** The engine's storage status. */
  engineStorage: () => engine?.status().storage,
  close: () => opened().close(),
  deleteDatabase: (name: string) => deleteBrowserDatabase(name).then(() => 'deleted', describe),
};

export type App = typeof app;
Object.assign(globalThis, { app });
