import { DatabaseError } from '../../model/errors/errors.ts';

/**
 * Saves a database under a key of `localStorage`, as the list of numbers that TypeORM's sql.js driver reads. Throws
 * `DatabaseError` that names the key when the browser refuses, most often because the storage is full. The earlier
 * value stays, and the next successful save includes the change.
 */
export function saveToLocalStorage(key: string, bytes: Uint8Array): void {
  const text = `[${bytes.join(',')}]`;
  try {
    globalThis.localStorage.setItem(key, text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DatabaseError(
      `Cannot save the database under the localStorage key ${key}: it has ${bytes.length} bytes, ${text.length} characters when stored: ${reason}. The change is in memory only. Free space in localStorage, or move the data to another driver; see docs/drivers.md`,
      { cause },
    );
  }
}
