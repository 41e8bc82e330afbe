import sqlite3InitModule, { type Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { BrowserStorageError } from '../storage/storage-error.ts';

type Instantiated = (instance: WebAssembly.Instance, module: WebAssembly.Module) => void;

/** What the package's types leave out of the function that it exports. */
type Initialize = (options: {
  print(): void;
  printErr(): void;
  instantiateWasm?: (imports: WebAssembly.Imports, done: Instantiated) => object;
}) => Promise<Sqlite3Static>;

/**
 * Starts SQLite in this worker. With `wasm`, which the page compiled while the worker's script was loading, nothing is
 * fetched. Rejects with `BrowserStorageError`.
 */
export async function loadSqlite(wasm?: WebAssembly.Module): Promise<Sqlite3Static> {
  const silent = { print: () => undefined, printErr: () => undefined };
  try {
    if (wasm === undefined) return await (sqlite3InitModule as Initialize)(silent);
    return await new Promise((resolve, reject) => {
      const instantiateWasm = (imports: WebAssembly.Imports, done: Instantiated): object => {
        WebAssembly.instantiate(wasm, imports).then((instance) => done(instance, wasm), reject);
        return {};
      };
      (sqlite3InitModule as Initialize)({ ...silent, instantiateWasm }).then(resolve, reject);
    });
  } catch (cause) {
    throw new BrowserStorageError(
      'workerFailed',
      `SQLite's wasm file did not start: ${cause instanceof Error ? cause.message : String(cause)}. ` +
        "Check that sqlite3.wasm is served as application/wasm, and that the content security policy allows 'wasm-unsafe-eval'; see docs/browser.md",
      { cause },
    );
  }
}
