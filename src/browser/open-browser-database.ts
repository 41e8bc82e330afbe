import type { DataSource } from 'typeorm';
import type { Observable } from 'rxjs';
import { aFlag, aFunction, isText, timerTime, valueThat } from '../model/options/bounds.ts';
import { checkOptions, ownedBy } from '../model/options/complete-options.ts';
import { byDefault, optional, required, without, type OptionList } from '../model/options/option-list.ts';
import {
  openDatabase,
  openDatabaseOptions,
  prepareTables,
  type OpenDatabaseOptions,
} from '../persistence/database/open-database.ts';
import type { StorageStatus } from '../model/storage-status.ts';
import { syncMigrations } from '../persistence/database/migrations.ts';
import { announceStorage } from '../persistence/database/storage-port.ts';
import { refuseUnstableNames } from '../persistence/database/stable-names.ts';
import { changeFeedOf } from '../persistence/follow/change-feed.ts';
import { gateConnection } from '../persistence/gate/connection-gate.ts';
import { useTabLock } from '../persistence/runs/tab-lock.ts';
import { rpcDriver, type RpcDriver } from '../rpc/client/rpc-driver.ts';
import type { RpcPort } from '../rpc/protocol/port.ts';
import { randomId } from '../model/platform/random-id.ts';
import { releaseOf } from '../rpc/protocol/release.ts';
import { tableNames } from './page/app-entities.ts';
import { compileWasm } from './page/compile-wasm.ts';
import { StorageWatch } from './page/storage-watch.ts';
import { syncOneTabAtATime } from './page/sync-lock.ts';
import { SyncingTab } from './page/syncing-tab.ts';
import { Tab } from './page/tab.ts';
import { exportThrough, importThrough } from './page/transfer-file.ts';
import { startWorkerScript, type WorkerFactory } from './page/worker-script.ts';
import { supportProblem } from './storage/browser-support.ts';
import { nameProblem, namesOf } from './storage/database-name.ts';
import { BrowserStorageError } from './storage/storage-error.ts';

export interface BrowserDatabaseOptions
  extends Omit<OpenDatabaseOptions, 'database' | 'driver' | 'initSqlJs' | 'locateFile' | 'synchronous'> {
  /** Names the database within the site. All tabs that open the same name share it. */
  readonly name: string;
  /**
   * Where the browser has no durable storage, keeps the database in memory, for this tab alone. Otherwise the open
   * rejects and says why. @defaultValue false
   */
  readonly allowMemory?: boolean;
  /**
   * Address of `sqlite3.wasm`. The page compiles the file while the worker's script loads; without the address, the
   * worker fetches the file from where its bundler put it.
   */
  readonly wasmUrl?: string | URL;
  /** Starts the script `synchart/browser-worker`, for bundlers and policies that the default does not fit. */
  readonly worker?: WorkerFactory;
  /** How long opening waits for an answer. @defaultValue 20,000 (20 seconds) */
  readonly openTimeoutMs?: number;
}

/** Defaults and bounds of {@link BrowserDatabaseOptions}. */
export const browserDatabaseOptions = {
  name: required(valueThat('the name of a database', isText)),
  allowMemory: byDefault(false, aFlag),
  wasmUrl: optional(valueThat('a text or a URL', (value) => isText(value) || value instanceof URL)),
  worker: optional(aFunction),
  openTimeoutMs: byDefault(20_000, timerTime),
  ...without(openDatabaseOptions, 'database', 'driver', 'initSqlJs', 'locateFile', 'synchronous'),
} satisfies OptionList<BrowserDatabaseOptions>;

export interface BrowserDatabase {
  readonly dataSource: DataSource;
  /** The present status, then each change of it. */
  readonly storage$: Observable<StorageStatus>;
  storage(): StorageStatus;
  /** The whole database as one SQLite file, as of the last commit. */
  exportFile(): Promise<Uint8Array>;
  /**
   * Replaces the whole database, for all tabs, by a file of this release or an older one. Rejects with
   * `BrowserStorageError` and changes nothing when the bytes are no database, are damaged, or come from a newer
   * release.
   */
  importFile(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

function checkBrowserOptions(options: BrowserDatabaseOptions): void {
  checkOptions(ownedBy('openBrowserDatabase'), browserDatabaseOptions, options);
  const problem = nameProblem(options.name);
  if (problem !== undefined) throw new RangeError(`openBrowserDatabase: name ${problem}`);
  refuseUnstableNames('openBrowserDatabase', options.entities);
}

/**
 * Opens a database that survives reloads, crashes and closed tabs, and that all tabs share. One tab's worker owns the
 * file, the others speak with it. Rejects with `BrowserStorageError`, and never changes what is stored when it does;
 * throws `RangeError` or `TypeError` for a bad option, and `TypeError` for an entity whose table a minifier would rename.
 */
export async function openBrowserDatabase(options: BrowserDatabaseOptions): Promise<BrowserDatabase> {
  checkBrowserOptions(options);
  const entities = tableNames(options.entities);
  const problem = supportProblem();
  if (problem === undefined) {
    try {
      return await openIn('opfs', options, entities, undefined);
    } catch (error) {
      if (!isHopeless(error) || options.allowMemory !== true) throw error;
      return openIn('memory', options, entities, error.message);
    }
  }
  if (options.allowMemory !== true || typeof Worker === 'undefined') throw problem;
  return openIn('memory', options, entities, problem.message);
}

const isHopeless = (error: unknown): error is BrowserStorageError =>
  error instanceof BrowserStorageError && (error.problem === 'noDurableStorage' || error.problem === 'insecureContext');

/** `opfs` stands for whatever is durable: the owner of the database finds out what there is. */
async function openIn(
  mode: 'opfs' | 'memory',
  options: BrowserDatabaseOptions,
  entities: string,
  reason: string | undefined,
): Promise<BrowserDatabase> {
  const {
    name,
    allowMemory: _,
    wasmUrl,
    worker,
    openTimeoutMs = browserDatabaseOptions.openTimeoutMs.fallback,
    ...given
  } = options;
  const migrations = [...syncMigrations, ...(options.migrations ?? [])];
  const id = randomId();
  const watch = new StorageWatch({
    mode,
    tab: id,
    role: 'opening',
    persisted: false,
    ...(reason === undefined ? {} : { reason }),
  });
  let driver: RpcDriver | undefined;
  let firstLine: RpcPort | undefined;
  let dataSource: DataSource | undefined;
  const tab = new Tab({
    id,
    name,
    isInMemory: mode === 'memory',
    entities,
    openTimeoutMs,
    release: releaseOf(migrations.map((Migration) => new Migration().name ?? Migration.name)),
    startWorker: worker ?? startWorkerScript,
    wasm: wasmUrl === undefined ? undefined : compileWasm(wasmUrl),
    onLine: (line) => {
      if (driver === undefined) firstLine = line;
      else driver.attach(line);
    },
    onRole: (role, ownerTab) => {
      watch.note({ role, ownerTab });
      if (ownerTab !== undefined) syncing.ask();
    },
    onStorage: (found) => watch.noteMode(found.mode ?? mode, found.reason ?? reason),
    onSyncing: (message) => syncing.hear(message),
    onDamage: (damage) => watch.note({ damage }),
    onReplaced: () => {
      if (dataSource !== undefined) changeFeedOf(dataSource, gateConnection(dataSource)).tellElsewhere('all');
    },
  });
  const syncing = new SyncingTab({
    tab: id,
    names: tab.names,
    tell: (message) => tab.tellLobby(message),
    onChange: (syncingTab) => watch.note({ syncingTab }),
  });
  await tab.open();
  try {
    if (firstLine === undefined) throw new BrowserStorageError('noAnswer', 'The worker gave no line to the database');
    driver = rpcDriver(firstLine);
    driver.onSilence((isSilent) => watch.note({ ownerSilent: isSilent ? true : undefined }));
    dataSource = await openDatabase({ ...given, database: name, driver });
  } catch (error) {
    await tab.close();
    throw error;
  }
  const opened = dataSource;
  const endSyncLock = tab.isAlone
    ? undefined
    : syncOneTabAtATime(namesOf(name).syncLock, (lock) => useTabLock(opened, syncing.announced(lock)));
  announceStorage(opened, { status: () => watch.status, changes: watch.changes });
  void watch.look();
  // Not at the opening: some browsers ask the user, who should have something to keep.
  const stopPersisting = gateConnection(opened).onCommit(() => {
    stopPersisting();
    void watch.persist();
  });
  return {
    dataSource: opened,
    storage$: watch.changes,
    storage: () => watch.status,
    exportFile: () => exportThrough(tab),
    importFile: async (bytes) => {
      await importThrough(tab, bytes);
      await prepareTables(opened, options.synchronize === true);
      changeFeedOf(opened, gateConnection(opened)).tellElsewhere('all');
    },
    close: async () => {
      stopPersisting();
      endSyncLock?.();
      syncing.end();
      if (opened.isInitialized) await opened.destroy();
      await tab.close();
      watch.end();
    },
  };
}
