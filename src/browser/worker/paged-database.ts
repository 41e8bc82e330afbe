import type { Database, Sqlite3Static, WasmPointer } from '@sqlite.org/sqlite-wasm';
import { HostUnreachableError } from '../../model/errors/errors.ts';
import { databaseFile, type DatabaseNames } from '../storage/database-name.ts';
import { pageBytes, PageStore } from '../storage/page-store.ts';
import { BrowserStorageError } from '../storage/storage-error.ts';
import { PagedFile } from './paged-file.ts';

/** A database in memory whose commits are stored in IndexedDB. */
export interface PagedDatabase {
  readonly database: Database;
  /**
   * Stores what has been committed; undefined where nothing has. A commit that cannot be stored is taken back, also from
   * memory, and the promise rejects.
   */
  store(): Promise<void> | undefined;
  close(): void;
}

/** What is used of a `PageStore`. */
type Pages = Pick<PageStore, 'size' | 'readPages' | 'write' | 'close'>;

const vfsName = 'synchart-pages';
const maxPath = 512;

/** The file that the VFS serves. A worker owns one database. */
let file: PagedFile | undefined;

/** Opens the database of this name. Its pages are open for nobody else. */
export async function openStored(
  sqlite: Sqlite3Static,
  names: DatabaseNames,
): Promise<PagedDatabase & { readonly pages: PageStore }> {
  const pages = await PageStore.open(names);
  try {
    return { ...(await openPagedDatabase(sqlite, pages)), pages };
  } catch (error) {
    pages.close();
    throw error;
  }
}

/** Opens the database whose pages are given. */
export async function openPagedDatabase(sqlite: Sqlite3Static, pages: Pages): Promise<PagedDatabase> {
  const opened = new PagedFile(await allPages(pages), pages.size);
  file = opened;
  installVfs(sqlite);
  const store = async (): Promise<void> => {
    try {
      await pages.write(opened.changes());
      opened.keep();
    } catch (cause) {
      opened.revert();
      throw notStored(cause);
    }
  };
  return {
    database: new sqlite.oo1.DB({ filename: databaseFile, flags: 'c', vfs: vfsName }),
    store: () => (opened.isChanged ? store() : undefined),
    close: () => pages.close(),
  };
}

async function allPages(store: Pages): Promise<Uint8Array[]> {
  const found = await store.readPages();
  const count = Math.ceil(store.size / pageBytes);
  const pages = Array.from({ length: count }, (_, index) => found.get(index));
  if (found.size === count && pages.every((page) => page !== undefined)) return pages;
  throw new BrowserStorageError(
    'damaged',
    `IndexedDB holds ${found.size} of ${count} pages of the database. They are left as they are: save them with rescueBrowserDatabase`,
  );
}

function notStored(cause: unknown): Error {
  if (cause instanceof BrowserStorageError || cause instanceof HostUnreachableError) return cause;
  const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
  const error = new Error(`SQLITE_IOERR: IndexedDB did not store the commit, nothing of it is written: ${reason}`, {
    cause,
  });
  return Object.assign(error, { code: 'SQLITE_IOERR', resultCode: 10 });
}

/**
 * Teaches SQLite to read and write the file in memory. Nobody else has it, so locks are nothing. Journals and temporary
 * files stay in SQLite's own memory, so every other file is refused.
 */
function installVfs(sqlite: Sqlite3Static): void {
  const { capi, wasm } = sqlite;
  if (capi.sqlite3_vfs_find(vfsName)) return;
  const bytesAt = (pointer: WasmPointer, length: number): Uint8Array =>
    wasm.heap8u().subarray(Number(pointer), Number(pointer) + length);
  /** An exception must not reach SQLite: there, only memory can run out. */
  const attempt = (work: (file: PagedFile) => number): number => {
    try {
      return file === undefined ? capi.SQLITE_IOERR : work(file);
    } catch {
      return capi.SQLITE_IOERR_NOMEM;
    }
  };

  const io = new capi.sqlite3_io_methods();
  Reflect.set(io, '$iVersion', 1);
  // SQLite calls each method by its own signature, so no two of them are the same function.
  io.installMethods({
    xClose: () => 0,
    xRead: (_: WasmPointer, target: WasmPointer, length: number, at: bigint): number =>
      attempt((open) => (open.read(bytesAt(target, length), Number(at)) < length ? capi.SQLITE_IOERR_SHORT_READ : 0)),
    xWrite: (_: WasmPointer, source: WasmPointer, length: number, at: bigint): number =>
      attempt((open) => {
        open.write(bytesAt(source, length), Number(at));
        return 0;
      }),
    xTruncate: (_: WasmPointer, size: bigint): number =>
      attempt((open) => {
        open.truncate(Number(size));
        return 0;
      }),
    xSync: () => 0,
    xFileSize: (_: WasmPointer, target: WasmPointer): number =>
      attempt((open) => {
        wasm.poke64(target, BigInt(open.size));
        return 0;
      }),
    xLock: () => 0,
    xUnlock: () => 0,
    xCheckReservedLock: (_: WasmPointer, target: WasmPointer): number => {
      wasm.poke32(target, 0);
      return 0;
    },
    xFileControl: () => capi.SQLITE_NOTFOUND,
    xSectorSize: () => pageBytes,
    xDeviceCharacteristics: () => capi.SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN,
  });

  const vfs = new capi.sqlite3_vfs();
  const standard = new capi.sqlite3_vfs(capi.sqlite3_vfs_find(null));
  vfs.$iVersion = 2;
  vfs.$szOsFile = sizeOfFile(sqlite);
  vfs.$mxPathname = maxPath;
  for (const method of ['$xRandomness', '$xSleep', '$xCurrentTime', '$xCurrentTimeInt64'])
    Reflect.set(vfs, method, Reflect.get(standard, method));
  standard.dispose();
  vfs.installMethods({
    xOpen: (_: WasmPointer, __: WasmPointer, pointer: WasmPointer, flags: number, outFlags: WasmPointer): number => {
      if ((flags & capi.SQLITE_OPEN_MAIN_DB) === 0) return capi.SQLITE_CANTOPEN;
      const handle = new capi.sqlite3_file(pointer);
      handle.$pMethods = io.pointer;
      handle.dispose();
      wasm.poke32(outFlags, flags);
      return 0;
    },
    xDelete: () => 0,
    xAccess: (_: WasmPointer, __: WasmPointer, ___: number, target: WasmPointer): number => {
      wasm.poke32(target, 0);
      return 0;
    },
    xFullPathname: (_: WasmPointer, name: WasmPointer, length: number, target: WasmPointer): number =>
      wasm.cstrncpy(target, name, length) < length ? 0 : capi.SQLITE_CANTOPEN,
  });
  sqlite.vfs.installVfs({ vfs: { struct: vfs, name: vfsName, methods: {} } });
}

/** The package's types have it as a member of each file. */
const sizeOfFile = ({ capi }: Sqlite3Static): number => {
  const { sizeof } = Reflect.get(capi.sqlite3_file, 'structInfo') as { readonly sizeof: number };
  return sizeof;
};
