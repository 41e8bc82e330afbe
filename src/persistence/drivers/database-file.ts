import { oneOf } from '../../model/options/bounds.ts';
import { byDefault } from '../../model/options/option-list.ts';

/** How thoroughly SQLite ensures that a commit is on disk. */
export type Synchronous = 'OFF' | 'NORMAL' | 'FULL' | 'EXTRA';

/** The option `synchronous`, shared by everything that opens SQLite files. */
export const synchronousOption = byDefault<Synchronous>('NORMAL', oneOf('OFF', 'NORMAL', 'FULL', 'EXTRA'));

/** SQLite's own waiting blocks the event loop or a thread (F-147); the gate waits without blocking. */
export const driverBusyTimeoutMs = 5;

/** In-memory and temporary databases have neither a journal to choose nor a directory. */
export const isDatabaseFile = (name: string): boolean =>
  name !== '' && !name.includes(':memory:') && !name.includes('mode=memory');

/** Creates the directory of a database file, as TypeORM does for better-sqlite3. */
export function createDirectoryOf(name: string): void {
  if (!isDatabaseFile(name) || name.startsWith('file:')) return;
  const { mkdirSync } = process.getBuiltinModule('node:fs');
  const { dirname } = process.getBuiltinModule('node:path');
  mkdirSync(dirname(name), { recursive: true });
}
