/** `synchart/browser`: a durable SQLite database in the page, shared by all tabs. */
export { deleteBrowserDatabase } from './browser/delete-browser-database.ts';
export {
  openBrowserDatabase,
  type BrowserDatabase,
  type BrowserDatabaseOptions,
} from './browser/open-browser-database.ts';
export { type WorkerFactory } from './browser/page/worker-script.ts';
export { rescueBrowserDatabase, type RescuedFiles } from './browser/rescue-browser-database.ts';
export { BrowserStorageError, type StorageProblem } from './browser/storage/storage-error.ts';
export type { StorageMode, StorageStatus } from './model/storage-status.ts';
